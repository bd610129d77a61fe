import type { OutputLog } from './output-log.ts'
import type { CrawlRequest } from './request.ts'
import type { SinkRecord } from './sink.ts'

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
  /** Changes what is given and keeps the rest. */
  setHost(host: string, policy: HostPolicy): Promise<void>
  /**
   * The earliest clock time at which `take`, with the `perHost` of the last one, could return something; undefined when
   * it waits for a settle, a discover or a setHost. Never before `now`.
   */
  nextDue(now: number): Promise<number | undefined>
  /** Puts the pages whose next visit is due back into the queue, and tells when the next one will be due (clock ms). */
  revisit(now: number): Promise<number | undefined>
  /** Where outputs are kept until the sinks have them; undefined in a frontier that dies with its process. */
  readonly outputs: OutputLog | undefined
  /** Small durable values beside the queue: robots files, cookies, source state. */
  readonly side: SideStore
  stats(): Promise<FrontierStats>
  /** Oldest first. */
  deadLetters(): AsyncIterable<DeadLetter>
  /** Puts dead letters back into the queue as if they were new, all or those with these request ids. Tells how many. */
  revive(ids?: readonly string[]): Promise<number>
  flush(): Promise<void>
  close(): Promise<void>
}

export type Settled = number | undefined | 'stale'

export interface Discovered {
  readonly request: CrawlRequest
  /** Clock time in milliseconds before which it is not taken. Default: now. */
  readonly notBefore?: number
}

export type Discovery = 'added' | 'known' | 'rejected'

export interface TakeOptions {
  readonly max: number
  readonly perHost?: number
  /** Clock time in milliseconds. */
  readonly now: number
}

export interface Lease {
  /** Unique among all leases ever given by this frontier object. */
  readonly id: number
  readonly request: CrawlRequest
  /** How often it was leased before, whoever was to blame. */
  readonly attempts: number
  /** Target faults so far: the limited budget. */
  readonly targetFaults: number
  /** Ownership of the shard when it was given; a settlement of another epoch is dropped. */
  readonly epoch: number
  /** What its last visit left, when this is not the first. */
  readonly memo?: VisitMemo
}

/** What is kept of a visit for the next one. JSON. */
export interface VisitMemo {
  readonly etag?: string
  readonly lastModified?: string
  /** Of the body: SHA-256, hexadecimal. */
  readonly digest?: string
  /** Wall-clock milliseconds of the last visit, and of the visit that found it changed. */
  readonly fetchedAt: number
  readonly changedAt: number
}

/** Added to the crawl's counts in the same step; they outlive the process where the frontier does. */
export type Tally = Readonly<Record<string, number>>

export type Settlement =
  /** With `next`, in clock milliseconds, it rests until then and is visited again (see `revisit`) with this memo. */
  | {
      readonly lease: Lease
      readonly kind: 'done'
      readonly outputs?: readonly SinkRecord[]
      readonly next?: number
      readonly memo?: VisitMemo
      readonly tally?: Tally
    }
  /** Again later. `targetFault` spends one of the target's budget; a proxy's fault spends nothing. */
  | {
      readonly lease: Lease
      readonly kind: 'retry'
      readonly notBefore: number
      readonly targetFault: boolean
    }
  /** As if it had never been taken: same place, same counts. The host's gap since that take stays: it may have left. */
  | { readonly lease: Lease; readonly kind: 'release' }
  | {
      readonly lease: Lease
      readonly kind: 'dead'
      readonly reason: DeadReason
      readonly outputs?: readonly SinkRecord[]
      /** The last answers there were, oldest first; at most five. */
      readonly heads?: readonly ResponseHead[]
      readonly tally?: Tally
    }

/** What an answer said before its body, for whoever looks into a dead letter. No cookies. */
export interface ResponseHead {
  /** Label of the proxy that brought it. */
  readonly proxy: string
  /** Of the verdict: `status-503`, `captcha`, `dial-timeout`, … */
  readonly reason: string
  /** Undefined when nothing answered. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Wall-clock milliseconds. */
  readonly at: number
}

export interface DeadReason {
  /** `target-faults`, `blocked`, `item-invalid`, `source-failed`, `deadline`, `robots`, … */
  readonly code: string
  /** A sentence for people. */
  readonly detail: string
}

export interface DeadLetter {
  readonly request: CrawlRequest
  readonly reason: DeadReason
  /** How often it was leased, the last time included. */
  readonly attempts: number
  readonly heads: readonly ResponseHead[]
  /** Wall-clock milliseconds. */
  readonly at: number
}

export interface HostPolicy {
  /** Least milliseconds between two takes of this host. */
  readonly minGapMs?: number
  readonly maxInFlight?: number
  /** Clock time in milliseconds before which nothing of this host is taken. */
  readonly blockedUntil?: number
  /** How many requests of this host may ever be added. What was rejected is not remembered. */
  readonly budget?: number
}

export interface SideStore {
  put(key: string, value: Uint8Array): Promise<void>
  get(key: string): Promise<Uint8Array | undefined>
  scan(prefix: string): AsyncIterable<readonly [key: string, value: Uint8Array]>
}

export interface FrontierStats {
  readonly hosts: number
  /** Due, and their host open: neither in its gap, nor blocked, nor full. */
  readonly ready: number
  /** Not yet due, or held back by their host. */
  readonly waiting: number
  readonly leased: number
  /** Those that rest until their next visit included. */
  readonly done: number
  readonly resting: number
  readonly dead: number
  /** The sums of all tallies. */
  readonly tally: Tally
}
