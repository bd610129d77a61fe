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
  /** Opens files; fails early with a RegattaError SINK_FAILED that names them. */
  open(): Promise<void>
  /** Resolves when the whole batch is safe. */
  write(batch: readonly SinkRecord[]): Promise<void>
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
}
