import type { FetchRequest } from '../contracts/request.ts'
import type { SessionPass } from '../contracts/source-session.ts'

/**
 * A request of a session as it leaves. What its life adds is put on at the last moment, so that neither the frontier nor a log ever holds a
 * token. `first`: the URL whose redirects have led here, where any have; what they lead to has its query already, and another
 * origin gets no header either.
 */
export function withPass(request: FetchRequest, pass: SessionPass, first: string | undefined): FetchRequest {
  if (first !== undefined && new URL(first).origin !== new URL(request.url).origin) return request
  const dressed = { ...request, headers: { ...request.headers, ...pass.headers } }
  if (first !== undefined || pass.query === undefined) return dressed
  const url = new URL(request.url)
  for (const name in pass.query) url.searchParams.set(name, pass.query[name]!)
  return { ...dressed, url: url.href }
}
