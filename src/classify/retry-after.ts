import { parseDelay } from '../base/delay.ts'
import { parseHttpDate } from '../base/http-date.ts'

/**
 * How long we were asked to wait. Retry-After and X-RateLimit-Reset, which is folklore, are read alike (base/delay.ts); the
 * RateLimit headers come in three drafts (draft-ietf-httpapi-ratelimit-headers). What cannot be read, is negative or
 * lies in the past is undefined, and the caller backs off by itself. Everything else is clamped, so no header can stop us
 * for ten years or spin us.
 */
const shortest = 1_000
const longest = 3_600_000

type Headers = Readonly<Record<string, string | string[] | undefined>>

/** Milliseconds within 1 s–1 h, or undefined. For waits that a transport has already read. */
export function clampWait(ms: number | undefined): number | undefined {
  if (ms === undefined || !(ms >= 0)) return undefined
  return Math.min(longest, Math.max(shortest, ms))
}

/**
 * The wait that the headers ask for, in milliseconds within 1 s–1 h. A point in time is measured from the response's own
 * Date, and only without one from `wall`, Unix time in milliseconds: our clock may be off by an hour, or be set while the
 * answer is on its way, and a whole host would rest for that.
 */
export function readWait(headers: Headers, wall: number): number | undefined {
  const date = headerOf(headers, 'date')
  const now = (date && parseHttpDate(date, wall)) || wall
  return clampWait(
    parseDelay(headerOf(headers, 'retry-after'), now) ??
      parseRateLimit(headerOf(headers, 'ratelimit')) ??
      parseDelay(headerOf(headers, 'ratelimit-reset'), now) ??
      parseDelay(headerOf(headers, 'x-ratelimit-reset') ?? headerOf(headers, 'x-rate-limit-reset'), now),
  )
}

/** `limit=100, remaining=0, reset=30` (drafts 6 and 7) or `"default";r=0;t=30` (from 8 on), the longest item. */
function parseRateLimit(value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  let longestReset: number | undefined
  for (const match of value.matchAll(/(?:^|[,;])\s*(?:reset|t)\s*=\s*(\d{1,15})(?=\s*(?:[,;]|$))/gi)) {
    longestReset = Math.max(longestReset ?? 0, Number(match[1]))
  }
  return longestReset === undefined ? undefined : longestReset * 1_000
}

/** A header's value; the first one where it was sent several times. */
export function headerOf(headers: Headers, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' || value === undefined ? value : value[0]
}
