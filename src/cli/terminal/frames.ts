import { cellsOf } from './cells.ts'

/**
 * A block of lines that is redrawn in place without a flicker: only lines that have changed are written again, in one
 * write, between the marks with which terminals hold their picture back until it is whole (those that do not know them
 * pass over them). The cursor is never hidden and always rests at the start of the line below: whatever ends the process,
 * there is nothing to put right.
 *
 * A terminal that was made narrower has wrapped the lines that stood there, so the block is taller than it was drawn:
 * then all of it is drawn anew.
 */
export class Frames {
  #lines: readonly string[] = []
  #width = 0
  readonly #isSynchronised: boolean

  constructor(env: Readonly<Record<string, string | undefined>>) {
    this.#isSynchronised = !/^(?:linux|ansi|cons\d*|vt\d+)$/.test(env.TERM ?? '')
  }

  /** What shows these lines where the last ones stood, and `above` over them: lines with their ends. */
  next(lines: readonly string[], width: number, above = ''): string {
    const before = this.#lines
    const isSame = above === '' && before.length === lines.length && this.#width === width
    const drawn = isSame ? changed(before, lines) : `${this.#toTop(width)}${above}${whole(lines)}`
    this.#lines = lines
    this.#width = width
    return drawn === '' ? '' : this.#held(drawn)
  }

  /** What takes the block off the screen; the next one is drawn where it stood. */
  erase(width: number): string {
    const erased = this.#toTop(width)
    this.#lines = []
    return erased
  }

  /** Others have written to the terminal: the block that stands there stays, and the next one comes below. */
  forget(): void {
    this.#lines = []
  }

  #toTop(width: number): string {
    if (this.#lines.length === 0) return ''
    const rows = this.#lines.reduce((sum, line) => sum + rowsOf(line, width), 0)
    return `\r\u001b[${rows}A\u001b[0J`
  }

  #held(text: string): string {
    return this.#isSynchronised ? `\u001b[?2026h${text}\u001b[?2026l` : text
  }
}

/** A line is shorter than the terminal was when it was drawn; one that has become narrower shows it in several rows. */
function rowsOf(line: string, width: number): number {
  return Math.max(1, Math.ceil(cellsOf(line) / width))
}

function whole(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`
}

/** Goes up, writes what has changed, and comes back below. */
function changed(before: readonly string[], lines: readonly string[]): string {
  const first = lines.findIndex((line, at) => line !== before[at])
  if (first === -1) return ''
  let text = `\r\u001b[${lines.length - first}A`
  let skipped = 0
  for (let at = first; at < lines.length; at++) {
    if (lines[at] === before[at]) {
      skipped++
      continue
    }
    text += `${skipped > 0 ? `\u001b[${skipped}B` : ''}${lines[at]}\u001b[0K\r\u001b[1B`
    skipped = 0
  }
  return skipped > 0 ? `${text}\u001b[${skipped}B` : text
}
