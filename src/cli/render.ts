import { counted, formatBytes, formatCount, formatDuration, formatRate } from '../base/format.ts'
import type { ProgressView, RecentError, TroubledHost } from './progress.ts'
import { cellsOf, shortenTo } from './terminal/cells.ts'
import { asciiGlyphs, bar, type Glyphs, pulse, sparkline, unicodeGlyphs } from './terminal/glyphs.ts'
import { beside, fit, type Look, paint, type Segment, seg } from './terminal/segments.ts'

/** A progress view as text. Pure: a view in, strings out. */

const narrow = 60
const wide = 140

/**
 * The block that is redrawn in place: how far and how fast, the proxies, what the limit is, and a line for each host in
 * trouble and each kind of error. Wide terminals have the last two beside each other, narrow ones leave out examples.
 * `rows`: lines at most; what stands below is left out first.
 */
export function renderLive(view: ProgressView, look: Look, rows = Number.POSITIVE_INFINITY): string[] {
  const glyphs = look.isAscii ? asciiGlyphs : unicodeGlyphs
  const lines = look.width < narrow ? narrowLines(view, look, glyphs) : wideLines(view, look, glyphs)
  return lines.slice(0, Math.max(1, rows)).map((line) => fit(line, look))
}

function narrowLines(view: ProgressView, { width }: Look, glyphs: Glyphs): Segment[][] {
  const lines = [
    [seg(countOf(view), 'bold'), ...rateOf(view, glyphs, 8)],
    barLine(view, width - 9, glyphs),
    [failedOf(view), seg(` · ${formatCount(view.queued)} queued`), ...doubtOf(view), ...endOf(view)],
    proxiesLine(view, ' '),
  ]
  for (const [at, text] of limitLines(view, width - 8, 3).entries()) {
    lines.push([seg(at === 0 ? 'limit  ' : '       ', 'dim'), seg(text)])
  }
  for (const { host, state } of view.troubled)
    lines.push([seg(`${host} ${state}`, state === 'throttled' ? 'yellow' : 'red')])
  for (const error of view.errors)
    lines.push([seg(`${formatCount(error.count)}× ${error.reason}`, styleOf(error))])
  return lines
}

function wideLines(view: ProgressView, { width }: Look, glyphs: Glyphs): Segment[][] {
  const isWide = width > wide
  const lines = [
    [
      ...label('pages'),
      seg(countOf(view), 'bold'),
      seg('  '),
      ...barLine(view, isWide ? 40 : Math.max(10, Math.min(24, width - 70)), glyphs),
      ...rateOf(view, glyphs, 16),
      ...endOf(view),
    ],
    [
      ...label(''),
      seg(`${counted(view.items, 'item')} · `),
      failedOf(view),
      seg(` · ${formatCount(view.queued)} queued · ${formatCount(view.running)} running`),
      ...doubtOf(view),
      ...(isWide
        ? [seg(` · ${formatCount(view.attempts)} attempts, ${formatCount(view.hedges)} hedged`)]
        : []),
      seg(` · ${formatBytes(view.bytes)} · ${formatDuration(view.elapsedMs)}`),
    ],
    [...label('proxies'), ...proxiesLine(view, ' · ')],
  ]
  for (const [at, text] of limitLines(view, width - 10, 2).entries()) {
    lines.push([...label(at === 0 ? 'limit' : ''), seg(text)])
  }
  const hosts = hostLines(view)
  const errors = errorLines(view, isWide && hosts.length > 0 ? Math.floor(width / 2) : width)
  if (!isWide) return [...lines, ...hosts, ...errors]
  const half = Math.floor(width / 2)
  for (let at = 0; at < Math.max(hosts.length, errors.length); at++) {
    const [left, right] = [hosts[at] ?? [], errors[at]]
    if (hosts.length === 0) lines.push(right!)
    else lines.push(right ? beside(left, half, right) : left)
  }
  return lines
}

/** The sentence in lines of so many cells; the last one is cut where it must be. */
function limitLines({ limit }: ProgressView, cells: number, most: number): string[] {
  const lines: string[] = []
  for (const word of limit?.sentence.split(' ') ?? []) {
    const last = lines.at(-1)
    const longer = last === undefined ? word : `${last} ${word}`
    if (last !== undefined && (cellsOf(longer) <= cells || lines.length === most))
      lines[lines.length - 1] = longer
    else lines.push(word)
  }
  return lines
}

