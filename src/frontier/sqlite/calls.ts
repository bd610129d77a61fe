import type { Claim, FrontierStats, HostPolicy, Settled, TakeOptions } from '../../contracts/frontier.ts'
import type { Failure } from './state-failure.ts'

/**
 * What the caller's side asks of the side that owns the file, as data that crosses to a worker cheaply: columns and
 * strings, requests and values already encoded. Times are clock milliseconds of the caller unless they say wall.
 */
export interface Calls {
  discover(ask: DiscoverCall): Uint8Array
  claim(ask: Claim): boolean
  isDiscovered(ask: Omit<Claim, 'by'>): boolean
  take(ask: TakeOptions): LeaseRow[]
  settle(ask: SettleCall): Settled[]
  setHost(ask: { readonly host: string; readonly policy: HostPolicy }): void
  nextDue(ask: number): number | undefined
  revisit(ask: number): { readonly next: number | undefined; readonly isAll: boolean }
  recall(ask: RecallCall): boolean[]
  stats(ask: number): FrontierStats
  oldestDue(ask: number): number | undefined
  letters(ask: PageOfLetters): LetterRow[]
  lastLetter(ask: undefined): number
  revive(ask: ReviveCall): { readonly revived: number; readonly after: number; readonly isAll: boolean }
  attach(ask: readonly string[]): CursorRow[]
  read(ask: { readonly after: number; readonly max: number }): OutputRow[]
  begin(ask: { readonly sink: string; readonly upto: number; readonly place: number }): void
  delivered(ask: { readonly sink: string; readonly upto: number }): void
  put(ask: { readonly key: string; readonly value: Uint8Array }): void
  get(ask: string): Uint8Array | undefined
  scan(ask: { readonly prefix: string; readonly after: string | undefined }): SidePage
  flush(ask: undefined): void
}

export type CallName = keyof Calls
/** Ask and answer by name. */
export type Ask<Name extends CallName> = Parameters<Calls[Name]>[0]
export type AnswerTo<Name extends CallName> = ReturnType<Calls[Name]>

/** They change nothing in the file, and overtake what is waiting to be written. */
export const readCalls: ReadonlySet<CallName> = new Set<CallName>([
  'take',
  'nextDue',
  'stats',
  'oldestDue',
  'letters',
  'lastLetter',
  'read',
  'get',
  'scan',
])

export interface Call {
  readonly name: CallName
  readonly ask: unknown
  /** About how many rows it writes. */
  readonly weight: number
}

/** Its calls all only read, or it is one transaction. */
export interface Message {
  readonly id: number
  readonly isRead: boolean
  readonly calls: readonly Call[]
}

/** In order of the calls. Without `failure` as many as there were calls; with it, the rest was not done. */
export interface Answer {
  readonly id: number
  readonly results: readonly Result[]
  readonly failure?: Failure
}

export type Result = { readonly value: unknown } | { readonly failure: Failure }

export interface RequestRow {
  readonly url: string
  /** Everything else of the request but its host, as JSON; the id comes first. */
  readonly rest: string
}

export interface DiscoverCall {
  readonly now: number
  readonly ids: readonly string[]
  readonly hosts: readonly string[]
  readonly lanes: readonly number[]
  /** NaN: now. */
  readonly dues: Float64Array
  readonly urls: readonly string[]
  readonly rests: readonly string[]
}

/** What `discover` answers for each. */
export const discoveries = ['added', 'known', 'rejected'] as const

export interface LeaseRow extends RequestRow {
  readonly id: number
  readonly host: string
  readonly lane: number
  readonly attempts: number
  readonly faults: number
  readonly epoch: number
  readonly memo: string | null
  readonly kept: string | null
  readonly correction: string | null
  readonly sequence: number
}

export interface RecallCall {
  readonly now: number
  readonly rows: readonly RecallRow[]
}

/** `memo`, `kept` and `correction` are JSON. */
export interface RecallRow extends RequestRow {
  readonly sequence: number
  readonly request: string
  readonly host: string
  readonly lane: number
  readonly memo: string | null
  readonly kept: string | null
  readonly correction: string
  readonly ended: 'done' | 'resting' | 'dead'
  readonly hasLetter: boolean
}

export interface SettleCall {
  /** Wall-clock time. */
  readonly wall: number
  readonly rows: readonly SettleRow[]
}

export interface SettleRow {
  readonly lease: number
  readonly epoch: number
  readonly request: string
  readonly kind: 'done' | 'retry' | 'release' | 'dead'
  readonly outputs?: readonly EncodedOutput[]
  readonly tally?: Readonly<Record<string, number>>
  /** Of `done`: its next visit. Of `retry`: not before. */
  readonly due?: number
  readonly memo?: string
  readonly targetFault?: boolean
  /** Of the dead letter, which one that is done may leave too. `more` is JSON. */
  readonly reason?: { readonly code: string; readonly detail: string; readonly more?: string }
  readonly heads?: string
  /** What was set aside, and what was kept, as JSON. */
  readonly aside?: string
  readonly kept?: string
  /** A tally, as JSON. */
  readonly undo?: string
}

export interface EncodedOutput {
  readonly kind: string
  readonly request: string
  readonly index: number
  readonly source: string
  readonly revision: number | null
  readonly trust: string | null
  readonly itemKind: string | null
  readonly value: Uint8Array
}

export interface OutputRow extends EncodedOutput {
  readonly position: number
}

export interface CursorRow {
  readonly sink: string
  readonly delivered: number
  readonly begun: { readonly upto: number; readonly place: number } | undefined
}

export interface PageOfLetters {
  readonly after: number
  readonly upto: number
}

export interface LetterRow extends RequestRow {
  readonly position: number
  readonly host: string
  readonly lane: number
  readonly attempts: number
  readonly at: number
  readonly code: string
  readonly detail: string
  /** JSON. */
  readonly more: string | null
  readonly heads: string | null
  readonly aside: string | null
}

export interface ReviveCall {
  readonly now: number
  /** These, or all behind `after` up to `upto`. */
  readonly ids?: readonly string[]
  readonly after: number
  readonly upto: number
}

export interface SidePage {
  readonly rows: readonly (readonly [key: string, value: Uint8Array])[]
  readonly isLast: boolean
}
