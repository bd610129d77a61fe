import type { RecordedExchange } from '../contracts/recording.ts'
import type { HarPair } from './har-shape.ts'

/**
 * Headers of a HAR file as a transport has them. A file lists them one by one, in any case, HTTP/2's pseudo headers
 * (`:authority`) among them; and some browsers write several of one name as one, with line breaks between.
 */

export function requestHeadersOf(pairs: readonly HarPair[] | null | undefined): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of fieldsOf(pairs)) {
    const before = headers[name]
    headers[name] = before === undefined ? value : `${before}${name === 'cookie' ? '; ' : ', '}${value}`
  }
  return headers
}

export function responseHeadersOf(
  pairs: readonly HarPair[] | null | undefined,
): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {}
  const cookies: string[] = []
  for (const [name, value] of fieldsOf(pairs)) {
    const before = headers[name]
    if (name === 'set-cookie') cookies.push(value)
    else headers[name] = before === undefined ? value : `${before}, ${value}`
  }
  if (cookies.length > 0) headers['set-cookie'] = cookies
  return headers
}

/** Headers as a HAR file lists them. */
export function pairsOf(
  headers: RecordedExchange['headers'],
): { readonly name: string; readonly value: string }[] {
  return Object.entries(headers).flatMap(([name, value]) =>
    [value ?? []].flat().map((each) => ({ name, value: each })),
  )
}

/** RFC 9110, section 5.6.2. */
const token = /^[\w!#$%&'*+.^`|~-]+$/

function* fieldsOf(pairs: readonly HarPair[] | null | undefined): Generator<[name: string, value: string]> {
  for (const { name, value } of pairs ?? []) {
    const field = name.trim().toLowerCase()
    // A name that HTTP does not allow is none that a server has sent.
    if (!token.test(field)) continue
    for (const line of value.split(/\r\n|\r|\n/)) if (line !== '' || value === '') yield [field, line.trim()]
  }
}
