import { hash } from 'node:crypto'
import type { HttpResponse } from '../contracts/outcome.ts'
import type { FetchRequest } from '../contracts/request.ts'

/**
 * Which request an answer belongs to. As in RFC 9111, section 4.1: the key is what the request is, the variant is what
 * the answer says it depends on (`Vary`). Both are digests, so that no cookie and no token stands in the file.
 */
export function keyOf({ method, url, body, session }: FetchRequest): string {
  const sent = body === undefined ? '' : hash('sha256', body, 'base64url')
  return hash('sha256', [method, url.replace(/#.*$/s, ''), sent, session ?? ''].join('\n'), 'base64url')
}

/** Names of the request's headers that the answer varies by, in lower case, sorted. */
export function varyingBy(headers: HttpResponse['headers']): readonly string[] {
  const { vary } = headers
  const listed = (Array.isArray(vary) ? vary.join(',') : (vary ?? '')).toLowerCase().split(',')
  const names = listed.map((name) => name.trim()).filter((name) => /^[a-z0-9!#$&^_.+-]+$/.test(name))
  return [...new Set([...whoAsks, ...names])].filter((name) => !ours.has(name)).sort()
}

export function variantOf(request: FetchRequest, names: readonly string[]): string {
  const lines = names.map((name) => `${name}: ${request.headers[name] ?? ''}`)
  return hash('sha256', lines.join('\n'), 'base64url')
}

/** Who asks is never left out, whatever the server forgets to say. */
export const whoAsks = ['authorization', 'cookie']

/** Said by the transport, or with every request of a crawl: they change how a page is sent, not which. */
const ours = new Set(['accept-encoding', 'user-agent', 'if-none-match', 'if-modified-since', 'origin'])
