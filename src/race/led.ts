import { isRedirectStatus, locationOf } from '../base/location.ts'
import { isPublicUrl } from '../base/public-host.ts'
import type { Fault, FaultCause, HttpResponse } from '../contracts/outcome.ts'
import type { FetchRequest } from '../contracts/request.ts'
import type { Attempt } from './attempt.ts'
import type { Crew } from './crew.ts'
import { nextRequest } from './next-request.ts'

/**
 * Where an answer sends the task: the next request, a fault where the redirect leads to what cannot be asked, or undefined for
 * what is a page. Nobody follows a redirect into a local network who did not begin there.
 */
export function ledTo(
  { asked: request, pool }: Attempt,
  response: HttpResponse,
  { options, router }: Crew,
): FetchRequest | Fault | undefined {
  if (!isRedirectStatus(response.status)) return undefined
  if (request.redirect === 'manual' || pool.settings.maxRedirects === 0) return undefined
  const to = locationOf(response)
  if (to === undefined) return undefined
  if (typeof to === 'string') return endOf(response, 'redirect-not-web', to)
  if (request.redirect === 'error') {
    const why = `The page redirects to ${to.origin}${to.pathname}, and its caller wants no redirect ("redirect" is "error").`
    return endOf(response, 'redirect-refused', why)
  }
  const mayGoInside = options.allowPrivateTargets ?? request.allowPrivate ?? !isPublicUrl(request.url)
  if (!mayGoInside && !isPublicUrl(to)) {
    const why = `${to.hostname} lies in a local network, where this request may not go; allowPrivateTargets: true (--allow-private) lets it.`
    return endOf(response, 'private-target', why)
  }
  const settings = router.hosts.settingsFor(to.href)
  return nextRequest(request, response.status, to, { settings, allowPrivate: mayGoInside })
}

/** The redirect leads nowhere: so it is for every proxy, and there is nothing to hand over. */
export function endOf(
  { connectMs, firstByteMs, totalMs, bytes, reused, verified }: HttpResponse,
  cause: FaultCause,
  detail: string,
): Fault {
  const traffic = { bytes, reused, verified }
  return { kind: 'fault', phase: 'redirect', cause, detail, connectMs, firstByteMs, totalMs, ...traffic }
}
