import { Heap } from '../base/heap.ts'
import type { Random } from '../base/random.ts'
import { pickIndex } from '../base/random.ts'

/**
 * Which proxies a pool looks at. A small fleet is looked at whole. Of a large one, the pool keeps up to 256 that it knows
 * (its active set) and takes the rest from the fleet at random, one attempt in ten, so that ten thousand proxies cost no more
 * than a hundred: with many arms, a random subset of the size of the square root of the horizon is enough (Bayati et al.
 * 2020, arXiv 2002.10121). A proxy that cannot be used before a known moment rests in a heap and comes back by itself.
 */
export const wholeFleetLimit = 256

interface Resting {
  readonly proxy: number
  due: number
  place: number
}

export class Roster {
  /** Proxies that may be usable now, dense, in no order. */
  readonly active: number[] = []
  #positions = new Map<number, number>()
  #resting = new Map<number, Resting>()
  #heap = new Heap<Resting>((one, other) => one.due < other.due)
  #cursor = 0

  /** Knows it, active or resting. */
  knows(proxy: number): boolean {
    return this.#positions.has(proxy) || this.#resting.has(proxy)
  }

  isActive(proxy: number): boolean {
    return this.#positions.has(proxy)
  }

  get known(): number {
    return this.active.length + this.#resting.size
  }

  activate(proxy: number): void {
    this.#awaken(proxy)
    if (this.#positions.has(proxy)) return
    this.#positions.set(proxy, this.active.push(proxy) - 1)
  }

  /** Takes it out until `due`; Infinity waits for `activate`. */
  rest(proxy: number, due: number): void {
    this.#drop(proxy)
    const resting = this.#resting.get(proxy) ?? { proxy, due, place: -1 }
    resting.due = due
    this.#resting.set(proxy, resting)
    this.#heap.put(resting)
  }

  forget(proxy: number): void {
    this.#drop(proxy)
    this.#awaken(proxy)
  }

  /** Brings back every proxy that is due. */
  wake(now: number): void {
    for (let first = this.#heap.peek(); first && first.due <= now; first = this.#heap.peek())
      this.activate(first.proxy)
  }

  /** When the next one comes back, in clock ms, or undefined. */
  nextDue(): number | undefined {
    const due = this.#heap.peek()?.due
    return due === Number.POSITIVE_INFINITY ? undefined : due
  }

  sample(random: Random): number {
    return this.active[pickIndex(random, this.active.length)]!
  }

  /** The next one in rotation. */
  rotate(): number {
    this.#cursor = (this.#cursor + 1) % this.active.length
    return this.active[this.#cursor]!
  }

  #awaken(proxy: number): void {
    const resting = this.#resting.get(proxy)
    if (!resting) return
    this.#resting.delete(proxy)
    this.#heap.remove(resting)
  }

  #drop(proxy: number): void {
    const position = this.#positions.get(proxy)
    if (position === undefined) return
    this.#positions.delete(proxy)
    const last = this.active.pop()!
    if (last === proxy) return
    this.active[position] = last
    this.#positions.set(last, position)
  }
}
