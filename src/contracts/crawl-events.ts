import type { CrawlStage } from './crawl.ts'
import type { LivesAgain } from './explanation.ts'
import type { FailureSpot } from './frontier.ts'
import type { Mark, SinkRecord } from './sink.ts'
import type { Trust } from './trust.ts'

/**
 * What a crawl tells of its requests and of what they give: the payloads of its events (events.ts), in the order of a request's
 * way. What becomes of a request between its being taken and its being settled is the story of its task.
 */

/** A request that a crawl did not know. */
export interface RequestFound {
  /** The crawl's id, as `crawl.id`. */
  readonly crawl: string
  /** The crawl's id of the request. */
  readonly request: string
  /** What will be asked for. */
  readonly url: string
  /** Hops from a seed: 0 for a seed. */
  readonly depth: number
  /** The page it was found on; undefined for a seed. */
  readonly foundOn: string | undefined
}

/** A link that is not followed. */
export interface RequestRejected {
  /** The crawl's id, as `crawl.id`. */
  readonly crawl: string
  /** Where it leads. */
  readonly url: string
  /** Why: `limit of depth`, `limit per host`, `blocked host`, … */
  readonly reason: string
  /** The page it was found on; undefined where that is not known. */
  readonly foundOn: string | undefined
}

/** A request that a crawl has taken from its queue. */
export interface RequestTaken {
  /** The crawl's id, as `crawl.id`. */
  readonly crawl: string
  /** The crawl's id of the request. */
  readonly request: string
  /** The id that its task has, if it comes to one. */
  readonly task: string
  /** What is asked for. */
  readonly url: string
  /** Hops from a seed. */
  readonly depth: number
  /** Why it is asked once more; undefined at its first time. */
  readonly again: LivesAgain | undefined
}

/** A page of a crawl that has come and was read. */
export interface RequestDone {
  /** The crawl's id, as `crawl.id`. */
  readonly crawl: string
  /** The crawl's id of the request. */
  readonly request: string
  /** What was asked for. */
  readonly url: string
  /** The pool's key. */
  readonly host: string
  /** HTTP status. */
  readonly status: number
  /** Label of the proxy that brought it, or `cache`. */
  readonly via: string
  /** Attempts it took. */
  readonly attempts: number
  /** Milliseconds in which it was asked for, without what it waited for its turn. */
  readonly elapsedMs: number
  /** How far it may be believed: docs/trust.md. */
  readonly trust: Trust
  /** Items that it gave. */
  readonly items: number
  /** Edges that it gave. */
  readonly edges: number
  /** Requests that it yielded, those that were known included. */
  readonly links: number
  /** As it was at the visit before, and not parsed. */
  readonly unchanged: boolean
}

/** A page of a crawl that was not asked for, or was left out when it had come. */
export interface RequestSkipped {
  /** The crawl's id, as `crawl.id`. */
  readonly crawl: string
  /** The crawl's id of the request. */
  readonly request: string
  /** What was, or would have been, asked for. */
  readonly url: string
  /** The pool's key. */
  readonly host: string
  /** Why: `robots`, `scope`, `canonical`, `duplicate`, `trap`, `noindex`, `blocked`, `source`, or the source's own word. */
  readonly reason: string
  /** A sentence for people, without its full stop. */
  readonly detail: string
}

/** A request of a crawl that was given up. */
export interface RequestDead extends FailureSpot {
  /** The crawl's id, as `crawl.id`. */
  readonly crawl: string
  /** The crawl's id of the request. */
  readonly request: string
  /** What was asked for. */
  readonly url: string
  /** The pool's key. */
  readonly host: string
  /** Why: `target-faults`, `blocked`, `item-invalid`, `source-failed`, `deadline`, … */
  readonly code: string
  /** A sentence for people. */
  readonly detail: string
}

/** A request that goes back into its queue. */
export interface RequestRequeued {
  /** The crawl's id, as `crawl.id`. */
  readonly crawl: string
  /** The crawl's id of the request. */
  readonly request: string
  /** The id that its task had, if it came to one. */
  readonly task: string
  /** Clock time in ms before which it is not taken again; undefined when it may be at once. */
  readonly until: number | undefined
}

/** What a request gave is in the sinks, or not. */
export interface RequestStored {
  /** The crawl's id, as `crawl.id`. */
  readonly crawl: string
  /** The crawl's id of the request. */
  readonly request: string
  /** The id that its task had. */
  readonly task: string
  /** Names of the crawl's sinks. */
  readonly sinks: readonly string[]
  /** Records that it gave. */
  readonly records: number
  /** Why they are not safe; undefined when they are. */
  readonly failure: string | undefined
}

/** An item that every sink has. */
export interface ItemEvent {
  /** The crawl's id, as `crawl.id`. */
  readonly crawl: string
  /** The source's name. */
  readonly source: string
  /** The crawl's id of the request that produced it. */
  readonly request: string
  /** Its position among the outputs of that request, from 0. */
  readonly index: number
  /** The item, as the source's schema made it. */
  readonly value: unknown
  /** Its kind; undefined where its source has one kind. */
  readonly itemKind?: string | undefined
  /** How often its page had been corrected when it was put out; undefined for never. */
  readonly revision?: number | undefined
  /** `contested` where exits contradict each other about its page; undefined where nothing speaks against it. */
  readonly trust?: Mark | undefined
}

/** An output of a page that is taken back. Told before what takes its place; files follow when the run ends. */
export interface ItemRetracted {
  /** The crawl's id, as `crawl.id`. */
  readonly crawl: string
  /** The source's name. */
  readonly source: string
  /** The crawl's id of the request that produced it. */
  readonly request: string
  /** Its position among the outputs of that request, from 0. */
  readonly index: number
  /** What is taken back. */
  readonly of: SinkRecord['kind']
  /** The kind of the item; undefined where its source has one kind. */
  readonly itemKind?: string | undefined
  /** The revision of what takes its place, from 1. */
  readonly revision: number
}

/** A crawl moved from one state to another. */
export interface CrawlState {
  /** The crawl's id, as `crawl.id`. */
  readonly crawl: string
  /** The state before. */
  readonly from: CrawlStage
  /** The state now. */
  readonly to: CrawlStage
}

/** Something that a crawl has asked its frontier. */
export interface FrontierAsked {
  /** The crawl's id, as `crawl.id`. */
  readonly crawl: string
  /** What: `discover`, `claim`, `take`, `settle`, `revisit`, `recall` or `stats`. */
  readonly op: FrontierOp
  /** Milliseconds until it answered. */
  readonly elapsedMs: number
  /** Whether it failed. */
  readonly failed: boolean
}

/** What of a frontier is timed: what a crawl waits for again and again. */
export type FrontierOp = (typeof frontierOps)[number]

/** All of them. */
export const frontierOps = ['discover', 'claim', 'take', 'settle', 'revisit', 'recall', 'stats'] as const

/** A batch on its way into a sink. */
export interface SinkWritten {
  /** The crawl's id, as `crawl.id`. */
  readonly crawl: string
  /** The sink's name. */
  readonly sink: string
  /** Records in it. */
  readonly records: number
  /** Milliseconds until it was safe there or was given up, repeated writes included. */
  readonly elapsedMs: number
  /** Whether it is not there. */
  readonly failed: boolean
}
