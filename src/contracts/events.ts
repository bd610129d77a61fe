import type {
  CrawlState,
  FrontierAsked,
  ItemEvent,
  ItemRetracted,
  RequestDead,
  RequestDone,
  RequestFound,
  RequestRejected,
  RequestRequeued,
  RequestSkipped,
  RequestStored,
  RequestTaken,
  SinkWritten,
} from './crawl-events.ts'
import type { RegattaErrorCode } from './error-values.ts'
import type { OtherWait } from './explanation.ts'
import type { Fault, Verdict, VerdictKind } from './outcome.ts'
import type { DeviantExit, HeldFor, Trust, TrustFinding } from './trust.ts'

/**
 * What a crawler tells its listeners, in the order of a request's way. Plain data without secrets; nothing is built when
 * nobody listens. `crawler.on('outcome', (event) => …)`.
 */
export interface CrawlerEvents {
  /** A crawl has found a request that it did not know: a seed, or a link. */
  'request.found': [RequestFound]
  /** A link that was found on a page is not followed. */
  'request.rejected': [RequestRejected]
  /** A crawl has taken a request from its queue. */
  'request.taken': [RequestTaken]
  /** A request waits for something that is no proxy: robots.txt, its session, a pause after a failure. */
  'request.waits': [RequestWaits]
  /** A task was accepted. */
  'task.accepted': [TaskAccepted]
  /** An attempt starts. */
  'attempt.started': [AttemptStarted]
  /** An attempt has ended and was judged. */
  outcome: [OutcomeEvent]
  /** A task waits, and why. */
  'task.parked': [TaskParked]
  /** An answer is held until other exits have been asked the same. */
  'answer.held': [AnswerHeld]
  /** An answer was held until other exits had been asked the same, and was judged. */
  'trust.judged': [TrustJudged]
  /** A task is redirected, and goes on with another URL. */
  'task.redirected': [TaskRedirected]
  /** A task has its answer, or is given up. */
  'task.settled': [TaskSettled]
  /** A proxy's breaker moved: at one host, or for the whole fleet (`host` undefined). */
  'proxy.state': [ProxyState]
  /** What is thought of a host has changed: it serves, asks for a pause, is down, or has no usable proxy. */
  'host.state': [HostState]
  /** Somebody has paused a host by hand, or lets it go on. */
  'host.paused': [HostPaused]
  /** Somebody should look: a refused credential, a blackout, a leak. */
  alert: [Alert]
  /** A list of proxies was read again and taken over. */
  'proxies.refreshed': [ProxiesRefreshed]
  /** A crawl produced an item and it is safe in every sink. */
  item: [ItemEvent]
  /** An item or an edge turned out wrong and is taken back: the exit that brought its page has been found lying. */
  'item.retracted': [ItemRetracted]
  /** A page of a crawl has come, was read, and is settled. */
  'request.done': [RequestDone]
  /** A page of a crawl was not asked for, or was left out when it had come, and why. */
  'request.skipped': [RequestSkipped]
  /** A request of a crawl was given up. */
  'request.dead': [RequestDead]
  /** A request of a crawl goes back into its queue. */
  'request.requeued': [RequestRequeued]
  /** What a request gave is safe in every sink, or one of them cannot take it. */
  'request.stored': [RequestStored]
  /** A crawl has asked its frontier something, and it took so long. */
  'frontier.asked': [FrontierAsked]
  /** A batch of records has reached a sink, or has not, and it took so long. */
  'sink.written': [SinkWritten]
  /** A crawl was started, paused, resumed, drained or stopped. */
  'crawl.state': [CrawlState]
  /** A line from a source, or about a request that was skipped. */
  log: [LogLine]
}

/** Any event, as `crawler.events()` gives them: told apart by its `type`. */
export type CrawlerEvent =
  | {
      [Name in keyof CrawlerEvents]: EventMark<Name> & CrawlerEvents[Name][0]
    }[keyof CrawlerEvents]
  | EventsDropped

/** What every event of a stream begins with. */
export interface EventMark<Name extends string> {
  /** Its name. */
  readonly type: Name
  /** Counts all events of the stream from 1, those that were dropped included. */
  readonly sequence: number
  /** Clock time in ms: on the same clock as `until`. */
  readonly at: number
  /** Wall-clock milliseconds. */
  readonly wall: number
}

/** The reader of a stream was too slow: so many events before this one were dropped, the oldest of them. */
export interface EventsDropped extends EventMark<'dropped'> {
  /** How many. */
  readonly count: number
}

