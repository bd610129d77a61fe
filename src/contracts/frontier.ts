import type { Problem } from './error-values.ts'
import type { OutputLog } from './output-log.ts'
import type { CrawlRequest } from './request.ts'
import type { Delivery, SinkRecord } from './sink.ts'

/**
 * Where requests wait: per host, by due time, then by priority. One shard, one writer. Async from the first day, so that
 * a store in a worker thread or a file fits the same contract. Names follow URLFrontier (discovered against known).
 *
 * The trap: a lease is a promise to settle. Whatever is taken must be settled exactly once, also when the process is
 * stopping (`release`); an unknown or stale lease is ignored, not an error.
 */
export interface Frontier {
  /** Adds what is new. One answer per request, in order. `rejected`: over a host's budget. */
  discover(batch: readonly Discovered[]): Promise<Discovery[]>
  /** Due requests, fair over hosts, by lane then age; at most `max`, and at most `perHost` of one host under lease. */
  take(options: TakeOptions): Promise<Lease[]>
  /**
   * Ends leases, and keeps their outputs in the same step. Idempotent. For each settlement the log's position of the last
   * of its outputs, undefined where it has none or there is no log; `stale` where the lease is not, or no longer, one of
   * this frontier: nothing was kept, and the request has ended before or comes again.
   */
  settle(batch: readonly Settlement[]): Promise<Settled[]>
  /**
   * A redirect led a request to a page that has an identity of its own: true when it is the first to come there, also when
   * it comes again; then the page is known, as if it had been discovered. False when that page is known already. Without
   * this method a page is read once for each request that is led to it.
   */
  claim?(claim: Claim): Promise<boolean>
  /**
   * Whether this page was discovered, whatever became of it; one that was only claimed was not. Without this
   * method a page behind a redirect is asked for before it turns out to be known.
   */
  isDiscovered?(page: Omit<Claim, 'by'>): Promise<boolean>
  /** Changes what is given and keeps the rest. */
  setHost(host: string, policy: HostPolicy): Promise<void>
  /**
   * The earliest clock time at which `take`, with the `perHost` and `onlyRecalled` of the last one, could return something; undefined when
   * it waits for a settle, a discover or a setHost. Never before `now`.
   */
  nextDue(now: number): Promise<number | undefined>
  /**
   * Puts the pages that rest under a time up to this one back into the queue, and tells under which time the next one rests
   * (clock ms). A crawl lets them rest under the time of their visit, and asks for those before now less its `revisit.after`.
   */
  revisit(upto: number): Promise<number | undefined>
  /** Where outputs are kept until the sinks have them; undefined in a frontier that dies with its process. */
  readonly outputs: OutputLog | undefined
  /** Small durable values beside the queue: robots files, cookies, source state. */
  readonly side: SideStore
  /** How much waits, is leased, is done. */
  stats(): Promise<FrontierStats>
  /**
   * Since when, in clock ms, a request has been due that is next at its host: the earliest of the hosts whose turn comes first.
   * Undefined when none is due. Asked for at times, to see whether something waits without end. Default: it is not known.
   */
  oldestDue?(): Promise<number | undefined>
  /** Oldest first. */
  deadLetters(): AsyncIterable<DeadLetter>
  /**
   * Puts dead letters back into the queue as if they were new, all or those with these request ids, with what they have put
   * out already (`kept`). Takes back what they added to the tally (`undo`). Tells how many.
   */
  revive(ids?: readonly string[]): Promise<number>
  /**
   * Puts requests that have ended back, to be asked once more, with what they have put out (`kept`) and what is to be
   * corrected (`correction`). They wait apart from the queue: `take` gives them before all others, and neither the gap of
   * their host nor its budget nor its cap holds for them, only its `blockedUntil`. Their dead letters go; the tally stays as
   * it is, their next settlement puts it right. One answer for each, in order: false for a request that is in the queue or
   * under lease. Without this method the pages of an exit that lied stay as they are, and an alert says so.
   */
  recall?(batch: readonly Recall[]): Promise<boolean[]>
  /** Resolves when all that was accepted so far is as safe as this frontier makes it. */
  flush(): Promise<void>
  /** Gives back what it holds. Nothing may be asked of it afterwards. */
  close(): Promise<void>
}

/** The output log's position of the last output that was kept, if any; `stale` when the lease counts no more. */
export type Settled = number | undefined | 'stale'

/** A page that a redirect led to. */
export interface Claim {
  /** Its identity. */
  readonly page: string
  /** The pool its URL belongs to. */
  readonly host: string
  /** The id of the request that came there. */
  readonly by: string
}

/** A request that was found. */
export interface Discovered {
  /** What to ask for. */
  readonly request: CrawlRequest
  /** Clock time in milliseconds before which it is not taken. Default: now. */
  readonly notBefore?: number
}

