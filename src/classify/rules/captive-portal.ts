import { dead } from '../verdicts.ts'
import type { Rule } from '../view.ts'

/**
 * Row 34, the page replaced by a network's or a provider's own: "log in to our free Wi-Fi", "your traffic is used up".
 * Only plain HTTP can be replaced. Portals for machines say so (WISPr); the others are small, speak of a network and of
 * logging in or paying, and hold no links into the site that was asked for.
 */
const portalMark =
  /wispaccessgatewayparam|fgtauth|\$\(link-login|<meta[^>]{1,200}(?:captive|hotspot)|coovachilli|name=["']?magic["']/
const network =
  /wi-?fi|hotspot|captive portal|guest network|internet access|network (?:login|access)|to (?:the|our|this) network|web authentication/
const entry = /log ?in|sign in|log on|connect|accept|agree|terms|continue|voucher|password|welcome/
const money =
  /top.?up your|(?:balance|traffic|bandwidth|data|quota|plan|subscription|package) (?:is |has |have |has been |limit )?(?:exhausted|expired|used up|depleted|exceeded|reached|insufficient|ended|run out)|insufficient (?:balance|funds|traffic)|(?:renew|recharge|upgrade) your (?:plan|account|subscription|proxy|package)/
const account = /prox(?:y|ies)|dashboard|account|subscription|plan|traffic|bandwidth/

export const captivePortal: Rule = {
  name: 'captive-portal',
  judge(_, view) {
    if (!view.isForgeable || !view.isSuspicious) return undefined
    const { text } = view
    if (portalMark.test(text)) return dead('captive-portal')
    const spoken = `${view.title} ${view.visible}`
    if (spoken.length > 1_500) return undefined
    const site = view.ownReferences(4)
    if (
      site < 4 &&
      network.test(spoken) &&
      entry.test(spoken) &&
      speaksOfNetwork(view.title, view.heading, spoken)
    ) {
      return dead('captive-portal')
    }
    if (site < 3 && spoken.length < 600 && money.test(spoken) && account.test(spoken)) return dead('top-up')
    return undefined
  },
}

/** The network is what the page is about, or it says hardly anything else. */
function speaksOfNetwork(title: string, heading: string, spoken: string): boolean {
  return network.test(title) || network.test(heading) || spoken.length < 300
}
