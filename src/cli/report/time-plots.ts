import { formatDuration } from '../../base/format.ts'
import { figures, html, type Markup, table } from './html.ts'
import { type Frame, legend, plot, round, usual, xOf, yOf } from './plot.ts'
import type { RunRecord } from './run-record.ts'
import { plain, type Scale, scaleTo, timeScale, timeTick } from './scale.ts'
import { type VerdictClass, verdictClasses } from './time-series.ts'

/** What happened when: attempts by what came of them with the pages they made, and how long good answers took. */
const classWords: Readonly<Record<VerdictClass, string>> = {
  good: 'good answers',
  refused: 'refused by the host',
  throttled: 'asked to slow down',
  host: 'the host failed',
  proxy: 'the proxy failed',
  other: 'on the way, or cancelled',
}

/** More bars than that are thinner than a pixel. */
const mostBars = 120
type Spans = RunRecord['series']['spans']

export function activityPlot({ series, wallMs }: RunRecord): Markup {
  const { spans, spanMs } = joined(series)
  const perSecond = (count: number, at: number) => (count * 1_000) / lengthOf(at, spanMs, wallMs)
  const sums = spans.map(({ attempts, at }) =>
    perSecond(
      attempts.reduce((sum, each) => sum + each, 0),
      at,
    ),
  )
  const x = timeScale(Math.max(wallMs, 1))
  const y = scaleTo(Math.max(0.1, ...sums, ...spans.map(({ pages, at }) => perSecond(pages, at))))
  const bars = spans.map(({ at, attempts }) => {
    let below = 0
    const from = xOf(usual, x.at(at))
    const width = round(Math.max(0.5, xOf(usual, x.at(at + lengthOf(at, spanMs, wallMs))) - from - 0.5))
    return attempts.map((count, kind) => {
      if (count === 0) return undefined
      const low = below
      below += perSecond(count, at)
      const [top, base] = [yOf(usual, y.at(below)), yOf(usual, y.at(low))]
      return html`<rect class="${verdictClasses[kind]}" x="${from}" y="${top}" width="${width}" height="${round(base - top)}"/>`
    })
  })
  const line = lineOf(
    usual,
    x,
    y,
    spans.map(({ at, pages }) => [middleOf(at, spanMs, wallMs), perSecond(pages, at)]),
  )
  const used = verdictClasses.filter((_, kind) => spans.some(({ attempts }) => (attempts[kind] ?? 0) > 0))
  const rows = spans.map(({ at, pages, attempts }) => [
    timeTick(at),
    plain(perSecond(pages, at)),
    ...used.map((kind) => plain(perSecond(attempts[verdictClasses.indexOf(kind)] ?? 0, at))),
  ])
  return html`${legend([
    { colour: 'ink', label: 'pages', isLine: true },
    ...used.map((kind) => ({ colour: kind, label: classWords[kind] })),
  ])}
${plot(
  usual,
  'Attempts a second by what came of them, and pages a second, over time',
  { scale: x, label: 'time since the start', tick: timeTick },
  { scale: y, label: 'attempts, and pages, a second', tick: plain },
  [html`<g class="bars">${bars.flat()}</g>`, html`<path class="line ink" d="${line}"/>`],
)}
${figures('The figures', table(`A second, in spans of ${formatDuration(spanMs)}`, ['from', { number: 'pages' }, ...used.map((kind) => ({ number: classWords[kind] }))], rows))}`
}

export function latencyPlot({ series, wallMs }: RunRecord): Markup | undefined {
  const { spans, spanMs } = joined(series)
  const measured = spans.filter(({ p50 }) => p50 !== null)
  if (measured.length === 0) return undefined
  const x = timeScale(Math.max(wallMs, 1))
  const y = scaleTo(Math.max(1, ...measured.map(({ p95 }) => p95 ?? 0)))
  const points = (name: 'p50' | 'p95') =>
    spans.map(({ at, [name]: value }): [number, number | null] => [middleOf(at, spanMs, wallMs), value])
  const rows = measured.map(({ at, p50, p95 }) => [
    timeTick(at),
    formatDuration(p50 ?? undefined),
    formatDuration(p95 ?? undefined),
  ])
  return html`${legend([
    { colour: 'proxy', label: 'p95: 95 of 100 took no longer', isLine: true },
    { colour: 'good', label: 'p50: half took no longer', isLine: true },
  ])}
${plot(
  usual,
  'How long good answers took over time',
  { scale: x, label: 'time since the start', tick: timeTick },
  { scale: y, label: 'time of an attempt', tick: (ms) => (ms === 0 ? '0' : formatDuration(ms)) },
  [
    html`<path class="line proxy" d="${lineOf(usual, x, y, points('p95'))}"/>`,
    html`<path class="line good" d="${lineOf(usual, x, y, points('p50'))}"/>`,
  ],
)}
${figures('The figures', table(`Good answers, in spans of ${formatDuration(spanMs)}`, ['from', { number: 'p50' }, { number: 'p95' }], rows))}`
}

/** A line through what was measured; where nothing was, it is broken. */
function lineOf(
  frame: Frame,
  x: Scale,
  y: Scale,
  points: readonly (readonly [at: number, value: number | null])[],
): string {
  let path = ''
  let isDown = false
  for (const [index, [at, value]] of points.entries()) {
    if (value === null) {
      isDown = false
      continue
    }
    const place = `${xOf(frame, x.at(at))} ${yOf(frame, y.at(value))}`
    const isAlone = !isDown && (points[index + 1]?.[1] ?? null) === null
    path += isDown ? `L${place}` : `M${place}`
    if (isAlone) path += 'h.1'
    isDown = true
  }
  return path
}

/** The last span is as long as the run was. */
function lengthOf(at: number, spanMs: number, wallMs: number): number {
  return Math.max(Math.min(spanMs, wallMs - at), Math.min(spanMs, 250))
}

function middleOf(at: number, spanMs: number, wallMs: number): number {
  return at + lengthOf(at, spanMs, wallMs) / 2
}

/** Few enough for a plot: neighbours become one. The quantiles of the busier one stand for both. */
function joined({ spans, spanMs }: RunRecord['series']): { readonly spans: Spans; readonly spanMs: number } {
  if (spans.length <= mostBars) return { spans, spanMs }
  const pairs: Spans = []
  for (let at = 0; at < spans.length; at += 2) {
    const [one, other] = [spans[at]!, spans[at + 1]]
    if (!other) {
      pairs.push(one)
      continue
    }
    const busier = (one.attempts[0] ?? 0) >= (other.attempts[0] ?? 0) ? one : other
    pairs.push({
      at: one.at,
      pages: one.pages + other.pages,
      bytes: one.bytes + other.bytes,
      attempts: one.attempts.map((count, kind) => count + (other.attempts[kind] ?? 0)),
      p50: busier.p50,
      p95: busier.p95,
    })
  }
  return joined({ spans: pairs, spanMs: spanMs * 2 })
}
