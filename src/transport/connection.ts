import type { Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import { ifStillAliveAfter } from '../base/clock.ts'
import type { FaultCause } from '../contracts/outcome.ts'
import type { TransportLimits } from '../contracts/transport.ts'
import type { Framing } from './framing.ts'
import type { Layers } from './layers.ts'
import type { WireRequest } from './request-head.ts'
import type { ResponseHead } from './response-head.ts'
import type { Behind, ResponseListener, ResponseReader } from './response-reader.ts'
import { codeOf } from './step-failure.ts'

/** Who has sent a request over a connection. Exactly one of `onEnd`, `onLost` and `onBroken` is called, once. */
export interface Conversant {
  /** Whether the connection had served a request before. */
  readonly reused: boolean
  /** The request begins to leave. */
  onSent(): void
  /** The first bytes of an answer are here. */
  onAnswered(): void
  onHead(head: ResponseHead, framing: Framing): void
  onBytes(bytes: Buffer): void
  onEnd(): void
  /** The connection is gone. `code`: that of the system, or empty. */
  onLost(code: string): void
  /** What has come cannot be read, or the request cannot be sent. */
  onBroken(cause: FaultCause, detail: string): void
}

/**
 * HTTP/1.1 on one tunnel, one request at a time. Written by hand because the page has to be read as tolerantly as curl does, with a
 * cause of its own for each way in which that fails, and a connection is given up at the first byte that nobody has asked for:
 * it might be taken for the next answer. Nothing here dials, so a request can never leave by another way.
 */
export class Connection implements ResponseListener {
  /** The idle list it returns to. */
  readonly key: string
  /** The sockets that it stands on; they count what goes over the wire. */
  readonly layers: Layers
  readonly verified: boolean
  readonly bornAt: number
  readonly limits: TransportLimits['connections']
  idleSince = 0
  /** Milliseconds that it may be idle; less than the limit when the server says so. */
  idleMax: number
  requests = 0
  readonly #clock: Clock
  readonly #socket: Socket
  readonly #onClose: ConnectionParts['onClose']
  #exchange: Conversant | undefined
  #reader: ResponseReader | undefined
  #isLast = false
  #code = ''

  constructor(parts: ConnectionParts) {
    const { socket } = parts
    this.key = parts.key
    this.verified = parts.verified
    this.limits = parts.limits
    this.idleMax = parts.limits.idleMax
    this.bornAt = parts.clock.now()
    this.#clock = parts.clock
    this.layers = parts.layers
    this.#socket = socket
    socket.on('data', this.#onData)
    socket.once('end', this.#onFinish)
    socket.on('error', (error) => {
      this.#code = codeOf(error)
    })
    this.#onClose = parts.onClose
    socket.once('close', () => this.#lose())
    socket.resume()
  }

  get closed(): boolean {
    return this.#socket.destroyed
  }

  /** Sends a request. A connection that was idle is looked at once more before it is written to. */
  send(head: string, request: WireRequest, reader: ResponseReader, exchange: Conversant): void {
    this.requests++
    this.#exchange = exchange
    this.#isLast = request.isLast
    const write = () => {
      this.#reader = reader
      this.#write(head, request.body, exchange)
    }
    if (this.requests === 1) return write()
    this.#socket.ref()
    this.#clock.soon(() => {
      if (this.#exchange === exchange && !this.closed) write()
    })
  }

  #write(head: string, body: WireRequest['body'], exchange: Conversant): void {
    const socket = this.#socket
    exchange.onSent()
    if (body === undefined || body.length === 0) {
      socket.write(head, 'latin1')
      return
    }
    socket.cork()
    socket.write(head, 'latin1')
    socket.write(body)
    socket.uncork()
  }

  /** The sender waits until `resume`. What has come already is still handed on. */
  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /** Ends it now, whatever is under way on it. */
  destroy(): void {
    this.layers.destroy()
    this.#onClose(this)
  }

  onHead(head: ResponseHead, framing: Framing): void {
    if (framing.isDoubtful && this.requests > 1) return this.#doubt()
    this.#exchange?.onHead(head, framing)
  }

  onBytes(bytes: Buffer): void {
    this.#exchange?.onBytes(bytes)
  }

  /**
   * More bytes than were announced close the connection. Behind its first response they harm nobody; behind a later one, which of the
   * two is the answer is in doubt.
   */
  onEnd({ keepsAlive, keepsAliveMs = Infinity }: Framing, behind: Behind): void {
    const exchange = this.#exchange
    if (!exchange) return
    if (behind === 'more' && this.requests > 1) return this.#doubt()
    this.#exchange = this.#reader = undefined
    const socket = this.#socket
    this.idleMax = Math.min(this.limits.idleMax, keepsAliveMs - idleMargin)
    const mayFollow = behind === 'nothing' && keepsAlive && !this.#isLast
    const isOver = !mayFollow || this.idleMax <= 0 || socket.writableLength > 0
    if (isOver) this.destroy()
    else {
      socket.resume()
      socket.unref()
    }
    exchange.onEnd()
  }

  onBroken(cause: FaultCause, detail: string): void {
    this.#release()?.onBroken(cause, detail)
  }

  #doubt(): void {
    this.onBroken('stale-socket', 'A kept connection brought bytes that may be those of another answer.')
  }

  readonly #onData = (bytes: Buffer) => {
    if (!this.#reader) return this.destroy()
    if (!this.#reader.hasHead) this.#exchange?.onAnswered()
    this.#reader.push(bytes)
  }

  readonly #onFinish = () => {
    if (!this.#reader?.finish()) this.#lose()
  }

  #lose(): void {
    this.#release()?.onLost(this.#code)
  }

  /** Ends it. Returns the exchange that waits for an answer. */
  #release(): Conversant | undefined {
    const exchange = this.#exchange
    this.#exchange = this.#reader = undefined
    this.destroy()
    return exchange
  }
}

