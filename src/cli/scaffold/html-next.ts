import type { CheerioAPI } from 'cheerio'
import type { Element } from 'domhandler'
import { stableClasses } from './field-names.ts'

/** The link to the next page of a list, as a selector that finds it again. */
const nextWords =
  /^(?:next(?: page)?|older(?: posts| entries)?|more results|weiter|nächste(?: seite)?|suivante?|siguiente|próxima|successiva|volgende|次へ|次のページ|下一页|下一頁|следующая|вперёд)? ?[→›»>]{0,3}$/i

export function findNext($: CheerioAPI, url: string): string | undefined {
  const leads = (element: Element) => {
    const to = URL.parse(element.attribs.href ?? '', url)
    if (to === null || !/^https?:$/.test(to.protocol)) return false
    to.hash = ''
    return to.href !== new URL(url).href
  }
  for (const selector of ['a[rel~="next"]', 'link[rel="next"]']) {
    const found = $(selector).toArray() as Element[]
    if (found.length > 0 && found.every(leads)) return selector
  }
  for (const element of $('a[href]').toArray() as Element[]) {
    const text = $(element).text()
    const label = element.attribs['aria-label'] ?? ''
    const words = text.trim().replace(/\s+/g, ' ')
    const isNext = (words !== '' && words.length < 40 && nextWords.test(words)) || /^next\b/i.test(label)
    const holder = $(element).closest('.next, .pagination-next, .pager-next')
    if (!(isNext || holder.length > 0) || !leads(element)) continue
    const selector = selectorFor($, element)
    if (selector !== undefined) return selector
  }
  return undefined
}

function selectorFor($: CheerioAPI, element: Element): string | undefined {
  const parent = element.parent as Element | null
  const word = /^[\p{L}][\p{L} ]*/u.exec($(element).text().trim())?.[0].trim()
  const arrow = /[→›»]/.exec($(element).text())?.[0]
  const candidates = [
    ...stableClasses(element.attribs.class).map((name) => `a.${name}`),
    ...(parent ? stableClasses(parent.attribs.class).map((name) => `.${name} > a`) : []),
    ...(/^[\w ]+$/.test(element.attribs['aria-label'] ?? '')
      ? [`a[aria-label="${element.attribs['aria-label']}"]`]
      : []),
    ...(word ? [`a:contains("${word}")`] : []),
    ...(arrow ? [`a:contains("${arrow}")`] : []),
  ]
  const target = element.attribs.href
  return candidates.find((candidate) => {
    const found = $(candidate).toArray() as Element[]
    return found.length > 0 && found.every((each) => each.attribs.href === target)
  })
}
