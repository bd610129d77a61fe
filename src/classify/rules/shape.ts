import { sizeOfBody } from '../../contracts/response-body.ts'
import { blocked } from '../verdicts.ts'
import type { Rule } from '../view.ts'

/**
 * Row 37 without a word to go by: far smaller than the good pages of this host (four deviations of ln(size), and under a
 * third of the mean), and without the title or the links that practically all of them have. Half a failure: a site may
 * have one such page, and then enough exits bring it the same (odd-pages.ts). Large pages are never odd, and below 20 good pages nothing is.
 */
const enough = 20
const deviations = 4
/** Sizes within a factor of 1.28 of each other are the same size, however alike the pages were so far. */
const leastDeviation = 0.25
const nearlyAll = 0.98

export const shape: Rule = {
  name: 'shape',
  judge(response, view) {
    const { norm } = view
    if (norm.pages < enough || response.status !== 200 || !view.isHtml) return undefined
    const below = norm.logSizeMean - Math.log(Math.max(1, sizeOfBody(response)))
    if (
      below < Math.LN2 + Math.LN2 / 2 ||
      below < deviations * Math.max(leastDeviation, norm.logSizeDeviation)
    ) {
      return undefined
    }
    const lacksTitle = (norm.titledShare ?? 0) >= nearlyAll && view.title === ''
    const lacksLinks = (norm.linkedShare ?? 0) >= nearlyAll && view.ownReferences(1) === 0
    if (!lacksTitle && !lacksLinks) return undefined
    if (norm.clears?.(view.request.url, response.body, view.proxy.id)) return undefined
    return blocked('shape-outlier', { weight: 0.5 })
  },
}
