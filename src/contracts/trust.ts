/**
 * How far an answer may be believed. Over verified TLS a proxy cannot change a page; over plain HTTP it can, and what it
 * brings is compared with what others bring of the same URL (docs/trust.md).
 */
export type Trust =
  | 'verified' // it came over verified TLS: no proxy can have changed it
  | 'direct' // no proxy lay between
  | 'agreed' // another exit has brought the same
  | 'proven' // its exit was found honest before, and was taken at its word
  | 'unproven' // nobody else could be asked, or not in time
  | 'contested' // exits contradict each other, and none of them outweighs the others
  | 'unchecked' // it must not be asked for twice (session, cookies, a named proxy, not idempotent), or `trust` is `blind`

/** How much proxies are believed over plain HTTP. */
export type TrustLevel =
  | 'verify' // every page needs two exits that agree
  | 'learn' // each exit is compared until it is found honest, and now and then after that
  | 'blind' // what an exit brings is taken as it is

/** What is known of the honesty of a proxy over plain HTTP. */
export type Standing =
  | 'unproven' // it has not been compared with enough others
  | 'proven' // it says what others say
  | 'suspect' // it has said something else, and it is not known yet whether that was chance
  | 'lies' // it is isolated

/** What comparing has cost and found. */
export interface TrustCounts {
  /** Answers that were asked for to be compared with others. */
  readonly comparisons: number
  /** Bytes of their bodies on the wire. */
  readonly bytes: number
  /** Answers that were not what others brought. */
  readonly deviations: number
  /** Proxies that were found lying. */
  readonly convictions: number
  /** Pages about which exits contradict each other. */
  readonly contested: number
}

/** What a crawl hears of the honesty of exits. */
export interface TrustListener {
  /** This exit was compared and found honest: what it has brought up to now is believed. */
  proven(proxy: string): void
  /** This exit was found lying: what it has brought since it was last proven is doubted. */
  convicted(proxy: string): void
}

/** Who tells of the honesty of exits. */
export interface TrustTeller {
  /** From now on; the answer ends it. */
  listen(listener: TrustListener): () => void
}
