import type { Acceptance } from './acceptance.ts'
import type { Classifier } from './classifier.ts'
import type { TaskFailureCode } from './error-values.ts'
import type { ResponseHead } from './frontier.ts'
import type { HttpResponse, Verdict, VerdictKind } from './outcome.ts'
import type { FetchRequest } from './request.ts'
import type { Credentials } from './source-session.ts'
import type { AuditOrder, Testimony, Trust, TrustLevel } from './trust.ts'

/** What a task is given to do. */
export interface TaskJob {
  readonly id: string
  readonly request: FetchRequest
  /** The pool's key. */
  readonly host: string
  /** 0 first, 7 last. */
  readonly priority: number
  readonly mayHedge: boolean
  /** The crawl that it is for. */
  readonly crawl?: string
  /** That crawl's id of the request. */
  readonly page?: string
  /** The actor that asks for it. Default: the crawler's root. */
  readonly sender?: object | undefined
  /** Milliseconds over all attempts and waits, from `begunAt`. */
  readonly deadlineMs?: number
  /** When its caller began to wait for the answer, clock ms. Default: its acceptance. */
  readonly begunAt?: number
  /** Where its attempts are counted beside the crawler's own counts. */
  readonly spent?: Spent
  /** What the caller takes as an answer whatever the rules say. */
  readonly accept?: Acceptance['accept']
  /** `false`: no rule judges what the host answers. */
  readonly judge?: Acceptance['judge']
  /** Asked before all other classifiers. */
  readonly classifier?: Classifier
  /** What it is sent with beside its own. Default: nothing. */
  readonly credentials?: Credentials | undefined
  /** Whether this answer says that its session is not accepted any more. `verdict`: what the rules say of it. Must not throw. */
  isSessionOver?(response: HttpResponse, verdict: Verdict): boolean
  /** How much proxies are believed over plain HTTP. Default: what holds for the host. */
  readonly trust?: TrustLevel
  /** Exits that must agree. Default: as many as it takes. */
  readonly quorum?: number
  /** It asks others for what an exit has brought, instead of asking for a page. */
  readonly audit?: AuditOrder
  /** Its answer may be held for long: for a page of a crawl, being right is more than being quick. */
  readonly isPatient?: boolean
  /** The task is to wait for `host`, until `until` (clock ms) if that is known. True when it has given its place up. */
  parked?(until: number | undefined, host: string): boolean
  /**
   * A redirect leads to another URL: why it must not be asked there, or undefined when it may. Nothing is sent there
   * before. Must neither throw nor reject.
   */
  hop?(request: FetchRequest, way: Way): HopRefusal | undefined | Promise<HopRefusal | undefined>
  /** It has a request on its way from now on; or it has none and waits, or is over. */
  racing?(isRacing: boolean): void
  /** Told the answer, exactly once; a promise says when it has been taken over. Must neither throw nor reject. */
  settle(result: TaskResult): void | Promise<void>
}

/** Where a redirect must not lead; the task ends with it. */
export interface HopRefusal {
  /** A stable slug: `robots`, `blocked`, … */
  readonly reason: string
  /** A sentence for people, without its full stop. */
  readonly detail: string
}

/** How a task has come to the URL that it is about to ask. */
export interface Way {
  /** Cookies were set on it, for which the next address may send it back. */
  readonly hasCookies: boolean
}

/** What tasks of one owner have cost so far. */
export interface Spent {
  /** Attempts started. */
  attempts: number
  /** Those of them that were started while another one of their task was running. */
  hedges: number
}

export interface TaskReport {
  /** What others can be asked for later, where that has a meaning. */
  readonly testimony?: Testimony
  /** Labels of proxies on whose word alone it was redirected on its way. Default: of none. */
  readonly ledBy?: readonly string[]
  readonly attempts: number
  readonly hedges: number
  /** From acceptance to answer, ms. */
  readonly elapsedMs: number
  /** Of these, those in which an attempt was under way: without waits for a gate, a place or the end of a pause. */
  readonly busyMs: number
}

export type TaskResult =
  | ({
      readonly ok: true
      readonly response: HttpResponse
      readonly verdict: Verdict
      /** Label of the proxy that brought it. */
      readonly proxy: string
      /** Number of the attempt that brought it, from 1. Undefined where no attempt was needed. */
      readonly answeredBy?: number
      /** How far it may be believed. Default: `unchecked`. */
      readonly trust?: Trust
    } & TaskReport)
  | ({
      readonly ok: false
      readonly code: TaskFailureCode
      /** Stable slug: `deadline`, `aborted`, `target-faults`, `blocked-everywhere`, `host-unreachable`, … */
      readonly reason: string
      /** A sentence for people. */
      readonly detail: string
      readonly verdict: VerdictKind | undefined
      readonly status: number | undefined
      /** Label of the proxy on whose word alone it ends, such as a redirect that is not followed. Default: of none. */
      readonly proxy?: string
      /** How far that word may be believed. Default: `unchecked`. */
      readonly trust?: Trust
      /** Of its last answers, oldest first. */
      readonly heads: readonly ResponseHead[]
    } & TaskReport)
