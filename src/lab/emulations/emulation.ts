import type { Exchange } from '../origin/origin-exchange.ts'
import type { Rate } from '../origin/rate.ts'
import type { Reply } from '../origin/reply.ts'

/**
 * A public service as it is documented to answer: statuses, headers, paging, empty answers, limits. A source that talks to
 * that service can be tried, tested and measured without it. What it has to say is computed from a seed, so a test
 * knows what a crawl must bring home.
 *
 * A new service is one file here, and a line in `services.ts`.
 */
export interface Emulation {
  /** What the service answers; undefined where the lab's own routes, such as `/status/503`, shall. */
  answer(exchange: Exchange, visit: EmulatedVisit): Reply | undefined
  /**
   * How often the address of this request may ask, in the service's own time: the lab keeps count, and applies the
   * scenario's `scale`. A `limit` of the scenario takes its place. Default: as often as it likes.
   */
  limitOf?(exchange: Exchange): Rate | undefined
  /** What the service says to an address that asks too often. Default: 429 and Retry-After. */
  refuse?(waitMs: number, visit: EmulatedVisit): Reply
}

export interface EmulatedVisit {
  /** Scheme and host as the visitor named them, for absolute links; no slash at the end. */
  readonly base: string
  /** Milliseconds since the lab began, in the service's own time: with a `scale` of 0.1 it runs ten times as fast. */
  readonly now: number
  /** Milliseconds since the epoch. */
  readonly wall: number
  /** The address that the visitor comes from. */
  readonly address: string
}

/** What makes an emulation. */
export interface EmulationSetup {
  /** The same seed gives the same service. */
  readonly seed: number
  /** How much there is; what is counted, and the default, are the service's. */
  readonly size: number | undefined
}

export type CreateEmulation = (setup: EmulationSetup) => Emulation
