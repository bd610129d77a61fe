/**
 * Misuse is an error, an expected failure is a value. Every error that leaves Regatta is a RegattaError: a stable `code`
 * for programs, a sentence that names the thing and the way out for people, and the value that was wrong.
 */
export type RegattaErrorCode =
  | 'OPTION_INVALID' // an option fails its schema
  | 'PROXY_LIST_UNREADABLE' // file, URL or stdin cannot be read
  | 'PROXY_LIST_EMPTY' // no usable proxy and `direct` was not asked for
  | 'PROXY_LINE_INVALID' // one entry cannot be understood; the message says where
  | 'PROXY_UNKNOWN' // a label that is not in the fleet
  | 'MISSING_API_KEY' // a provider needs a key; the message names the variable
  | 'SOURCE_UNKNOWN'
  | 'SOURCE_INVALID' // a module that does not export a source
  | 'SOURCE_FAILED' // seeds() or parse() threw
  | 'PARAM_INVALID'
  | 'ITEM_INVALID' // an item fails its source's schema; `value` holds the zod issues
  | 'URL_INVALID'
  | 'POOL_FULL' // trySubmit found `capacity` tasks waiting
  | 'WAIT_TIMEOUT' // a handle's timeout: the waiting ended, the task goes on
  | 'DEADLINE' // the task's own deadline passed
  | 'ABORTED' // an AbortSignal, stop() or a disposed lease
  | 'TASK_FAILED' // the budget of target faults is spent; `value` holds the last verdict
  | 'SESSION_LOST' // the session's proxy cannot go on: start the session again from its first step
  | 'BODY_ON_DISK' // the body is too large to be had at once: save or stream it
  | 'SINK_FAILED' // an output cannot be written
  | 'STATE_FAILED' // the state of a crawl cannot be written; `value` holds the system's error code
  | 'STATE_LOCKED' // another crawler owns this state; the message names its process
  | 'STATE_CORRUPT' // the state cannot be read; it is kept as it is
  | 'STATE_VERSION' // the state is of a newer Regatta
  | 'STATE_MISMATCH' // the state belongs to another source, or to other params
  | 'STOPPED' // the crawler no longer takes work
  | 'SCENARIO_INVALID' // a lab scenario fails its schema
  | 'INTERNAL' // a bug in Regatta

export class RegattaError extends Error {
  readonly code: RegattaErrorCode
  /** What was wrong, for programs. Never holds a credential. */
  readonly value: unknown

  constructor(code: RegattaErrorCode, message: string, details: { value?: unknown; cause?: unknown } = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'RegattaError'
    this.code = code
    this.value = details.value
  }
}

/** The sentence of anything thrown, without a stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
