import { locationOf } from '../../base/location.ts'
import type { HttpResponse, Verdict } from '../../contracts/outcome.ts'
import { blocked, dead } from '../verdicts.ts'
import { hostOf, isSameSite, type Rule, type View } from '../view.ts'

/**
 * Row 35, and 34 for networks: the request ended somewhere else. Login, consent and block pages are told by where they
 * lie, and only when that was not what we asked for. Over plain HTTP a redirect to a foreign host with a captive portal's
 * address is the network's doing, not the host's. A redirect is judged before anybody goes where it leads.
 */
const loginPlace =
  /^(?:accounts?|login|signin|auth|sso|passport)\.|\/(?:log-?in|sign-?in|sso|auth(?:enticate|wall)?|checkpoint)(?:[/?.;_-]|$)/
const consentPlace = /^consent\.|\/(?:consent|cookie-?wall|collectconsent|privacy-?wall)(?:[/?.;_-]|$)/
const blockPlace =
  /\/(?:captcha|recaptcha|sorry|blocked|block|denied|access-?denied|challenge|validatecaptcha|robot-?check|bot-?check|human-?verification|unusual-?traffic|distil_r_(?:captcha|blocked)[a-z_]*)(?:[/?.;]|$)/
const captivePlace =
  /^(?:captive|hotspot|wifi|wlan|portal|guest|splash)[.-]|\/(?:captive(?:-?portal)?|hotspot|guest\/s|splash|cgi-bin\/login|fgtauth|wifi)(?:[/?.;_-]|$)|[?&](?:wispr|ap_mac|apmac|client_mac|gw_address|gw_id|loginurl|usermac)=|[/?.]mikrotik/

const refusingStatus: ReadonlySet<number> = new Set([401, 403, 429])

export const redirected: Rule = {
  name: 'redirected',
  judge(response, view) {
    const end = endOf(response)
    if (end === undefined || (response.status >= 400 && !refusingStatus.has(response.status)))
      return undefined
    const from = placeOf(response.redirects[0] ?? view.request.url)
    const to = placeOf(end)
    if (to === undefined || from === undefined || to === from) return undefined
    if (isPortal(view, response, end, to)) return dead('injected-redirect')
    if (blockPlace.test(to) && !blockPlace.test(from)) return blocked('redirect-block')
    if (consentPlace.test(to) && !consentPlace.test(from)) return blocked('redirect-consent')
    if (!loginPlace.test(to) || loginPlace.test(from)) return undefined
    // Who looks at redirects asks where they lead.
    if (view.request.redirect === 'manual' && response.redirects.length === 0) return undefined
    // Who is logged in is a matter of the session, and not of the exit: its owner is told, and may log in again.
    return view.request.session === undefined ? blocked('redirect-login') : loginWanted
  },
}

const loginWanted: Verdict = { kind: 'final', reason: 'redirect-login' }

/** Where the request led, when it led anywhere. */
function endOf(response: HttpResponse): string | undefined {
  const to = locationOf(response)
  if (to !== undefined) return typeof to === 'string' ? undefined : to.href
  return response.redirects.length > 0 ? response.url : undefined
}

/** `host/path?query` in lower case. */
function placeOf(url: string): string | undefined {
  const parsed = URL.parse(url)
  return parsed === null ? undefined : `${parsed.hostname}${parsed.pathname}${parsed.search}`.toLowerCase()
}

function isPortal(view: View, response: HttpResponse, end: string, place: string): boolean {
  if (view.proxy.protocol === 'direct') return false
  const wasPlain =
    view.request.url.startsWith('http:') || response.redirects.some((hop) => hop.startsWith('http:'))
  if (!wasPlain || !captivePlace.test(place)) return false
  const asked = hostOf(view.request.url)
  const reached = hostOf(end)
  return asked !== undefined && reached !== undefined && !isSameSite(asked, reached)
}
