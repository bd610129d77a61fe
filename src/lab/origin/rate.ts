/**
 * How often somebody may ask: the generic cell rate algorithm (ITU-T I.371). One number per visitor is enough, the
 * theoretical arrival time of the next request.
 */
export interface Rate {
  readonly requests: number
  readonly perMs: number
  /** How many may come at once after a pause. */
  readonly burst: number
}

/** Who is counted. */
export interface Counted {
  /** Theoretical arrival time, ms. */
  arrival: number
}

/** Milliseconds to wait; 0 lets it in and takes the place. */
export function waitFor(visitor: Counted, rate: Rate, now: number): number {
  const wait = opensAt(visitor, rate) - now
  if (wait > 0) return wait
  visitor.arrival = Math.max(visitor.arrival, now) + rate.perMs / rate.requests
  return 0
}

/** When the next request is let in, ms. */
export function opensAt(visitor: Counted, rate: Rate): number {
  return visitor.arrival - ((rate.burst - 1) * rate.perMs) / rate.requests
}
