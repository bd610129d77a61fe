import { counted, formatBytes, formatCount, formatDuration, formatRate } from '../../base/format.ts'
import type { ParkReason } from '../../contracts/events.ts'
import { waitWords } from '../../contracts/wait-words.ts'
import { barPlot } from './bar-plot.ts'
import { figures, foreign, html, Markup, table } from './html.ts'
import { type Advised, adviseProxies } from './proxy-advice.ts'
import { proxyPlot } from './proxy-plot.ts'
import { meaningOf, remedyFor, remedyForDead, verdictWords } from './reason-words.ts'
import { style } from './report-style.ts'
import { costOf, keepCommand, money, paidOf, resumeCommand } from './report-text.ts'
import type { HostRow, RunRecord } from './run-record.ts'
import { plain } from './scale.ts'
import { activityPlot, latencyPlot } from './time-plots.ts'
import { verdictClass } from './time-series.ts'

/**
 * The report of a run as one page that needs nothing else: no script, no font, no picture from elsewhere, and a policy that
 * forbids them. Plots are SVG with a table behind each. It is read when something went wrong, so what failed and what to do
 * come before what went well; and it stays small however large the crawl was.
 */
const mostRows = 50
const mostDropped = 1_000

export function reportPage(record: RunRecord): string {
  const title = `Crawl of ${record.target}`
  return html`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer"><title>${title}</title>
<style>${new Markup(style)}</style></head><body><main>
<h1>Crawl of ${foreign(record.target)}</h1>
${lead(record)}
${totals(record)}
${expectations(record)}
${activity(record)}
${failures(record)}
${dead(record)}
${latency(record)}
${proxies(record)}
${hosts(record)}
${waits(record)}
${goOn(record)}
<footer>Written by Regatta at ${new Date(record.at).toISOString()}. Times are UTC. This page needs no network and holds no script.</footer>
</main></body></html>
`.toString()
}

function lead({ begunAt, wallMs, ending, error, source, counts }: RunRecord): Markup {
  const ended = {
    finished: 'It finished.',
    limit: 'It ended at its limit of pages.',
    spent: 'It ended at its cap on what may be spent.',
    interrupted: 'It was stopped.',
    failed: 'It failed.',
  }
  const earlier =
    counts.earlier > 0 ? ` ${counted(counts.earlier, 'page')} of earlier runs are counted in its totals.` : ''
  const says = ending === null ? 'It was still running, or its process has died.' : ended[ending]
  return html`<p class="lead">Source ${source}, begun ${new Date(begunAt).toISOString().slice(0, 19).replace('T', ' ')}, ${formatDuration(wallMs)}. ${says}${earlier}</p>
${error === null ? undefined : html`<p class="alarm"><strong>It failed:</strong> ${foreign(error)}</p>`}`
}

