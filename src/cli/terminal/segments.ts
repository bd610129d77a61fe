import { cellsOf, padTo, printable, shortenTo } from './cells.ts'
import { toAscii } from './glyphs.ts'

/** A line in pieces of one style each. It is cut to the terminal's width before it is coloured: what wraps cannot be redrawn. */
export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan' | 'plain'

export interface Segment {
  readonly text: string
  readonly style: Style
}

export interface Look {
  /** Columns of the terminal. */
  readonly width: number
  readonly colour: boolean
  /** Nothing but ASCII can be shown. Default false. */
  readonly isAscii?: boolean
}

const codes: Record<Style, string> = {
  bold: '1',
  dim: '2',
  red: '31',
  green: '32',
  yellow: '33',
  cyan: '36',
  plain: '',
}

/** Control characters do not come in. */
export function seg(text: string, style: Style = 'plain'): Segment {
  return { text: printable(text), style }
}

/** Cuts a line to the width, one column kept free, then colours it. */
export function fit(line: readonly Segment[], { width, colour, isAscii = false }: Look): string {
  const shown = line.map(({ text, style }) => {
    const safe = printable(text)
    return { text: isAscii ? toAscii(safe) : safe, style }
  })
  const room = Math.max(1, width - 1)
  const cut = cutLine(shown, room, isAscii ? '~' : '…')
  return cut.map((each) => paint(each, colour)).join('')
}

/** Two lines beside each other, the first one in so many cells. */
export function beside(left: readonly Segment[], cells: number, right: readonly Segment[]): Segment[] {
  const cut = cutLine(left, cells - 2, '…')
  const taken = cut.reduce((sum, { text }) => sum + cellsOf(text), 0)
  return [...cut, seg(padTo('', cells - taken)), ...right]
}

function cutLine(line: readonly Segment[], room: number, mark: string): Segment[] {
  const total = line.reduce((sum, { text }) => sum + cellsOf(text), 0)
  if (total <= room) return [...line]
  let left = room
  const cut: Segment[] = []
  for (const { text, style } of line) {
    const cells = cellsOf(text)
    if (cells < left) {
      cut.push({ text, style })
      left -= cells
      continue
    }
    // One cell is for the mark, also where the text itself would just fit: more follows.
    cut.push({
      text: cells === left ? `${shortenTo(`${text} `, left, mark)}` : shortenTo(text, left, mark),
      style,
    })
    break
  }
  return cut
}

/** Coloured, or as it is. */
export function paint({ text, style }: Segment, colour: boolean): string {
  return colour && style !== 'plain' && text !== '' ? `\u001b[${codes[style]}m${text}\u001b[0m` : text
}
