/** What a benchmark says: tables of figures, and bounds that were promised. */
export class Report {
  failed = 0
  passed = 0
  readonly #print: (line: string) => void

  constructor(print: (line: string) => void = console.log) {
    this.#print = print
  }

  table(title: string, head: readonly string[], rows: readonly (readonly string[])[]): void {
    const all = [head, ...rows]
    const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)))
    const line = (row: readonly string[]) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
        .join('  ')
    this.#print(`\n${title}\n${line(head)}\n${widths.map((width) => '-'.repeat(width)).join('  ')}`)
    for (const row of rows) this.#print(line(row))
  }

  figure(name: string, value: number, format: (value: number) => string = String): void {
    this.#print(`  ${name}: ${format(value)}`)
  }

  /** A figure that was promised. */
  check(
    name: string,
    value: number,
    holds: (value: number) => boolean,
    promise: string,
    format: (value: number) => string = String,
  ): void {
    const isKept = holds(value)
    if (isKept) this.passed++
    else this.failed++
    this.#print(`  ${isKept ? 'ok  ' : 'MISS'} ${name}: ${format(value)} (${promise})`)
  }
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN
}

export const share = (value: number) => value.toFixed(2)
export const milliseconds = (value: number) => `${value.toFixed(1)} ms`
