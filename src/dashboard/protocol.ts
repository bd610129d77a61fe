import type { CrawlEnding, CrawlStage } from '../contracts/crawl.ts'
import type { BreakerState, ParkReason, PoolState, ProxyState } from '../contracts/events.ts'
import type { Explanation, KeptFor, LifeEnd } from '../contracts/explanation.ts'
import type { DeadLetter } from '../contracts/frontier.ts'
import type { VerdictKind } from '../contracts/outcome.ts'
import type { ProxyCounts } from '../contracts/stats.ts'
import type { Standing } from '../contracts/trust.ts'

/**
 * What the dashboard's page and its server say to each other: types only, so that the page imports it and no code of Node
 * comes with it. `node scripts/dashboard-demo.ts` serves all of it from a simulated fleet: `--proxies 10000`, `--state
 * empty|running|paused|ended|failed|looking`, `--port 9470`; it prints the page's address.
 *
 * **Units.** Times are wall-clock milliseconds unless the name ends in `Ms` (a length of time); rates are per second, shares
 * in [0, 1]. Null stands for what is not known, so that JSON keeps the field. An explanation is as `crawler.explain()` gives
 * it: its steps are on the crawler's clock, and wall time is `begunAt + (at - acceptedAt)`.
 *
 * **Who may ask.** The page's address is `http://127.0.0.1:PORT/?token=TOKEN`. The page sends `Authorization: Bearer TOKEN`
 * with everything else, and reads the stream with `fetch`, because EventSource cannot send a header. No cookies: they are
 * shared by all ports of a machine. Refusals are `Failure` as JSON: 401 token, 403 Origin, 421 Host, 404, 405, 503 full.
 * The page's policy allows its one inline script and its one inline style (by hash) and `connect-src 'self'`: no eval, no
 * `style="…"` attribute in markup (setting `element.style.x` is fine), images from `data:` and `blob:` only.
 *
 * **Paths.**
 * - `GET /` the page. `GET /api/report` the page with everything in it (`SavedPage`), as a file to keep.
 * - `GET /api/stream` server-sent events: `event: <kind>`, `data: <JSON of StreamMessages[kind]>`; first `hello`, then all
 *   of `overview`, `hosts`, `proxies` (whole), `dead`; after that `overview` once a second, `hosts` every second in which a
 *   row has changed, `proxies` as a delta once a second where anything has changed, `dead` when the counts have
 *   changed, `transition` at once and at most 20 a second. One that reads too slowly is left out, and is told everything anew when it
 *   has read all. `bye` is the last message of a server that closes.
 * - `GET /api/proxy?id=LABEL` → `ProxyDetail`; ask again each second while it is looked at.
 * - `GET /api/requests?end=failed&host=…&search=…&limit=200` → `RequestList`; `end` is any of `LifeEnd`.
 * - `GET /api/request?which=TASK|REQUEST|URL` → `RequestDetail`.
 * - `GET /api/dead` → `DeadGroups`; `GET /api/dead/letters?reason=CODE&crawl=…&offset=0&limit=50` → `DeadPage`.
 * - `POST /api/action` with an `Action` as JSON → `ActionAnswer`.
 */
export const protocolVersion = 1

// The stream.

/** What comes over the stream, by the name of its event. */
export interface StreamMessages {
  readonly hello: Hello
  readonly overview: Overview
  readonly hosts: HostTable
  readonly proxies: ProxyColumns | ProxyDelta
  readonly dead: DeadGroups
  /** A breaker has moved, of a proxy or of a pair; those beyond 20 a second are left out. `until` is wall-clock. */
  readonly transition: Transition
  readonly bye: Bye
}

/** The first message. */
export interface Hello {
  readonly version: typeof protocolVersion
  /** `live`: the process that crawls. `folder`: `regatta dashboard DIR`, which reads the folder every two seconds. */
  readonly source: 'live' | 'folder'
  /** Server's wall clock, for the page to know the difference to its own. */
  readonly at: number
  /** Actions that can be done now. Sent again in each overview, because a process may come and go. */
  readonly can: readonly ActionKind[]
}

export interface Bye {
  /** A sentence for people. */
  readonly reason: string
}

export interface Transition extends Omit<ProxyState, 'host' | 'until'> {
  readonly at: number
  /** The pool's key; null when it is about all hosts. */
  readonly host: string | null
  readonly until: number | null
}

// Overview.

/** `idle`: nothing was begun yet. `draining`: what is under way is finished. `died`: its process is gone (folder only). */
export type CrawlerState = 'idle' | 'running' | 'paused' | 'draining' | 'ended' | 'failed' | 'died'

