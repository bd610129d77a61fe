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

/** Names and values in turn, in the order of the caller, `accept-encoding` added when the caller did not choose. */
export function outgoingHeaders(
  headers: Readonly<Record<string, string>>,
  authorization: string | undefined,
): string[] {
  const flat: string[] = []
  let chosen = false
  for (const name in headers) {
    if (own.has(name)) continue
    // A part of an encoded body cannot be decoded, so ranges are asked for plain.
    if (name === 'accept-encoding' || name === 'range') chosen = true
    flat.push(name, headers[name]!)
  }
  if (!chosen) flat.push('accept-encoding', acceptEncoding)
  if (authorization !== undefined) flat.push('proxy-authorization', authorization)
  return flat
}
