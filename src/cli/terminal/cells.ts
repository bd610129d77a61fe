import stringWidth from 'string-width'
import { withoutSteering } from '../../base/foreign-text.ts'
import { redact } from '../../base/redact.ts'

/**
 * Text in the cells of a terminal. A host may be written in Chinese and a title may hold an emoji: they take two cells,
 * a combining mark takes none, and a line that is one cell too long wraps and cannot be redrawn in place. Widths come from
 * string-width, which follows Unicode's tables; what is cut is cut between what people see as characters.
 */

/** Cells that a text takes. */
export function cellsOf(text: string): number {
  return isPlain(text) ? text.length : stringWidth(text)
}

/** The longest beginning of a text that takes no more than `cells`. */
function cutTo(text: string, cells: number): string {
  if (cells <= 0) return ''
  if (isPlain(text)) return text.slice(0, cells)
  let cut = ''
  let taken = 0
  for (const { segment } of characters.segment(text)) {
    taken += stringWidth(segment)
    if (taken > cells) break
    cut += segment
  }
  return cut
}

/** The same, with a mark at its end where something was cut off. */
export function shortenTo(text: string, cells: number, mark = '…'): string {
  return cellsOf(text) <= cells ? text : `${cutTo(text, cells - 1)}${cells > 0 ? mark : ''}`
}

/** Filled with blanks to so many cells. */
export function padTo(text: string, cells: number): string {
  return text + ' '.repeat(Math.max(0, cells - cellsOf(text)))
}

/**
 * Names and reasons come from outside. Control characters must not reach a terminal, nor what turns the direction of a line
 * or breaks it, nor passwords in URLs.
 */
export function printable(text: string): string {
  return withoutSteering(redact(text))
}

const characters = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/** Printable ASCII: most lines are nothing else. */
function isPlain(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text)
}
