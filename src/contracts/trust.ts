import type { FetchRequest } from './request.ts'

/**
 * How far an answer may be believed. Over verified TLS a proxy cannot change a page; over plain HTTP it can, and what it
 * brings is compared with what others bring of the same URL (docs/trust.md).
 */
export type Trust =
  | 'verified' // it came over verified TLS: no proxy can have changed it
  | 'direct' // no proxy lay between
  | 'agreed' // another exit has brought the same
  | 'proven' // its exit was found honest before, and was taken at its word; or another that is hardly known has brought the same
  | 'unproven' // nobody else could be asked, or not in time
  | 'contested' // exits contradict each other, and none of them outweighs the others
  | 'unchecked' // it must not be asked for twice (session, cookies, a named proxy, not idempotent), or `trust` is `blind`

/** How much proxies are believed over plain HTTP. */
export type TrustLevel =
  | 'verify' // every page needs two exits that agree
  | 'learn' // each exit is compared until it is found honest, and now and then after that
  | 'blind' // what an exit brings is taken as it is

export const trustLevels = ['verify', 'learn', 'blind'] as const satisfies readonly TrustLevel[]

/** What is known of the honesty of a proxy over plain HTTP. */
export type Standing =
  | 'unproven' // it has not been compared with enough others
  | 'proven' // it says what others say
  | 'suspect' // it has said something else, and it is not known yet whether that was chance
  | 'lies' // it is isolated

/** Why an answer is held until another exit has been asked the same. */
export type HeldFor =
  | 'exit' // its exit is not proven
  | 'answer' // its exit is proven, and the answer is unlike what others bring from this host
  | 'chance' // its exit is proven, and is looked at now and then
  | 'caller' // `trust: 'verify'` or `verify` asks for it

/** What came of an answer that was held. */
export type TrustFinding =
  | 'agreed' // all exits that were asked bring the same
  | 'decided' // most exits bring the same, and outweigh those that do not
  | 'contested' // the exits contradict each other, and none of the versions outweighs the others
  | 'unproven' // nobody else could be asked, or not in time, or each exit brings something else
  | 'proven' // its exit was found honest meanwhile, by another request
  | 'lies' // its exit was found lying meanwhile, by another request: the answer is thrown away, and asked for again

/** How an answer was judged that had been held. Labels and names of parts, no content. */
export interface Judgement {
  /** What came of it. */
  readonly finding: TrustFinding
  /** How far the answer may be believed that was taken; undefined where none was. */
  readonly trust: Trust | undefined
  /** Label of the exit that has brought it; undefined where none was taken. */
  readonly taken: string | undefined
  /** Labels of the exits that have answered, in the order of their first answer. */
  readonly exits: readonly string[]
  /** Those that did not bring what the rest brought. */
  readonly deviants: readonly DeviantExit[]
}

/** An exit that has brought something else than the rest. */
export interface DeviantExit {
  /** The proxy's label. */
  readonly proxy: string
  /** The first five parts in which its answer differs, such as `status`, `size` or a path of elements. */
  readonly keys: readonly string[]
  /** It was asked a second time, and has said so again. */
  readonly isRepeated: boolean
}

/** What comparing has cost and found. */
export interface TrustCounts {
  /** Answers that were asked for to be compared with others. */
  readonly comparisons: number
  /** Bytes of their bodies on the wire. */
  readonly bytes: number
  /** Pages of crawls that others were asked for before the crawl ended, because nobody had judged their exits since. */
  readonly audits: number
  /** Answers that were not what others brought. */
  readonly deviations: number
  /** Proxies that were found lying. */
  readonly convictions: number
  /** Hearings in which exits contradicted each other, and none of the versions outweighed the others. */
  readonly contested: number
  /** Pages of crawls that were asked once more, because the exit that brought them was found lying. */
  readonly askedAgain: number
  /** Of those, the ones that were different. */
  readonly corrected: number
}

/** An answer as its exit has brought it, kept so that others can be asked for the same later. */
export interface Testimony {
  /** Label of the exit. */
  readonly proxy: string
  /** What it was asked for. */
  readonly request: FetchRequest
  /** Bytes of its body in memory. */
  readonly size: number
  /** The answer itself is gone, or too large to be kept: only its URL and its exit are known. */
  readonly isGone: boolean
  /** It says that there is no such page: that proves nobody. */
  readonly isEnd: boolean
}

/** What came of it when others were asked for what an exit had brought. */
export type AuditFinding =
  | 'upheld' // they bring the same
  | 'refuted' // they bring something else
  | 'changed' // they bring something else, and so does the exit itself by now: it has lied, or the page is another one
  | 'contested' // they contradict each other, and none of the versions outweighs the others
  | 'open' // nobody could be asked, or not in time, or each brings something else

/** What an exit has brought is compared once more with what others bring of the same URL. */
export interface AuditOrder {
  readonly testimony: Testimony
  /** Whether this exit is asked before the others: one comparison judges two. */
  prefers(proxy: string): boolean
  /** Told before the task ends; the first one counts. `accuse` holds what has `changed` against the exit. */
  found(finding: AuditFinding, accuse?: () => void): void
}

/** What a crawl hears of the honesty of exits. */
export interface TrustListener {
  /**
   * This exit was compared and found honest: what it has brought up to now is believed. `isForGood` (default true): most exits of
   * the fleet are known to say what it says. Where not, those who vouch for it may turn out to be liars of one mind.
   */
  proven(proxy: string, isForGood?: boolean): void
  /**
   * This exit was found lying: what it has brought since it was last proven is doubted. `isWhole` (default false): and what came before,
   * because it lies now and then, or those who vouched for it are in doubt themselves.
   */
  convicted(proxy: string, isWhole?: boolean): void
  /** Exits lie now and then: what any of them has brought may be wrong although it was honest when it was compared. */
  alarmed(): void
  /**
   * Exits contradict each other at this host, by its pool's key, and none of the versions outweighs the others. Told again with
   * each such page.
   */
  contestedAt(host: string): void
}

/** Who tells of the honesty of exits. */
export interface TrustTeller {
  /** From now on; the answer ends it. */
  listen(listener: TrustListener): () => void
  /** Enough exits say what this one says, and no larger group says otherwise. */
  isFirm(proxy: string): boolean
  /** Most exits of the fleet are known to say what this one says. */
  isOfMost(proxy: string): boolean
}
