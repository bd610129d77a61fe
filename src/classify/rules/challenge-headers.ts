import { blocked, challenge } from '../verdicts.ts'
import type { Rule } from '../view.ts'

/**
 * Row 38 by header: firewalls that say so themselves. Cheap and certain, so it comes before statuses (a challenge may
 * come as 403, 429, 503, 405 or 202) and before any look at a body. Headers that these vendors also send with good
 * pages (`cf-ray`, `x-datadome`, `x-iinfo`) prove nothing and are left to the page rule.
 */
export const challengeHeaders: Rule = {
  name: 'challenge-headers',
  judge(response, view) {
    const { headers, status } = response
    if (headers['cf-mitigated'] !== undefined) {
      return view.header('cf-mitigated') === 'challenge'
        ? challenge('challenge-cloudflare')
        : blocked('denied-by-firewall')
    }
    if (headers['x-amzn-waf-action'] !== undefined) return challenge('challenge-aws')
    if (headers['x-vercel-mitigated'] !== undefined) {
      return view.header('x-vercel-mitigated') === 'challenge'
        ? challenge('challenge-vercel')
        : blocked('denied-by-firewall')
    }
    if (status < 400) return undefined
    if (headers['x-dd-b'] !== undefined) return challenge('challenge-datadome')
    if (headers['x-kpsdk-ct'] !== undefined && status === 429) return challenge('challenge-kasada')
    if (headers['x-sucuri-block'] !== undefined) return blocked('denied-by-firewall')
    return undefined
  },
}
