import type { VerdictKind } from '../contracts/outcome.ts'
import type { Series } from './protocol.ts'

/**
 * What happened when, in a memory that does not grow: rows of one second at first; when 600 are full, each two become one of
 * twice the length, so that ten minutes and a week both fit. Latencies are counted in classes that grow by an eighth, because
 * the quantiles of two rows cannot be joined, and their counts can.
 */
const mostRows = 600
const firstSpan = 1_000
const step = Math.log(1.125)
const classes = 112

const counts = ['answered', 'failed', 'attempts', 'good', 'judged', 'bytes'] as const
type Count = (typeof counts)[number]
const fields = counts.length
const [attemptsField, goodField, judgedField, bytesField] = [2, 3, 4, 5]

export class SeriesRecorder {
  #spanMs = firstSpan
  #rows = 1
  /** Clock ms of the first row. */
  readonly #startedAt: number
  readonly #counts = new Float64Array(mostRows * fields)
  readonly #latency = new Float32Array(mostRows * classes)
  readonly #healthy = new Float64Array(mostRows)

  constructor(startedAt: number) {
    this.#startedAt = startedAt
  }

  add(now: number, count: Count, by = 1): void {
    this.#counts[this.#rowAt(now) * fields + counts.indexOf(count)]! += by
  }

  /** One attempt has ended. A neutral one says nothing of anybody. */
  attempt(now: number, verdict: VerdictKind, bytes: number): void {
    const cells = this.#rowAt(now) * fields
    this.#counts[cells + attemptsField]!++
    this.#counts[cells + bytesField]! += bytes
    if (verdict === 'neutral') return
    this.#counts[cells + judgedField]!++
    if (verdict === 'success' || verdict === 'final') this.#counts[cells + goodField]!++
  }

  latency(now: number, ms: number): void {
    this.#latency[this.#rowAt(now) * classes + classOf(ms)]!++
  }

  healthy(now: number, proxies: number): void {
    this.#healthy[this.#rowAt(now)] = proxies
  }

  /** From this row on, or so many of the last; times become wall-clock with `offset`. The row under way is told as far as it is. */
  read(first: number, now: number, offset: number): Series {
    const last = this.#rowAt(now)
    const from = first < 0 ? Math.max(0, last + 1 + first) : first
    const at: number[] = []
    const columns = { answered: [], failed: [], attempts: [], bytes: [], healthy: [] } as Record<
      'answered' | 'failed' | 'attempts' | 'bytes' | 'healthy',
      number[]
    >
    const shares = { success: [], p50: [], p95: [], p99: [] } as Record<
      'success' | 'p50' | 'p95' | 'p99',
      (number | null)[]
    >
    for (let row = from; row <= last; row++) {
      const begun = this.#startedAt + row * this.#spanMs
      const seconds = Math.max(1, Math.min(this.#spanMs, now - begun) / 1_000)
      at.push(Math.round(begun + offset))
      const of = (count: Count) => this.#counts[row * fields + counts.indexOf(count)]!
      for (const name of ['answered', 'failed', 'attempts', 'bytes'] as const)
        columns[name].push(rounded(of(name) / seconds))
      columns.healthy.push(this.#healthy[row]!)
      shares.success.push(of('judged') > 0 ? rounded(of('good') / of('judged')) : null)
      const latency = this.#latency.subarray(row * classes, (row + 1) * classes)
      shares.p50.push(quantile(latency, 0.5))
      shares.p95.push(quantile(latency, 0.95))
      shares.p99.push(quantile(latency, 0.99))
    }
    return { spanMs: this.#spanMs, from, at, ...columns, ...shares }
  }

  /** The last `ms` up to now, as one row: counts and quantiles. */
  last(ms: number, now: number) {
    const end = this.#rowAt(now)
    const rows = Math.max(1, Math.round(ms / this.#spanMs))
    const first = Math.max(0, end - rows)
    const seconds = Math.max(1, (now - this.#startedAt - first * this.#spanMs) / 1_000)
    const sum = new Float64Array(fields)
    const latency = new Float32Array(classes)
    for (let row = first; row <= end; row++) {
      for (let field = 0; field < fields; field++) sum[field]! += this.#counts[row * fields + field]!
      for (let each = 0; each < classes; each++) latency[each]! += this.#latency[row * classes + each]!
    }
    const of = (count: Count) => sum[counts.indexOf(count)]!
    return {
      seconds,
      of,
      p50: quantile(latency, 0.5),
      p95: quantile(latency, 0.95),
      p99: quantile(latency, 0.99),
    }
  }

  #rowAt(now: number): number {
    let row = Math.floor((now - this.#startedAt) / this.#spanMs)
    while (row >= mostRows) {
      this.#halve()
      row = Math.floor((now - this.#startedAt) / this.#spanMs)
    }
    row = Math.max(0, row)
    // A second in which nobody looked has as many proxies as the one before.
    while (this.#rows <= row) this.#healthy[this.#rows] = this.#healthy[this.#rows++ - 1]!
    return row
  }

  #halve(): void {
    for (let row = 0; row < mostRows / 2; row++) {
      join(this.#counts, row, fields)
      join(this.#latency, row, classes)
      this.#healthy[row] = this.#healthy[row * 2 + 1]!
    }
    this.#counts.fill(0, (mostRows / 2) * fields)
    this.#latency.fill(0, (mostRows / 2) * classes)
    this.#spanMs *= 2
    this.#rows = mostRows / 2
  }
}

/** Rows `2 row` and `2 row + 1` become `row`. */
function join(cells: Float64Array | Float32Array, row: number, width: number): void {
  for (let at = 0; at < width; at++) {
    cells[row * width + at] = cells[2 * row * width + at]! + cells[(2 * row + 1) * width + at]!
  }
}

function classOf(ms: number): number {
  return Math.min(classes - 1, Math.max(0, Math.round(Math.log(Math.max(1, ms)) / step)))
}

function quantile(latency: Float32Array, share: number): number | null {
  let total = 0
  for (const count of latency) total += count
  if (total === 0) return null
  let left = share * total
  for (const [at, count] of latency.entries()) {
    left -= count
    if (left <= 0 && count > 0) return Math.round(Math.exp(at * step))
  }
  return Math.round(Math.exp((classes - 1) * step))
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000
}
