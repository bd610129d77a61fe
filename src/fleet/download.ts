import { Buffer } from 'node:buffer'
import type { Clock } from '../base/clock.ts'
import { RegattaError } from '../contracts/errors.ts'

/**
 * One GET for a list of proxies, with the care that a stranger's server needs: one timeout over everything, a cap on
 * the size, and redirects only within the origin. A redirect to another origin would hand the token in our request to
 * a server of the answer's choice, and could point inside. Errors name the origin only: path and query often hold the token.
 */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

export interface DownloadOptions {
  readonly fetch: Fetch
  readonly clock: Clock
  readonly headers?: Readonly<Record<string, string>>
  /** Milliseconds for the whole download. Default 15 s. */
  readonly timeoutMs?: number
  /** Largest answer in bytes, decoded. Default 32 MiB: half a million proxies. */
  readonly maxBytes?: number
}

export interface Download {
  readonly status: number
  readonly contentType: string
  readonly bytes: Uint8Array
  /** The bytes as UTF-8. */
  readonly text: string
}

const maxRedirects = 5

/** The answer, whatever its status. Throws PROXY_LIST_UNREADABLE, or the signal's reason. */
export async function download(url: URL, options: DownloadOptions, signal: AbortSignal): Promise<Download> {
  const { clock, timeoutMs = 15_000 } = options
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
    throw unreadable(url, 'the connection failed', error)
  } finally {
    cancel()
  }
}

async function follow(start: URL, options: DownloadOptions, signal: AbortSignal): Promise<Download> {
  let url = start
  for (let hops = 0; hops <= maxRedirects; hops++) {
    const response = await options.fetch(url.href, {
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
        text: new TextDecoder().decode(bytes),
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
export function unreadable(url: URL, why: string, cause?: unknown): RegattaError {
  return new RegattaError(
    'PROXY_LIST_UNREADABLE',
    `The proxy list at ${url.origin} cannot be read: ${why}.`,
    {
      value: { list: url.origin },
      cause,
    },
  )
}