function hostLines({ troubled, alsoTroubled }: ProgressView): Segment[][] {
  const lines = troubled.map((host, at) => [
    ...label(at === 0 ? 'hosts' : ''),
    seg(describeHost(host), styleOfHost(host)),
  ])
  if (alsoTroubled > 0)
    lines.push([...label(''), seg(`and ${counted(alsoTroubled, 'more host')} in trouble`, 'dim')])
  return lines
}

function errorLines({ errors, alsoErrors }: ProgressView, width: number): Segment[][] {
  const counts = errors.map(({ count }) => `${formatCount(count)}×`)
  const size = Math.max(0, ...counts.map((text) => text.length))
  const reasons = Math.max(0, ...errors.map((each) => nameOf(each).length))
  const lines = errors.map((error, at) => [
    ...label(at === 0 ? 'errors' : ''),
    seg(counts[at]!.padStart(size), styleOf(error)),
    seg(` ${nameOf(error).padEnd(reasons)}`, styleOf(error)),
    seg(`  ${shortenTo(exampleOf(error), Math.max(10, width - 20 - size - reasons))}`, 'dim'),
  ])
  if (alsoErrors > 0) lines.push([...label(''), seg(`and ${counted(alsoErrors, 'more reason')}`, 'dim')])
  return lines
}

function nameOf({ reason, proxy }: RecentError): string {
  if (proxy !== undefined) return reason
  return isGone(reason) ? `not there, ${reason}` : `given up, ${reason}`
}

/** The server says that there is no such page, which is an answer. */
function isGone(reason: string): boolean {
  return reason === 'status-404' || reason === 'status-410'
}

function exampleOf({ example, proxy }: RecentError): string {
  return proxy === undefined ? example : `${example} through ${proxy}`
}

/** What was given up is lost; an attempt that failed is made again. */
function styleOf({ reason, proxy }: RecentError): 'red' | 'yellow' {
  return proxy === undefined && !isGone(reason) ? 'red' : 'yellow'
}

function countOf({ pages, goal }: ProgressView): string {
  if (goal === undefined) return counted(pages, 'page')
  return goal.isLimit
    ? `${formatCount(pages)} of at most ${counted(goal.total, 'page')}`
    : `${counted(pages, 'page')}`
}

function barLine(view: ProgressView, cells: number, glyphs: Glyphs): Segment[] {
  const { goal, elapsedMs, state } = view
  if (goal === undefined) {
    if (state === 'stopped') return []
    const { before, full, rest } = pulse(elapsedMs / 250, cells, glyphs)
    return [seg(before, 'dim'), seg(full, 'cyan'), seg(rest, 'dim'), seg('  ')]
  }
  const { full, rest } = bar(goal.share, cells, glyphs)
  const percent = `${Math.floor(goal.share * 100)} %`.padStart(5)
  return [seg(full, state === 'stopped' ? 'green' : 'cyan'), seg(rest, 'dim'), seg(`${percent}  `)]
}

function rateOf(
  { rate, rates, foundRate, goal, state }: ProgressView,
  glyphs: Glyphs,
  most: number,
): Segment[] {
  if (state === 'stopped') return []
  const trend = rates.length > 1 ? ` ${sparkline(rates.slice(-most), glyphs)}` : ''
  const found =
    goal === undefined && foundRate !== undefined && foundRate >= 0.05
      ? ` · ${formatRate(foundRate)} found`
      : ''
  return [seg(` ${formatRate(rate)}`), seg(trend, 'cyan'), seg(found, 'dim')]
}

function endOf(view: ProgressView): Segment[] {
  const line: Segment[] = []
  if (view.state !== 'running') line.push(stateOf(view))
  const left = leftOf(view)
  if (left !== undefined) line.push(seg(` · ${left}`, 'dim'))
  return line
}

/** Where nothing is left to fetch, answers are still compared and written: how long, nobody knows. */
function leftOf({ etaMs }: ProgressView): string | undefined {
  return etaMs === undefined || etaMs === 0 ? undefined : `about ${formatDuration(etaMs)} left`
}

function failedOf({ failed }: ProgressView): Segment {
  return seg(`${formatCount(failed)} failed`, failed > 0 ? 'red' : 'plain')
}

function doubtOf({ corrected, contested }: ProgressView): Segment[] {
  const line: Segment[] = []
  if (corrected > 0) line.push(seg(` · ${formatCount(corrected)} corrected`))
  if (contested > 0) line.push(seg(' · '), seg(`${formatCount(contested)} contested`, 'red'))
  return line
}