/** Milliseconds before the end of what the server promised, as a request needs its time to get there. */
const idleMargin = 1_000

export interface ConnectionParts {
  readonly key: string
  readonly socket: Socket
  readonly layers: Layers
  readonly verified: boolean
  readonly clock: Clock
  readonly limits: TransportLimits['connections']
  onClose(connection: Connection): void
}

/** Milliseconds between two looks at the idle ones, at least. */
const leastWait = 50
/**
 * Connections that wait for their next request, per proxy, session and origin, the latest first: it is the likeliest to
 * be alive, and the others may grow old and go. Each keeps the limits of the call that opened it. A connection that closes
 * takes itself out. When they are too many, the one goes that has waited longest.
 */
export class IdleConnections {
  readonly #byProxy = new Map<string, Map<string, Connection[]>>()
  /** All of them, the one that has waited longest first. */
  readonly #all = new Set<Connection>()
  readonly #clock: Clock
  readonly #most: number
  /** When the next look for those that were idle for too long is due, clock ms. */
  #lookAt = Number.POSITIVE_INFINITY

  constructor(clock: Clock, most: number) {
    this.#clock = clock
    this.#most = most
  }

  get count(): number {
    return this.#all.size
  }

  /**
   * One that may be used at `now` and has waited for `rested` ms, or undefined. Those that may not be used any more are closed
   * on the way.
   */
  take(proxyId: string, key: string, now: number, rested: number): Connection | undefined {
    const waiting = this.#byProxy.get(proxyId)?.get(key)
    if (!waiting) return undefined
    for (;;) {
      const connection = waiting.at(-1)
      if (!connection || now - connection.idleSince < rested) return undefined
      waiting.pop()
      this.#all.delete(connection)
      if (!this.#isWornOut(connection, now) && now - connection.idleSince < connection.idleMax)
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
    this.#all.add(connection)
    this.#lookBy(now + connection.idleMax, now)
    if (this.#all.size <= this.#most) return
    const [oldest] = this.#all
    oldest!.destroy()
  }

  /** One timer for all of them, and none that would keep the process alive. */
  #lookBy(due: number, now: number): void {
    if (due >= this.#lookAt) return
    this.#lookAt = due
    ifStillAliveAfter(Math.max(leastWait, due - now), () => {
      if (this.#lookAt === due) this.#closeOld()
    })
  }

  #closeOld(): void {
    const now = this.#clock.now()
    let next = Number.POSITIVE_INFINITY
    for (const connection of this.#all) {
      const due = connection.idleSince + connection.idleMax
      if (due <= now) connection.destroy()
      else next = Math.min(next, due)
    }
    this.#lookAt = Number.POSITIVE_INFINITY
    this.#lookBy(next, now)
  }

  /** To be told of every connection that closed, so that nothing is kept of origins that are no longer visited. */
  remove(proxyId: string, connection: Connection): void {
    this.#all.delete(connection)
    const keys = this.#byProxy.get(proxyId)
    const waiting = keys?.get(connection.key)
    if (!keys || !waiting) return
    const index = waiting.indexOf(connection)
    if (index >= 0) waiting.splice(index, 1)
    if (waiting.length === 0) keys.delete(connection.key)
    if (keys.size === 0) this.#byProxy.delete(proxyId)
  }

  forget(proxyId: string): void {
    const waiting = [...(this.#byProxy.get(proxyId)?.values() ?? [])].flat()
    for (const connection of waiting) connection.destroy()
  }

  clear(): void {
    for (const connection of this.#all) connection.destroy()
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
