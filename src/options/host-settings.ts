import type { ProxyFilter } from '../contracts/proxy-filter.ts'
import type { FetchRequest } from '../contracts/request.ts'
import type { Strategy } from '../contracts/strategy.ts'
import type { TransportLimits } from '../contracts/transport.ts'
import type { TrustLevel } from '../contracts/trust.ts'
import {
  type BreakerOptions,
  breakerSchema,
  type HedgeOptions,
  type HostOverrides,
  hedgeSchema,
  type Options,
  type OwnIntervals,
  ownIntervalsOf,
  type PosteriorOptions,
  politenessSchema,
  type StickyOptions,
  stickySchema,
} from './options.ts'

/** What holds for one host: the crawler's options, with what `hosts` says of it on top. */
export interface HostSettings {
  /** Milliseconds between two requests of one proxy to this host. */
  readonly interval: number
  /** Milliseconds between two requests to this host, whatever the proxy. */
  readonly hostInterval: number
  /** Which of the two the user has set, so that no source's declaration changes it. */
  readonly ownIntervals: OwnIntervals
  /** Requests in flight to this host: where the limit begins, and between what it moves. False for no limit. */
  readonly hostConcurrency: { readonly start: number; readonly min: number; readonly max: number } | false
  /** Obey robots.txt in crawls. */
  readonly robots: boolean
  readonly hedge: HedgeOptions | false
  readonly strategy: Options['strategy'] | Strategy
  /** The proxies that may be used; undefined for all. */
  readonly proxies: ProxyFilter | undefined
  readonly breaker: BreakerOptions
  readonly posterior: PosteriorOptions
  readonly budgets: Options['budgets']
  /** Milliseconds for a task over all its attempts and waits, unless the caller says otherwise. */
  readonly deadlineMs: number | undefined
  /** Redirects that are followed for one request; 0 gives the redirect itself. */
  readonly maxRedirects: number
  readonly limits: TransportLimits
  /** What is sent with each request that has no header of that name itself; names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** See FetchRequest. */
  readonly elsewhere: FetchRequest['elsewhere']
  /** How much proxies are believed over plain HTTP. */
  readonly trust: TrustLevel
  /** The product token for robots.txt; undefined for the one in the user agent. */
  readonly robotsAgent: string | undefined
  /** Whether its requests stay with one exit, and for how long. */
  readonly sticky: StickyOptions | false
}

/** Requests in flight to a host whose limit nobody has found out yet. */
const firstLimit = 4

/** The settings of a host that these entries of `hosts` speak of, the most specific last. */
export function settingsWith(entries: readonly HostOverrides[], options: Options): HostSettings {
  const over = entries.reduce<HostOverrides>(stack, {})
  // Parsed again: what is off for all and on for one host takes the defaults for what the entry leaves out.
  const gates = merge(options.politeness, over.politeness)
  const politeness = gates && politenessSchema.parse(gates)
  const own = ownIntervalsOf(over.politeness)
  // Where politeness is off for all and on for this host, nothing is said of its intervals.
  const general = gates && options.politeness === false ? ownIntervalsOf(undefined) : options.ownIntervals
  const hedge = merge(options.hedge, over.hedge)
  const sticky = merge(options.sticky ?? false, over.sticky)
  const { maxBody = options.maxBody, maxRedirects = options.maxRedirects } = over
  const everywhere = { 'user-agent': options.userAgent, ...lowerCased(options.headers) }
  const here = {
    ...(over.userAgent !== undefined && { 'user-agent': over.userAgent }),
    ...lowerCased(over.headers ?? {}),
  }
  const elsewhere = Object.keys(here).map((name) => [name, everywhere[name as 'user-agent']] as const)
  return {
    interval: politeness ? politeness.interval : 0,
    hostInterval: politeness ? politeness.hostInterval : 0,
    ownIntervals: {
      interval: own.interval || general.interval,
      hostInterval: own.hostInterval || general.hostInterval,
    },
    hostConcurrency: limitOf(politeness ? politeness.hostConcurrency : false, over.concurrency),
    robots: politeness ? politeness.robots : false,
    hedge: hedge && hedgeSchema.parse(hedge),
    strategy: over.strategy ?? options.strategy,
    proxies: over.proxies,
    breaker: breakerSchema.parse({ ...options.breaker, ...over.breaker }),
    posterior: { ...options.posterior, ...over.posterior },
    budgets: { ...options.budgets, ...over.budgets },
    deadlineMs: over.deadline ?? options.deadline,
    maxRedirects,
    limits: {
      timeouts: { ...options.timeouts, ...over.timeouts },
      maxBody,
      connections: { ...options.connections, ...over.connections },
    },
    headers: { ...everywhere, ...here },
    elsewhere: elsewhere.length === 0 ? undefined : Object.fromEntries(elsewhere),
    trust: over.trust ?? options.trust,
    robotsAgent: over.robotsAgent ?? options.robotsAgent,
    sticky: sticky && stickySchema.parse(sticky),
  }
}

function limitOf(polite: number | false, most: number | undefined): HostSettings['hostConcurrency'] {
  // Without politeness nothing is found out: the limit is what was asked for.
  if (polite === false) return most !== undefined && { start: most, min: most, max: most }
  const max = Math.min(polite, most ?? polite)
  return { start: Math.min(firstLimit, max), min: 1, max }
}

/** One entry over a wider one, part by part. A filter and a strategy are one thing each. */
function stack(wider: HostOverrides, narrower: HostOverrides): HostOverrides {
  const { politeness, hedge } = narrower
  const stacked: Record<string, unknown> = { ...wider, ...withoutUndefined(narrower) }
  for (const part of ['budgets', 'breaker', 'posterior', 'timeouts', 'connections'] as const) {
    if (wider[part]) stacked[part] = { ...wider[part], ...withoutUndefined(narrower[part] ?? {}) }
  }
  if (wider.headers) stacked.headers = { ...lowerCased(wider.headers), ...lowerCased(narrower.headers ?? {}) }
  if (wider.politeness !== undefined) stacked.politeness = merge(wider.politeness, politeness)
  if (wider.hedge !== undefined) stacked.hedge = merge(wider.hedge, hedge)
  return stacked as HostOverrides
}

function merge<Value extends object>(
  base: Value | false,
  override: Partial<Value> | false | undefined,
): Partial<Value> | false {
  if (override === undefined) return base
  if (override === false) return false
  return { ...(base || {}), ...withoutUndefined(override) } as Partial<Value>
}

function withoutUndefined<Value extends object>(value: Value): Partial<Value> {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as Partial<Value>
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}
