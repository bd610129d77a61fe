import { blocked } from '../verdicts.ts'
import type { Rule } from '../view.ts'

/**
 * Row 44: not offered where this exit stands. Time does not help, another country does, so the block is permanent when
 * the status refuses as well. With a good status the sentence may speak of one product on a good page: then the page must
 * hold nothing else, and the block is an ordinary one.
 */
const geoSentence =
  /(?:not|isn't|no longer|un)\s?(?:currently )?(?:available|accessible|offered|supported)(?: to (?:users|visitors|readers|people))? (?:in|from) your (?:current )?(?:country|region|location|area)|your (?:country|region) is not supported|(?:blocked|restricted|unavailable) in your (?:country|region|location)|access from your (?:country|region|location)|due to legal reasons/

export const geo: Rule = {
  name: 'geo',
  judge(response, view) {
    const { status } = response
    if (status === 451) return blocked('geo', { permanent: true })
    if (status !== 403 && status >= 300) return undefined
    if (!view.isSuspicious) return undefined
    if (!geoSentence.test(view.visible)) return undefined
    if (status === 403) return blocked('geo', { permanent: true })
    return view.visible.length < 600 && view.ownReferences(4) < 4 ? blocked('geo') : undefined
  },
}
