import type { Connection } from './connection.ts'

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
