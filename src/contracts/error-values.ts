import type { VerdictKind } from './outcome.ts'

/**
 * Every code of an error: what it means, the way out, and the type of its `value`. The compiler holds every
 * `new RegattaError` to this table, and docs/errors.md is printed from it.
 *
 * The trap: a value is printed and logged, so it never holds a credential.
 */
export interface RegattaErrorValues {
  /**
   * An option does not fit.
   * Way out: the message names the option, the value and what was expected.
   */
  OPTION_INVALID: OptionProblem
  /**
   * The file, URL, DNS name or standard input of proxies cannot be read.
   * Way out: check the path, the permission, the address.
   */
  PROXY_LIST_UNREADABLE: ListProblem
  /**
   * No proxy can be used, and `direct` was not asked for.
   * Way out: fix the list, or say `direct: true` (`--direct`).
   */
  PROXY_LIST_EMPTY: EmptyList
  /**
   * No proxy has answered in this run, and the crawl was not to wait for one.
   * Way out: `regatta proxies check` says which of them live; `keepTrying` (`--keep-trying`) waits for them.
   */
  NO_PROXY_ANSWERS: SilentFleet
  /**
   * No proxy passes a filter: the option `use` (`--use`), or that of a request or a source.
   * Way out: the message names the values that there are.
   */
  NO_PROXY_PASSES: FilterProblem
  /**
   * One entry of a list cannot be understood.
   * Way out: the message says which; write host:port, user:pass@host:port, host:port:user:pass, or a URL.
   */
  PROXY_LINE_INVALID: ProxyProblem
  /**
   * No proxy of the fleet has this label.
   * Way out: `crawler.proxies()` lists the labels.
   */
  PROXY_UNKNOWN: undefined
  /**
   * A provider of proxies or a source needs a key.
   * Way out: set the variable that the message names.
   */
  MISSING_API_KEY: MissingKey
  /**
   * No source has this name, and no file of this name is there.
   * Way out: `regatta sources` lists the names; a file starts with `./`.
   */
  SOURCE_UNKNOWN: SourceName
  /**
   * The module exports no source, or what it exports is none.
   * Way out: export what `defineSource` returns.
   */
  SOURCE_INVALID: SourceName
  /**
   * `seeds` or `parse` of a source threw, or asked for what is not there.
   * Way out: read the error of the source, which the message repeats; `cause` is that error.
   */
  SOURCE_FAILED: PageProblem | undefined
  /**
   * A HAR file cannot be read: it is no JSON, no HAR, or too large.
   * Way out: the message names the file and the place in it, such as `log.entries[3].response.status`; save it again.
   */
  HAR_INVALID: HarProblem
  /**
   * A param does not fit the schema of its source.
   * Way out: `regatta sources` shows what each source takes.
   */
  PARAM_INVALID: Problems
  /**
   * An item does not fit the schema of its source, or cannot be written.
   * Way out: mend `parse` or the schema, then `regatta dead retry`. The item is set aside with its value; the rest goes on.
   */
  ITEM_INVALID: ItemProblem
  /**
   * Something that you gave to be called (a classifier, a strategy, a provider, a listener, …) threw, or returned what it
   * may not. It is told once; where something can stand in for it, the crawl goes on with that.
   * Way out: mend what the message names.
   */
  EXTENSION_FAILED: ExtensionProblem
  /**
   * This runtime lacks what Regatta needs.
   * Way out: run it with Node or Deno, in a version that the message names.
   */
  RUNTIME_UNSUPPORTED: undefined
  /**
   * This is no http or https URL.
   * Way out: write it whole, with its scheme.
   */
  URL_INVALID: InvalidUrl
  /**
   * `trySubmit` found `capacity` tasks under way.
   * Way out: wait, use `submit`, or raise `capacity`.
   */
  POOL_FULL: FullPool
  /**
   * The wait of a handle has ended; its task goes on.
   * Way out: ask the handle again, or `cancel` it.
   */
  WAIT_TIMEOUT: EndedWait
  /**
   * The deadline of the task has passed.
   * Way out: `crawler.explain(task)` says what the task waited for.
   */
  DEADLINE: TaskFailure
  /**
   * A cap on what may be spent was reached (`maxBytes`, `maxCost`): nothing more is sent.
   * Way out: raise the cap. A crawl with a state goes on from there.
   */
  CAP_REACHED: ReachedCap | TaskFailure
  /**
   * A signal of yours aborted it, or a `cancel`, or you left the loop.
   * Way out: there is nothing to do.
   */
  ABORTED: TaskFailure | undefined
  /**
   * The target fails, every exit is refused, or the page is too large.
   * Way out: `value.reason` says which; `crawler.explain(task)` shows each attempt.
   */
  TASK_FAILED: TaskFailure
  /**
   * The proxy of the session cannot go on, and nothing of it is sent from elsewhere.
   * Way out: start the session again from its first step. `crawler.session` does so by itself, ten times, and a crawl does where its source has `session.begin`.
   */
  SESSION_LOST: TaskFailure
  /**
   * The lease has ended: its outcome was told, or it has expired.
   * Way out: ask for another one with `crawler.lease`; `expiresMs` says how long it lasts.
   */
  LEASE_ENDED: undefined
  /**
   * The body is too large to be read at once, or its file is gone.
   * Way out: `await page.save()` or `page.stream()` before `parse` returns.
   */
  BODY_ON_DISK: BodyProblem
  /**
   * The markup of a page would take more memory or time than one page may have: 500,000 nodes, XML 512 deep.
   * Way out: the page is a dead letter and the crawl goes on; read it by `page.text()` or `page.stream()` if it is wanted.
   */
  PAGE_OVER_BUDGET: undefined
  /**
   * An output cannot be written.
   * Way out: make room, and run it again.
   */
  SINK_FAILED: SinkFailure
  /**
   * The state of the crawl cannot be written.
   * Way out: make room, then `regatta resume`.
   */
  STATE_FAILED: StateFailure
  /**
   * Another process, or another crawl of this crawler, owns this state.
   * Way out: wait for the owner, which the message names, or choose another `state` or `name`.
   */
  STATE_LOCKED: StateOwnership
  /**
   * The state cannot be read. It is kept as it is.
   * Way out: `regatta resume --salvage` reads what can be read.
   */
  STATE_CORRUPT: StateFailure
  /**
   * The state is of a newer Regatta.
   * Way out: update Regatta.
   */
  STATE_VERSION: StateVersion
  /**
   * The state of this name belongs to another source, to other params, or was begun with another `hostKey`.
   * Way out: choose another `name`, or say `fresh`.
   */
  STATE_MISMATCH: StateMismatch
  /**
   * The crawler takes no more work.
   * Way out: make a new one.
   */
  STOPPED: TaskFailure | undefined
  /**
   * A scenario of the lab, or a recorded trace, does not fit.
   * Way out: the message names the part.
   */
  SCENARIO_INVALID: ScenarioProblem | undefined
  /**
   * Fixtures of a source are not there, are empty, or cannot be read.
   * Way out: the message names the file. `regatta record` makes a HAR file, and `regatta check --update` what is expected of it.
   */
  FIXTURE_INVALID: FixtureProblem
  /**
   * A bug in Regatta.
   * Way out: please report it, with the seed.
   */
  INTERNAL: StateFailure | undefined
}