/** About 2 to 40 KB: `series` is whole each time it comes first or is coarsened, else only what is new. */
export interface Overview {
  readonly at: number
  readonly state: CrawlerState
  /** Why nothing, or one canary at a time, goes out; null otherwise. */
  readonly held: 'blackout' | 'paused' | null
  readonly can: readonly ActionKind[]
  /** When the crawler was made. */
  readonly startedAt: number
  /** When it ended; null while it goes on. */
  readonly endedAt: number | null
  /** A sentence: how it ended, or why it failed; null while it goes on. */
  readonly ending: string | null
  /** Newest first, at most 20. Empty: only `fetch` and its like were called. */
  readonly crawls: readonly CrawlRow[]
  readonly totals: Totals
  /** Now: over the last 10 s. */
  readonly now: Rates
  readonly series: Series
  /** In their order, ten. */
  readonly steps: readonly StepCount[]
  /** Worst first, at most 12. */
  readonly attention: readonly Attention[]
  readonly fleet: ProxyCounts
  /** Attempts by verdict, of the whole run. */
  readonly verdicts: Readonly<Record<VerdictKind, number>>
}

export interface CrawlRow {
  readonly id: string
  readonly source: string
  /** What it is doing; where that is known of one that has ended, how it ended. */
  readonly state: CrawlStage | CrawlEnding
  readonly startedAt: number | null
  readonly pages: number
  readonly items: number
  readonly failed: number
  readonly skipped: number
  /** Known and not settled. */
  readonly queued: number
  /** Pages a second over the last 10 s. */
  readonly pagesPerSecond: number
}

export interface Totals {
  readonly pages: number
  readonly items: number
  readonly failed: number
  readonly skipped: number
  readonly queued: number
  readonly tasks: { readonly accepted: number; readonly succeeded: number; readonly failed: number }
  readonly attempts: number
  readonly hedges: number
  readonly bytes: number
  readonly requeues: number
  /** Found lying, contradicting each other, asked for to be compared. */
  readonly trust: { readonly convictions: number; readonly contested: number; readonly comparisons: number }
}

/** `success` is the share of good answers among judged attempts; null without any. Latency of tasks that were answered. */
export interface Rates {
  readonly requestsPerSecond: number
  readonly pagesPerSecond: number
  readonly attemptsPerSecond: number
  readonly bytesPerSecond: number
  readonly success: number | null
  readonly p50: number | null
  readonly p95: number | null
  readonly p99: number | null
}

/**
 * Columns of equal length, oldest first; at most 600 rows. Begins with one row a second; when 600 are full, two become one. Kept by
 * the server from the moment at which the dashboard is opened, so that a page that comes late sees the past. `from` is
 * the index of the first row that is sent: 0 replaces all, otherwise rows from `from` on are replaced and added.
 */
export interface Series {
  readonly spanMs: number
  readonly from: number
  /** Start of each span. */
  readonly at: readonly number[]
  /** Tasks that ended with an answer, and without one, a second. */
  readonly answered: readonly number[]
  readonly failed: readonly number[]
  readonly attempts: readonly number[]
  readonly success: readonly (number | null)[]
  readonly p50: readonly (number | null)[]
  readonly p95: readonly (number | null)[]
  readonly p99: readonly (number | null)[]
  readonly bytes: readonly number[]
  /** Proxies that are closed and work, at the span's end. */
  readonly healthy: readonly number[]
}

export const stepNames = [
  'source',
  'frontier',
  'router',
  'pool',
  'race',
  'transport',
  'classify',
  'reputation',
  'parse',
  'sink',
] as const
export type StepName = (typeof stepNames)[number]

/** How many requests are in a step now, and how many have passed it in this run; null where that is not counted. */
export interface StepCount {
  readonly step: StepName
  readonly now: number | null
  readonly passed: number | null
  /** What `now` counts, for a tooltip: `requests that wait in the queue`. */
  readonly what: string
}

export interface Attention {
  /** Stable while it lasts, for a key: `host-down:shop.example`. */
  readonly id: string
  readonly severity: 'critical' | 'warning' | 'note'
  /** One plain sentence: what is wrong. */
  readonly sentence: string
  /** What may be done; null where nothing needs to be. */
  readonly advice: string | null
  /** Since when, where that is known. */
  readonly since: number | null
  /** What it leads to. */
  readonly about:
    | { readonly view: 'host'; readonly host: string }
    | { readonly view: 'proxy'; readonly proxy: string }
    | { readonly view: 'proxies'; readonly state: BreakerState | 'failing' | 'lies' }
    | { readonly view: 'dead'; readonly reason: string }
    | { readonly view: 'overview' }
}

// Hosts.

