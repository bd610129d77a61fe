import { markupText } from '../../src/base/foreign-text.ts'
import type { Chart } from '../../src/observe/charts.ts'
import { type Laid, type LaidArrow, type LaidState, layOut, letters, type Point } from './layout.ts'

/**
 * A chart as one SVG without scripts: for docs, for `regatta machines --svg`, and for pages that show where a machine
 * stands. Each state has `data-state` (its path), each arrow `data-edge` ("from>to") and `data-events`; a page sets the
 * class `on`, and nothing is laid out again. It is drawn in the current colour; `--chart-ink`, `--chart-paper` and
 * `--chart-on` of the page around it go over the colours of its own, which follow light and dark.
 */
export async function drawSvg(chart: Chart): Promise<string> {
  const laid = await layOut(chart)
  const { width, height } = laid
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" data-chart="${chart.name}" aria-label="${markupText(chart.description)}">`,
    `<style>${style}</style>`,
    `<defs><marker id="tip-${chart.name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" class="tip"/></marker></defs>`,
    ...laid.arrows.map((arrow) => arrowOf(arrow, chart.name)),
    ...laid.states.map(stateOf),
    '<g class="words">',
    ...wordsOf(laid),
    '</g>',
    '</svg>',
    '',
  ].join('\n')
}

const style = [
  '.chart{color:var(--chart-ink,#1b1f24);background:var(--chart-paper,#fff);--on:var(--chart-on,#1d6fd8);--back:var(--chart-paper,#fff);font:10px ui-monospace,"DejaVu Sans Mono",monospace}',
  '@media(prefers-color-scheme:dark){.chart{color:var(--chart-ink,#e6e8eb);background:var(--chart-paper,#14171b);--on:var(--chart-on,#5aa2f5);--back:var(--chart-paper,#14171b)}}',
  '.chart text{fill:currentColor}.chart .name{font-size:13px;font-weight:600}.chart .name,.chart .words text{paint-order:stroke;stroke:var(--back);stroke-width:4px;stroke-linejoin:round}',
  '.chart rect{fill:currentColor;fill-opacity:.04;stroke:currentColor;stroke-width:1.2}.chart .any rect{stroke-dasharray:4 3}.chart .inner{fill:none}',
  '.chart path{fill:none;stroke:currentColor;stroke-opacity:.7;stroke-width:1.1}.chart .tip,.chart circle{fill:currentColor;stroke:none}',
  '.chart .on rect{fill:var(--on);fill-opacity:.18;stroke:var(--on);stroke-width:2.4}.chart .on path{stroke:var(--on);stroke-opacity:1;stroke-width:2.4}',
].join('')

function stateOf({ path, name, description, lines, isFinal, x, y, width, height }: LaidState): string {
  if (path === '') return `<circle cx="${round(x + width / 2)}" cy="${round(y + height / 2)}" r="5"/>`
  const mark = path === '*' ? 'class="any"' : `data-state="${path}"`
  const title = description === '' ? '' : `<title>${markupText(description)}</title>`
  const box = `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" rx="7"/>`
  const inner = isFinal
    ? `<rect class="inner" x="${round(x + 3)}" y="${round(y + 3)}" width="${round(width - 6)}" height="${round(height - 6)}" rx="5"/>`
    : ''
  const words = lines.map((line, index) => {
    return `<text x="${round(x + 12)}" y="${round(y + letters.title + 8 + index * letters.line)}">${markupText(line)}</text>`
  })
  return `<g ${mark}>${title}${box}${inner}<text class="name" x="${round(x + 12)}" y="${round(y + 20)}">${name}</text>${words.join('')}</g>`
}

function arrowOf({ from, to, events, points }: LaidArrow, chart: string): string {
  const what = events.length === 0 ? '' : ` data-events="${events.join(' ')}"`
  const mark = from === '' ? '' : ` data-edge="${from}>${to}"${what}`
  return `<g${mark}><path d="${rounded(points)}" marker-end="url(#tip-${chart})"/></g>`
}

/** Above all lines, so that none runs through a word. */
function wordsOf({ arrows }: Laid): string[] {
  return arrows.flatMap(({ label, lines }) =>
    lines.map((line, index) => {
      const y = round(label!.y + 10 + index * letters.line)
      return `<text x="${round(label!.x + 3)}" y="${y}">${markupText(line)}</text>`
    }),
  )
}

/** Straight lines with round corners. */
function rounded(points: readonly Point[]): string {
  return points
    .map((point, index) => {
      const [before, after] = [points[index - 1], points[index + 1]]
      if (!before) return `M${at(point)}`
      if (!after) return `L${at(point)}`
      return `L${at(towards(point, before))}Q${at(point)} ${at(towards(point, after))}`
    })
    .join('')
}

const corner = 6

function towards(from: Point, to: Point): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y)
  const share = length === 0 ? 0 : Math.min(corner, length / 2) / length
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share }
}

function at({ x, y }: Point): string {
  return `${round(x)} ${round(y)}`
}

function round(value: number): number {
  return Math.round(value)
}