/** A stable name of what went wrong, for programs. */
export type RegattaErrorCode = keyof RegattaErrorValues

/** The codes with which a task ends. */
export type TaskFailureCode =
  | 'TASK_FAILED'
  | 'DEADLINE'
  | 'ABORTED'
  | 'SESSION_LOST'
  | 'STOPPED'
  | 'CAP_REACHED'

/** One thing that does not fit a schema. */
export interface Problem {
  /** Where, such as `politeness.interval`; empty for the whole. */
  readonly path: string
  /** What was expected there. */
  readonly message: string
  /** What was found there, in words and at most 120 characters; undefined where it may be a secret. */
  readonly got?: string
}

/** Which option does not fit. */
export interface OptionProblem {
  /** The option, such as `politeness.interval`. */
  readonly path: string
  /** What was given, where that may be shown. */
  readonly value?: unknown
  /** All that does not fit, where a schema was asked. */
  readonly issues?: readonly Problem[]
}

/** Which cap was reached. */
export interface ReachedCap {
  /** `maxBytes` or `maxCost`. */
  readonly cap: 'bytes' | 'cost'
}

/** Which list of proxies cannot be read. */
export interface ListProblem {
  /** The path, the origin of the URL, the DNS name, or `stdin`. */
  readonly list: string
  /** The system's error code, such as ENOENT, where there is one. */
  readonly errno?: string
  /** The status of the answer, where a server has given one. */
  readonly status?: number
  /** How long the server wants to be left alone, ms, where it says so. */
  readonly retryAfterMs?: number
}

/** A filter that nothing passes. */
export interface FilterProblem {
  /** The filter, as it is typed: `country=DE|FR, class=residential`. */
  readonly filter: string
  /** For each name of the filter, the values of the proxies that pass the rest of it, the most frequent first. */
  readonly known: Readonly<Record<string, readonly string[]>>
}

/** Where no usable proxy was found. */
export interface EmptyList {
  /** The names of the lists that were read. */
  readonly sources: readonly string[]
  /** Entries that may not be used. */
  readonly rejected: number
}

/** How long a fleet was asked in vain. */
export interface SilentFleet {
  /** Proxies of the fleet. */
  readonly proxies: number
  /** Those of them that were asked. */
  readonly asked: number
  /** Milliseconds from the first request on. */
  readonly ms: number
}