/** Whole each time; those that need attention first, then the busiest. */
export interface HostTable {
  readonly at: number
  /** At most 500. */
  readonly rows: readonly HostRow[]
  /** Hosts without a row here. */
  readonly more: number
}

export interface HostRow {
  readonly host: string
  readonly state: PoolState
  readonly reason: string
  /** When its pause ends; null when it has none or an event ends it. */
  readonly until: number | null
  /** Somebody has paused it by hand. */
  readonly isPaused: boolean
  /** Attempts under way, and how many may be at once; null: no limit. */
  readonly inFlight: number
  readonly limit: number | null
  /** Milliseconds between two requests of one exit. */
  readonly intervalMs: number
  /** Tasks that wait for a proxy here, and what the next of them waits for. */
  readonly waiting: number
  readonly waitingFor: ParkReason | null
  /** Requests in the queue; null where that is not known (it is for a folder). */
  readonly queued: number | null
  readonly succeeded: number
  readonly failed: number
  readonly attempts: number
  readonly bytes: number
  /** Attempts by verdict, of the time in which the dashboard was open (of the last run, for a folder). */
  readonly verdicts: Readonly<Partial<Record<VerdictKind, number>>>
  /** Good answers of the last minute. */
  readonly success: number | null
  /** To the response head of good answers. */
  readonly p50: number | null
  readonly p95: number | null
  readonly requestsPerSecond: number
  readonly proxies: { readonly working: number; readonly shut: number; readonly total: number }
}

// Proxies.

export const proxyStates = ['closed', 'open', 'halfOpen', 'isolated', 'retired'] as const
export const standings = ['unproven', 'proven', 'suspect', 'lies'] as const satisfies readonly Standing[]

/**
 * All proxies as columns of equal length, 10,000 in about 600 KB. A row keeps its place for as long as the stream lives;
 * one that has left the fleet has `state` -1.
 */
export interface ProxyColumns {
  readonly kind: 'whole'
  readonly at: number
  /** Labels, without credentials. */
  readonly id: readonly string[]
  /** Index into `tagSets`. */
  readonly tags: readonly number[]
  /** Different sets of tags, each as `key: value`. */
  readonly tagSets: readonly Readonly<Record<string, string>>[]
  /** Index into `proxyStates`; -1: it is gone. */
  readonly state: readonly number[]
  /** 1: in use, and nothing but failures where others get through. */
  readonly failing: readonly (0 | 1)[]
  /** Index into `standings`. */
  readonly trust: readonly number[]
  /** Posterior mean in thousandths, 0 to 1,000. */
  readonly success: readonly number[]
  /** To the response head, whole ms; -1: none yet. */
  readonly latencyMs: readonly number[]
  /** Attempts so far. Its share is that of all attempts. */
  readonly attempts: readonly number[]
  readonly inFlight: readonly number[]
}

type Changing = 'state' | 'failing' | 'trust' | 'success' | 'latencyMs' | 'attempts' | 'inFlight'

/** Rows that have changed, by number, at most 2,000 (the others come a second later); `added` come behind the last row. */
export interface ProxyDelta extends Pick<ProxyColumns, Changing | 'at'> {
  readonly kind: 'delta'
  readonly rows: readonly number[]
  readonly added?: Omit<ProxyColumns, 'kind' | 'at'>
}

export interface ProxyDetail {
  readonly at: number
  readonly id: string
  readonly tags: Readonly<Record<string, string>>
  /** Its machine over all hosts, as `data-state` in the chart of machines/proxy.ts. */
  readonly state: BreakerState
  readonly reason: string
  /** When it may be probed. */
  readonly until: number | null
  /** Failures in a row, and how often it was opened again. Null where that is not known. */
  readonly failures: number | null
  readonly reopened: number | null
  readonly trust: {
    readonly standing: Standing
    /** Sentences: how often it was compared, and where it differed. Newest first, at most 20. */
    readonly evidence: readonly { readonly at: number; readonly sentence: string }[]
  }
  /** Beta(α, β) that the sampler draws from, the prior included; null where that is not known. */
  readonly posterior: Posterior | null
  readonly attempts: number
  readonly successes: number
  readonly failuresCount: number
  readonly share: number
  readonly inFlight: number
  readonly firstByteMs: number | null
  readonly bytes: number
  readonly lastReason: string | null
  /** Newest first, at most 50, over all hosts and at each. */
  readonly transitions: readonly Transition[]
  /** Those with most weight first, at most 100. */
  readonly hosts: readonly PairRow[]
  readonly moreHosts: number
  /** Its last outcomes, newest first, at most 50; `task` leads to `/api/request`. */
  readonly outcomes: readonly OutcomeRow[]
}

export interface Posterior {
  readonly alpha: number
  readonly beta: number
}