function totals(record: RunRecord): Markup {
  const { counts, attempts, hedges, bytes, latencyMs, wallMs, trust } = record
  const fetched = counts.pages - counts.earlier
  const lost = counts.failed - counts.gone
  const answered = counts.pages + counts.unchanged + counts.gone
  const share =
    answered + lost > 0 ? `${plain(Math.floor((answered / (answered + lost)) * 1_000) / 10)} %` : '–'
  const entries: [string, string, string][] = [
    [
      'Pages',
      formatCount(counts.pages),
      wallMs > 0 ? `${formatRate((fetched * 1_000) / wallMs)} in this run` : '',
    ],
    ['Items', formatCount(counts.items), counts.edges > 0 ? counted(counts.edges, 'edge') : ''],
    ['Success', share, `${formatCount(lost)} given up, ${formatCount(counts.gone)} not there`],
    [
      'Attempts',
      formatCount(attempts),
      `${fetched > 0 ? `${(attempts / fetched).toFixed(2)} a page, ` : ''}${formatCount(hedges)} hedged`,
    ],
    [
      'Latency, p95',
      formatDuration(latencyMs.p95 ?? undefined),
      `p50 ${formatDuration(latencyMs.p50 ?? undefined)}, p99 ${formatDuration(latencyMs.p99 ?? undefined)}`,
    ],
    ['Traffic', formatBytes(bytes), fetched > 0 ? `${formatBytes(bytes / fetched)} a good page` : ''],
  ]
  const { wire = 0 } = record.spending ?? {}
  if (wire > 0) {
    const each = fetched > 0 ? `${formatBytes(wire / fetched)} a good page, lost attempts included` : ''
    entries.push(['On the wire', formatBytes(wire), each])
  }
  const paid = paidOf(record)
  if (paid) {
    const each = fetched > 0 ? `${money(paid.cost / fetched, paid)} a good page` : ''
    entries.push(['Cost', money(paid.cost, paid), each])
  }
  if (trust.comparisons > 0) {
    entries.push([
      'Comparisons',
      formatCount(trust.comparisons),
      `${formatBytes(trust.bytes)}, ${counted(trust.convictions, 'proxy', 'proxies')} found lying`,
    ])
  }
  if (counts.left > 0) entries.push(['Left', formatCount(counts.left), 'requests in the queue'])
  return html`<dl class="totals">${entries.map(([name, value, more]) => html`<div><dt>${name}</dt><dd>${value}<small>${more}</small></dd></div>`)}</dl>`
}

function expectations({ expect }: RunRecord): Markup | undefined {
  if (expect.length === 0) return undefined
  const rows = expect.map(({ expectation, shown, kept }) => [
    html`<code>${expectation}</code>`,
    shown,
    html`<span class="${kept ? 'kept' : 'missed'}">${kept ? 'kept' : 'missed'}</span>`,
  ])
  return section(
    'What was expected',
    '',
    table('Of the option --expect', ['expectation', { number: 'it is' }, ''], rows),
  )
}

function activity(record: RunRecord): Markup | undefined {
  if (record.series.spans.length === 0) return undefined
  return section(
    'What happened when',
    'Each bar is all attempts of its time, by what came of them. The line is the pages they made.',
    activityPlot(record),
  )
}

function latency(record: RunRecord): Markup | undefined {
  const shown = latencyPlot(record)
  return (
    shown &&
    section('How long answers took', 'Good answers, from the start of the attempt to its end.', shown)
  )
}

function failures({ failures, called }: RunRecord): Markup | undefined {
  if (failures.length === 0) return undefined
  const bars = failures.slice(0, 12).map(({ reason, verdict, count }) => ({
    label: reason,
    value: count,
    text: formatCount(count),
    colour: verdictClass(verdict as Parameters<typeof verdictClass>[0]) ?? 'other',
  }))
  const rows = failures
    .slice(0, mostRows)
    .map(({ reason, verdict, count, example, proxy }) => [
      html`<code>${reason}</code>`,
      formatCount(count),
      verdictWords[verdict] ?? verdict,
      `${meaningOf(reason)} ${remedyFor(verdict, called)}`.trim(),
      html`${foreign(example)} through ${foreign(proxy)}`,
    ])
  return section(
    'Attempts that failed, by reason',
    'An attempt that failed was made again elsewhere: nothing is lost by it but time and traffic.',
    html`${barPlot('Failed attempts by reason', 'attempts', bars, formatCount)}${table('Why, and what to do', ['reason', { number: 'attempts' }, 'whose doing', 'what it means', 'the first of them'], rows)}`,
  )
}

function dead(record: RunRecord): Markup | undefined {
  const { dead, counts } = record
  if (dead.length === 0) return undefined
  const rows = dead
    .slice(0, mostRows)
    .map(({ reason, count, example, detail }) => [
      html`<code>${reason}</code>`,
      formatCount(count),
      html`${foreign(example)}: ${foreign(detail)}`,
      html`<code>${remedyForDead(reason, record)}</code>`,
    ])
  return section(
    'Requests that were given up',
    `${formatCount(counts.failed - counts.gone)} in all; these are of this run.`,
    table('By reason', ['reason', { number: 'requests' }, 'the first of them', 'to try them again'], rows),
  )
}