/** Which entry of a list of proxies cannot be understood. */
export interface ProxyProblem {
  /** What is wrong with it. */
  readonly reason: string
  /** The option or variable that holds the list. */
  readonly name?: string
  /** Its position in the list, from 1. */
  readonly position?: number
}

/** Which key is missing. */
export interface MissingKey {
  /** The environment variable that should hold it. */
  readonly variable: string
}

/** Which source is meant. */
export interface SourceName {
  /** Its name or file as it was given; undefined when it has none. */
  readonly source: string | undefined
  /** Where in its file it is wrong: `/home/me/shop.ts:14:20`, where that is known. */
  readonly where?: string
  /** The code there, or the calls that led there, one a line. */
  readonly stack?: string
}

/** Which fixture cannot be used. */
export interface FixtureProblem {
  /** The file or folder; undefined for pages that were given by themselves. */
  readonly path: string | undefined
}

/** The page whose source went wrong. */
export interface PageProblem {
  /** The URL of the page; undefined for what went wrong before there was one. */
  readonly url?: string
  /** Where in the source's file: `/home/me/shop.ts:14:20`, where that is known. */
  readonly where?: string
  /** The calls that led there, one a line. */
  readonly stack?: string
  /** The CSS selector that cannot be used, where it is one. */
  readonly selector?: string
  /** The label of its request, where no handler reads it or its data does not fit. */
  readonly label?: string | undefined
  /** What does not fit of the data that its request carries. */
  readonly issues?: readonly Problem[]
}

/** Which HAR file cannot be read. */
export interface HarProblem {
  /** What the file is called. */
  readonly name: string
  /** Where in it: `log.entries[3].response.status`; undefined where all of it is meant. */
  readonly place: string | undefined
}

/** What does not fit a schema. */
export interface Problems {
  /** At least one. */
  readonly issues: readonly Problem[]
}

/** What is wrong with an item. */
export interface ItemProblem {
  /** What does not fit the schema; empty when the item fits and cannot be written. */
  readonly issues: readonly Problem[]
  /** The crawl's id of the request that produced the item, where it is known. */
  readonly request?: string
  /** The item's position among the outputs of that request, from 0. */
  readonly index?: number
}

/** What of the user's own failed. */
export interface ExtensionProblem {
  /** The option, or the name of the provider. */
  readonly extension: string
}

/** What was given as a URL. */
export interface InvalidUrl {
  /** The text, at most 200 characters, without user and password. */
  readonly url: string
}

/** How many tasks there may be. */
export interface FullPool {
  /** The option `capacity`. */
  readonly capacity: number
}

/** How long was waited. */
export interface EndedWait {
  /** Milliseconds. */
  readonly ms: number
}

/** How a task ended without an answer. */
export interface TaskFailure {
  /** A stable slug: `deadline`, `aborted`, `target-faults`, `blocked-everywhere`, `host-unreachable`, … */
  readonly reason: string
  /** The verdict on its last attempt; undefined when none was judged. */
  readonly verdict: VerdictKind | undefined
  /** The HTTP status of its last answer; undefined when there was none. */
  readonly status: number | undefined
  /** Attempts it had. */
  readonly attempts: number
}

/** The body that cannot be had. */
export interface BodyProblem {
  /** The URL that answered with it. */
  readonly url: string
  /** Its size in bytes; undefined when its file is gone. */
  readonly bytes?: number
}

/** The output that cannot be written. */
export interface SinkFailure {
  /** The sink's name: a path, `stdout`, … */
  readonly sink: string
  /** The system's error code, such as ENOSPC; undefined when there is none. */
  readonly errno: string | undefined
  /** Trying again cannot help. */
  readonly isPermanent: boolean
}

/** The state that cannot be read or written. */
export interface StateFailure {
  /** The file or the folder. */
  readonly path: string
  /** The system's error code where it is known, or else SQLite's. */
  readonly errno: string | undefined
}

/** Who owns a state: a process owns a folder, a crawl of this crawler owns a name. */
export interface StateOwnership {
  /** The folder that is owned. */
  readonly dir?: string
  /** The crawl's name that is owned. */
  readonly name?: string
  /** The number of the process that owns the folder, where it is known. */
  readonly pid?: number
  /** Wall-clock milliseconds when that process took it. */
  readonly startedAt?: number
}

/** A state that is too new. */
export interface StateVersion {
  /** Its file. */
  readonly path: string
  /** The version of its schema, where the file says it. */
  readonly version?: number
}

/** What the state of this name belongs to. */
export interface StateMismatch {
  /** The crawl's name. */
  readonly name: string
  /** The source it was begun with. */
  readonly source?: string
  /** The kind of `hostKey` it was begun with. */
  readonly hostKey?: string
}

/** Which part of a scenario does not fit. */
export interface ScenarioProblem {
  /** The part, such as `proxies.0.count`, or the name of what is not there. */
  readonly path: string
  /** All that does not fit, where a schema was asked. */
  readonly issues?: readonly Problem[]
}
