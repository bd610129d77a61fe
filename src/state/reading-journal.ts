import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import type { ReadingJournal } from '../contracts/crawl-store.ts'

/**
 * Which pages are being read right now, in a file beside the crawl's: a page that ends the process (a parser that fills
 * the memory, a loop without end in a source) leaves its name there, and the next process knows. A place in the file is
 * taken for each page and given back after it, by one small write without a flush: it has to outlive the process, not the
 * machine. The frontier was rejected as the place, because each page would cost a transaction more.
 *
 * A place holds a mark (`r` is being read, `s` was, when a process ended), how often that was, and the request's id.
 */
export class ReadingFile implements ReadingJournal {
  readonly #path: string
  readonly #file: number
  readonly #places = new Map<string, number>()
  readonly #crashes = new Map<string, number>()
  readonly #free: number[] = []
  #next = 0

  /** Opens it, or makes it. Throws what the disk says. */
  constructor(path: string) {
    this.#path = path
    const before = textOf(path)
    this.#file = openSync(path, 'w', 0o600)
    for (let at = 0; at < before.length; at += placeLength) {
      const [, mark, count, id] =
        /^([rs])(\d)([\w~-]{1,40}) *\n$/.exec(before.slice(at, at + placeLength)) ?? []
      if (id === undefined) continue
      this.#crashes.set(id, Math.min(9, Number(count) + (mark === 'r' ? 1 : 0)))
      this.#write('s', id)
    }
  }

  crashes(request: string): number {
    return this.#crashes.get(request) ?? 0
  }

  begin(request: string): void {
    this.#write('r', request)
  }

  end(request: string): void {
    const place = this.#places.get(request)
    if (place === undefined) return
    this.#crashes.delete(request)
    this.#places.delete(request)
    this.#free.push(place)
    this.#put(place, '')
  }

  /** Nothing is read any more. What an earlier process left stays, unless the crawl `isOver`. */
  close(isOver: boolean): void {
    closeSync(this.#file)
    if (isOver || this.#places.size === 0) rmSync(this.#path, { force: true })
  }

  #write(mark: 'r' | 's', request: string): void {
    let place = this.#places.get(request)
    if (place === undefined) {
      place = this.#free.pop() ?? this.#next++
      this.#places.set(request, place)
    }
    this.#put(place, `${mark}${this.crashes(request)}${request}`)
  }

  /** A disk that is full loses the mark, and nothing else. */
  #put(place: number, text: string): void {
    try {
      writeSync(
        this.#file,
        `${text.slice(0, placeLength - 1).padEnd(placeLength - 1)}\n`,
        place * placeLength,
      )
    } catch {
      // as above
    }
  }
}

const placeLength = 48

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
