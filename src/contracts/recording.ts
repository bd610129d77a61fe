/**
 * What was asked and what was answered, kept for later: the contents of a HAR file (HTTP Archive 1.2) without what only a
 * browser wants to know. Bodies are decoded, as the format has them and as a transport delivers them.
 */
export interface RecordedExchange {
  /** Upper case. */
  readonly method: string
  /** Absolute, http or https. */
  readonly url: string
  /** Names in lower case. */
  readonly requestHeaders: Readonly<Record<string, string>>
  /** What was sent. Default: nothing. */
  readonly requestBody?: Uint8Array | undefined
  /** Something was sent, and the file does not say what: it stands for any body. Default false. */
  readonly isBodyUnknown?: boolean | undefined
  /** HTTP status; 0 where no answer came, and `error` says why. */
  readonly status: number
  /** The words behind it. Default: none. */
  readonly statusText?: string | undefined
  /** Names in lower case; `set-cookie` is an array. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Decoded, whatever `content-encoding` says. */
  readonly body: Uint8Array
  /** Wall-clock milliseconds at which it was asked. */
  readonly startedAt: number
  /** Milliseconds until the head of the answer, and until its end. Default: not known. */
  readonly timing?: { readonly firstByteMs: number; readonly totalMs: number } | undefined
  /** Names of headers and of parts of the query whose values are secret, whatever they are called. Default: none. */
  readonly unseen?: readonly string[] | undefined
  /** Why no answer came, in a sentence. Default: one came. */
  readonly error?: string | undefined
  /** Bytes of a body that was too large to be kept; `body` is empty then. Default: it was kept. */
  readonly omittedBytes?: number | undefined
  /**
   * What the crawl that recorded it thought of it, where it did not take this answer: `status-403`, `captcha`, … A replay
   * gives what was taken. Default: it was taken, or nobody has judged it.
   */
  readonly passedOver?: string | undefined
}

/** A file that was read. */
export interface HarArchive {
  /** What messages call it: the name of its file. */
  readonly name: string
  /** What its maker says of it (`log.comment`). */
  readonly comment: string | undefined
  /** The answers, in the order in which they were asked for. */
  readonly exchanges: readonly RecordedExchange[]
  /** Entries that hold no answer to a request of the web, and why. */
  readonly leftOut: readonly LeftOutEntry[]
}

/** An entry that is no answer. */
export interface LeftOutEntry {
  /** Where it stands: `log.entries[3]`. */
  readonly place: string
  readonly method: string
  readonly url: string
  /** In words, without a full stop. */
  readonly reason: string
}
