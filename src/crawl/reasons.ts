/** What was left out for one reason. */
export interface Rejection {
  readonly reason: string
  readonly count: number
  /** The first one. */
  readonly example: string
}

/** A source may make up a reason for each page; beyond so many they are one. */
const mostReasons = 50

/** Counts what was left out, by reason, with the first example of each. */
export class Reasons {
  readonly #counts = new Map<string, Rejection>()

  add(reason: string, url: string): void {
    const name = this.#counts.has(reason) || this.#counts.size < mostReasons ? reason : 'other reasons'
    const known = this.#counts.get(name)
    this.#counts.set(name, {
      reason: name,
      count: (known?.count ?? 0) + 1,
      example: known?.example ?? url,
    })
  }

  /** Most first. */
  list(): Rejection[] {
    return [...this.#counts.values()].sort((one, other) => other.count - one.count)
  }
}
