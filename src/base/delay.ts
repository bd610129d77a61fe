import { parseDuration } from './duration.ts'
import { parseHttpDate } from './http-date.ts'

/** What is longer, and no number, is no value of such a header. */
const longest = 100

/**
 * How long a header asks us to wait, `Retry-After` (RFC 9110, 10.2.3) and its like: seconds, or a date. Servers also send
 * fractions of seconds, `30s` or `1m0s`, and Unix time in seconds or milliseconds where seconds are meant; those are told
 * apart by size. Milliseconds from `now` (Unix time in ms); undefined for what cannot be read and for the past.
 */
export function parseDelay(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined
  const text = value.trim().replace(/^"(.*)"$/, '$1')
  // Twice the same header is joined by a comma on the way: the first one counts.
  const [, number] = /^(\d+(?:\.\d*)?)(?:\s*,\s*\d+(?:\.\d*)?)?$/.exec(text) ?? []
  if (number !== undefined) return fromNumber(Number(number), now)
  if (text.length > longest) return undefined
  const duration = parseDuration(text)
  if (duration !== undefined) return duration
  const date = parseHttpDate(text, now)
  return date === undefined ? undefined : ahead(date - now)
}

function fromNumber(number: number, now: number): number | undefined {
  if (number >= 1e11) return ahead(number - now)
  if (number >= 1e9) return ahead(number * 1_000 - now)
  return number * 1_000
}

function ahead(ms: number): number | undefined {
  return ms >= 0 ? ms : undefined
}
