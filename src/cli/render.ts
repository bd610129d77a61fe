import { counted, formatBytes, formatCount, formatDuration, formatRate } from '../base/format.ts'
import { redact } from '../base/redact.ts'
import type { CrawlSummary } from '../face/crawler.ts'
import { markedWords } from './marked-words.ts'
import type { PoliteHost, ProgressView, TroubledHost } from './progress.ts'

/**
 * A progress view as text. Pure: a view in, strings out. Lines for a terminal are cut to its width before they are
 * coloured, because a line that wraps cannot be redrawn in place.
 */
export interface Look {
  /** Columns of the terminal. */
  readonly width: number
  readonly colour: boolean
}

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'plain'

export interface Segment {
  readonly text: string
  readonly style: Style
}

const codes: Record<Style, string> = { bold: '1', dim: '2', red: '31', green: '32', yellow: '33', plain: '' }

/** The block that is redrawn in place: two lines, and one for each host in trouble. */
export function renderLive(view: ProgressView, look: Look): string[] {
  const lines = [pagesLine(view), proxiesLine(view)]
  if (view.polite) lines.push([seg(`  ${describePoliteness(view.polite)}`, 'dim')])
  for (const host of view.troubled) lines.push(hostLine(host))
  if (view.alsoTroubled > 0) {
    lines.push([seg(`  … and ${counted(view.alsoTroubled, 'more host')} in trouble`, 'dim')])
  }
  return lines.map((line) => fit(line, look))
}

/** One plain line, for a log or a pipe. */
export function renderLine(view: ProgressView): string {
  const parts = [pagesLine(view), proxiesLine(view)].map((line) => line.map((each) => each.text).join(''))
  const hosts = view.troubled.map((host) => describeHost(host))
  if (view.polite) hosts.unshift(describePoliteness(view.polite))
  if (view.alsoTroubled > 0) hosts.push(`${counted(view.alsoTroubled, 'more host')} in trouble`)
  return [...parts, ...hosts].join(' | ')
}