/** What became of a request that was found: `rejected` is over the budget of its host. */
export type Discovery = 'added' | 'known' | 'rejected'

/** How much to take. */
export interface TakeOptions {
  /** Leases at most. */
  readonly max: number
  /** Leases of one host at most, those under way included. Default: no limit. */
  readonly perHost?: number
  /** Nothing but what was recalled. Default false. */
  readonly onlyRecalled?: boolean
  /** Clock time in milliseconds. */
  readonly now: number
}

/** A request that was taken and must be settled. */
export interface Lease {
  /** Unique among all leases ever given by this frontier object. */
  readonly id: number
  /** What to ask for. */
  readonly request: CrawlRequest
  /** How often it was leased before, whatever brought it back. */
  readonly attempts: number
  /** Target faults so far: the limited budget. */
  readonly targetFaults: number
  /** Ownership of the shard when it was given; a settlement of another epoch is dropped. */
  readonly epoch: number
  /** What its last visit left, when this is not the first. Of one that was recalled: what the visit before it left. */
  readonly memo?: VisitMemo
  /** What it has put out before, when it is tried again as a dead letter, or was recalled. */
  readonly kept?: readonly KeptOutput[]
  /** It was recalled: what it put out before may be wrong. */
  readonly correction?: Correction
  /** The frontier's own number of the request, by which `recall` finds it. Default: it needs none. */
  readonly sequence?: number
}

/**
 * An output that was kept: its position among the outputs of its page, a digest by which it is known again, what it is
 * (default: an item), what sinks know it by (Sink.trace), and the kind of the item.
 */
export type KeptOutput = readonly [
  index: number,
  digest: string,
  kind?: SinkRecord['kind'],
  traces?: Readonly<Record<string, string>>,
  itemKind?: string,
]

/** Why a request that has ended is asked once more. */
export interface Correction {
  /** Of what it puts out now: one more than of what may be wrong, from 1. */
  readonly revision: number
  /** What its settlement has added to the tally. */
  readonly undo: Tally
}

/** A request that has ended and is to be asked once more. */
export interface Recall {
  /** The lease that it ended with. */
  readonly lease: Lease
  /** How it ended: `resting` when it is to be visited again. */
  readonly ended: 'done' | 'resting' | 'dead'
  /** It left a dead letter although it is done. Default false. */
  readonly hasLetter?: boolean
  /** All that it has put out and that no sink has taken back. */
  readonly kept: readonly KeptOutput[]
  /** What is to be corrected. */
  readonly correction: Correction
}

/** An output that was set aside: it does not fit its schema, or cannot be written. */
export interface SetAside {
  /** What it was to be. */
  readonly kind: 'item' | 'edge'
  /** The kind of the item, in a source that has several. */
  readonly itemKind?: string
  /** Its position among the outputs of its page, from 0. */
  readonly index: number
  /** The value as JSON shows it; a text that ends in `…` where it is too long. */
  readonly value: unknown
  /** A sentence for people. */
  readonly detail: string
  /** All that its schema says of it; empty where it fits. */
  readonly issues: readonly Problem[]
}

/** What a dead letter keeps for another try. */
export interface Retrial {
  /** Outputs that were set aside. */
  readonly setAside?: readonly SetAside[]
  /** Outputs that were kept, those of earlier tries included. */
  readonly kept?: readonly KeptOutput[]
  /** What `revive` takes back of the tally. */
  readonly undo?: Tally
}

/** What is kept of a visit for the next one. JSON. */
export interface VisitMemo {
  /** The ETag of the answer, for `If-None-Match`. */
  readonly etag?: string
  /** The Last-Modified of the answer, for `If-Modified-Since`. */
  readonly lastModified?: string
  /** Of the body: SHA-256, hexadecimal. */
  readonly digest?: string
  /** Wall-clock milliseconds of the last visit, and of the visit that found it changed. */
  readonly fetchedAt: number
  /** Wall-clock milliseconds of the visit that last found it changed. */
  readonly changedAt: number
}

/** Added to the crawl's counts in the same step; they outlive the process where the frontier does. */
export type Tally = Readonly<Record<string, number>>

