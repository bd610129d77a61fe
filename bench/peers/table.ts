import { formatFigure } from '../plot.ts'
import type { Measured, Missing } from './run-peer.ts'

/** One row for each peer: the figures, or why there are none. */
export type Row = Measured | Missing

export const tableHead = [
  'peer',
  'good %',
  'pages/s',
  'CPU ms/page',
  'p50 ms',
  'p95 ms',
  'p99 ms',
  'attempts/page',
  'KB/page',
  'peak MB',
  'remarks',
] as const

export function tableRow(row: Row): string[] {
  if ('reason' in row) return [row.peer, ...Array.from({ length: 9 }, () => '–'), row.reason]
  return [
    row.peer,
    (row.success * 100).toFixed(1),
    formatFigure(row.pagesPerSecond),
    row.cpuMsPerPage.toFixed(2),
    ...[row.p50, row.p95, row.p99].map((each) => (Number.isNaN(each) ? '–' : each.toFixed(0))),
    row.attemptsPerPage.toFixed(2),
    (row.bytesPerPage / 1_024).toFixed(1),
    (row.peakBytes / 1_048_576).toFixed(0),
    remarksOn(row),
  ]
}

function remarksOn(row: Measured): string {
  const remarks: string[] = []
  if (row.cut > 0) remarks.push(`cut at ${(row.wallMs / 1_000).toFixed(0)} s with ${row.cut} pages to go`)
  if (row.failed > 0) remarks.push(`${row.failed} given up`)
  if (row.bad > 0) remarks.push(`${row.bad} spoiled pages taken for good`)
  return remarks.join(', ')
}
