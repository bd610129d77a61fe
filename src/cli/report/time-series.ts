import type { VerdictKind } from '../../contracts/outcome.ts'

/**
 * What happened when, in a memory that does not grow: a ring of slots that each hold a span of time. When the last slot is
 * full, each two become one that is twice as long, so that an hour and a month both fit, and no timer is needed. Latencies
 * are counted in classes, because the quantiles of two slots cannot be joined, and their counts can.
 */
export const verdictClasses = ['good', 'refused', 'throttled', 'host', 'proxy', 'other'] as const
export type VerdictClass = (typeof verdictClasses)[number]

const classOf: Readonly<Record<VerdictKind, VerdictClass>> = {
  success: 'good',
  final: 'good',
  blocked: 'refused',
  challenge: 'refused',
  'rate-limited': 'throttled',
  target: 'host',
  dead: 'proxy',
  transient: 'other',
  neutral: 'other',
}

export function verdictClass(kind: VerdictKind): VerdictClass {
  return classOf[kind]
}

/** One span of time. */
export interface Span {
  /** Milliseconds since the start. */
  readonly at: number
  readonly pages: number
  readonly bytes: number
  /** Attempts, in the order of `verdictClasses`. */
  readonly attempts: readonly number[]
  /** Milliseconds of good answers; undefined where there are none. */
  readonly p50: number | undefined
  readonly p95: number | undefined
}

export interface Spans {
  /** Milliseconds of each span. */
  readonly spanMs: number
  readonly spans: readonly Span[]
}

/** Classes of latency: each is 1.25 times the one before, from 1 ms to three hours. */
const latencyClasses = 72
const step = Math.log(1.25)

const fields = 2 + verdictClasses.length + latencyClasses
const pagesField = 0
const bytesField = 1
const firstClass = 2
const firstLatency = firstClass + verdictClasses.length

export class TimeSeries {
  readonly #startedAt: number
  readonly #slots: number
  readonly #cells: Float64Array
  #spanMs: number
  #used = 0

  /** `slots` is even. Memory: 640 bytes for each. */
  constructor(startedAt: number, slots = 240, spanMs = 1_000) {
    this.#startedAt = startedAt
    this.#slots = slots
    this.#spanMs = spanMs
    this.#cells = new Float64Array(slots * fields)
  }

  page(now: number): void {
    this.#cells[this.#slot(now) + pagesField]!++
  }

  attempt(now: number, kind: VerdictKind, bytes: number, elapsedMs: number): void {
    const slot = this.#slot(now)
    const verdict = classOf[kind]
    this.#cells[slot + bytesField]! += bytes
    this.#cells[slot + firstClass + verdictClasses.indexOf(verdict)]!++
    if (verdict === 'good') this.#cells[slot + firstLatency + latencyClass(elapsedMs)]!++
  }

  read(): Spans {
    const spans = Array.from({ length: this.#used }, (_, at) => this.#span(at))
    return { spanMs: this.#spanMs, spans }
  }

  /** Where the cells of this moment begin. */
  #slot(now: number): number {
    let at = Math.max(0, Math.floor((now - this.#startedAt) / this.#spanMs))
    while (at >= this.#slots) {
      this.#halve()
      at = Math.floor((now - this.#startedAt) / this.#spanMs)
    }
    this.#used = Math.max(this.#used, at + 1)
    return at * fields
  }

  /** Each two spans become one. */
  #halve(): void {
    const cells = this.#cells
    for (let at = 0; at < this.#slots / 2; at++) {
      for (let field = 0; field < fields; field++) {
        const [first, second] = [at * 2 * fields + field, (at * 2 + 1) * fields + field]
        cells[at * fields + field] = cells[first]! + cells[second]!
      }
    }
    cells.fill(0, (this.#slots / 2) * fields)
    this.#spanMs *= 2
    this.#used = Math.ceil(this.#used / 2)
  }

  #span(at: number): Span {
    const cells = this.#cells.subarray(at * fields, (at + 1) * fields)
    const latency = cells.subarray(firstLatency)
    return {
      at: at * this.#spanMs,
      pages: cells[pagesField]!,
      bytes: cells[bytesField]!,
      attempts: [...cells.subarray(firstClass, firstLatency)],
      p50: quantile(latency, 0.5),
      p95: quantile(latency, 0.95),
    }
  }
}

function latencyClass(ms: number): number {
  return Math.min(latencyClasses - 1, Math.max(0, Math.round(Math.log(Math.max(1, ms)) / step)))
}

function quantile(counts: Float64Array, share: number): number | undefined {
  const total = counts.reduce((sum, each) => sum + each, 0)
  if (total === 0) return undefined
  let left = share * total
  for (const [at, count] of counts.entries()) {
    left -= count
    if (left <= 0) return Math.round(Math.exp(at * step))
  }
  return undefined
}
