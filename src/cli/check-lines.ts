import type { Check, CheckOutcome, CheckReport } from '../testing/check-report.ts'
import { printable } from './terminal/cells.ts'

/** A report as text: a line for each check, and below it what belongs to it and the way out. */
export function checkLines(
  { source, checks }: CheckReport,
  { colour }: { readonly colour: boolean },
): string[] {
  return [printable(source), ...checks.flatMap((check) => linesOf(check, colour))]
}

const width = 7
const nameWidth = 10

function linesOf({ name, outcome, detail, more, way }: Check, colour: boolean): string[] {
  const mark = outcome.padEnd(width)
  const head = `  ${colour ? painted(mark, outcome) : mark}  ${name.padEnd(nameWidth)}  ${printable(detail)}`
  const indent = ' '.repeat(width + nameWidth + 6)
  const below = [...more, ...(way === undefined ? [] : [`→ ${way}`])]
  return [head, ...below.map((line) => `${indent}${printable(line)}`)]
}

const colours: Readonly<Record<CheckOutcome, number>> = { ok: 32, notice: 33, failed: 31, skipped: 2 }

function painted(text: string, outcome: CheckOutcome): string {
  return `\u001b[${colours[outcome]}m${text}\u001b[0m`
}

/** `3 sources: 2 ok, 1 failed (shop)`. */
export function totalLine(reports: readonly CheckReport[]): string {
  const failed = reports.filter(({ ok }) => !ok)
  const noticed = reports.flatMap(({ checks }) => checks).filter(({ outcome }) => outcome === 'notice').length
  const notices = noticed === 0 ? '' : `, ${noticed} ${noticed === 1 ? 'notice' : 'notices'}`
  const sources = `${reports.length} ${reports.length === 1 ? 'source' : 'sources'}`
  if (failed.length === 0) return `${sources}: ok${notices}`
  return `${sources}: ${failed.length} failed (${failed.map(({ source }) => printable(source)).join(', ')})${notices}`
}
