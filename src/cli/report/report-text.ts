import { counted, formatBytes, formatCount, formatDuration, formatRate } from '../../base/format.ts'
import type { ParkReason } from '../../contracts/events.ts'
import { waitWords } from '../../contracts/wait-words.ts'
import { quoted } from '../paste.ts'
import { adviseProxies } from './proxy-advice.ts'
import type { RunRecord } from './run-record.ts'

/** What is worth knowing at the end of a run beyond its totals, in lines: who failed and why, who throttled, whom to drop. */
export function reportLines(record: RunRecord, isVerbose: boolean): string[] {
  return [
    ...failureLines(record, isVerbose),
    ...dropLines(record, isVerbose),
    ...throttleLines(record, isVerbose),
    ...moneyLines(record),
    // Every polite crawl waits: that is for those who ask.
    ...(isVerbose ? waitLines(record) : []),
  ]
}

/** The totals, for a report that is read afterwards: the run itself has told them by its summary. */
export function overview(record: RunRecord): string[] {
  const { counts, wallMs, attempts, hedges, bytes, latencyMs, ending, error, target, folder, called } = record
  const fetched = counts.pages - counts.earlier
  const rate = wallMs > 0 ? (fetched * 1_000) / wallMs : 0
  const lost = counts.failed - counts.gone
  const ended = ending === null ? 'not ended' : endingWords[ending]
  const lines = [
    `${target}: ${counted(counts.pages, 'page')}, ${counted(counts.items, 'item')} in ${formatDuration(wallMs)} (${formatRate(rate)}), ${ended}`,
    `attempts  ${formatCount(attempts)}${fetched > 0 ? `, ${(attempts / fetched).toFixed(2)} per page` : ''}, ${formatCount(hedges)} hedged`,
    `latency   p50 ${formatDuration(latencyMs.p50 ?? undefined)}, p95 ${formatDuration(latencyMs.p95 ?? undefined)}`,
    `traffic   ${formatBytes(bytes)}${fetched > 0 ? `, ${formatBytes(bytes / fetched)} per page` : ''}`,
  ]
  if (error !== null) lines.splice(1, 0, `error     ${error}`)
  if (lost > 0)
    lines.push(`given up  ${formatCount(lost)}${folder === null ? '' : `: ${called} dead list ${folder}`}`)
  if (counts.left > 0 && folder !== null)
    lines.push(
      `left      ${counted(counts.left, 'request')}; go on with: ${resumeCommand(called, folder, record)}`,
    )
  return lines
}

const endingWords: Readonly<Record<NonNullable<RunRecord['ending']>, string>> = {
  finished: 'finished',
  limit: 'at its limit',
  spent: 'at its cap on spending',
  interrupted: 'stopped',
  failed: 'failed',
}

/** At its limit a crawl goes on with a higher one only. */
export function resumeCommand(
  called: string,
  folder: string,
  { ending, counts }: Pick<RunRecord, 'ending' | 'counts'>,
): string {
  return `${called} resume ${folder}${ending === 'limit' ? ` --max-pages ${counts.pages * 2}` : ''}`
}

/** Lines of a whole report: a dozen, and a word about the rest. */
const mostLines = 12

export function shortened(lines: readonly string[], isVerbose: boolean): string[] {
  if (isVerbose || lines.length <= mostLines) return [...lines]
  const shown = lines.slice(0, mostLines - 1)
  return [
    ...shown,
    `          … and ${lines.length - shown.length} more lines: --verbose, or --report FILE.html`,
  ]
}

function failureLines({ failures }: RunRecord, isVerbose: boolean): string[] {
  if (failures.length === 0) return []
  const total = failures.reduce((sum, { count }) => sum + count, 0)
  const parts = failures
    .slice(0, 3)
    .map(({ count, reason }) => (failures.length === 1 ? reason : `${formatCount(count)}× ${reason}`))
  const lines = [
    `failed    ${counted(total, 'attempt')}: ${parts.join(', ')}${andMore(failures.length - parts.length, 'reason')}`,
  ]
  if (!isVerbose) return lines
  for (const { count, reason, example, proxy } of failures) {
    lines.push(`          ${formatCount(count)}× ${reason}, such as ${example} through ${proxy}`)
  }
  return lines
}