/** All of them: a listener is told of a name that is none. */
export const eventNames = Object.keys({
  'request.found': true,
  'request.rejected': true,
  'request.taken': true,
  'request.waits': true,
  'task.accepted': true,
  'attempt.started': true,
  outcome: true,
  'task.parked': true,
  'answer.held': true,
  'trust.judged': true,
  'task.redirected': true,
  'task.settled': true,
  'proxy.state': true,
  'host.state': true,
  'host.paused': true,
  alert: true,
  'proxies.refreshed': true,
  item: true,
  'item.retracted': true,
  'request.done': true,
  'request.skipped': true,
  'request.dead': true,
  'request.requeued': true,
  'request.stored': true,
  'frontier.asked': true,
  'sink.written': true,
  'crawl.state': true,
  log: true,
} satisfies Record<keyof CrawlerEvents, true>) as readonly (keyof CrawlerEvents)[]

/** A request that waits for something that is no proxy. */
export interface RequestWaits {
  /** The crawl that it is for, if it is for one. */
  readonly crawl?: string | undefined
  /** The crawl's id of the request; undefined outside of crawls. */
  readonly request?: string | undefined
  /** The task's id. */
  readonly task: string
  /** What for. */
  readonly reason: OtherWait
  /** Clock time in ms at which it ends; undefined when an event ends it. */
  readonly until: number | undefined
}

/** An answer that is held (docs/trust.md). */
export interface AnswerHeld {
  /** The task's id. */
  readonly task: string
  /** The crawl that it is for, if it is for one. */
  readonly crawl?: string | undefined
  /** The crawl's id of the request; undefined outside of crawls. */
  readonly request?: string | undefined
  /** The pool's key. */
  readonly host: string
  /** Label of the proxy whose answer is held. */
  readonly proxy: string
  /** Why it is. */
  readonly reason: HeldFor
}

/** A task that is redirected. */
export interface TaskRedirected {
  /** The task's id. */
  readonly task: string
  /** The crawl that it is for, if it is for one. */
  readonly crawl?: string | undefined
  /** The crawl's id of the request; undefined outside of crawls. */
  readonly request?: string | undefined
  /** The pool's key, of the URL that redirects. */
  readonly host: string
  /** The URL that is asked for from now on. */
  readonly to: string
}

/** A task was accepted. */
export interface TaskAccepted {
  /** The task's id, for `crawler.explain`. */
  readonly task: string
  /** The crawl that it is for, if it is for one. */
  readonly crawl?: string | undefined
  /** The crawl's id of the request that it is for. */
  readonly request?: string | undefined
  /** What is asked for. */
  readonly url: string
  /** How: `GET`, `POST`, … */
  readonly method: string
  /** The pool's key: a host name, or what `hostKey` makes of the URL. */
  readonly host: string
  /** It is asked only to judge exits (docs/trust.md): its page was asked for before, and it is in no count of tasks and not explained. */
  readonly isAudit?: true
}

/** One request of a task goes out over one proxy. */
export interface AttemptStarted {
  /** The task's id. */
  readonly task: string
  /** The crawl that it is for, if it is for one. */
  readonly crawl?: string | undefined
  /** The crawl's id of the request that it is for. */
  readonly request?: string | undefined
  /** The pool's key. */
  readonly host: string
  /** The attempt's number within the task, from 1. */
  readonly attempt: number
  /** The proxy's label. */
  readonly proxy: string
  /** Why this attempt: the first, a hedge after a delay, the next after a failure, a breaker's probe, a host's canary. */
  readonly why: AttemptReason
}

/** Why an attempt was started. */
export type AttemptReason =
  | 'first' // the first of its task
  | 'hedge' // the one under way is late
  | 'failover' // the last one failed
  | 'probe' // finds out whether a proxy that was shut out is well again
  | 'canary' // finds out whether a host that was down is well again
  | 'witness' // an answer came, and is compared with what another exit brings

