import type { Trust } from './trust.ts'

/**
 * Where results go. `write` resolves when the whole batch is safe, and rejects when it is not: without a state, the
 * requests behind it are settled only after that; with one, their outputs stay in it until then. Back-pressure is the
 * promise. The trap: after a rejected `write` the same batch comes again, so a sink must be able to take a record twice
 * without doubling it (the key is request and index).
 */
export interface Sink {
  /** For messages, and to know it again after a restart: a path, `stdout`. */
  readonly name: string
  /** The outputs of one request at a time, for a sink that must not get many again because it had not all of them. */
  readonly isOneByOne?: boolean
  /** The only kind of record that it keeps. Default: all. */
  readonly kind?: SinkRecord['kind'] | undefined
  /** The only kind of item that it keeps, of a source that has several. Default: all. */
  readonly itemKind?: string | undefined
  /**
   * For a sink with a place for each kind of record: the sinks that take its place in a crawl, one for each. Asked once, before
   * anything is opened, with the kinds of the source's items; there are none where its items are of one kind. A sink that
   * cannot hold several kinds throws OPTION_INVALID here. Default: it is one sink for all.
   */
  forKinds?(kinds: readonly string[]): readonly Sink[]
  /**
   * When it takes back what turned out wrong. `at-once`: `write` gets it, together with what takes its place. `at-end`:
   * `takeBack` gets it when a run ends, and when the next one begins after a crash. Default: never; then an alert says so.
   */
  readonly takesBack?: 'at-once' | 'at-end' | undefined
  /** Opens files; fails early with a RegattaError SINK_FAILED that names them. */
  open(): Promise<void>
  /**
   * Resolves when the whole batch is safe. `takenBack`, for a sink that takes back at once: what is gone in the same step,
   * before the batch is there.
   */
  write(batch: readonly SinkRecord[], takenBack?: readonly Retraction[]): Promise<void>
  /**
   * For a sink that cannot recognize a record it has already: where its next batch will begin, such as the length of a
   * file. It is written down before each batch, which is given here; `complete` gets it back after a crash.
   */
  place?(batch?: readonly SinkRecord[]): Promise<number>
  /**
   * Instead of `write` for the batch that a crash interrupted: it may be there, from `place` on, whole, in part or not at
   * all. Afterwards it is there once. What was there before `place` is not touched.
   */
  complete?(batch: readonly SinkRecord[], place: number): Promise<void>
  /** For a sink that cannot find a record by its digest: by what it finds this one (`Retraction.traces`). */
  trace?(record: SinkRecord): string
  /**
   * For a sink that takes back at its end: these are gone afterwards, each once, or all of them are still there. `place` is
   * another one then. Resolves with how many it did not find.
   */
  takeBack?(batch: readonly Retraction[]): Promise<number>
  /** Flushes and closes. */
  close(): Promise<void>
}

/** One output of a page. */
export interface SinkRecord {
  /** An item, or an edge. */
  readonly kind: 'item' | 'edge'
  /** The crawl's id of the request that produced it. */
  readonly request: string
  /** Position among the outputs of that request, from 0. */
  readonly index: number
  /** The source's name. */
  readonly source: string
  /** The item as its schema made it, or the edge. */
  readonly value: unknown
  /** The kind of an item, by the name of its schema. Default: its source has one kind. */
  readonly itemKind?: string
  /** How often its page had been corrected when it was put out. Default 0. */
  readonly revision?: number
  /** The mark of a record that may be wrong: exits contradict each other about its page. Default: it has none. */
  readonly trust?: Mark
}

/** How far a record may be believed that must not pass for a plain one. */
export type Mark = Extract<Trust, 'contested'>

/** An output that is taken back: the exit that brought its page has been found lying, or exits contradict each other about it. */
export interface Retraction {
  readonly kind: 'retraction'
  /** What is taken back. */
  readonly of: SinkRecord['kind']
  /** The kind of the item that is taken back. Default: its source has one kind. */
  readonly itemKind?: string
  /** The crawl's id of the request that produced it. */
  readonly request: string
  /** Position among the outputs of that request, from 0. */
  readonly index: number
  /** The source's name. */
  readonly source: string
  /** The revision of what takes its place, from 1. */
  readonly revision: number
  /** Of its kind and its JSON as it is written, with its mark and the kind of the item: 96 bits of SHA-256, in base64url. */
  readonly digest: string
  /** By the names of sinks: what `trace` has said of it. Default: none. */
  readonly traces?: Readonly<Record<string, string>>
}

/** What goes to the sinks of a crawl. */
export type Delivery = SinkRecord | Retraction
