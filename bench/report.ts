/** What a benchmark says: tables of figures, and bounds that were promised. */
export class Report {
  failed = 0
  passed = 0
  readonly #print: (line: string) => void
  readonly #slack: number

  /** `slack` above 1 loosens every bound by that factor: a short run on a busy machine shows breakage, not figures. */
  constructor(slack = 1, print: (line: string) => void = console.log) {
    this.#slack = slack
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

  /** A figure that was promised to be no more than `bound`. */
  atMost(name: string, value: number, bound: number, format: (value: number) => string = String): void {
    this.#check(name, value, value <= bound * this.#slack, `at most ${format(bound * this.#slack)}`, format)
  }

  /** A figure that was promised to be no less than `bound`. */
  atLeast(name: string, value: number, bound: number, format: (value: number) => string = String): void {
    this.#check(name, value, value >= bound / this.#slack, `at least ${format(bound / this.#slack)}`, format)
  }

  #check(
    name: string,
    value: number,
    isKept: boolean,
    promise: string,
    format: (value: number) => string,
  ): void {
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
