import { Buffer } from 'node:buffer'
import { type Clock, systemClock } from '../base/clock.ts'
import { parseDelay } from '../base/delay.ts'
import { formatDuration } from '../base/format.ts'
import type { ListProblem } from '../contracts/error-values.ts'
import { RegattaError } from '../contracts/errors.ts'
import { decodeText } from './read-list.ts'

/**
 * One GET for a list of proxies, with the care that a stranger's server needs: one timeout over everything, a cap on
 * the size, and redirects only within the origin. A redirect to another origin would hand the token in our request to
 * a server of the answer's choice, and could point inside. Errors name the origin only: path and query often hold the token.
 *
 * A server that is busy or ill for a moment is asked twice more, within seconds and not before it says so. One that wants
 * a longer pause gets it: the fleet comes back later.
 */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

export interface DownloadOptions {
  /** Default: that of the runtime. */
  readonly fetch?: Fetch
  /** Default: the system's. */
  readonly clock?: Clock
  /** Sent with each request: a key, perhaps. Default: none. */
  readonly headers?: Readonly<Record<string, string>>
  /** Milliseconds for one answer. Default 15 s. */
  readonly timeoutMs?: number
  /** Largest answer in bytes, decoded. Default 32 MiB: half a million proxies. */
  readonly maxBytes?: number
}

export interface Download {
  readonly status: number
  readonly contentType: string
  readonly bytes: Uint8Array
  /** The bytes as text: UTF-8, or UTF-16 where they look like it. */
  readonly text: string
  /** How long it asks us to stay away, ms. */
  readonly retryAfterMs?: number | undefined
}

const maxRedirects = 5
/** Pauses before it is asked again, ms, and the longest that is waited for here. */
const pauses = [250, 1_000]
const longestPause = 5_000
/** Statuses that may be another one a moment later. */
const passing: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504])

/** The answer, whatever its status. Throws PROXY_LIST_UNREADABLE, or the signal's reason. */
export async function download(url: URL, options: DownloadOptions, signal: AbortSignal): Promise<Download> {
  const { clock = systemClock } = options
  for (let tries = 0; ; tries++) {
    const pause = pauses[tries]
    try {
      const answer = await ask(url, options, signal)
      const wait = Math.max(pause ?? 0, answer.retryAfterMs ?? 0)
      if (pause === undefined || !passing.has(answer.status) || wait > longestPause) return answer
      await rest(clock, wait, signal)
    } catch (error) {
      if (signal.aborted || pause === undefined || !(error instanceof BrokenOff)) throw reasonOf(error)
      await rest(clock, pause, signal)
    }
  }
}

/** The connection failed: unlike a refusal, that may be chance. */
class BrokenOff extends Error {
  readonly reason: RegattaError

  constructor(reason: RegattaError) {
    super(reason.message)
    this.reason = reason
  }
}

function reasonOf(error: unknown): unknown {
  return error instanceof BrokenOff ? error.reason : error
}

function rest(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      cancel()
      reject(signal.reason)
    }
    const cancel = clock.after(ms, () => {
      signal.removeEventListener('abort', end)
      resolve()
    })
    signal.addEventListener('abort', end, { once: true })
  })
}

async function ask(url: URL, options: DownloadOptions, signal: AbortSignal): Promise<Download> {
  const { clock = systemClock, timeoutMs = 15_000 } = options
  signal.throwIfAborted()
  const limit = new AbortController()
  const cancel = clock.after(timeoutMs, () =>
    limit.abort(unreadable(url, `it did not answer within ${timeoutMs / 1_000} s`)),
  )
  const both = AbortSignal.any([signal, limit.signal])
  try {
    return await follow(url, options, both)
  } catch (error) {
    both.throwIfAborted()
    if (error instanceof RegattaError) throw error
    throw new BrokenOff(unreadable(url, 'the connection failed', { cause: withoutAddress(error) }))
  } finally {
    cancel()
  }
}

/** What fetch throws may name the whole URL, with the token in it; its own cause says enough. */
function withoutAddress(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error ? error.cause : undefined
}

async function follow(start: URL, options: DownloadOptions, signal: AbortSignal): Promise<Download> {
  let url = start
  for (let hops = 0; hops <= maxRedirects; hops++) {
    const response = await (options.fetch ?? globalThis.fetch)(url.href, {
      headers: { ...options.headers },
      redirect: 'manual',
      signal,
    })
    const location = response.headers.get('location')
    if (response.status < 300 || response.status > 399 || location === null) {
      const bytes = await readBytes(response, start, options.maxBytes ?? 32 * 1024 * 1024)
      return {
        status: response.status,
        contentType: response.headers.get('content-type') ?? '',
        bytes,
        // A list is read from its bytes; only those who want JSON ask for it.
        get text() {
          return decodeText(bytes)
        },
        retryAfterMs: parseDelay(
          response.headers.get('retry-after') ?? undefined,
          (options.clock ?? systemClock).wall(),
        ),
      }
    }
    await response.body?.cancel()
    const next = URL.parse(location, url)
    if (next?.origin !== start.origin) {
      throw unreadable(
        start,
        `it redirects to ${next?.origin ?? 'no valid address'}: give that address if you trust it`,
      )
    }
    url = next
  }
  throw unreadable(start, `it redirects more than ${maxRedirects} times`)
}

async function readBytes(response: Response, url: URL, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength
    if (length > maxBytes) throw unreadable(url, `it is larger than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, length)
}

/** The error for a list that cannot be had; `why` is a clause. */
export function unreadable(
  { origin }: Pick<URL, 'origin'>,
  why: string,
  { cause, ...about }: { cause?: unknown } & Omit<ListProblem, 'list'> = {},
): RegattaError<'PROXY_LIST_UNREADABLE'> {
  return new RegattaError('PROXY_LIST_UNREADABLE', `The proxy list at ${origin} cannot be read: ${why}.`, {
    value: { list: origin, ...about },
    cause,
  })
}

/** The error for an answer that is no list: by its status, what to do. `key` names where the key stands. */
export function refused(url: URL, { status, retryAfterMs }: Download, key: string): RegattaError {
  const wait =
    retryAfterMs === undefined ? '' : `, and wants to be left alone for ${formatDuration(retryAfterMs)}`
  const why =
    status === 401 || status === 403
      ? `it refuses the key or password (status ${status}); check ${key}`
      : `it answers with status ${status}${wait}`
  return unreadable(url, why, { status, ...(retryAfterMs !== undefined && { retryAfterMs }) })
}
