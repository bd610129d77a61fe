import { acceptEncoding } from './decode.ts'

/**
 * Request headers as they go onto the wire. Whatever speaks about the connection is the transport's own business
 * (RFC 9110, 7.6.1), and `proxy-authorization` of a caller must never reach a target.
 */
const own = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/**
 * Names and values in turn, in the order of the caller, `accept-encoding` added when the caller did not choose. `cookies` are
 * those of the session; one that the caller sends by the same name goes before it.
 */
export function outgoingHeaders(
  headers: Readonly<Record<string, string>>,
  authorization: string | undefined,
  cookies?: string | undefined,
): string[] {
  const flat: string[] = []
  let chosen = false
  for (const name in headers) {
    if (own.has(name) || (name === 'cookie' && cookies !== undefined)) continue
    // A part of an encoded body cannot be decoded, so ranges are asked for plain.
    if (name === 'accept-encoding' || name === 'range') chosen = true
    flat.push(name, headers[name]!)
  }
  if (!chosen) flat.push('accept-encoding', acceptEncoding)
  if (cookies !== undefined) flat.push('cookie', joinedCookies(headers.cookie, cookies))
  if (authorization !== undefined) flat.push('proxy-authorization', authorization)
  return flat
}

/** Two `Cookie` headers as one: of two cookies of one name the first header's counts. */
export function joinedCookies(own: string | undefined, kept: string): string {
  if (own === undefined) return kept
  const pairsOf = (header: string) => header.split(/;\s*/).filter(Boolean)
  const nameOf = (pair: string) => pair.split('=', 1)[0]
  const mine = pairsOf(own)
  const names = new Set(mine.map(nameOf))
  return [...mine, ...pairsOf(kept).filter((pair) => !names.has(nameOf(pair)))].join('; ')
}
