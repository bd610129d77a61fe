/**
 * A body in chunks (RFC 9112, 7.1), taken out of its frame. The bytes that carry it are used again: the chunks of one read are
 * moved together and handed on as one piece, so a body in a million chunks is no million pieces. As curl does it takes line ends without CR,
 * white space around a size, zeros before it and whatever follows a semicolon.
 *
 * The body is complete with the line of its last chunk. Trailers and the empty line behind it say nothing about the page, and some
 * servers never send them; where they are not there at once, only the connection is not used again.
 */
export class ChunkedBody {
  isDone = false
  /** The empty line at the end has come too. */
  isClosed = false
  #state: 'size' | 'data' | 'data end' = 'size'
  #left = 0
  /** A line with a size of which the end is still to come. */
  #line = ''

  /**
   * Reads on. Returns the bytes of the body among them, and where it stopped: at the end of `bytes`, or of the body.
   * Undefined when these are no chunks.
   */
  read(bytes: Buffer): { readonly body: Buffer | undefined; readonly end: number } | undefined {
    let start = -1
    let filled = 0
    let from = 0
    while (from < bytes.length && !this.isDone) {
      if (this.#state === 'data') {
        const end = Math.min(bytes.length, from + this.#left)
        if (start < 0) start = filled = from
        if (filled !== from) bytes.copyWithin(filled, from, end)
        filled += end - from
        this.#left -= end - from
        from = end
        if (this.#left === 0) this.#state = 'data end'
      } else if (this.#state === 'data end') {
        const byte = bytes[from++]
        if (byte === LF) this.#state = 'size'
        else if (byte !== CR) return undefined
      } else {
        const end = bytes.indexOf(LF, from)
        this.#line += bytes.toString('latin1', from, end < 0 ? bytes.length : end)
        if (this.#line.length > mostLine) return undefined
        from = end < 0 ? bytes.length : end + 1
        if (end >= 0 && !this.#begin()) return undefined
      }
    }
    if (this.isDone) from = this.#trailers(bytes, from)
    return { body: start < 0 ? undefined : bytes.subarray(start, filled), end: from }
  }

  #begin(): boolean {
    const size = sizeLine.exec(this.#line)?.[1]?.replace(/^0+/, '')
    this.#line = ''
    // Twelve digits are more than any body that is taken.
    if (size === undefined || size.length > 12) return false
    this.#left = size === '' ? 0 : Number.parseInt(size, 16)
    this.isDone = this.#left === 0
    if (!this.isDone) this.#state = 'data'
    return true
  }

  /** Passes over trailers; returns where they end. */
  #trailers(bytes: Buffer, at: number): number {
    let from = at
    for (;;) {
      const end = bytes.indexOf(LF, from)
      if (end < 0) return bytes.length
      const isEmpty = end === from || (end === from + 1 && bytes[from] === CR)
      from = end + 1
      if (isEmpty) {
        this.isClosed = true
        return from
      }
    }
  }
}

const LF = 10
const CR = 13
/** Bytes of a line with a size and its extensions, as many as Chrome takes. */
const mostLine = 16 * 1024
const sizeLine = /^[ \t]*([\da-f]+)[ \t\r]*(?:;.*)?$/is
