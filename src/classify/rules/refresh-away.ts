import { dead } from '../verdicts.ts'
import { isSameSite, type Rule } from '../view.ts'

/**
 * Row 34: a page over plain HTTP that is nothing but a refresh to a foreign host, which is how networks send a browser to
 * their login. Sites that moved do the same, so other exits may overrule.
 */
const limit = 1_024
const refreshTarget =
  /http-equiv\s{0,9}=\s{0,9}["']?refresh\b[^>]{0,40}url\s{0,9}=\s{0,9}["']?(?:https?:)?\/\/([^/"'\s>:?#]+)/
const scriptTarget =
  /\blocation(?:\.href)?\s{0,9}=\s{0,9}["'](?:https?:)?\/\/([^/"'\s>:?#]+)|\blocation\.(?:replace|assign)\(\s{0,9}["'](?:https?:)?\/\/([^/"'\s>:?#]+)/

export const refreshAway: Rule = {
  name: 'refresh-away',
  judge(response, view) {
    if (!view.isForgeable || !view.isHtml || response.body.length > limit) return undefined
    const { text } = view
    if (!text.includes('refresh') && !text.includes('location')) return undefined
    const match = refreshTarget.exec(text) ?? scriptTarget.exec(text)
    const target = match?.[1] ?? match?.[2]
    if (target === undefined || isSameSite(target, view.host) || view.visible.length > 100) return undefined
    if (view.norm.agree?.('injected-redirect', view.request.url, view.proxy.id)) return undefined
    return dead('injected-redirect')
  },
}