function proxies(record: RunRecord): Markup | undefined {
  const { proxies, moreProxies, fleet } = record
  if (proxies.length === 0) return undefined
  const advised = adviseProxies(proxies)
  const shown = proxyPlot(proxies)
  const states = Object.entries(fleet)
    .filter(([name, count]) => count > 0 && name !== 'total')
    .map(([name, count]) => `${formatCount(count)} ${fleetWords[name] ?? name}`)
  return section(
    'Proxies',
    `${formatCount(fleet.total ?? proxies.length)} at the end: ${states.join(', ')}. What lies at the bottom is broken, what lies at the right is slow; large dots did most of the work.`,
    html`${shown}${dropSection(advised, record)}${proxyTable(advised, moreProxies, record)}`,
  )
}

const fleetWords: Readonly<Record<string, string>> = {
  healthy: 'in use',
  untried: 'of them untried',
  failing: 'failing',
  open: 'shut out',
  halfOpen: 'under a probe',
  isolated: 'isolated',
  retired: 'retired',
}

function dropSection(advised: readonly Advised[], { called, folder }: RunRecord): Markup {
  const drop = advised.filter(({ advice }) => advice === 'drop')
  const kept = advised.filter(({ advice }) => advice === 'keep').length
  const untried = advised.filter(({ advice }) => advice === 'untried').length
  if (drop.length === 0)
    return html`<p>No proxy has to be dropped: ${formatCount(kept)} did well, ${formatCount(untried)} had too little to do.</p>`
  const list = drop.slice(0, mostDropped).map(({ row, why }) => html`${row.proxy}  # ${why}\n`)
  const more = drop.length > mostDropped ? `# and ${formatCount(drop.length - mostDropped)} more` : ''
  return html`<h3>Drop ${counted(drop.length, 'proxy', 'proxies')}, keep ${formatCount(kept)}</h3>
<pre>${list}${more}</pre>${folder === null ? undefined : html`<p>A list without them, passwords included: <code>${keepCommand(called, folder)}</code></p>`}`
}

function proxyTable(advised: readonly Advised[], moreProxies: number, { price }: RunRecord): Markup {
  const worstFirst = [...advised].sort(
    (a, b) => rank[a.advice] - rank[b.advice] || b.row.attempts - a.row.attempts,
  )
  // Half of the room for those that need a look, the rest for those that do the work.
  const troubled = worstFirst
    .filter(({ advice }) => advice === 'drop' || advice === 'watch')
    .slice(0, mostRows / 2)
  const busy = advised.filter((each) => !troubled.includes(each)).slice(0, mostRows - troubled.length)
  const rows = [...troubled, ...busy].map(({ row, advice, why }) => [
    foreign(row.proxy),
    row.state === 'closed' || row.reason === '' ? row.state : html`${row.state} (${foreign(row.reason)})`,
    formatCount(row.attempts),
    shareOf(row.good, row.good + row.failed),
    formatDuration(row.firstByteMs ?? undefined),
    formatBytes(row.bytes),
    ...(price === null ? [] : [money(costOf(row.bytes, price), price)]),
    why === '' ? advice : `${advice}: ${why}`,
  ])
  const left = advised.length - rows.length + moreProxies
  return figures(
    'The figures',
    table(
      'Those in trouble first, then the busiest',
      [
        'proxy',
        'state',
        { number: 'attempts' },
        { number: 'good' },
        { number: 'first byte' },
        { number: 'traffic' },
        ...(price === null ? [] : [{ number: 'cost' }]),
        'advice',
      ],
      rows,
      left > 0 ? `and ${counted(left, 'more proxy', 'more proxies')}` : '',
    ),
  )
}

const rank = { drop: 0, watch: 1, keep: 2, untried: 3 } as const

