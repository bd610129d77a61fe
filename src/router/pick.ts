import type { ProxyEndpoint } from '../contracts/endpoint.ts'
import type { ChosenBy } from '../contracts/explanation.ts'
import type { LeaseChoice } from '../contracts/lease.ts'

/** So many proxies a pick is made from, at most. */
export const mostCandidates = 16
/** A pick is read in the turn in which its lease is granted, and some are granted in one. */
const together = 16

/**
 * One pick: the few proxies it was made from, and what the strategy drew for each. To remember it copies nothing: who
 * wants to keep one leaves another in its place, for nearly every pick is forgotten unread.
 */
export class Pick implements LeaseChoice {
  by: ChosenBy = 'strategy'
  strategy = ''
  /** Who was taken, and its posterior; negative where the strategy did not ask for it. */
  proxy = -1
  alpha = Number.NaN
  beta = Number.NaN
  /** How many there are in the columns below. */
  size = 0
  readonly proxies = new Int32Array(mostCandidates)
  readonly endpoints: ProxyEndpoint[] = []
  /** The probability of success that was drawn, and the ms to a good answer that came of it; NaN where nothing was. */
  readonly drawn = new Float64Array(mostCandidates)
  readonly cost = new Float64Array(mostCandidates)
  /** Where it stands among those that are filled in turn; nobody's place while it is kept. */
  #ring: Pick[] | undefined
  #place = 0

  /** Starts a ring of picks that are filled in turn. */
  static ring(): Pick[] {
    const ring: Pick[] = []
    for (let place = 0; place < together; place++) new Pick().#stand(ring, place)
    return ring
  }

  /** One more that it is made from. Returns its place in the columns. */
  add(proxy: number, endpoint: ProxyEndpoint): number {
    const position = this.size++
    this.proxies[position] = proxy
    this.endpoints[position] = endpoint
    this.cost[position] = Number.NaN
    return position
  }

  /** Where it stands in the columns; -1 where it does not. */
  placeOf(proxy: number): number {
    for (let position = 0; position < this.size; position++) {
      if (this.proxies[position] === proxy) return position
    }
    return -1
  }

  /** This one was taken, and why. */
  take(proxy: number, by: ChosenBy, strategy: string, alpha: number, beta: number): void {
    this.proxy = proxy
    this.by = by
    this.strategy = strategy
    this.alpha = alpha
    this.beta = beta
  }

  /** Nobody else fills it from now on: `spare` is filled in its place. */
  keep(spare: LeaseChoice | undefined): this {
    if (!this.#ring) return this
    const other = spare instanceof Pick && !spare.#ring ? spare : new Pick()
    other.#stand(this.#ring, this.#place)
    this.#ring = undefined
    return this
  }

  #stand(ring: Pick[], place: number): void {
    this.#ring = ring
    this.#place = place
    ring[place] = this
  }
}
