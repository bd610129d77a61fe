/**
 * What a person reads, gathered piece by piece: one line for each box, white space collapsed. Both the reading in one pass
 * and the walk over a tree fill one.
 */
export class TextLines {
  readonly #pieces: string[] = []
  #length = 0
  #endsLine = true

  /** Characters so far, with the marks that end lines. */
  get length(): number {
    return this.#length
  }

  add(data: string): void {
    this.#pieces.push(data)
    this.#length += data.length
    this.#endsLine = false
  }

  endLine(): void {
    if (this.#endsLine) return
    this.#pieces.push(lineEnd)
    this.#length++
    this.#endsLine = true
  }

  /** Each line end of `data` is one. */
  addLines(data: string): void {
    this.add(data.includes('\n') ? data.replaceAll('\n', lineEnd) : data)
  }

  /** As it was gathered; `linesOf` takes a part of it. */
  gathered(): string {
    return this.#pieces.join('')
  }
}

/** No page can contain it: what reads HTML leaves NUL out. */
const lineEnd = '\0'

/** White space that is not one blank already, as most of it is. */
const uneven = / \s+|[^\S ]\s*/g
const ends = / ?\0[ \0]*/g

/** The lines of what was gathered, without those that are empty. */
export function linesOf(gathered: string): string {
  return gathered.replace(uneven, ' ').replace(ends, '\n').trim()
}

/** White space collapsed, all on one line. */
export function oneLine(text: string): string {
  return text.replace(/[\s\0]+/g, ' ').trim()
}
