/**
 * Requests that have ended and are asked once more, because what they brought is doubted. They wait apart from the queue and
 * before it: nothing that bounds new requests holds for them, because they have been let in already. There are few of them,
 * so they stand in memory whole; a store on disk keeps its rows beside (see
 * sqlite/recall-table.ts).
 */
export interface Recallable {
  /** Clock time in milliseconds before which it is not taken. */
  readonly due: number
  readonly host: { readonly blockedUntil: number }
}

export class Recalled<Key, Item extends Recallable> {
  readonly #waiting = new Map<Key, Item>()
  readonly #leased: Set<Key>

  /** `leased`: those that are under lease already. */
  constructor(leased: Iterable<Key> = []) {
    this.#leased = new Set(leased)
  }

  /** Waiting or under lease. */
  get size(): number {
    return this.#waiting.size + this.#leased.size
  }

  get leased(): number {
    return this.#leased.size
  }

  /** Waiting or under lease. */
  has(key: Key): boolean {
    return this.#waiting.has(key) || this.#leased.has(key)
  }

  put(key: Key, item: Item): void {
    this.#waiting.set(key, item)
  }

  /** What may be taken now, at most `max`, and so many that no more than `most` are under lease. */
  take(now: number, max: number, most: number): Item[] {
    const taken: Item[] = []
    const room = Math.min(max, most - this.#leased.size)
    for (const [key, item] of this.#waiting) {
      if (taken.length >= room) break
      if (opensAt(item) > now) continue
      this.#waiting.delete(key)
      this.#leased.add(key)
      taken.push(item)
    }
    return taken
  }

  /** One that was under lease has been settled. */
  settled(key: Key): void {
    this.#leased.delete(key)
  }

  /** How many could be taken. */
  ready(now: number): number {
    let ready = 0
    for (const item of this.#waiting.values()) if (opensAt(item) <= now) ready++
    return ready
  }

  /** When `take` could give one, never before `now`; undefined when it waits for a settlement, or there is none. */
  nextDue(now: number, most: number): number | undefined {
    if (this.#leased.size >= most || this.#waiting.size === 0) return undefined
    let next = Number.POSITIVE_INFINITY
    for (const item of this.#waiting.values()) next = Math.min(next, opensAt(item))
    return Math.max(now, next)
  }
}

function opensAt({ due, host }: Recallable): number {
  return Math.max(due, host.blockedUntil)
}
