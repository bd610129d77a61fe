import type { HttpResponse, Verdict } from '../../contracts/outcome.ts'
import { blocked, challenge } from '../verdicts.ts'
import type { Rule, View } from '../view.ts'

/**
 * Row 38 by body: the pages that vendors put before a site. A vendor's script alone proves nothing: Cloudflare, Imperva
 * and PerimeterX put theirs into good pages too. So with a good status the page must also be bare: nearly nothing to
 * read, or the vendor's own title. With a refusing status the marker is enough.
 */
const refusingStatus: ReadonlySet<number> = new Set([401, 403, 405, 406, 428, 429, 456, 498, 503])
const bareText = 400

export const challengePage: Rule = {
  name: 'challenge-page',
  judge(response, view) {
    const refuses = refusingStatus.has(response.status)
    if (!refuses && response.status >= 300) return undefined
    if (!view.isSuspicious) return undefined
    const { text } = view
    const verdict = byVendor(response, view, text)
    if (verdict === undefined || refuses) return verdict
    return view.visible.length <= bareText && view.ownReferences(6) < 6 ? verdict : undefined
  },
}

function byVendor(response: HttpResponse, view: View, text: string): Verdict | undefined {
  if (/_cf_chl_opt|cf-chl-|cf_chl_|id="challenge-form"/.test(text)) return challenge('challenge-cloudflare')
  if (/^(?:just a moment|attention required! \| cloudflare)/.test(view.title)) {
    return /captcha|turnstile|challenge|checking|just a moment/.test(text)
      ? challenge('challenge-cloudflare')
      : blocked('denied-by-firewall')
  }
  if (/id="cf-error-details"|cf-error-code/.test(text) && response.status === 403)
    return blocked('denied-by-firewall')
  if (/(?:geo\.|ct\.)?captcha-delivery\.com/.test(text)) return challenge('challenge-datadome')
  if (/px-captcha|_pxappid|captcha\.px-cdn\.net/.test(text)) return challenge('challenge-perimeterx')
  if (/_incapsula_resource|incapsula incident id/.test(text)) return challenge('challenge-imperva')
  if (/sec-if-cpt-container|sec-cpt-if|\/_sec\/cp_challenge|ak_bmsc.{0,80}challenge/.test(text)) {
    return challenge('challenge-akamai')
  }
  if (/awswafintegration|aws-waf-token|\.awswaf\.com\//.test(text)) return challenge('challenge-aws')
  if (/ips\.js\?kpsdk|kpsdk\.configure|window\.kpsdk/.test(text)) return challenge('challenge-kasada')
  if (/reference(?:&#32;|\s)+(?:&#35;|#)/.test(text) && view.title === 'access denied')
    return blocked('denied-by-firewall')
  return undefined
}
