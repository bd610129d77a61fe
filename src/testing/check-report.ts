/**
 * One thing that was looked at of a source. `notice` is worth knowing and may be meant so; `failed` has to be mended; `skipped`
 * could not be looked at.
 */
export interface Check {
  readonly name: CheckName
  readonly outcome: CheckOutcome
  /** A sentence without its full stop. */
  readonly detail: string
  /** What belongs to it, one line each. */
  readonly more: readonly string[]
  /** The way out, as a sentence without its full stop; undefined where none is needed. */
  readonly way: string | undefined
}

export type CheckOutcome = 'ok' | 'notice' | 'failed' | 'skipped'

/** In the order in which they are told. */
export type CheckName =
  | 'load' // the file itself, where it cannot be loaded
  | 'types' // the compiler of the user's project
  | 'schema' // the definition, its params, its items
  | 'fixtures' // recorded pages against what is expected of them
  | 'seeds' // the same again, whatever the date
  | 'parse' // the same again, whatever the date and the luck
  | 'politeness' // what it says of robots.txt, limits and rates
  | 'live' // its first pages as they are today
  | 'drift' // what of their items is no longer as in the fixtures

/** All that was looked at of one source. */
export interface CheckReport {
  /** Its name. */
  readonly source: string
  /** Nothing failed. */
  readonly ok: boolean
  readonly checks: readonly Check[]
}

interface Also {
  readonly more?: readonly string[]
  readonly way?: string
}

export function checked(name: CheckName, outcome: CheckOutcome, detail: string, also: Also = {}): Check {
  return { name, outcome, detail, more: also.more ?? [], way: also.way }
}
