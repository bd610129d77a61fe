import type { ProxyEndpoint } from './endpoint.ts'
import type { Exchange, HttpResponse, Verdict } from './outcome.ts'
import type { FetchRequest } from './request.ts'

/**
 * What an answer means. Classifiers are asked in order and the first verdict wins; the user's own come before the
 * built-in rules. The trap: a classifier sees one exchange. Whether three exits agree is decided later, by blame.
 */
export interface Classifier {
  /** For messages. */
  readonly name: string
  /**
   * A verdict, or undefined to leave it to the next one. Must not throw and must not keep the exchange. Of a large body
   * `exchange.body` is the first 64 KiB (see HttpResponse.file).
   */
  classify(exchange: Exchange, context: ClassifyContext): Verdict | undefined
}

/** What a classifier may know beside the exchange. */
export interface ClassifyContext {
  /** What was asked for. */
  readonly request: FetchRequest
  /** The proxy that brought the exchange; never its credentials. */
  readonly proxy: ProxyEndpoint
  /** What good pages of this host look like so far. */
  readonly norm: HostNorm
  /** Wall-clock milliseconds, for dates in Retry-After. */
  readonly wall: number
  /** Uniform in [0, 1), for jitter. */
  readonly random: () => number
}

/** Running shape of a host's good answers, kept by classify/host-norm.ts. All zero until there is enough to compare with. */
export interface HostNorm {
  /** Good answers of any type seen. Left out counts as 0: then nothing is held against HTML as such. */
  readonly answers?: number
  /** Good HTML pages seen. Below 20 no rule may judge by shape. */
  readonly pages: number
  /** Mean and standard deviation of ln(body bytes). */
  readonly logSizeMean: number
  /** Standard deviation of ln(body bytes). */
  readonly logSizeDeviation: number
  /** Share of good pages with status 200 and content type text/html, in [0, 1]. */
  readonly htmlShare: number
  /** Share of good pages with a title, and with a link or form, in [0, 1]. Left out counts as 0. */
  readonly titledShare?: number
  /** Share of good pages with a link or form, in [0, 1]. Left out counts as 0. */
  readonly linkedShare?: number
  /** Share of good pages whose canonical link names another host, in [0, 1]. Left out counts as 1. */
  readonly foreignCanonicalShare?: number
  /**
   * Notes that `exit` brought `url` with something odd that only a proxy would add, and answers whether by now enough
   * exits have brought the same: then it is the site's own. Left out counts as never.
   */
  agree?(doubt: string, url: string, exit: string): boolean
  /** Whether enough exits have brought these very bytes for this URL, and for no other. */
  clears?(url: string, body: Uint8Array, exit: string): boolean
}

/** The numbers alone: what is doubted and what looks odd is found out again. */
export interface SavedPageNorm {
  readonly answers: number
  readonly pages: number
  readonly logSizeMean: number
  readonly variance: number
  readonly htmlShare: number
  readonly titledShare: number
  readonly linkedShare: number
  readonly foreignCanonicalShare: number
}

/** A norm that learns: each host's record owns one. */
export interface HostNormRecorder extends HostNorm {
  /** Tells of an answer that was judged a success. */
  observe(response: HttpResponse): void
  /** Undefined before the first answer. */
  toSaved(): SavedPageNorm | undefined
  restore(saved: SavedPageNorm): void
}
