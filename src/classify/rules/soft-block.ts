import { blocked } from '../verdicts.ts'
import type { Rule, View } from '../view.ts'

/**
 * Row 37: status 200 and a page that refuses. An article about captchas, a film called "Access Denied" and a contact
 * form with a captcha all hold the words, so no word decides alone. Evidence adds up: what the title or the headline as
 * a whole says (2), a sentence that speaks to the visitor (1), a captcha's script or form (1), next to nothing to read
 * (1, or 2), no links into the site (1). Four points block, and at least one must come from what the page says.
 */
const refusingTitle =
  /^(?:error:? ?)?(?:\d{3}[ :–-]*)?(?:access (?:to this page (?:has been|is) )?denied|(?:you (?:have been|are|were) |request |access |ip )?blocked|captcha(?: (?:required|check))?|robot check|bot (?:detected|check|verification)|(?:human|security|captcha) (?:verification|check)|are you (?:a )?(?:human|robot)\??|(?:please )?(?:verify|confirm)(?: that)? you(?:'re| are) (?:a )?human|just a moment\.*|pardon our interruption\.*|unusual (?:traffic|activity)(?: detected)?|too many requests|forbidden|attention required!?|request unsuccessful)[.!]?(?: [|–-] .{1,40})?$/

const refusingSentence =
  /unusual (?:traffic|activity) (?:from|on|detected)|(?:verify|confirm|prove|sure)(?: that)? you(?:'re| are) (?:not a robot|(?:a )?human)|are you a robot|automated (?:requests|access|queries|traffic|tools)|access to this (?:page|site|resource) (?:has been|is) (?:denied|blocked)|you (?:have been|are|were) blocked|(?:solve|complete|enter|pass) the (?:captcha|characters|security check)|your (?:ip|ip address|network|request) (?:has been|is|was) (?:temporarily )?(?:blocked|banned|denied)|permission to access|enable javascript and cookies|too many requests|request (?:has been |was |is )?blocked|access denied/

const captchaForm =
  /validatecaptcha|name=["']?captcha|class=["']?(?:g-recaptcha|h-captcha|cf-turnstile|frc-captcha)|recaptcha\/api\.js|hcaptcha\.com\/1\/api\.js|challenges\.cloudflare\.com|geetest|funcaptcha|arkoselabs|action=["'][^"']{0,300}captcha|src=["'][^"']{0,300}captcha/

export const softBlock: Rule = {
  name: 'soft-block',
  judge(_, view) {
    if (!view.isSuspicious) return undefined
    const { form, points, says } = weigh(view)
    if (says === 0 || points < 4) return undefined
    return blocked(form || /captcha/.test(`${view.title} ${view.heading}`) ? 'captcha' : 'soft-block')
  },
}

function weigh(view: View): { says: number; form: boolean; points: number } {
  const { visible } = view
  const says =
    (refusingTitle.test(view.title) || refusingTitle.test(view.heading) ? 2 : 0) +
    (refusingSentence.test(visible) ? 1 : 0)
  const form = captchaForm.test(view.text)
  const bare = visible.length < 250 ? 2 : visible.length < 800 ? 1 : 0
  const unlinked = view.ownReferences(3) < 3 ? 1 : 0
  return { says, form, points: says + (form ? 1 : 0) + bare + unlinked }
}