function dropLines({ proxies, called, folder }: RunRecord, isVerbose: boolean): string[] {
  const drop = adviseProxies(proxies).filter(({ advice }) => advice === 'drop')
  if (drop.length === 0) return []
  const shown = drop.slice(0, isVerbose ? 20 : 3).map(({ row, why }) => `${row.proxy} ${why}`)
  const lines = [
    `drop      ${counted(drop.length, 'proxy', 'proxies')}: ${shown.join(', ')}${andMore(drop.length - shown.length, 'proxy', 'proxies')}`,
  ]
  if (folder !== null) lines.push(`          ${keepCommand(called, folder)}`)
  return lines
}

/** Writes the list without those that are to be dropped. */
export function keepCommand(called: string, folder: string): string {
  return `${called} proxies keep LIST --after ${folder} --out ${quoted('keep.txt')}`
}

function throttleLines({ hosts }: RunRecord, isVerbose: boolean): string[] {
  const throttled = hosts.filter(({ pauses, throttled }) => pauses + throttled > 0)
  if (throttled.length === 0) return []
  const worst = [...throttled].sort((a, b) => b.pausedMs - a.pausedMs || b.throttled - a.throttled)
  const shown = worst.slice(0, isVerbose ? 20 : 2).map(({ host, pauses, pausedMs, throttled }) => {
    const asked = `${host} asked to slow down ${times(throttled)}`
    return pauses > 0 ? `${asked} and was left alone for ${formatDuration(pausedMs)}` : asked
  })
  return [`throttled ${shown.join(', ')}${andMore(worst.length - shown.length, 'host')}`]
}

function moneyLines(record: RunRecord): string[] {
  const { price, bytes, counts, spending } = record
  const paid = paidOf(record)
  if (!paid) return []
  const fetched = counts.pages - counts.earlier
  const each = fetched > 0 ? `, ${money(paid.cost / fetched, paid)} per page` : ''
  const rate = price === null ? '' : ` at ${money(price.amount, price)} per GB`
  const monthly = paid.rent > 0 ? `, and ${money(paid.rent, paid)} of what is paid by the month` : ''
  return [
    `cost      ${money(paid.cost, paid)} for ${formatBytes(spending?.wire ?? bytes)}${rate}${each}${monthly}`,
  ]
}

/** What the run has cost: at the crawl's own prices, or at the one that is given now. Undefined without any. */
export function paidOf({
  price,
  bytes,
  spending,
}: RunRecord): { readonly cost: number; readonly rent: number; readonly currency: string } | undefined {
  if (spending && spending.cost + spending.rent > 0) return spending
  if (price === null) return undefined
  return { cost: costOf(spending?.wire ?? bytes, price), rent: 0, currency: price.currency }
}

export function costOf(bytes: number, { amount }: NonNullable<RunRecord['price']>): number {
  return (bytes / 1e9) * amount
}

/** Two figures that mean something, however small it is. */
export function money(amount: number, { currency }: { readonly currency: string }): string {
  const digits = amount === 0 || amount >= 0.1 ? 2 : Math.min(10, 1 - Math.floor(Math.log10(amount)))
  return `${amount.toFixed(digits)}${currency === '' ? '' : ` ${currency}`}`
}

function waitLines({ waits }: RunRecord): string[] {
  const shown = waits.filter(({ ms }) => ms >= 1_000).slice(0, 3)
  if (shown.length === 0) return []
  return [
    `waits     ${shown.map(({ reason, ms }) => `${formatDuration(ms)} ${waitWords[reason as ParkReason] ?? reason}`).join(', ')} (all requests together)`,
  ]
}

function andMore(count: number, singular: string, plural = `${singular}s`): string {
  return count > 0 ? ` and ${formatCount(count)} more ${count === 1 ? singular : plural}` : ''
}

function times(count: number): string {
  return count === 1 ? 'once' : `${formatCount(count)} times`
}
