import type { Clock } from '../base/clock.ts'
import type { ProxyEndpoint } from '../contracts/endpoint.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { Traffic } from '../contracts/outcome.ts'
import type { Account, Price, SpendingLedger, SpendingTotals } from '../contracts/spending.ts'
import type { Options } from '../options/options.ts'
import { Caps } from './caps.ts'
import { priceFor, rentFor } from './price-of.ts'

/**
 * The ledger of bytes and money. Providers meter every byte that crosses their gateway, in both directions, whether or not a
 * page came of it; so each attempt is booked once, when it ends, with what its connection has carried. Checks in the
 * background are booked too. What is booked is read by nobody who chooses proxies: it tells, and it stops at a cap.
 */
export type SpendingOptions = Pick<Options, 'prices' | 'currency' | 'maxBytes' | 'maxCost'>

/** What is kept of a run for the next one. Plain JSON. */
export interface SpendingRecord {
  readonly version: 1
  readonly total: Account
  /** What was spent before the present round of a crawl began: caps do not count it. */
  readonly before: { readonly bytes: number; readonly cost: number }
  readonly proxies: Readonly<Record<string, Account>>
  readonly providers: Readonly<Record<string, Account>>
  readonly hosts: Readonly<Record<string, Account>>
}

type OpenAccount = { -readonly [Name in keyof Account]: Account[Name] }

interface ProxyAccount {
  readonly endpoint: ProxyEndpoint
  readonly price: Price | undefined
  readonly own: OpenAccount
  readonly provider: OpenAccount
}

/** Hosts with an account of their own. */
const mostHosts = 10_000
/** Where those stand that have no name of their own. */
const others = '-'

export class Spending {
  readonly caps: Caps
  readonly #prices: readonly Price[]
  readonly #currency: string
  readonly #clock: Clock
  readonly #openedAt: number
  readonly #total = account()
  readonly #known = new Map<string, ProxyAccount>()
  readonly #proxies = new Map<string, OpenAccount>()
  readonly #providers = new Map<string, OpenAccount>()
  readonly #hosts = new Map<string, OpenAccount>()
  /** Grows with everything that is booked. */
  entries = 0

