import { counted, formatBytes, formatCount, formatDuration, formatRate } from '../base/format.ts'
import type { SimulationReport } from '../sim/report.ts'
import { printable } from './terminal/cells.ts'

/** Reports of simulations as text. Pure: reports in, lines out. */

/** A figure of a report: how it is called, read and written, and which end of it is worse. */
interface Figure {
  readonly name: string
  readonly worse: 'more' | 'less'
  of(report: SimulationReport): number
  write(value: number): string
}

const perPage = (value: number, { pages }: SimulationReport) =>
  pages.succeeded > 0 ? value / pages.succeeded : 0
const percent = (value: number) => `${(100 * value).toFixed(value > 0.9995 && value < 1 ? 3 : 1)} %`

export const figures: readonly Figure[] = [
  {
    name: 'SUCCESS',
    worse: 'less',
    of: ({ pages }) => pages.succeeded / Math.max(1, pages.succeeded + pages.failed),
    write: percent,
  },
  { name: 'PAGES', worse: 'less', of: rateOf, write: formatRate },
  { name: 'P50', worse: 'more', of: ({ latencyMs }) => latencyMs.p50, write: formatDuration },
  { name: 'P95', worse: 'more', of: ({ latencyMs }) => latencyMs.p95, write: formatDuration },
  { name: 'P99', worse: 'more', of: ({ latencyMs }) => latencyMs.p99, write: formatDuration },
  {
    name: 'ATTEMPTS/PAGE',
    worse: 'more',
    of: (report) => perPage(report.attempts, report),
    write: (value) => value.toFixed(2),
  },
  { name: 'BYTES/PAGE', worse: 'more', of: (report) => perPage(report.bytes, report), write: formatBytes },
  { name: 'OPENED', worse: 'more', of: ({ opened }) => opened.rightly + opened.wrongly, write: formatCount },
  { name: 'WRONGLY', worse: 'more', of: ({ opened }) => opened.wrongly, write: formatCount },
]

/** Of one run. */
export function renderReport(report: SimulationReport): string[] {
  const { scenario, seed, pages, virtualMs, realMs, latencyMs, attempts, bytes, opened, lives } = report
  const { p50, p95, p99 } = latencyMs
  const wanting = pages.asked - pages.succeeded - pages.failed
  return [
    `${printable(scenario)}, seed ${seed}: ${counted(pages.succeeded, 'page')} in ${formatDuration(virtualMs)} of virtual time (${formatRate(rateOf(report))})`,
    `success   ${figures[0]!.write(figures[0]!.of(report))}${pages.failed > 0 ? `, ${formatCount(pages.failed)} given up` : ''}${pages.spoiled > 0 ? `, ${counted(pages.spoiled, 'wrong page')} taken for good` : ''}${wanting > 0 ? `, ${formatCount(wanting)} still wanted at the end` : ''}`,
    `latency   p50 ${formatDuration(p50)}, p95 ${formatDuration(p95)}, p99 ${formatDuration(p99)}`,
    `attempts  ${formatCount(attempts)}, ${perPage(attempts, report).toFixed(2)} per page`,
    `traffic   ${formatBytes(bytes)}, ${formatBytes(perPage(bytes, report))} per page`,
    `breakers  ${formatCount(opened.rightly)} opened rightly, ${formatCount(opened.wrongly)} wrongly`,
    ...(lives > 1 ? [`processes ${formatCount(lives)}, all but the last killed`] : []),
    `simulated in ${formatDuration(realMs)}: ${formatCount((attempts * 1_000) / Math.max(1, realMs))} requests per second`,
  ]
}

/** One row for each of the settings that were tried; with several runs each, the medians. */
export function renderComparison(
  rows: readonly { name: string; reports: readonly SimulationReport[] }[],
): string[] {
  return alignColumns([
    ['SETTINGS', ...figures.map(({ name }) => name)],
    ...rows.map(({ name, reports }) => [
      printable(name),
      ...figures.map(({ of, write }) => write(median(reports.map(of)))),
    ]),
  ])
}

/** Several seeds of the same: what is usual and what was worst, with the seed that shows it. */
export function renderSeeds(reports: readonly SimulationReport[]): string[] {
  return alignColumns([
    ['', 'MEDIAN', 'WORST', 'SEED'],
    ...figures.map(({ name, worse, of, write }) => {
      const sorted = [...reports].sort((one, other) => (of(one) - of(other)) * (worse === 'more' ? 1 : -1))
      const worst = sorted.at(-1)!
      const isShared = of(worst) === of(sorted[0]!)
      return [name, write(median(reports.map(of))), write(of(worst)), isShared ? 'all' : String(worst.seed)]
    }),
  ])
}

const shownViolations = 10

export function renderViolations({ violations }: SimulationReport): string[] {
  const lines = violations
    .slice(0, shownViolations)
    .map(({ at, rule, detail }) => `  at ${formatDuration(at)}: ${rule}: ${printable(detail)}`)
  const more = violations.length - lines.length
  if (more > 0) lines.push(`  … and ${formatCount(more)} more`)
  return [`${counted(violations.length, 'invariant was', 'invariants were')} violated:`, ...lines]
}

function rateOf({ pages, virtualMs }: SimulationReport): number {
  return virtualMs > 0 ? (pages.succeeded * 1_000) / virtualMs : 0
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other)
  const middle = (sorted.length - 1) / 2
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2
}

/** The first column is text, the others are figures. */
function alignColumns(cells: readonly (readonly string[])[]): string[] {
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)))
  return cells.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd(),
  )
}
