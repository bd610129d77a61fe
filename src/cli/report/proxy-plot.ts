import { formatCount, formatDuration } from '../../base/format.ts'
import { html, type Markup } from './html.ts'
import { legend, plot, round, usual, xOf, yOf } from './plot.ts'
import type { ProxyRow } from './run-record.ts'
import { scaleTo } from './scale.ts'

/**
 * A dot for each proxy: how often it succeeds against how long it takes to the first byte, as large as its share of the
 * attempts. What is broken lies at the bottom, what is slow at the right. Those that never answered have no latency, and
 * stand beside the axis. Ten thousand dots are a few paths: only the largest have a name of their own.
 */
const mostNamed = 300
const frame = { ...usual, height: 340 }
const radii = [3, 4.5, 6.5, 9, 12]

interface Dot {
  readonly row: ProxyRow
  readonly x: number
  readonly y: number
  readonly radius: number
  readonly colour: 'good' | 'refused' | 'throttled' | 'other'
}

export function proxyPlot(rows: readonly ProxyRow[]): Markup | undefined {
  const tried = rows.filter(({ good, failed }) => good + failed > 0)
  if (tried.length === 0) return undefined
  const times = tried
    .flatMap(({ firstByteMs }) => (firstByteMs === null ? [] : [firstByteMs]))
    .sort((a, b) => a - b)
  // A few that are very slow must not press all others against the axis: they stand at the right edge.
  const x = scaleTo(Math.max(100, times[Math.floor(times.length * 0.98)] ?? times.at(-1) ?? 100), 6)
  const y = scaleTo(100)
  const most = Math.max(1, ...tried.map(({ attempts }) => attempts))
  // Where there are many, each is smaller: dots that cover each other say nothing.
  const scale = tried.length > 1_000 ? 0.4 : tried.length > 200 ? 0.7 : 1
  const dots = tried.map((row): Dot => {
    const share = row.good / (row.good + row.failed)
    return {
      row,
      x: xOf(frame, row.firstByteMs === null ? 0 : x.at(row.firstByteMs)),
      y: yOf(frame, y.at(share * 100)),
      radius:
        radii[Math.min(radii.length - 1, Math.floor(Math.sqrt(row.attempts / most) * radii.length))]! * scale,
      colour: colourOf(row),
    }
  })
  const byWeight = [...dots].sort((a, b) => b.row.attempts - a.row.attempts)
  const named = byWeight.slice(0, mostNamed)
  const used = colours.filter(([colour]) => dots.some((dot) => dot.colour === colour))
  return html`${legend(used.map(([colour, label]) => ({ colour, label })))}
${plot(
  frame,
  'Each proxy: share of good answers against time to the first byte',
  {
    scale: x,
    label: 'mean time to the first byte of good answers; the slowest 2 % stand at the edge',
    tick: (ms) => (ms === 0 ? '0' : formatDuration(ms)),
  },
  { scale: y, label: 'good answers, in % of tries', tick: (share) => `${share} %` },
  [...crowd(byWeight.slice(mostNamed)), html`<g class="dots">${named.map(dotOf)}</g>`, ...silentMark(tried)],
)}`
}

/** Those that never answered lie on one place: how many they are is said. */
function silentMark(rows: readonly ProxyRow[]): Markup[] {
  const silent = rows.filter(({ good }) => good === 0).length
  if (silent < 2) return []
  return [
    html`<text class="value" x="${xOf(frame, 0) + 14}" y="${yOf(frame, 0) - 8}">${formatCount(silent)} never answered</text>`,
  ]
}

const colours = [
  ['good', 'in use'],
  ['throttled', 'shut out for a while, or under a probe'],
  ['refused', 'failing, or found lying'],
  ['other', 'taken out'],
] as const

function colourOf({ state, isFailing, trust }: ProxyRow): Dot['colour'] {
  if (trust === 'lies' || isFailing) return 'refused'
  if (state === 'open' || state === 'halfOpen') return 'throttled'
  return state === 'closed' ? 'good' : 'other'
}

function dotOf({ row, x, y, radius, colour }: Dot): Markup {
  const { proxy, good, failed, firstByteMs, attempts } = row
  const title = `${proxy}: ${formatCount(good)} of ${formatCount(good + failed)} good, ${formatDuration(firstByteMs ?? undefined)} to the first byte, ${formatCount(attempts)} attempts`
  return html`<circle class="${colour}" cx="${x}" cy="${y}" r="${round(radius)}"><title>${title}</title></circle>\n`
}

/** Many dots of one size and colour are one path; what lies on one place is drawn once. */
function crowd(dots: readonly Dot[]): Markup[] {
  const groups = new Map<string, Set<string>>()
  for (const { x, y, radius, colour } of dots) {
    const key = `${colour} ${round(radius * 2)}`
    const places = groups.get(key) ?? new Set()
    groups.set(key, places.add(`M${Math.round(x)} ${Math.round(y)}h0`))
  }
  return [...groups].map(([key, places]) => {
    const [colour, width] = key.split(' ')
    return html`<path class="crowd ${colour}" stroke-width="${width}" d="${[...places].join('')}"/>`
  })
}
