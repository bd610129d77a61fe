/**
 * What a person reads, gathered piece by piece: one line for each box, white space collapsed, no empty ones. Both the reading in
 * one pass and the walk over a tree fill one. A line is made when it ends: only the whole text is ever copied as a whole.
 */
export class TextLines {
  readonly #lines: string[] = []
  #line = ''

  /** Lines that have ended. */
  get length(): number {
    return this.#lines.length
  }

  add(data: string): void {
    this.#line = this.#line === '' ? data : this.#line + data
  }

  /** Each line end of `data` is one. */
  addLines(data: string): void {
    if (!data.includes('\n')) return this.add(data)
    for (const [at, part] of data.split('\n').entries()) {
      if (at > 0) this.endLine()
      this.add(part)
    }
  }

  endLine(): void {
    if (this.#line === '') return
    const line = oneLine(this.#line)
    this.#line = ''
    if (line !== '') this.#lines.push(line)
  }

  /** All from line `from` on; ends the one that is open. */
  text(from = 0): string {
    this.endLine()
    return (from === 0 ? this.#lines : this.#lines.slice(from)).join('\n')
  }
}

/** White space that is not one blank already, as most of it is. */
const uneven = / \s+|[^\S ]\s*/g

/** White space collapsed, all on one line. */
export function oneLine(text: string): string {
  return text.trim().replace(uneven, ' ')
}
