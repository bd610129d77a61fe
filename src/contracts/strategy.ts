/**
 * How a pool chooses among proxies that may be used right now. The pool offers a few candidates (a random subset when
 * there are many, so a pick costs the same at 10 and at 10,000 proxies) and the strategy names one of them. The trap: it
 * is called on the hot path, so it allocates nothing and keeps nothing of the view it is given.
 */
export interface Strategy {
  /** For messages. */
  readonly name: string
  /** `sampled` (default): a random subset. `rotating`: the proxy that has rested longest comes first. */
  readonly order?: 'sampled' | 'rotating'
  /** The position in `view` of the chosen candidate: 0 ≤ n < view.size. */
  pick(view: CandidateView): number
}

/** Candidates by position. The object is reused from pick to pick. */
export interface CandidateView {
  /** How many there are, at least 1. */
  readonly size: number
  /** Uniform in [0, 1). */
  readonly random: () => number
  /** The proxy's number in the fleet: stable while it is there. */
  proxy(position: number): number
  /** Posterior of success, decayed to now: α. */
  alpha(position: number): number
  /** β. */
  beta(position: number): number
  /** Mean of ln(first byte in ms) at this host, shrunk towards what is usual here. */
  logLatency(position: number): number
  /** Standard deviation of that mean: large while little is known. */
  logLatencyDeviation(position: number): number
  /** Attempts in flight over this proxy, all hosts. */
  inFlight(position: number): number
  /** Attempts over this proxy at this host so far, in flight included. */
  uses(position: number): number
  /** The attempt is to rescue a task that is late or has failed before: no time to learn anything. */
  readonly isUrgent: boolean
  /** What a failed attempt costs here, in ms. */
  readonly failureCost: number
  /**
   * Notes how a candidate was valued, for `crawler.explain`: the probability of success that was drawn, and a cost of which
   * the smallest is taken. Free to leave out.
   */
  weighed?(position: number, drawn: number, cost: number): void
}

/** The strategies that an option may name. */
export const strategyNames = ['thompson', 'round-robin', 'random', 'weighted', 'least-used'] as const
