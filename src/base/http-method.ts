import { headerName } from './header-field.ts'

/** Those that fetch writes in upper case, however they are given. */
const usual: ReadonlySet<string> = new Set(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT'])
/** They ask for something else than a page: a tunnel, and what the request looked like. */
const refused: ReadonlySet<string> = new Set(['CONNECT', 'TRACE', 'TRACK'])

/** A method as fetch reads it: `get` is `GET`, and `patch` stays `patch`. Undefined for what fetch refuses, too. */
export function httpMethod(text: string): string | undefined {
  const upper = text.toUpperCase()
  if (usual.has(upper)) return upper
  return refused.has(upper) || !headerName.test(text) ? undefined : text
}
