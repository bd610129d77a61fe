/**
 * The truth about a crawl: what each origin served to which address and when, and what each proxy was asked. Tests judge
 * politeness and leaks by these books, never by the crawler's own log. Plain JSON; times are milliseconds since the lab
 * began, so they mean the same in another process.
 */
export interface Books {
  /** Wall-clock time at which the lab began, ms since the epoch. */
  readonly startedAt: number
  readonly origins: { readonly [name: string]: OriginBook }
  readonly proxies: { readonly [name: string]: ProxyBook }
}

export interface OriginBook {
  /** The latest rows, oldest first, by arrival. */
  readonly rows: readonly OriginRow[]
  /** Rows that made room for later ones. */
  readonly dropped: number
  readonly connections: number
  readonly requests: number
  /** Body bytes sent. */
  readonly bytes: number
  /** Most requests at once. */
  readonly peakInFlight: number
  /** By the address they came from. */
  readonly exits: { readonly [ip: string]: ExitTotals }
}

export interface ExitTotals {
  readonly requests: number
  /** Answered with the limit's status. */
  readonly limited: number
  readonly banned: boolean
  readonly peakInFlight: number
}

export interface OriginRow {
  /** Arrival of the request head. */
  readonly at: number
  /** When the answer was handed over or the connection was lost; -1 while it is open. */
  until: number
  readonly exitIp: string
  /** Number of the connection it came on: equal numbers mean keep-alive. */
  readonly connection: number
  readonly method: string
  /** With the query. */
  readonly path: string
  /** 0 until answered, and when it never was. */
  status: number
  /** Body bytes sent. */
  bytes: number
  /** Requests under way here at arrival, this one included; the second for its exit address alone. */
  readonly inFlight: number
  readonly inFlightOfExit: number
  /** The session cookie and the crumb it showed; empty without. */
  session: string
  crumb: string
}

export interface ProxyBook {
  readonly exitIp: string
  /** Connections accepted, and how many of them are open. */
  readonly dials: number
  readonly open: number
  readonly peakOpen: number
  /** Tunnels (and forwarded plain requests' connections) that reached a target. */
  readonly tunnels: number
  readonly refusals: number
  readonly authFailures: number
  /** Requests seen: flights of client bytes that wait for an answer. */
  readonly requests: number
  /** Most requests that waited for an answer's first byte at once. */
  readonly peakRequests: number
  /** Failures made on purpose. */
  readonly faults: number
  /** Bytes that came from clients, and bytes that were handed to them: all of each connection, as a provider meters it. */
  readonly received: number
  readonly sent: number
  /** Targets it was asked for, as `name:port` in the client's own words, and how often. */
  readonly targets: { readonly [target: string]: number }
  /** Addresses of those who dialled, and how often. */
  readonly clients: { readonly [ip: string]: number }
}

/** The last `limit` things that were added. */
export class Ring<T> {
  #items: T[] = []
  #next = 0
  #limit: number
  dropped = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  add(item: T): void {
    if (this.#items.length < this.#limit) {
      this.#items.push(item)
      return
    }
    this.dropped++
    if (this.#limit === 0) return
    this.#items[this.#next] = item
    this.#next = (this.#next + 1) % this.#limit
  }

  /** Oldest first. */
  toArray(): T[] {
    return [...this.#items.slice(this.#next), ...this.#items.slice(0, this.#next)]
  }

  clear(): void {
    this.#items = []
    this.#next = 0
    this.dropped = 0
  }
}
