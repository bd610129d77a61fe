import { isJsonType } from '../../base/mime-type.ts'
import { beginsLikeHtml } from '../../base/sniff-mime.ts'
import { dead } from '../verdicts.ts'
import type { Rule } from '../view.ts'

/**
 * Row 34: HTML over plain HTTP where none belongs: the host's answers are never HTML, the answer is declared as JSON or
 * as an image and is HTML all the same, or nothing but JSON was asked for. A site may do each of these itself, so other
 * exits may overrule, and it counts half.
 */
const enough = 20

export const unexpectedHtml: Rule = {
  name: 'unexpected-html',
  judge(response, view) {
    if (!view.isForgeable || response.body.length > 16_384) return undefined
    const mislabelled = isNeverHtml(view.declaredType ?? '')
    if (!mislabelled && !view.isHtml) return undefined
    if (
      mislabelled ? !beginsLikeHtml(response.body) : !isOutOfPlace(view.norm, view.request.headers.accept)
    ) {
      return undefined
    }
    if (view.norm.agree?.('unexpected-html', view.request.url, view.proxy.id)) return undefined
    return dead('unexpected-html', { weight: 0.5 })
  },
}

function isNeverHtml(type: string): boolean {
  return isJsonType(type) || /^image\/(?!svg)|^application\/(octet-stream|pdf)$/.test(type)
}

function isOutOfPlace(norm: { answers?: number; htmlShare: number }, accept: string | undefined): boolean {
  if ((norm.answers ?? 0) >= enough && norm.htmlShare < 0.02) return true
  return accept !== undefined && /json/i.test(accept) && !/html|\*\/\*/i.test(accept)
}
