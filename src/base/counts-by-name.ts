/** How often each name came, for names that others choose: the first ones are kept, and what comes later is counted as `other`. */
const mostNames = 64

export class CountsByName {
  readonly #counts = new Map<string, number>()

  add(name: string): void {
    const isKept = this.#counts.has(name) || this.#counts.size < mostNames
    const kept = isKept ? name : 'other'
    this.#counts.set(kept, (this.#counts.get(kept) ?? 0) + 1)
  }

  toJSON(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts)
  }
}
