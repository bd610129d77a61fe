import { isHtmlType, isJsonType, isXmlType } from '../../base/mime-type.ts'
import { blocked } from '../verdicts.ts'
import type { Rule, View } from '../view.ts'

/**
 * Row 36: status 200 and nothing in it, or HTML that shows nothing and loads nothing. Half a failure, because some pages
 * are empty. Types that often are (text, style, script, pixels), other methods than GET, and robots.txt are let pass.
 */
const limit = 256

export const emptyBody: Rule = {
  name: 'empty-body',
  judge(response, view) {
    if (response.status !== 200 || response.body.length > limit || view.request.method !== 'GET')
      return undefined
    if (response.body.length > 0 && !(view.isHtml && showsNothing(view))) return undefined
    const type = view.declaredType
    if (type !== undefined && !isHtmlType(type) && !isJsonType(type) && !isXmlType(type)) return undefined
    if (URL.parse(response.url)?.pathname === '/robots.txt') return undefined
    return blocked('empty-body', { weight: 0.5 })
  },
}

function showsNothing(view: View): boolean {
  return view.visible === '' && view.title === '' && !/<script|<meta|\b(?:src|href)\b/.test(view.text)
}
