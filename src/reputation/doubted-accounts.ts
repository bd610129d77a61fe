/**
 * Accounts that answers from one host say are refused, by group. Over plain HTTP a host can answer 407 as a proxy would, so
 * its word counts at that host alone (accusers.ts). But a wrong password that is sent for each page locks the account: an
 * account that has never been accepted is shown to this host three times at most, and once a minute after that.
 */
const rememberedMs = 60_000
/** As many as an account that was never accepted sends anywhere. */
const most = 3

export class DoubtedAccounts {
  readonly #refusals = new Map<number, { times: number; at: number }>()

  /** An answer from here says that it is refused. */
  refused(group: number, now: number): void {
    if (group !== 0) this.#refusals.set(group, { times: Math.min(most, this.times(group, now) + 1), at: now })
  }

  /** A good answer came over it. */
  accepted(group: number): void {
    if (this.#refusals.size > 0) this.#refusals.delete(group)
  }

  /** How often, as far as it counts now. */
  times(group: number, now: number): number {
    const refusals = this.#refusals.get(group)
    if (refusals === undefined) return 0
    return now - refusals.at > rememberedMs ? Math.min(most - 1, refusals.times) : refusals.times
  }

  get isEmpty(): boolean {
    return this.#refusals.size === 0
  }
}
