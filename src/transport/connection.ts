import type { Socket } from 'node:net'
import { Client, type Dispatcher, errors } from 'undici'
import type { TransportLimits } from '../contracts/transport.ts'
import type { Layers } from './layers.ts'
import { codeOf } from './step-failure.ts'

/**
 * One tunnel with one undici Client on it: undici parses HTTP and keeps the socket alive, and nothing else. Its own
 * connector would dial whatever it likes when the socket is gone, so it gets the one socket once and afterwards only an
 * error: a request can never leave by another way. Its timers are off, but for the idle one, which cannot be turned off
 * and therefore serves: it closes a connection that was idle for `idleMax`, or less if the server says so.
 */
export class Connection {
  /** The idle list it returns to. */
  readonly key: string
  readonly verified: boolean
  readonly bornAt: number
  readonly limits: TransportLimits['connections']
  idleSince = 0
  requests = 0
  readonly #client: Client
  readonly #layers: Layers
  readonly #socket: Socket

  constructor(parts: ConnectionParts) {
    this.key = parts.key
    this.verified = parts.verified
    this.bornAt = parts.now
    this.limits = parts.limits
    this.#layers = parts.layers
    this.#socket = parts.socket
    let socket: Socket | undefined = parts.socket
    this.#client = new Client(parts.origin, {
      connect: (_, callback) => {
        const given = socket
        socket = undefined
        // Later, because undici overlooks the request that waits when it is called back at once.
        queueMicrotask(() => (given ? callback(null, given) : callback(new SocketGone(), null)))
      },
      pipelining: 1,
      allowH2: false,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: parts.limits.idleMax,
      keepAliveMaxTimeout: parts.limits.idleMax,
      keepAliveTimeoutThreshold: 1_000,
      maxHeaderSize: 64 * 1024,
    })
    parts.socket.once('close', () => parts.onClose(this))
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    this.requests++
    this.#client.dispatch(options, handler)
  }

  get closed(): boolean {
    return this.#socket.destroyed
  }

  /** Whether the other side had closed its half. */
  get ended(): boolean {
    return this.#socket.readableEnded
  }

  /** Whether bytes came behind a complete response: garbage, or a second response that nobody asked for. */
  get brokeFraming(): boolean {
    const error = this.#socket.errored
    if (!error) return false
    return error instanceof errors.HTTPParserError || (codeOf(error) === 'UND_ERR_SOCKET' && !this.ended)
  }

  /** Ends it now, whatever is under way on it. */
  destroy(): void {
    this.#layers.destroy()
  }
}

export interface ConnectionParts {
  readonly key: string
  readonly origin: string
  readonly socket: Socket
  readonly layers: Layers
  readonly verified: boolean
  /** Clock time in milliseconds. */
  readonly now: number
  readonly limits: TransportLimits['connections']
  onClose(connection: Connection): void
}

/** The one socket of a Client was used up: whatever waited for it was never sent. */
export class SocketGone extends Error {
  readonly code = 'SOCKET_GONE'
}

/**
 * Connections that wait for their next request, per proxy, session and origin, the latest first: it is the likeliest to
 * be alive, and the others may grow old and go. Each keeps the limits of the call that opened it. A connection that closes
 * takes itself out.
 */
export class IdleConnections {
  readonly #byProxy = new Map<string, Map<string, Connection[]>>()
  count = 0

  /** One that may be used at `now`, or undefined. Those that may not be used any more are closed on the way. */
  take(proxyId: string, key: string, now: number): Connection | undefined {
    const waiting = this.#byProxy.get(proxyId)?.get(key)
    if (!waiting) return undefined
    for (;;) {
      const connection = waiting.pop()
      if (!connection) return undefined
      this.count--
      if (!this.#isWornOut(connection, now) && now - connection.idleSince < connection.limits.idleMax)
        return connection
      connection.destroy()
    }
  }

  /** Takes a connection back after a clean exchange, or closes it when it has served its time. */
  put(proxyId: string, connection: Connection, now: number): void {
    if (connection.limits.rotation === 'request' || this.#isWornOut(connection, now)) {
      connection.destroy()
      return
    }
    connection.idleSince = now
    let keys = this.#byProxy.get(proxyId)
    if (!keys) {
      keys = new Map()
      this.#byProxy.set(proxyId, keys)
    }
    const waiting = keys.get(connection.key)
    if (waiting) waiting.push(connection)
    else keys.set(connection.key, [connection])
    this.count++
  }

  /** To be told of every connection that closed, so that nothing is kept of origins that are no longer visited. */
  remove(proxyId: string, connection: Connection): void {
    const keys = this.#byProxy.get(proxyId)
    const waiting = keys?.get(connection.key)
    if (!keys || !waiting) return
    const index = waiting.indexOf(connection)
    if (index >= 0) {
      waiting.splice(index, 1)
      this.count--
    }
    if (waiting.length === 0) keys.delete(connection.key)
    if (keys.size === 0) this.#byProxy.delete(proxyId)
  }

  forget(proxyId: string): void {
    const keys = this.#byProxy.get(proxyId)
    if (!keys) return
    this.#byProxy.delete(proxyId)
    for (const waiting of keys.values()) {
      this.count -= waiting.length
      for (const connection of waiting) connection.destroy()
    }
  }

  clear(): void {
    for (const proxyId of [...this.#byProxy.keys()]) this.forget(proxyId)
  }

  #isWornOut(connection: Connection, now: number): boolean {
    const { maxRequestsPerConnection, connectionMaxAge } = connection.limits
    return (
      connection.closed ||
      connection.requests >= maxRequestsPerConnection ||
      now - connection.bornAt >= connectionMaxAge
    )
  }
}