export interface PairRow extends Posterior {
  readonly host: string
  readonly state: BreakerState
}

export interface OutcomeRow {
  readonly at: number
  readonly task: string
  readonly url: string
  readonly host: string
  readonly verdict: VerdictKind
  readonly reason: string
  readonly status: number | null
  readonly elapsedMs: number
}

// Requests.

export interface RequestList {
  readonly at: number
  /** Under way first, then newest first; at most `limit` (200). */
  readonly rows: readonly RequestRow[]
  readonly more: number
}

export interface RequestRow {
  readonly task: string
  readonly request: string | null
  readonly url: string
  readonly host: string
  readonly begunAt: number
  /** Up to now while it is under way. */
  readonly elapsedMs: number
  readonly end: LifeEnd
  readonly verdict: VerdictKind | null
  readonly reason: string | null
  readonly kept: KeptFor
  readonly attempts: number
  /** Label of the proxy that brought the answer. */
  readonly via: string | null
}

export interface RequestDetail {
  readonly explanation: Explanation
  /** The whole story in plain lines, as `regatta explain` prints it. */
  readonly text: string
}

// Dead letters.

export interface DeadGroups {
  readonly at: number
  /** Most first. */
  readonly groups: readonly DeadGroup[]
  readonly total: number
  /** Whether each letter is kept with all it has; without a state only the last 1,000 are, without `heads`. */
  readonly isWhole: boolean
}

export interface DeadGroup {
  /** `target-faults`, `blocked`, `item-invalid`, … */
  readonly reason: string
  /** The sentence of the first of them. */
  readonly detail: string
  readonly count: number
  readonly example: string
}

export interface DeadPage {
  readonly reason: string | null
  readonly offset: number
  readonly total: number
  /** Newest first. */
  readonly letters: readonly DeadRow[]
}

export interface DeadRow {
  /** The crawl's name; with `id` it names a letter. */
  readonly crawl: string
  readonly id: string
  readonly url: string
  readonly method: string
  readonly depth: number
  readonly foundOn: string | null
  readonly at: number
  readonly attempts: number
  readonly reason: DeadLetter['reason']
  /** The last answers: status, proxy, headers without cookies. */
  readonly heads: DeadLetter['heads']
  /** Items that were set aside, as JSON shows them. */
  readonly setAside: NonNullable<DeadLetter['setAside']>
  /** The beginning of the last body that came, as text, at most 600 characters; null where none was kept. */
  readonly body: string | null
  /** The task by which `/api/request` knows it; null where that is not known. */
  readonly task: string | null
}

// Actions.

export type Action =
  | { readonly action: 'isolate'; readonly proxies: readonly string[] }
  | { readonly action: 'readmit'; readonly proxies: readonly string[] }
  | { readonly action: 'pauseHost'; readonly host: string }
  | { readonly action: 'resumeHost'; readonly host: string }
  | { readonly action: 'pause' }
  | { readonly action: 'resume' }
  | { readonly action: 'drain' }
  /** Once more: all of a reason, or those letters; `crawl` where there are several. */
  | { readonly action: 'retryDead'; readonly crawl?: string; readonly reason: string }
  | { readonly action: 'retryDead'; readonly crawl?: string; readonly ids: readonly string[] }
  | { readonly action: 'retryDead'; readonly crawl?: string; readonly all: true }

export type ActionKind = Action['action']

/** At most 1,000 proxies or ids at once. */
export interface ActionAnswer {
  readonly ok: true
  /** Things that it was done to. */
  readonly done: number
  /** A sentence for people: `3 requests will be tried again.` */
  readonly sentence: string
}

/** With a status of 400 or more. */
export interface Failure {
  readonly ok: false
  /** `PROXY_UNKNOWN`, `FORBIDDEN`, `TOKEN`, `HOST`, `NOT_FOUND`, `METHOD`, `FULL`, `INVALID`, `UNAVAILABLE`, or another code of docs/errors.md. */
  readonly code: string
  readonly sentence: string
}

// The page as a file.

/**
 * In the saved page: `<script type="application/json" id="regatta-saved">`, in which `<`, U+2028 and U+2029 are escaped. Where it
 * is there, the page asks no server, shows when it was saved, and has no buttons.
 */
export interface SavedPage {
  readonly version: typeof protocolVersion
  readonly savedAt: number
  readonly overview: Overview
  readonly hosts: HostTable
  readonly proxies: ProxyColumns
  readonly requests: RequestList
  /** Of the first 50 rows of `requests`, failures first, by task. */
  readonly details: Readonly<Record<string, RequestDetail>>
  readonly dead: DeadGroups
  /** The first 20 of each group, by reason. */
  readonly letters: Readonly<Record<string, DeadPage>>
}
