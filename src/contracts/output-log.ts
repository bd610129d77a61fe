import type { Delivery } from './sink.ts'

/**
 * Outputs between their request and the sinks (a transactional outbox: Richardson, Microservices Patterns, 3.3.7). They
 * are kept in the step that settles their request, so neither is ever there without the other; they leave when every
 * sink has them. Each sink has a cursor. What it was about to write is written down before it writes, so that after a
 * crash it can look at what arrived (see Sink.complete).
 */
export interface OutputLog {
  /**
   * Names the sinks there are, once, before anything else: what each has. A sink that is new has nothing of what is still
   * here; one that is not named any more is forgotten, with what only it lacked.
   */
  attach(sinks: readonly string[]): Promise<SinkCursor[]>
  /** What some sink still lacks, behind the position `after`, oldest first. Fewer than `max` only at the end. */
  read(after: number, max: number): Promise<LoggedOutput[]>
  /** Right before a sink writes everything up to `upto`: its next batch begins at `place`. */
  begin(sink: string, upto: number, place: number): Promise<void>
  /** Everything up to `upto` is safe in this sink. Deletes what all sinks have. */
  delivered(sink: string, upto: number): Promise<void>
}

/** An output that some sink still lacks. */
export interface LoggedOutput {
  /** Rises by one with each output, from 1. */
  readonly position: number
  /** The output, or what is to be taken back. */
  readonly record: Delivery
}

/** How far a sink is. */
export interface SinkCursor {
  /** The sink's name. */
  readonly sink: string
  /** Position up to which it has everything; 0 is nothing. */
  readonly delivered: number
  /** A batch that was begun and not finished. */
  readonly begun:
    | {
        /** The position of its last output. */
        readonly upto: number
        /** Where it begins in the sink, such as the length of a file in bytes. */
        readonly place: number
      }
    | undefined
}