/** What an attempt brought, and who was blamed. */
export interface OutcomeEvent {
  /** The task's id. */
  readonly task: string
  /** The crawl that it is for, if it is for one. */
  readonly crawl?: string | undefined
  /** The crawl's id of the request that it is for. */
  readonly request?: string | undefined
  /** What was asked for. */
  readonly url: string
  /** How: `GET`, `POST`, … */
  readonly method: string
  /** The pool's key. */
  readonly host: string
  /** The attempt's number within the task, from 1. */
  readonly attempt: number
  /** The proxy's label. */
  readonly proxy: string
  /** Whose doing it was; docs/verdicts.md explains each. */
  readonly verdict: VerdictKind
  /** A stable slug such as `status-404` or `dial-refused`; docs/verdicts.md lists them. */
  readonly reason: string
  /** What else the verdict says, where it says more: weight, wait, whose limit. */
  readonly terms?: Omit<Verdict, 'kind' | 'reason'>
  /** How far it came and how it broke, where no answer came. */
  readonly fault?: Pick<Fault, 'phase' | 'cause'>
  /** HTTP status; undefined where no answer came. */
  readonly status: number | undefined
  /** Milliseconds from the attempt's start to the response head; undefined where none came. */
  readonly firstByteMs: number | undefined
  /** Milliseconds from the attempt's start to its end. */
  readonly elapsedMs: number
  /** Bytes of the body on the wire, both directions, before decoding. */
  readonly bytes: number
  /** How much of the failure is blamed on whom, each in [0, 1]. */
  readonly blame: {
    /** Share of the proxy. */
    readonly proxy: number
    /** Share of the host. */
    readonly host: number
  }
  /**
   * Whether this attempt's answer became the task's answer as soon as it came. One that was compared with others first may be taken
   * later: `task.settled` says which attempt has brought the answer.
   */
  readonly won: boolean
}

/** A task waits. */
export interface TaskParked {
  /** The task's id. */
  readonly task: string
  /** The crawl that it is for, if it is for one. */
  readonly crawl?: string | undefined
  /** The crawl's id of the request that it is for. */
  readonly request?: string | undefined
  /** The pool's key. */
  readonly host: string
  /** What it waits for. */
  readonly reason: ParkReason
  /** Clock time in ms of the earliest moment it could run, or undefined when an event must come first. */
  readonly until: number | undefined
}

/** An answer was held, and was judged (docs/trust.md). */
export interface TrustJudged {
  /** The task's id. */
  readonly task: string
  /** The crawl that it is for, if it is for one. */
  readonly crawl?: string | undefined
  /** The crawl's id of the request that it is for. */
  readonly request?: string | undefined
  /** What was asked for. */
  readonly url: string
  /** The pool's key. */
  readonly host: string
  /** What came of it: `agreed`, `decided`, `contested`, `unproven`; or `proven`, `lies`, which another request has found out. */
  readonly finding: TrustFinding
  /** How far the answer may be believed that was taken; undefined where none was. */
  readonly trust: Trust | undefined
  /** Label of the exit that has brought it; undefined where none was taken. */
  readonly taken: string | undefined
  /** Labels of the exits that have answered, in the order of their first answer. */
  readonly exits: readonly string[]
  /** Those that did not bring what the rest brought: the label `proxy`, up to five parts that differ (`keys`), and whether it said so twice. */
  readonly deviants: readonly DeviantExit[]
}

/** What a task waits for. */
export type ParkReason =
  | 'interval' // every proxy has just visited this host
  | 'host-limit' // as many in flight as this host bears
  | 'proxy-limit' // every usable proxy is busy
  | 'throttled' // the host asked us to slow down
  | 'host-down' // the host is ill, and a canary is under way or due
  | 'no-proxy' // every proxy is open, retired or isolated
  | 'no-proxy-passes' // the host's filter lets no proxy of the fleet pass
  | 'blackout' // this machine's own network is out
  | 'paused' // somebody called `pause`, for all hosts or for this one
  | 'stopped' // the crawler stops: there will be no lease

/** How a task ended. */
export interface TaskSettled {
  /** The task's id. */
  readonly task: string
  /** The crawl that it is for, if it is for one. */
  readonly crawl?: string | undefined
  /** The crawl's id of the request that it is for. */
  readonly request?: string | undefined
  /** What was asked for. */
  readonly url: string
  /** The pool's key. */
  readonly host: string
  /** Whether it has an answer; a 404 is one. */
  readonly ok: boolean
  /** The verdict that decided. */
  readonly verdict: VerdictKind
  /** Its reason: a stable slug. */
  readonly reason: string
  /** Attempts it had, hedges included. */
  readonly attempts: number
  /** Number of the attempt that brought the answer, from 1; undefined where there is none. */
  readonly answeredBy: number | undefined
  /** Attempts beyond the first that were started while another was running. */
  readonly hedges: number
  /** Milliseconds from acceptance to the end. */
  readonly elapsedMs: number
  /** It was asked only to judge exits: see `task.accepted`. */
  readonly isAudit?: true
}

