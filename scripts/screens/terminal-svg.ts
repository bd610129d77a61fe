import stringWidth from 'string-width'
import { markupText } from '../../src/base/foreign-text.ts'

/**
 * Lines with colour codes as a picture of a terminal: text in SVG, each piece at its cell, so that the columns stand whatever
 * font draws it. The same lines give the same bytes.
 */
const cell = { width: 8.4, height: 18 }
const margin = { x: 16, top: 40, bottom: 14 }

const colours: Readonly<Record<string, string>> = {
  '1': 'font-weight="bold" fill="#f0f3f6"',
  '2': 'fill="#8b97a5"',
  '31': 'fill="#ff7b72"',
  '32': 'fill="#56d364"',
  '33': 'fill="#e3b341"',
  '36': 'fill="#58c7d6"',
}

export function terminalSvg(title: string, lines: readonly string[], columns: number): string {
  const width = Math.ceil(columns * cell.width + margin.x * 2)
  const height = margin.top + lines.length * cell.height + margin.bottom
  const rows = lines.map((line, row) => rowOf(line, margin.top + row * cell.height + 13))
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${markupText(title)}">
<rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>
<g fill="#3b434d"><circle cx="20" cy="17" r="5"/><circle cx="37" cy="17" r="5"/><circle cx="54" cy="17" r="5"/></g>
<text x="${width / 2}" y="21" text-anchor="middle" font-family="sans-serif" font-size="12" fill="#8b97a5">${markupText(title)}</text>
<g font-family="ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace" font-size="14" fill="#d5dce4">
${rows.join('\n')}
</g></svg>
`
}

function rowOf(line: string, y: number): string {
  let style = ''
  let column = 0
  let text = ''
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what colours begin with
  for (const [part] of line.matchAll(/\u001b\[\d*m|[^\u001b]+/g)) {
    const code = /^.\[(\d*)m$/.exec(part)?.[1]
    if (code !== undefined) {
      style = colours[code] ?? ''
      continue
    }
    // A run of blanks is a place, and no text: fonts and viewers do as they like with them.
    for (const [word] of part.matchAll(/ {2,}|^ +| +$|(?:\S| (?=\S))+/g)) {
      const cells = stringWidth(word)
      if (word.trim() !== '') text += textAt(word, column, cells, y, style)
      column += cells
    }
  }
  return text
}

function textAt(text: string, column: number, cells: number, y: number, style: string): string {
  const x = Math.round((margin.x + column * cell.width) * 10) / 10
  const length = Math.round(cells * cell.width * 10) / 10
  return `<text x="${x}" y="${y}" textLength="${length}" lengthAdjust="spacingAndGlyphs"${style === '' ? '' : ` ${style}`}>${markupText(text)}</text>`
}
