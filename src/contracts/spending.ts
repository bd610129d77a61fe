import type { ProxyFilter } from './proxy-filter.ts'

/** What went over the wire, for whom, and what it costs: what a provider of proxies would bill. */

/** What some proxies cost. Several parts add up. */
export interface Price {
  /** Whose price it is; the first price that fits a proxy holds. Default: every proxy, and not `direct`. */
  readonly proxies?: ProxyFilter | undefined
  /** For 1,000,000,000 bytes, sent and received together. Default 0. */
  readonly perGB?: number | undefined
  /** For each attempt that reached the proxy. Default 0. */
  readonly perRequest?: number | undefined
  /** For one proxy and a month of 30 days, used or not. Default 0. */
  readonly perMonth?: number | undefined
}

/** The account of a proxy, a provider, a host, or of all of them together. */
export interface Account {
  /** Attempts that reached a proxy, checks and robots.txt included. */
  readonly requests: number
  /** Pages that came well; robots.txt is none. */
  readonly goodPages: number
  /** Bytes that went out over connections: handshakes, TLS, heads and bodies. */
  readonly sent: number
  /** The same for what came in; those of failed, late and cancelled attempts are in it. */
  readonly received: number
  /** What they cost at the prices that were given, in their currency; 0 without. Rent by the month is not in it. */
  readonly cost: number
}

/** A cap, and how much of it is used. */
export interface Cap {
  /** `maxBytes` or `maxCost`. */
  readonly limit: number
  /** What counts towards it: since the crawl began, earlier runs with the same state included. */
  readonly used: number
}

/** What a crawler has spent, with its state over all runs. */
export interface SpendingTotals {
  /** All together. */
  readonly total: Account
  /** By the tag `provider`; those without one stand under `-`. */
  readonly providers: Readonly<Record<string, Account>>
  /** The currency of the prices, as `currency` says it; empty without. */
  readonly currency: string
  /** What the proxies of the fleet cost by the month, for the time that this run has taken. */
  readonly rent: number
  /** What one good page has taken so far; undefined before the first. */
  readonly perPage:
    | {
        /** Bytes, sent and received. */
        readonly bytes: number
        /** In the currency of the prices. */
        readonly cost: number
      }
    | undefined
  /** Of `maxBytes`, where that is set. */
  readonly bytesCap: Cap | undefined
  /** Of `maxCost`, where that is set. */
  readonly costCap: Cap | undefined
  /** The cap that was reached: nothing is sent any more. Undefined while none was. */
  readonly reached: 'bytes' | 'cost' | undefined
}

/** The same, with every proxy and every host. */
export interface SpendingLedger extends SpendingTotals {
  /** By label. */
  readonly proxies: Readonly<Record<string, Account>>
  /** By the key of the pool; beyond 10,000 hosts the others stand under `-`. */
  readonly hosts: Readonly<Record<string, Account>>
}
