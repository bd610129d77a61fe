/**
 * Is everything failing at once? A sequential test: when attempts used to succeed with probability s, k failures in a
 * row on distinct exits happen by chance with (1 − s)^k. Below 1 in 10,000 it is not chance. The same test serves two
 * hypotheses: "the host is down" (attempts of one host) and "our own network is out" (dials of the whole fleet).
 *
 * A fixed count was rejected: three in a row condemns a flaky host every minute and a free proxy list at once, and
 * waiting 60 s for certainty costs thousands of attempts on a host that has always answered.
 */
const chance = Math.log(1e-4)

export class FailureRun {
  /** Failures since the last success, each weighted by how much it speaks for the hypothesis. */
  weight = 0
  /** Running share of successes before the run, in [0, 1]. */
  share = 0.5
  /** When the run began, clock ms; 0 when none. */
  since = 0
  /** Whether anything has ever succeeded. */
  proven = false
  #exits = new Set<number>()
  #families = new Map<string, number>()

  succeeded(): void {
    this.proven = true
    this.share += (1 - this.share) * 0.05
    if (this.weight === 0) return
    // The failures in between were individual bad luck: they count against the share after all.
    this.share *= 0.95 ** Math.min(20, this.weight)
    this.clear()
  }

  failed(exit: number, family: string, weight: number, now: number): void {
    if (this.weight === 0) this.since = now
    this.weight += weight
    if (this.#exits.size < 256) this.#exits.add(exit)
    this.#families.set(family, (this.#families.get(family) ?? 0) + weight)
  }

  /** Distinct exits in the run, up to 256. */
  get exits(): number {
    return this.#exits.size
  }

  includes(exit: number): boolean {
    return this.#exits.has(exit)
  }

  /** Failures in a row that cannot be chance, given how it went before. */
  get needed(): number {
    const share = Math.min(0.97, Math.max(0.1, this.share))
    return Math.ceil(chance / Math.log(1 - share))
  }

  /** Whether one kind of failure makes up most of the run. */
  isOneFamily(): boolean {
    let most = 0
    for (const weight of this.#families.values()) most = Math.max(most, weight)
    return most >= this.weight * 0.6
  }

  family(): string {
    let best = ''
    let most = 0
    for (const [family, weight] of this.#families) {
      if (weight > most) [best, most] = [family, weight]
    }
    return best
  }

  clear(): void {
    this.weight = 0
    this.since = 0
    this.#exits.clear()
    this.#families.clear()
  }
}