  constructor({ prices, currency, maxBytes, maxCost }: SpendingOptions, clock: Clock) {
    this.#prices = prices
    this.#currency = currency
    this.#clock = clock
    this.#openedAt = clock.now()
    this.caps = new Caps({ maxBytes, maxCost, prices }, this.#total, clock)
  }

  /** An attempt over this proxy has ended, whatever came of it. */
  book(
    endpoint: ProxyEndpoint,
    host: string,
    { bytes, bytesSent = 0, bytesReceived = bytes }: Traffic,
  ): void {
    if (bytesSent + bytesReceived > 0)
      this.caps.booked(bytesSent + bytesReceived, this.#enter(endpoint, host, bytesSent, bytesReceived))
  }

  /** A connection of somebody else's client has ended, who goes over this proxy. Attempts are not held to be as large. */
  carried(endpoint: ProxyEndpoint, host: string, sent: number, received: number): void {
    this.#enter(endpoint, host, sent, received)
    this.caps.look()
  }

  #enter(endpoint: ProxyEndpoint, host: string, sent: number, received: number): number {
    const { own, provider, price } = this.#accountOf(endpoint)
    const { perGB = 0, perRequest = 0 } = price ?? {}
    const cost = perRequest + ((sent + received) * perGB) / 1e9
    this.entries++
    for (const to of [this.#total, own, provider, this.#hostAccount(host)]) {
      to.requests++
      to.sent += sent
      to.received += received
      to.cost += cost
    }
    return cost
  }

  /** A good page has come over the proxy of this label. */
  pageCame(label: string, host: string): void {
    const known = this.#known.get(label)
    for (const to of [this.#total, known?.own, known?.provider, this.#hostAccount(host)])
      if (to) to.goodPages++
  }

  /** An attempt begins over this proxy; it is counted as far as caps ask. */
  begins(endpoint: ProxyEndpoint): void {
    if (this.caps.isAny) this.caps.begins(this.#accountOf(endpoint).price)
  }

  /** So many bytes of a body have come for an attempt that is under way. */
  flows(endpoint: ProxyEndpoint, bytes: number): void {
    if (this.caps.isAny) this.caps.flows(this.#accountOf(endpoint).price, bytes)
  }

  /** An attempt has come home that had brought so many bytes of a body. It is booked next. */
  ends(endpoint: ProxyEndpoint, flowed: number): void {
    if (this.caps.isAny) this.caps.ends(this.#accountOf(endpoint).price, flowed)
  }

  /** A crawl begins anew: caps count from now on, unless something of this run is counted already. */
  beginRound(): void {
    if (this.entries === 0) this.caps.beginRound()
  }

  /** CAP_REACHED once a cap was reached; undefined before. */
  refusal(): RegattaError | undefined {
    const { reached } = this.caps
    return (
      reached &&
      new RegattaError('CAP_REACHED', this.caps.sentence(this.#currency), { value: { cap: reached } })
    )
  }

  totals(members: readonly ProxyEndpoint[]): SpendingTotals {
    const { requests: _requests, goodPages, sent, received, cost } = this.#total
    const { bytesCap, costCap, reached } = this.caps
    return {
      total: { ...this.#total },
      providers: shown(this.#providers),
      currency: this.#currency,
      rent: rentFor(this.#prices, members, this.#clock.now() - this.#openedAt),
      perPage: goodPages > 0 ? { bytes: (sent + received) / goodPages, cost: cost / goodPages } : undefined,
      bytesCap,
      costCap,
      reached,
    }
  }

  ledger(members: readonly ProxyEndpoint[]): SpendingLedger {
    return { ...this.totals(members), proxies: shown(this.#proxies), hosts: shown(this.#hosts) }
  }

  toSaved(): SpendingRecord {
    return {
      version: 1,
      total: { ...this.#total },
      before: this.caps.before,
      proxies: shown(this.#proxies),
      providers: shown(this.#providers),
      hosts: shown(this.#hosts),
    }
  }

  /** Goes on from what earlier runs have spent. */
  restore(saved: SpendingRecord): void {
    add(this.#total, saved.total)
    this.caps.restore(saved.before)
    for (const [to, from] of [
      [this.#proxies, saved.proxies],
      [this.#providers, saved.providers],
      [this.#hosts, saved.hosts],
    ] as const)
      for (const [name, each] of Object.entries(from)) add(accountIn(to, name), each)
  }

  #accountOf(endpoint: ProxyEndpoint): ProxyAccount {
    const known = this.#known.get(endpoint.id)
    if (known?.endpoint === endpoint) return known
    const opened = {
      endpoint,
      price: priceFor(this.#prices, endpoint),
      own: accountIn(this.#proxies, endpoint.id),
      provider: accountIn(this.#providers, endpoint.tags.provider ?? others),
    }
    this.#known.set(endpoint.id, opened)
    return opened
  }

  #hostAccount(host: string): OpenAccount {
    return accountIn(this.#hosts, this.#hosts.size < mostHosts || this.#hosts.has(host) ? host : others)
  }
}

function account(): OpenAccount {
  return { requests: 0, goodPages: 0, sent: 0, received: 0, cost: 0 }
}

function accountIn(accounts: Map<string, OpenAccount>, name: string): OpenAccount {
  const known = accounts.get(name)
  if (known) return known
  const opened = account()
  accounts.set(name, opened)
  return opened
}

function add(to: OpenAccount, { requests, goodPages, sent, received, cost }: Account): void {
  to.requests += requests
  to.goodPages += goodPages
  to.sent += sent
  to.received += received
  to.cost += cost
}

function shown(accounts: ReadonlyMap<string, OpenAccount>): Record<string, Account> {
  return Object.fromEntries([...accounts].map(([name, each]) => [name, { ...each }]))
}