/** How a lease ends. `Given`: what its page gives; with what is to be taken back before it. */
export type Settlement<Given extends Delivery = Delivery> =
  /** With `next`, in clock milliseconds, it rests under that time until `revisit` asks for it, and has this memo then. */
  | {
      /** The lease that ends. */
      readonly lease: Lease
      readonly kind: 'done'
      /** What its page gave, behind what is to be taken back. */
      readonly outputs?: readonly Given[]
      /** Clock time in milliseconds under which it rests. Default: it does not come again. */
      readonly next?: number
      /** What to keep for that visit. */
      readonly memo?: VisitMemo
      /** What it adds to the crawl's counts. */
      readonly tally?: Tally
      /** It is done, and leaves a dead letter all the same: something of it was set aside. */
      readonly letter?: Retrial & {
        /** Why. */
        readonly reason: DeadReason
      }
    }
  /** Again later. `targetFault` spends one of the target's budget; a proxy's fault spends nothing. */
  | {
      /** The lease that ends. */
      readonly lease: Lease
      readonly kind: 'retry'
      /** Clock time in milliseconds before which it is not taken. */
      readonly notBefore: number
      /** Whether it counts against the target's budget. */
      readonly targetFault: boolean
    }
  /** As if it had never been taken: same place, same counts. The host's gap since that take stays: it may have left. */
  | {
      /** The lease that ends. */
      readonly lease: Lease
      readonly kind: 'release'
    }
  | (Retrial & {
      /** The lease that ends. */
      readonly lease: Lease
      readonly kind: 'dead'
      /** Why it was given up. */
      readonly reason: DeadReason
      /** What its page gave before it failed, behind what is to be taken back. */
      readonly outputs?: readonly Given[]
      /** The last answers there were, oldest first; at most five. */
      readonly heads?: readonly ResponseHead[]
      /** What it adds to the crawl's counts. */
      readonly tally?: Tally
    })

/** What an answer said before its body, for a look into a dead letter. No cookies. */
export interface ResponseHead {
  /** Label of the proxy that brought it. */
  readonly proxy: string
  /** Of the verdict: `status-503`, `captcha`, `dial-timeout`, … */
  readonly reason: string
  /** Undefined when nothing answered. */
  readonly status?: number
  /** Names in lower case, without cookies; undefined when nothing answered. */
  readonly headers?: Readonly<Record<string, string>>
  /** The first 600 characters of its body, where that is text; values that are named like a secret are left out. */
  readonly body?: string
  /** Wall-clock milliseconds. */
  readonly at: number
}

/** Why a request was given up. */
export interface DeadReason extends FailureSpot {
  /** `target-faults`, `blocked`, `item-invalid`, `source-failed`, `deadline`, `robots`, … */
  readonly code: string
  /** A sentence for people. */
  readonly detail: string
}

/** Where a source went wrong, as far as that is known. Default of each: it is not known. */
export interface FailureSpot {
  /** File, line and column, such as `/home/me/shop.ts:14:20`. */
  readonly where?: string
  /** The CSS selector that cannot be used. */
  readonly selector?: string
  /** What does not fit of an item or of the data of a request. */
  readonly issues?: readonly Problem[]
  /** The calls that led there, one a line, the source's own first. At most 4,000 characters. */
  readonly stack?: string
}

/** A request that was given up, or of whose page something was set aside. */
export interface DeadLetter {
  /** What was asked for. */
  readonly request: CrawlRequest
  /** Why it was given up. */
  readonly reason: DeadReason
  /** How often it was leased, the last time included. */
  readonly attempts: number
  /** The last answers there were, oldest first; at most five. */
  readonly heads: readonly ResponseHead[]
  /** Outputs that were set aside. Default: none. */
  readonly setAside?: readonly SetAside[]
  /** Wall-clock milliseconds. */
  readonly at: number
}

/** What holds for one host in the frontier. */
export interface HostPolicy {
  /** Least milliseconds between two takes of this host. */
  readonly minGapMs?: number
  /** Leases of this host at a time. Default: no limit. */
  readonly maxInFlight?: number
  /** Clock time in milliseconds before which nothing of this host is taken. */
  readonly blockedUntil?: number
  /** How many requests of this host may ever be added. What was rejected is not remembered. */
  readonly budget?: number
}

/** Small values by key, as durable as the frontier. */
export interface SideStore {
  /** Writes a value, or replaces it. */
  put(key: string, value: Uint8Array): Promise<void>
  /** The value, or undefined. */
  get(key: string): Promise<Uint8Array | undefined>
  /** All values whose key begins so, by key. */
  scan(prefix: string): AsyncIterable<readonly [key: string, value: Uint8Array]>
}

/** How much a frontier holds. */
export interface FrontierStats {
  /** Hosts it has ever seen. */
  readonly hosts: number
  /** Due, and their host open: neither in its gap, nor blocked, nor full. */
  readonly ready: number
  /** Not yet due, or held back by their host. */
  readonly waiting: number
  /** Taken and not yet settled. */
  readonly leased: number
  /** Of those that are ready, wait or are leased: the ones that were recalled. Default 0. */
  readonly recalled?: number
  /** Those that rest until their next visit included. */
  readonly done: number
  /** Done, and to be visited again. */
  readonly resting: number
  /** Dead letters. */
  readonly dead: number
  /** The sums of all tallies. */
  readonly tally: Tally
}
