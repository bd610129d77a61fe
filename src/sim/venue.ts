import type { ParsedProxy } from '../contracts/endpoint.ts'
import type { Chaos } from '../lab/work.ts'
import type { CrawlerOptions, Options } from '../options/options.ts'
import type { VirtualClock } from './clock.ts'
import type { Crawls } from './crawls.ts'
import type { Pages } from './pages.ts'
import type { Arrival } from './request-passage.ts'
import type { SimulatedHost } from './simulated-host.ts'
import type { SimulatedWorld } from './transport.ts'

/**
 * Where a run takes place and what is asked of it there. There are two kinds: a scenario, which keeps the truth about
 * every proxy and host, and a recorded trace, which knows only what was seen.
 */
export interface Venue {
  readonly name: string
  readonly seed: number
  /** Of the crawler; the caller's go over them. */
  readonly options: CrawlerOptions
  /** Virtual ms after which the run is called stuck. */
  readonly limitMs: number
  readonly chaos: Chaos
  readonly isCrawl: boolean
  /** Throws SCENARIO_INVALID. */
  open(time: VirtualClock, options: Options, onAnswer: () => void): Opened
}

export interface Opened {
  readonly world: RunWorld
  readonly work: Pages | Crawls
}

/** What the invariants ask of a world. */
export interface WatchedWorld {
  onArrival: (arrival: Arrival) => void
  /** An attempt over a proxy that is not of this world. */
  onStranger: (label: string) => void
  /** Whether a page of one of these hosts could be had now. */
  canServe(hosts: readonly SimulatedHost[]): boolean
  /** Whether a proxy may spoil what it carries; without a label, whether any may. */
  mayGarble(label?: string): boolean
  /** Whether a proxy has only ever passed on what came; undefined when that cannot be known, or not be told by comparison. */
  isHonest(label: string): boolean | undefined
}

export interface RunWorld extends SimulatedWorld, WatchedWorld {
  readonly proxies: readonly { readonly url: string }[]
  /** Attempts begun, and body bytes that came out of proxies, whatever became of them. */
  readonly counts: { readonly attempts: number; readonly bytes: number }
  /** The crawler's view of one of `proxies`. */
  parseProxy(url: string): ParsedProxy
  /** Whether a proxy is of use now, at a host or anywhere; undefined when that cannot be known. */
  isUsable(label: string, host: string | undefined): boolean | undefined
  close(): void
}