/** What a proxy's breaker lets through. */
export type BreakerState =
  | 'closed' // the proxy is used
  | 'open' // it is shut out until its cooldown is over
  | 'halfOpen' // one probe at a time finds out whether it is well again
  | 'isolated' // taken out by hand, or found lying, until `readmit`
  | 'retired' // it has served `maxRequestsPerProxy`, until the next refresh

/** A breaker moved. */
export interface ProxyState {
  /** The proxy's label. */
  readonly proxy: string
  /** The pool's key; undefined when it is about all hosts. */
  readonly host: string | undefined
  /** The state before. */
  readonly from: BreakerState
  /** The state now. */
  readonly to: BreakerState
  /** Why: the reason of the verdict that moved it, or what was done by hand. */
  readonly reason: string
  /** Clock time in ms when it may be probed. */
  readonly until: number | undefined
}

/** What is thought of a host has changed. */
export interface HostState {
  /** The pool's key. */
  readonly host: string
  /** The state before. */
  readonly from: PoolState
  /** The state now. */
  readonly to: PoolState
  /** Why: a stable slug. */
  readonly reason: string
  /** Clock time in ms at which it ends by itself; undefined when an event must come first. */
  readonly until: number | undefined
}

/** A host was paused by hand, or resumed. */
export interface HostPaused {
  /** The pool's key. */
  readonly host: string
  /** Whether it is paused from now on: nothing is begun there, and attempts under way go on. */
  readonly isPaused: boolean
}

/** What is thought of a host. */
export type PoolState =
  | 'serving' // it answers
  | 'throttled' // it asked for a pause
  | 'down' // it is ill: one canary at a time asks whether it is well again
  | 'starved' // no proxy may be used for it now
  | 'draining' // it is being closed

/** Something that a person should look at. */
export interface Alert {
  /** A code of an error (docs/errors.md), or one of those that only alert. */
  readonly code: RegattaErrorCode | AlertCode
  /** A sentence that names the thing and the way out. */
  readonly message: string
}

/** What only alerts; every code of an error may alert too. */
export type AlertCode =
  | 'CREDENTIAL_REFUSED' // every proxy of one account is refused: pay, or renew the password
  | 'BLACKOUT' // this machine's own network seems to be out; nobody is blamed meanwhile
  | 'LEAK' // an answer shows an address of this machine: that proxy hides nothing, and is not used again
  | 'HOST_STALLED' // nothing has come through from a host for long; its tasks wait
  | 'HOST_LIMITED' // a host refuses us for haste and lets nothing through; its tasks wait
  | 'HOST_UNREACHABLE' // every exit fails to reach a host that nobody has ever reached
  | 'ROBOTS_UNREACHABLE' // a robots.txt cannot be had: its host is left alone until it can
  | 'NO_PROXY_PASSES' // the option `hosts`, or `use` of a crawl, asks for proxies of a kind that the fleet has none of: what asks for them waits
  | 'PROXY_LIES' // a proxy brings other pages than the rest, and is not used any more
  | 'EXITS_CONTRADICT' // exits bring different versions of pages, and none of them outweighs the others
  | 'NOT_CORRECTED' // an exit was found lying, and something that it brought stays as it is: in a sink that takes nothing back, or because it cannot be asked again
  | 'LIST_NOT_UNDERSTOOD' // some entries of a list of proxies cannot be read: the message counts them and names the first
  | 'LIST_NOT_BELIEVED' // a list of proxies is empty or has shrunk by half: the old one stays, until it says so again

/** A list of proxies was read again. */
export interface ProxiesRefreshed {
  /** The provider's name: a path, an origin, `array`, `PROXY_POOL`. */
  readonly provider: string
  /** Proxies that joined. */
  readonly added: number
  /** Proxies that left. */
  readonly removed: number
  /** Proxies that stay, with another account or other tags. */
  readonly renewed: number
  /** Proxies of the fleet now. */
  readonly total: number
}

/** A line for the log. */
export interface LogLine {
  /** The crawl's id, as `crawl.id`; undefined for a line that is about no single crawl. */
  readonly crawl: string | undefined
  /** Who speaks: a `source` by `context.log`, the crawl about a page that is `skipped`, or Regatta with a `note`. */
  readonly kind: 'source' | 'skipped' | 'note'
  /** The line, without a line end. */
  readonly message: string
}
