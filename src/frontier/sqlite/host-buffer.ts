import { end, isBefore, type Key, type Row, start } from './queue-row.ts'

/**
 * Rows of one host read ahead, in order. The invariant: whatever is ripe, not leased, and stands before `#end` is in
 * here; behind it only the file knows. So a row that comes in before `#end` is put in its place, one behind it is left
 * to the next reading, and rows are leased without asking the file.
 */
const most = 32

export class HostBuffer {
  #rows: Row[] = []
  #head = 0
  #end = start
  /** How many rows the next reading fetches: few for a host that gives one now and then. */
  #wish: number

  /** The first reading fetches 4 to 19 rows, another number for each `seed`, so that hosts are not read all at once. */
  constructor(seed: number) {
    this.#wish = 4 + (seed % 16)
  }

  get size(): number {
    return this.#rows.length - this.#head
  }

  /** Nothing ripe is left that is not in here. */
  get isComplete(): boolean {
    return this.#end === end
  }

  shift(): Row | undefined {
    const row = this.#rows[this.#head]
    if (row) this.#head++
    return row
  }

  offer(row: Row): void {
    if (!isBefore(row, this.#end)) return
    this.#compact()
    this.#rows.splice(this.#placeOf(row), 0, row)
    if (this.#rows.length > 2 * most) this.#end = this.#rows.pop()!
  }

  /** Forgets what stands at `key` or behind it. */
  cut(key: Key): void {
    if (!isBefore(key, this.#end)) return
    this.#compact()
    this.#rows.length = this.#placeOf(key)
    this.#end = key
  }

  /** Reads on where the last reading ended. `read` gives up to `wish` rows from a key on, in order. */
  fill(read: (from: Key, wish: number) => Row[]): void {
    this.#compact()
    const rows = read(this.#end, this.#wish)
    for (const row of rows) this.#rows.push(row)
    const last = rows.at(-1)
    this.#end = last && rows.length >= this.#wish ? { ...keyOf(last), seq: last.seq + 1 } : end
    this.#wish = Math.min(most, this.#wish * 2)
  }

  #compact(): void {
    if (this.#head > 0) this.#rows.splice(0, this.#head)
    this.#head = 0
  }

  /** Index of the first row that is not before `key`. */
  #placeOf(key: Key): number {
    let low = 0
    let high = this.#rows.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (isBefore(this.#rows[middle]!, key)) low = middle + 1
      else high = middle
    }
    return low
  }
}

function keyOf({ lane, due, seq }: Row): Key {
  return { lane, due, seq }
}
