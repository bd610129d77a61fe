import { counted, formatBytes, formatCount, formatDuration, formatRate } from '../base/format.ts'
import type { CrawlSummary } from '../face/crawler.ts'
import { markedWords } from './marked-words.ts'

/** What a crawl did, in a handful of lines, and what it left out. Rates and prices are of this run. */
export function renderSummary(summary: CrawlSummary): [totals: string[], leftOut: string[]] {
  const { pages, items, earlier, attempts, hedges, bytes, wallMs, latencyMs, proxies } = summary
  const fetched = pages - (earlier?.pages ?? 0)
  const rate = wallMs > 0 ? (fetched * 1_000) / wallMs : 0
  const totals = [
    `${counted(pages, 'page')}, ${counted(items, 'item')} in ${formatDuration(wallMs)} (${formatRate(rate)})${asides(summary)}`,
    `attempts  ${formatCount(attempts)}${fetched > 0 ? `, ${(attempts / fetched).toFixed(2)} per page` : ''}, ${formatCount(hedges)} hedged`,
    `latency   p50 ${formatDuration(latencyMs.p50)}, p95 ${formatDuration(latencyMs.p95)}, p99 ${formatDuration(latencyMs.p99)}`,
    `traffic   ${formatBytes(bytes)}${fetched > 0 ? `, ${formatBytes(bytes / fetched)} per page` : ''}${onTheWire(summary)}`,
    `proxies   ${formatCount(proxies.total)}: ${formatCount(proxies.healthy)} healthy, ${formatCount(proxies.open)} open, ${formatCount(proxies.retired)} retired${proxies.failing > 0 ? `, ${formatCount(proxies.failing)} failing` : ''}${proxies.isolated > 0 ? `, ${formatCount(proxies.isolated)} isolated` : ''}`,
    ...trustLines(summary),
    ...markedLines(summary),
  ]
  const leftOut = [
    ...summary.leftOut.map(
      ({ reason, count, example }) => `left out  ${counted(count, 'page')}: ${reason}, such as ${example}`,
    ),
    ...emptyLines(summary),
    ...summary.trapped.map(
      ({ reason, count, example }) =>
        `not followed  ${counted(count, 'link')}: ${reason}, such as ${example}`,
    ),
  ]
  return [totals, leftOut]
}

function onTheWire({ spending }: CrawlSummary): string {
  const { sent, received } = spending
  return sent + received > 0 ? `, ${formatBytes(sent + received)} on the wire` : ''
}

/** What comparing the proxies' answers has cost and found. What became of pages stands with the pages. */
function trustLines({ trust }: CrawlSummary): string[] {
  const { comparisons, bytes, convictions, askedAgain } = trust
  const parts = [
    comparisons > 0 ? `${counted(comparisons, 'comparison')} (${formatBytes(bytes)})` : '',
    convictions > 0 ? `${counted(convictions, 'proxy', 'proxies')} found lying` : '',
    askedAgain > 0 ? `${counted(askedAgain, 'page')} asked again` : '',
  ].filter((part) => part !== '')
  return parts.length === 0 ? [] : [`trust     ${parts.join(', ')}`]
}

function markedLines(summary: CrawlSummary): string[] {
  const words = markedWords(summary)
  return words === undefined ? [] : [`marked    ${words}`]
}

function emptyLines({ empty, emptyPages, pages, items, edges }: CrawlSummary): string[] {
  if (empty === 0) return []
  const example = emptyPages.length === 0 ? '' : `, such as ${emptyPages.slice(0, 3).join(' ')}`
  const lines = [`empty     ${counted(empty, 'page')} gave neither items nor links${example}`]
  if (pages > 0 && items + edges === 0) {
    lines.push(
      '          No page gave an item: see whether what parse() looks for is there; --verbose names each page.',
    )
  }
  return lines
}

function asides({
  earlier,
  unchanged,
  failed,
  gone,
  setAside,
  skipped,
  corrected,
  contested,
  queued,
}: CrawlSummary): string {
  const parts: [number, string][] = [
    [earlier?.pages ?? 0, 'of the pages by earlier runs'],
    [unchanged, 'unchanged'],
    [failed - gone, 'given up'],
    [gone, 'not there'],
    [setAside, 'set aside'],
    [skipped, 'skipped'],
    [corrected, 'corrected'],
    [contested, 'contested'],
    [queued, 'left'],
  ]
  return parts.map(([count, what]) => (count > 0 ? `, ${formatCount(count)} ${what}` : '')).join('')
}
