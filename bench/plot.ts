/**
 * Small multiples of horizontal bars as one SVG file, without a library: a benchmark's picture has few parts, and a chart
 * library would bring a browser or a canvas. Bars of a panel share one linear scale from zero, so lengths compare; the
 * figure stands beside each. Colours follow the reader's light or dark theme.
 */
export interface Bar {
  readonly label: string
  /** Undefined: there is no figure, and `note` says why. */
  readonly value: number | undefined
  /** The one that the others are compared with. */
  readonly isOurs?: boolean
  /** Not quite comparable; the caption says why. */
  readonly isFaded?: boolean
  /** In place of the figure. */
  readonly note?: string
}

export interface Panel {
  readonly title: string
  readonly unit: string
  readonly better: 'higher' | 'lower'
  readonly bars: readonly Bar[]
}

export interface Picture {
  readonly title: string
  readonly panels: readonly Panel[]
  /** Lines below: machine, versions, what is faded. */
  readonly caption: readonly string[]
}

const width = 880
const margin = 24
const gap = 32
const columns = 2
const panelWidth = (width - 2 * margin - (columns - 1) * gap) / columns
const labelWidth = 132
const figureWidth = 64
const barRoom = panelWidth - labelWidth - figureWidth
const barHeight = 16
const rowHeight = 24
const panelHead = 40
const headHeight = 64
const captionLine = 18

const style = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .title { font-size: 18px; font-weight: 600; }
  .panel { font-weight: 600; }
  .soft { fill: #59636e; font-size: 12px; }
  .ground { fill: #ffffff; }
  .axis { stroke: #d1d9e0; }
  .theirs { fill: #8c959f; }
  .ours { fill: #0969da; }
  .faded { fill-opacity: 0.35; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; }
    .soft { fill: #9198a1; }
    .ground { fill: #0d1117; }
    .axis { stroke: #3d444d; }
    .theirs { fill: #6e7681; }
    .ours { fill: #4493f8; }
  }`

/** The text of an SVG file. Panels stand two in a row, in their order. */
export function drawBars({ title, panels, caption }: Picture): string {
  const rows = Math.ceil(panels.length / columns)
  const rowHeights = Array.from({ length: rows }, (_, row) =>
    Math.max(...panels.slice(row * columns, (row + 1) * columns).map(heightOf)),
  )
  const topOf = (row: number) =>
    headHeight + rowHeights.slice(0, row).reduce((sum, each) => sum + each + gap, 0)
  const captionTop = topOf(rows)
  const height = captionTop + caption.length * captionLine + margin
  const drawn = panels.map((panel, index) => {
    const left = margin + (index % columns) * (panelWidth + gap)
    return drawPanel(panel, left, topOf(Math.floor(index / columns)))
  })
  const lines = caption.map((line, index) =>
    text(margin, captionTop + (index + 1) * captionLine - 6, line, 'soft'),
  )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escapeText(title)}</title>`,
    `<style>${style}\n</style>`,
    `<rect class="ground" width="${width}" height="${height}"/>`,
    text(margin, 38, title, 'title'),
    ...drawn,
    ...lines,
    '</svg>\n',
  ].join('\n')
}

function heightOf(panel: Panel): number {
  return panelHead + panel.bars.length * rowHeight
}

function drawPanel({ title, unit, better, bars }: Panel, left: number, top: number): string {
  const scale = barRoom / Math.max(...bars.map((bar) => bar.value ?? 0), Number.MIN_VALUE)
  const zero = left + labelWidth
  const parts = [
    text(left, top + 14, title, 'panel'),
    text(left + panelWidth, top + 14, `${unit}, ${better} is better`, 'soft', 'end'),
    `<line class="axis" x1="${zero}" y1="${top + panelHead - 12}" x2="${zero}" y2="${top + heightOf({ title, unit, better, bars })}"/>`,
  ]
  for (const [index, bar] of bars.entries()) {
    const y = top + panelHead - 8 + index * rowHeight
    const baseline = y + barHeight - 4
    parts.push(text(zero - 8, baseline, bar.label, bar.isOurs ? 'panel' : '', 'end'))
    if (bar.value === undefined) {
      parts.push(text(zero + 6, baseline, bar.note ?? 'no figure', 'soft'))
      continue
    }
    const length = round(bar.value * scale)
    const look = `${bar.isOurs ? 'ours' : 'theirs'}${bar.isFaded ? ' faded' : ''}`
    parts.push(`<rect class="${look}" x="${zero}" y="${y}" width="${length}" height="${barHeight}" rx="2"/>`)
    parts.push(text(zero + length + 6, baseline, formatFigure(bar.value), 'soft'))
  }
  return parts.join('\n')
}

/** Three significant digits, and whole numbers from a hundred on. */
export function formatFigure(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en-US')
  return value === 0 ? '0' : String(Number(value.toPrecision(3)))
}

function text(x: number, y: number, content: string, look = '', anchor = 'start'): string {
  const of = look === '' ? '' : ` class="${look}"`
  const at = anchor === 'start' ? '' : ` text-anchor="${anchor}"`
  return `<text x="${round(x)}" y="${round(y)}"${of}${at}>${escapeText(content)}</text>`
}

function escapeText(content: string): string {
  return content.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