/** What a crawl did, in a handful of lines. Rates and prices are of this run. */
export function renderSummary(summary: CrawlSummary): string[] {
  const { pages, items, earlier, attempts, hedges, bytes, wallMs, latencyMs, proxies } = summary
  const fetched = pages - (earlier?.pages ?? 0)
  const rate = wallMs > 0 ? (fetched * 1_000) / wallMs : 0
  return [
    `${counted(pages, 'page')}, ${counted(items, 'item')} in ${formatDuration(wallMs)} (${formatRate(rate)})${asides(summary)}`,
    `attempts  ${formatCount(attempts)}${fetched > 0 ? `, ${(attempts / fetched).toFixed(2)} per page` : ''}, ${formatCount(hedges)} hedged`,
    `latency   p50 ${formatDuration(latencyMs.p50)}, p95 ${formatDuration(latencyMs.p95)}, p99 ${formatDuration(latencyMs.p99)}`,
    `traffic   ${formatBytes(bytes)}${fetched > 0 ? `, ${formatBytes(bytes / fetched)} per page` : ''}`,
    `proxies   ${formatCount(proxies.total)}: ${formatCount(proxies.healthy)} healthy, ${formatCount(proxies.open)} open, ${formatCount(proxies.retired)} retired${proxies.isolated > 0 ? `, ${formatCount(proxies.isolated)} isolated` : ''}`,
    ...trustLines(summary),
    ...markedLines(summary),
    ...summary.leftOut.map(
      ({ reason, count, example }) => `left out  ${counted(count, 'page')}: ${reason}, such as ${example}`,
    ),
    ...emptyLines(summary),
    ...summary.trapped.map(
      ({ reason, count, example }) =>
        `not followed  ${counted(count, 'link')}: ${reason}, such as ${example}`,
    ),
  ]
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

function pagesLine(view: ProgressView): Segment[] {
  const line = [
    seg(counted(view.pages, 'page'), 'bold'),
    seg(` · ${formatRate(view.rate)} · ${counted(view.items, 'item')} · `),
    seg(`${formatCount(view.failed)} failed`, view.failed > 0 ? 'red' : 'plain'),
    seg(` · ${formatCount(view.queued)} queued · ${formatCount(view.running)} running`),
  ]
  if (view.corrected > 0) line.push(seg(` · ${formatCount(view.corrected)} corrected`))
  if (view.contested > 0) line.push(seg(' · '), seg(`${formatCount(view.contested)} contested`, 'red'))
  if (view.state !== 'running') line.push(stateOf(view))
  line.push(seg(` · ${formatDuration(view.elapsedMs)}`, 'dim'))
  if (view.etaMs !== undefined) line.push(seg(`, about ${formatDuration(view.etaMs)} left`, 'dim'))
  return line
}

function stateOf({ state, ending }: ProgressView): Segment {
  if (state === 'stopped' && ending === 'finished') return seg(' · finished', 'green')
  return seg(` · ${state === 'stopped' && ending === 'limit' ? 'at its limit' : state}`, 'yellow')
}

function proxiesLine({ proxies, trust, held }: ProgressView): Segment[] {
  const line = [
    seg(counted(proxies.total, 'proxy', 'proxies')),
    seg(': '),
    seg(`${formatCount(proxies.healthy)} healthy`, proxies.healthy > 0 ? 'green' : 'red'),
  ]
  if (proxies.open > 0) line.push(seg(' · '), seg(`${formatCount(proxies.open)} open`, 'yellow'))
  if (proxies.halfOpen > 0) line.push(seg(` · ${formatCount(proxies.halfOpen)} half-open`))
  if (proxies.isolated > 0) line.push(seg(` · ${formatCount(proxies.isolated)} isolated`))
  if (proxies.retired > 0) line.push(seg(` · ${formatCount(proxies.retired)} retired`, 'dim'))
  if (trust.convictions > 0) {
    line.push(seg(' · '), seg(`${formatCount(trust.convictions)} found lying`, 'red'))
  }
  if (trust.comparisons > 0) {
    line.push(seg(` · ${counted(trust.comparisons, 'comparison')} (${formatBytes(trust.bytes)})`, 'dim'))
  }
  if (held === 'blackout') {
    line.push(seg(' · '), seg('none can be reached any more, one is asked every few seconds', 'red'))
  }
  return line
}

function hostLine(host: TroubledHost): Segment[] {
  const style = host.state === 'throttled' ? 'yellow' : 'red'
  return [seg('  '), seg(describeHost(host), style)]
}

function describePoliteness({ host, intervalMs, waiting }: PoliteHost): string {
  const every = intervalMs > 0 ? `, one request every ${formatDuration(intervalMs)} for each proxy` : ''
  return `politeness is the limit at ${host}${every}; ${formatCount(waiting)} wait (--interval, --rate)`
}

function describeHost({ host, state, reason, remainingMs, waiting }: TroubledHost): string {
  const until = remainingMs === undefined ? '' : `, tried again in ${formatDuration(remainingMs)}`
  const queue = waiting > 0 ? `, ${formatCount(waiting)} waiting` : ''
  return `${host} is ${state}${reason === '' ? '' : ` (${reason})`}${until}${queue}`
}

/** Cuts a line to the width, one column kept free, then colours it. */
export function fit(line: readonly Segment[], { width, colour }: Look): string {
  const room = Math.max(1, width - 1)
  const total = line.reduce((sum, each) => sum + each.text.length, 0)
  let left = total > room ? room - 1 : room
  let text = ''
  for (const each of line) {
    if (left <= 0) break
    const cut = printable(each.text).slice(0, left)
    left -= cut.length
    text += colour && each.style !== 'plain' ? `\u001b[${codes[each.style]}m${cut}\u001b[0m` : cut
  }
  return total > room ? `${text}…` : text
}

/** Host names and reasons come from outside: control characters must not reach a terminal, nor passwords in URLs. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is being removed
  return redact(text).replace(/[\u0000-\u001f\u007f-\u009f]/g, '?')
}

function seg(text: string, style: Style = 'plain'): Segment {
  return { text, style }
}
