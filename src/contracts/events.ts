import type { CrawlStage } from './crawl.ts'
import type { RegattaErrorCode } from './errors.ts'
import type { Fault, Verdict, VerdictKind } from './outcome.ts'

/**
 * What a crawler tells its listeners, in the order of a request's way. Plain data without secrets; nothing is built when
 * nobody listens. `crawler.on('outcome', (event) => …)`.
 */
export interface CrawlerEvents {
  /** A task was accepted. */
  'task.accepted': [TaskAccepted]
  /** An attempt starts. */
  'attempt.started': [AttemptStarted]
  /** An attempt has ended and was judged. */
  outcome: [OutcomeEvent]
  /** A task waits, and why. */
  'task.parked': [TaskParked]
  'task.settled': [TaskSettled]
  /** A proxy's breaker moved: at one host, or for the whole fleet (`host` undefined). */
  'proxy.state': [ProxyState]
  'host.state': [HostState]
  /** Somebody should look: a refused credential, a blackout, a leak. */
  alert: [Alert]
  'proxies.refreshed': [ProxiesRefreshed]
  /** A crawl produced an item and it is safe in every sink. */
  item: [ItemEvent]
  /** A request of a crawl was given up. */
  'request.dead': [RequestDead]
  'crawl.state': [CrawlState]
  /** A line from a source, or about a request that was skipped. */
  log: [LogLine]
}

export interface TaskAccepted {
  readonly task: string
  readonly url: string
  readonly host: string
}

export interface AttemptStarted {
  readonly task: string
  readonly host: string
  readonly attempt: number
  readonly proxy: string
  /** Why this attempt: the first, a hedge after a delay, the next after a failure, a breaker's probe, a host's canary. */
  readonly why: AttemptReason
}

export type AttemptReason = 'first' | 'hedge' | 'failover' | 'probe' | 'canary'

export interface OutcomeEvent {
  readonly task: string
  readonly url: string
  readonly host: string
  readonly attempt: number
  readonly proxy: string
  readonly verdict: VerdictKind
  readonly reason: string
  /** What else the verdict says, where it says more: weight, wait, whose limit. */
  readonly terms?: Omit<Verdict, 'kind' | 'reason'>
  /** How far it came and how it broke, where no answer came. */
  readonly fault?: Pick<Fault, 'phase' | 'cause'>
  readonly status: number | undefined
  readonly firstByteMs: number | undefined
  readonly elapsedMs: number
  readonly bytes: number
  /** Who was blamed and how much, each in [0, 1]. */
  readonly blame: { readonly proxy: number; readonly host: number }
  /** Whether this attempt's answer became the task's answer. */
  readonly won: boolean
}

export interface TaskParked {
  readonly task: string
  readonly host: string
  readonly reason: ParkReason
  /** Clock time in ms of the earliest moment it could run, or undefined when an event must come first. */
  readonly until: number | undefined
}

export type ParkReason =
  | 'interval' // every proxy has just visited this host
  | 'host-limit' // as many in flight as this host bears
  | 'proxy-limit' // every usable proxy is busy
  | 'throttled' // the host asked us to slow down
  | 'host-down'
  | 'no-proxy' // every proxy is open, retired or isolated
  | 'blackout' // this machine's own network is out
  | 'paused'

export interface TaskSettled {
  readonly task: string
  readonly url: string
  readonly host: string
  readonly ok: boolean
  readonly verdict: VerdictKind
  readonly reason: string
  readonly attempts: number
  readonly hedges: number
  readonly elapsedMs: number
}

export type BreakerState = 'closed' | 'open' | 'halfOpen' | 'isolated' | 'retired'

export interface ProxyState {
  readonly proxy: string
  readonly host: string | undefined
  readonly from: BreakerState
  readonly to: BreakerState
  readonly reason: string
  /** Clock time in ms when it may be probed. */
  readonly until: number | undefined
}

export interface HostState {
  readonly host: string
  readonly from: PoolState
  readonly to: PoolState
  readonly reason: string
  readonly until: number | undefined
}

export type PoolState = 'serving' | 'throttled' | 'down' | 'starved' | 'draining'

export interface Alert {
  readonly code:
    | RegattaErrorCode
    | 'CREDENTIAL_REFUSED'
    | 'BLACKOUT'
    | 'LEAK'
    | 'HOST_STALLED'
    | 'HOST_UNREACHABLE'
    | 'ROBOTS_UNREACHABLE'
    | 'LIST_NOT_BELIEVED'
  readonly message: string
}

export interface ProxiesRefreshed {
  readonly provider: string
  readonly added: number
  readonly removed: number
  readonly total: number
}

export interface ItemEvent {
  /** The crawl's id, as `crawl.id`. */
  readonly crawl: string
  readonly source: string
  readonly request: string
  readonly value: unknown
}

export interface RequestDead {
  /** The crawl's id, as `crawl.id`. */
  readonly crawl: string
  readonly request: string
  readonly url: string
  readonly code: string
  readonly detail: string
}

export interface CrawlState {
  /** The crawl's id, as `crawl.id`. */
  readonly crawl: string
  readonly from: CrawlStage
  readonly to: CrawlStage
}

export interface LogLine {
  /** The crawl's id, as `crawl.id`; undefined for a line that is about no single crawl. */
  readonly crawl: string | undefined
  readonly message: string
}