function hosts({ hosts, moreHosts }: RunRecord): Markup | undefined {
  if (hosts.length === 0) return undefined
  const troubled = (host: (typeof hosts)[number]) =>
    host.pauses + host.throttled + host.dead > 0 || host.state !== 'serving'
  const sorted = [...hosts.filter(troubled), ...hosts.filter((host) => !troubled(host))]
  const rows = sorted
    .slice(0, mostRows)
    .map((host) => [
      foreign(host.host),
      host.reason === '' ? host.state : html`${host.state} (${host.reason})`,
      formatCount(host.attempts),
      formatCount(host.done),
      formatCount(host.dead),
      slowDowns(host),
      formatDuration(host.p50 ?? undefined),
      formatDuration(host.p95 ?? undefined),
      formatBytes(host.bytes),
    ])
  const left = hosts.length - rows.length + moreHosts
  return section(
    'Hosts',
    '',
    table(
      'Those in trouble first, then the busiest. “Slow down” is how often a host asked for it, and how long it was left alone.',
      [
        'host',
        'state',
        { number: 'attempts' },
        { number: 'answers' },
        { number: 'given up' },
        { number: 'slow down' },
        { number: 'p50' },
        { number: 'p95' },
        { number: 'traffic' },
      ],
      rows,
      left > 0 ? `and ${counted(left, 'more host')}` : '',
    ),
  )
}

function slowDowns({ throttled, pauses, pausedMs }: HostRow): string {
  if (throttled + pauses === 0) return '–'
  return `${formatCount(throttled)}×${pausedMs > 0 ? `, ${formatDuration(pausedMs)}` : ''}`
}

function waits({ waits }: RunRecord): Markup | undefined {
  const shown = waits.filter(({ ms }) => ms >= 1)
  if (shown.length === 0) return undefined
  const bars = shown.map(({ reason, ms }) => ({
    label: reason,
    value: ms / 1_000,
    text: formatDuration(ms),
    colour: 'proxy',
  }))
  const rows = shown.map(({ reason, ms }) => [
    html`<code>${reason}</code>`,
    `waited ${waitWords[reason as ParkReason] ?? reason}`,
    formatDuration(ms),
  ])
  return section(
    'What requests waited for',
    'All requests together: many wait at the same time, so this is more than the run took.',
    html`${barPlot('Time that requests waited, by what for', 'seconds, all requests together', bars, plain)}${figures('The figures', table('Waits', ['reason', 'what it is', { number: 'time' }], rows))}`,
  )
}

function goOn(record: RunRecord): Markup {
  const { called, folder, counts, ending, leftOut, trapped } = record
  const lines: [string, string][] = []
  if (folder !== null) {
    if (counts.left > 0 || ending === 'failed' || ending === null)
      lines.push([resumeCommand(called, folder, record), 'goes on with what is left'])
    if (counts.failed - counts.gone > 0)
      lines.push(
        [`${called} dead list ${folder}`, 'shows what was given up, and why'],
        [`${called} dead retry ${folder} --all`, 'puts it back into the queue, for resume'],
      )
    lines.push(
      [`${called} explain ${folder} URL`, 'tells why a request went as it did'],
      [`${called} report ${folder} --out FILE.html`, 'writes this page again'],
    )
  }
  const rows = [
    ...leftOut.map((each) => ({ ...each, what: 'page' })),
    ...trapped.map((each) => ({ ...each, what: 'link' })),
  ].map(({ reason, count, example, what }) => [
    html`<code>${reason}</code>`,
    counted(count, what),
    foreign(example),
  ])
  return html`${lines.length > 0 ? section('How to go on', '', html`<ul>${lines.map(([command, what]) => html`<li><code>${command}</code> ${what}</li>`)}</ul>`) : undefined}
${rows.length > 0 ? section('Left out', '', table('Pages that were not asked for, and links that were not followed', ['reason', { number: 'how many' }, 'the first of them'], rows)) : undefined}`
}

function section(title: string, text: string, content: Markup): Markup {
  return html`<section><h2>${title}</h2>${text === '' ? undefined : html`<p class="lead">${text}</p>`}${content}</section>`
}

function shareOf(part: number, whole: number): string {
  return whole > 0 ? `${Math.floor((part / whole) * 100)} %` : '–'
}
