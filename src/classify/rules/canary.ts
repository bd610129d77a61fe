import type { HttpResponse } from '../../contracts/outcome.ts'
import { blocked, dead } from '../verdicts.ts'
import type { Rule } from '../view.ts'

/** Whether a good-looking answer really is the site's. */
export type Canary = (response: HttpResponse) => boolean

/**
 * Rows 33, 34 and 37 with the caller's knowledge: a canary that does not recognise the page. Over plain HTTP the proxy
 * wrote it, within verified TLS the host did.
 */
export function createCanaryRule(recognises: Canary): Rule {
  return {
    name: 'canary',
    judge(response, view) {
      if (recognises(response)) return undefined
      return view.isForgeable ? dead('canary-missing') : blocked('canary-missing')
    },
  }
}
