import { assertArgument } from '../contracts/arguments.ts'
import type { Fault, Verdict } from '../contracts/outcome.ts'
import type { CrawlerOptions } from '../options/options.ts'
import {
  howToRecord,
  type ReadAccepted,
  type ReadOutcome,
  type ReadSettled,
  readTraceLines,
  type TraceLines,
  wrong,
} from './trace-lines.ts'

/** A recorded crawl, ready to be asked: what was wanted, when, and how each attempt went. Times in ms since it began. */
export interface RecordedTask {
  readonly url: string
  /** The pool it belonged to. */
  readonly host: string
  readonly acceptedAt: number
  /** Undefined when the recording ended first. */
  readonly end: { readonly at: number; readonly ok: boolean; readonly elapsedMs: number } | undefined
  readonly attempts: number
  readonly bytes: number
}

export interface RecordedAttempt {
  readonly startedAt: number
  readonly elapsedMs: number
  readonly proxy: string
  readonly host: string
  /** Cancelled, or ended by this machine: how it would have ended is not known, only that it took longer. */
  readonly isCensored: boolean
  readonly verdict: Verdict
  readonly fault: Pick<Fault, 'phase' | 'cause'> | undefined
  readonly status: number | undefined
  readonly firstByteMs: number | undefined
  readonly bytes: number
}

export interface RecordedOpening {
  readonly at: number
  readonly proxy: string
  readonly host: string | undefined
  readonly reason: string
}

export class RecordedTrace {
  readonly name: string
  readonly seed: number
  /** As they were given to the crawler that was recorded. */
  readonly options: CrawlerOptions
  /** Labels: those of the start, and those that came later. */
  readonly proxies: readonly string[]
  /** In the order in which they were accepted. */
  readonly tasks: readonly RecordedTask[]
  /** By their start. */
  readonly attempts: readonly RecordedAttempt[]
  readonly openings: readonly RecordedOpening[]
  /** Tasks accepted and not settled, at most. */
  readonly peakInFlight: number

  constructor({ header, events }: TraceLines, name: string) {
    this.name = name
    this.seed = header.seed
    this.options = header.options as CrawlerOptions
    const tasks = new TaskBook()
    const attempts: RecordedAttempt[] = []
    const openings: RecordedOpening[] = []
    const proxies = new Set(header.proxies)
    for (const event of events) {
      if (event.event === 'task.accepted') tasks.accepted(event)
      else if (event.event === 'task.settled') tasks.settled(event)
      else if (event.event === 'outcome') {
        tasks.tried(event)
        proxies.add(event.proxy)
        attempts.push(toAttempt(event))
      } else if (event.to === 'open') {
        const { at, proxy, host, reason } = event
        openings.push({ at, proxy, host, reason })
      }
    }
    this.proxies = [...proxies]
    this.tasks = tasks.all
    this.attempts = attempts.sort((one, other) => one.startedAt - other.startedAt)
    this.openings = openings
    this.peakInFlight = Math.max(1, tasks.peakInFlight)
    if (this.tasks.length === 0)
      throw wrong(name, `no page was asked for while it was recorded. ${howToRecord}`)
    if (attempts.every(({ isCensored }) => isCensored)) {
      throw wrong(
        name,
        'not one attempt came to its end in it, so there is nothing to go by. Record for longer',
      )
    }
  }
}

type OpenTask = { -readonly [Key in keyof RecordedTask]: RecordedTask[Key] }

class TaskBook {
  readonly all: OpenTask[] = []
  peakInFlight = 0
  /** By their names. Losers of a race come home when their task has ended. */
  readonly #tasks = new Map<string, OpenTask>()
  #inFlight = 0
  /** Given back to the frontier, by URL: they come again under another name. */
  readonly #yielded = new Map<string, OpenTask>()

  accepted({ task, url, host, at }: ReadAccepted): void {
    let record = this.#yielded.get(url)
    if (!record) {
      record = { url, host, acceptedAt: at, end: undefined, attempts: 0, bytes: 0 }
      this.all.push(record)
    }
    this.#yielded.delete(url)
    this.#tasks.set(task, record)
    this.peakInFlight = Math.max(this.peakInFlight, ++this.#inFlight)
  }

  tried({ task, bytes }: ReadOutcome): void {
    const record = this.#tasks.get(task)
    if (!record) return
    record.attempts++
    record.bytes += bytes
  }

  settled({ task, at, ok, elapsedMs, reason }: ReadSettled): void {
    const record = this.#tasks.get(task)
    if (!record) return
    this.#inFlight--
    if (reason === 'aborted' || reason === 'stopped') return
    if (reason === 'yielded') this.#yielded.set(record.url, record)
    else record.end = { at, ok, elapsedMs }
  }
}

/** Reads a trace, line by line. Throws SCENARIO_INVALID: empty, damaged, of a newer version, without a finished attempt. */
export async function readTrace(
  lines: Iterable<string> | AsyncIterable<string>,
  name = 'trace',
): Promise<RecordedTrace> {
  const isLines =
    typeof lines === 'object' && lines !== null && (Symbol.iterator in lines || Symbol.asyncIterator in lines)
  assertArgument(isLines, 'readTrace()', 'lines', 'an iterable of lines', lines)
  return new RecordedTrace(await readTraceLines(lines, name), name)
}

function toAttempt(event: ReadOutcome): RecordedAttempt {
  const {
    at,
    elapsedMs,
    proxy,
    host,
    verdict: kind,
    reason,
    terms,
    fault,
    status,
    firstByteMs,
    bytes,
  } = event
  const isCensored = kind === 'neutral'
  return {
    startedAt: Math.max(0, at - elapsedMs),
    elapsedMs,
    proxy,
    host,
    isCensored,
    verdict: { kind, reason, ...terms } as Verdict,
    fault: fault ?? (status === undefined && !isCensored ? guessFault(event) : undefined),
    status,
    firstByteMs,
    bytes,
  }
}

/** Of an outcome without answer that does not say how it broke. */
function guessFault({ verdict }: ReadOutcome): RecordedAttempt['fault'] {
  return verdict === 'dead' ? { phase: 'dial', cause: 'dial-refused' } : { phase: 'headers', cause: 'reset' }
}
