import { dead } from '../verdicts.ts'
import type { Rule, View } from '../view.ts'

/**
 * Row 34, the page replaced by an advertisement, or by the start page of a web server that is no proxy at all. The first
 * is small, advertises, and has no link into the site; because a site can have such a page too, other exits may
 * overrule. The second is known by its title, unless the start page is what was asked for.
 */
const advertising =
  /advert(?:isement|ising)?\b|sponsored|congratulations|you(?:'ve| have)? won|winner|prize|special offer|free gift|casino|click here/
const adHost = /(?:https?:)?\/\/(?:ads?|adserver|banner|track(?:er|ing)?|click|promo)[\d-]*\./
const startPage =
  /^(?:welcome to nginx!?|apache2 .{0,20}default page.*|it works!?|iis windows.*|test page for the .*|welcome to (?:centos|openresty).*)$/

export const replacedPage: Rule = {
  name: 'replaced-page',
  judge(_, view) {
    if (!view.isForgeable || !view.isSuspicious) return undefined
    if (startPage.test(view.title || view.heading)) {
      return URL.parse(view.request.url)?.pathname === '/' ? undefined : dead('injected-page')
    }
    if (!isAdvertisement(view)) return undefined
    return view.norm.agree?.('injected-page', view.request.url, view.proxy.id)
      ? undefined
      : dead('injected-page')
  },
}

function isAdvertisement(view: View): boolean {
  // One reference of its own may be the picture that the proxy serves under the host's name.
  if (view.ownReferences(2) > (view.visible.length < 200 ? 1 : 0) || view.visible.length > 600) return false
  const says = advertising.test(`${view.title} ${view.visible}`)
  const leads = view.foreignReferences(1) > 0
  return (says && (leads || view.visible.length < 200)) || (leads && adHost.test(view.text))
}
