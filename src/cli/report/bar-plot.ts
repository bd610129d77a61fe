import { html, type Markup } from './html.ts'
import { round } from './plot.ts'
import { scaleTo } from './scale.ts'

/** Bars from zero, a line each, with the figure behind them: for amounts of things that have names. */
export interface Bar {
  readonly label: string
  readonly value: number
  /** As it is shown. */
  readonly text: string
  readonly colour: string
}

const labelWidth = 260
const width = 900
const rowHeight = 26

export function barPlot(
  title: string,
  unit: string,
  bars: readonly Bar[],
  tick: (value: number) => string,
): Markup {
  const scale = scaleTo(Math.max(...bars.map(({ value }) => value), 0), 5)
  const room = width - labelWidth - 110
  const height = bars.length * rowHeight + 44
  const place = (value: number) => round(labelWidth + scale.at(value) * room)
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">
<g class="grid">${scale.ticks.map((value) => html`<line x1="${place(value)}" x2="${place(value)}" y1="0" y2="${height - 40}"/>`)}</g>
<g class="tick">${scale.ticks.map((value) => html`<text x="${place(value)}" y="${height - 24}" text-anchor="middle">${tick(value)}</text>`)}</g>
<text class="axis" x="${labelWidth + room / 2}" y="${height - 6}" text-anchor="middle">${unit}</text>
${bars.map(({ label, value, text, colour }, at) => {
  const y = at * rowHeight
  return html`<g><title>${label}: ${text}</title><text class="name" x="${labelWidth - 10}" y="${y + 17}" text-anchor="end">${shortName(label)}</text>
<rect class="${colour}" x="${labelWidth}" y="${y + 4}" width="${round(Math.max(value > 0 ? 1 : 0, place(value) - labelWidth))}" height="${rowHeight - 8}"/>
<text class="value" x="${place(value) + 8}" y="${y + 17}">${text}</text></g>`
})}
<line class="base" x1="${labelWidth}" x2="${labelWidth}" y1="0" y2="${height - 40}"/>
</svg>`
}

function shortName(text: string): string {
  return text.length > 36 ? `${text.slice(0, 35)}…` : text
}