function label(text: string): Segment[] {
  return [seg(text.padEnd(9), 'dim')]
}

/** One line, for a log or a pipe; coloured where somebody insists. */
export function renderLine(view: ProgressView, colour = false): string {
  const { proxies, limit, troubled, alsoTroubled, errors } = view
  const parts = [
    pagesLine(view),
    [seg(`${counted(proxies.total, 'proxy', 'proxies')}: `), ...proxiesLine(view, ' · ', false)],
  ]
  if (limit) parts.push([seg(`limit: ${limit.sentence}`)])
  for (const host of troubled) parts.push([seg(describeHost(host), styleOfHost(host))])
  if (alsoTroubled > 0) parts.push([seg(`${counted(alsoTroubled, 'more host')} in trouble`)])
  const [error] = errors
  if (error) {
    parts.push([
      seg(`${formatCount(error.count)}× ${nameOf(error)}`, styleOf(error)),
      seg(`, such as ${exampleOf(error)}`),
    ])
  }
  return joined(parts, ' | ')
    .map((each) => paint(each, colour))
    .join('')
}

function pagesLine(view: ProgressView): Segment[] {
  const { goal, state } = view
  const share =
    goal === undefined || state === 'stopped'
      ? ''
      : ` (${Math.floor(goal.share * 100)} % of ${goal.isLimit ? 'at most ' : ''}${formatCount(goal.total)})`
  const left = leftOf(view)
  const parts = [
    [seg(`${counted(view.pages, 'page')}${share}`)],
    [seg(formatRate(view.rate))],
    [seg(counted(view.items, 'item'))],
    [failedOf(view)],
    [seg(`${formatCount(view.queued)} queued`)],
    [
      seg(`${formatCount(view.running)} running`),
      ...doubtOf(view),
      ...(state === 'running' ? [] : [stateOf(view)]),
    ],
    [seg(`${formatDuration(view.elapsedMs)}${left === undefined ? '' : `, ${left}`}`)],
  ]
  return joined(parts, ' · ')
}

function joined(parts: readonly (readonly Segment[])[], between: string): Segment[] {
  return parts.flatMap((part, at) => (at === 0 ? [...part] : [seg(between), ...part]))
}

function styleOfHost({ state }: TroubledHost): Segment['style'] {
  return state === 'throttled' ? 'yellow' : 'red'
}

function stateOf({ state, ending }: ProgressView): Segment {
  if (state === 'stopped' && ending === 'finished') return seg(' · finished', 'green')
  return seg(` · ${state === 'stopped' && ending === 'limit' ? 'at its limit' : state}`, 'yellow')
}

function proxiesLine({ proxies, trust, held }: ProgressView, between: string, withTotal = true): Segment[] {
  const { total, healthy, untried, failing, open, halfOpen, isolated, retired } = proxies
  const working = healthy - untried
  const line = [
    ...(withTotal ? [seg(`${formatCount(total)}: `)] : []),
    seg(`${formatCount(working)} working`, working > 0 ? 'green' : healthy > 0 ? 'plain' : 'red'),
  ]
  const more = (count: number, what: string, style: Segment['style'] = 'plain') => {
    if (count > 0) line.push(seg(between), seg(`${formatCount(count)} ${what}`, style))
  }
  more(failing, 'failing', 'red')
  more(trust.convictions, 'found lying', 'red')
  more(untried, 'untried', 'dim')
  more(open, 'open', 'yellow')
  more(halfOpen, 'half-open')
  // Those that lie are isolated, too: nobody is counted twice.
  more(isolated - trust.convictions, 'isolated')
  more(retired, 'retired', 'dim')
  if (trust.comparisons > 0) {
    line.push(
      seg(`${between}${counted(trust.comparisons, 'comparison')} (${formatBytes(trust.bytes)})`, 'dim'),
    )
  }
  if (held === 'blackout') {
    line.push(seg(between), seg('none can be reached any more, one is asked every few seconds', 'red'))
  }
  return line
}

function describeHost({ host, state, reason, remainingMs, waiting }: TroubledHost): string {
  const until = remainingMs === undefined ? '' : `, tried again in ${formatDuration(remainingMs)}`
  const queue = waiting > 0 ? `, ${formatCount(waiting)} waiting` : ''
  return `${host} is ${state}${reason === '' ? '' : ` (${reason})`}${until}${queue}`
}
