/**
 * How long we were asked to wait. Retry-After (RFC 9110, 10.2.3) is delta-seconds or an HTTP-date; the RateLimit
 * headers come in three drafts (draft-ietf-httpapi-ratelimit-headers); X-RateLimit-Reset is folklore: seconds from now,
 * or a Unix time in seconds or milliseconds. What cannot be read, is negative or lies in the past is undefined, and the
 * caller backs off by itself. Everything else is clamped, so no header can stop us for ten years or spin us.
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
  const now = (date && parseHttpDate(date)) || wall
  return (
    parseRetryAfter(headerOf(headers, 'retry-after'), now) ??
    parseRateLimit(headerOf(headers, 'ratelimit')) ??
    parseReset(headerOf(headers, 'ratelimit-reset'), now) ??
    parseReset(headerOf(headers, 'x-ratelimit-reset') ?? headerOf(headers, 'x-rate-limit-reset'), now)
  )
}

export function parseRetryAfter(value: string | undefined, wall: number): number | undefined {
  const text = value?.trim()
  if (!text) return undefined
  if (/^\d+$/.test(text)) return clampWait(Number(text) * 1_000)
  const date = parseHttpDate(text)
  return date === undefined ? undefined : clampWait(date - wall)
}

/** `limit=100, remaining=0, reset=30` (drafts 6 and 7) or `"default";r=0;t=30` (from 8 on), the longest item. */
export function parseRateLimit(value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  let longestReset: number | undefined
  for (const match of value.matchAll(/(?:^|[,;])\s*(?:reset|t)\s*=\s*(\d{1,15})(?=\s*(?:[,;]|$))/gi)) {
    longestReset = Math.max(longestReset ?? 0, Number(match[1]))
  }
  return longestReset === undefined ? undefined : clampWait(longestReset * 1_000)
}

/** Seconds from now, or Unix time in seconds or milliseconds: told apart by size. */
export function parseReset(value: string | undefined, wall: number): number | undefined {
  const text = value?.trim()
  if (!text || !/^\d{1,15}(\.\d+)?$/.test(text)) return undefined
  const number = Number(text)
  if (number >= 1e11) return clampWait(number - wall)
  if (number >= 1e9) return clampWait(number * 1_000 - wall)
  return clampWait(number * 1_000)
}

/** The three forms of RFC 9110, 5.6.7. `Date.parse` alone would take many more, and asctime for local time. */
function parseHttpDate(text: string): number | undefined {
  const isDated =
    /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*, \d\d[ -][A-Z][a-z]{2}[ -]\d{2,4} \d\d:\d\d:\d\d GMT$/.test(text)
  const isAsctime = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$/.test(text)
  if (!isDated && !isAsctime) return undefined
  const time = Date.parse(isAsctime ? `${text} GMT` : text)
  return Number.isNaN(time) ? undefined : time
}

/** A header's value; the first one where it was sent several times. */
export function headerOf(headers: Headers, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' || value === undefined ? value : value[0]
}
