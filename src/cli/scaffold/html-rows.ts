import type { CheerioAPI } from 'cheerio'
import type { Element } from 'domhandler'
import { stableClasses } from './field-names.ts'

/**
 * What a page has many of: the group of elements at one place in the tree whose own words make up most of the page. A list of
 * products, results or posts is one; a menu is one too, and says little.
 */
export interface FoundRows {
  readonly selector: string
  readonly members: readonly Element[]
}

/** Fewer are no list. */
const fewest = 3
/** Share of the page's words that its rows say at least. */
const leastShare = 0.2
const skipped = new Set([
  'td',
  'th',
  'script',
  'style',
  'noscript',
  'template',
  'svg',
  'head',
  'option',
  'br',
  'hr',
  'html',
  'body',
])
const besides =
  /\b(?:nav|navbar|menu|footer|header|breadcrumbs?|pagination|pager|sidebar|cookie|share|social|lang)\b/i
const telling =
  /(?:^|[-_])(?:item|card|product|post|entry|result|article|row|quote|book|story|listing|teaser|tile|event|job|review|comment)(?:[-_s]|$)/i

export function findRows($: CheerioAPI): FoundRows | undefined {
  const groups = new Map<string, Element[]>()
  const keys = new Map<Element, string>()
  const all = $('body *').toArray()
  for (const element of all) {
    if (skipped.has(element.name)) continue
    const above = element.parent && keys.get(element.parent as Element)
    const key = `${above ?? ''}>${formOf(element)}`
    keys.set(element, key)
    const group = groups.get(key)
    if (group) group.push(element)
    else groups.set(key, [element])
  }
  const words = wordsOf($, $('body').toArray())
  const scored = [...groups.values()]
    .map((group) => group.filter((each) => each.name !== 'tr' || $(each).children('td').length > 0))
    .filter((group) => group.length >= fewest)
    .map((members) => ({ members, score: scoreOf($, members, words) }))
    .filter(({ score }) => score > 0)
    .sort((one, other) => other.score - one.score)
  for (const { members } of scored.slice(0, 5)) {
    const selector = selectorOf($, members)
    if (selector !== undefined) return { selector, members }
  }
  return undefined
}

/** Tag and classes, as far as equal elements share them. */
export function formOf(element: Element): string {
  return [element.name, ...stableClasses(element.attribs.class).sort()].join('.')
}

function scoreOf($: CheerioAPI, members: readonly Element[], words: number): number {
  const own = wordsOf($, members)
  const share = own / Math.max(1, words)
  const [first] = members
  const isTable = first!.name === 'tr'
  const kinds = partsOf($, members)
  if (kinds < 2 || (share < leastShare && !isTable)) return 0
  const place = [first!, ...($(first!).parents().toArray() as Element[])]
  const isBeside = place.some(
    ({ name, attribs }) =>
      ['nav', 'footer', 'aside'].includes(name) ||
      besides.test(`${attribs.class ?? ''} ${attribs.role ?? ''}`),
  )
  const isTelling = stableClasses(first!.attribs.class).some((name) => telling.test(name))
  const weight = (isBeside ? 0.1 : 1) * (isTelling || first!.name === 'article' ? 1.3 : 1)
  return share * Math.log2(members.length + 1) * Math.min(kinds, 6) * weight
}

/** Letters and digits that are not the same in all of them. */
function wordsOf($: CheerioAPI, elements: readonly Element[]): number {
  return elements.reduce((sum, each) => sum + $(each).text().replace(/\s+/g, '').length, 0)
}

/** How many kinds of things most of them hold, which are not the same in each. */
function partsOf($: CheerioAPI, members: readonly Element[]): number {
  const seen = new Map<string, Set<string>>()
  const counts = new Map<string, number>()
  for (const member of members.slice(0, 50)) {
    const here = new Set<string>()
    for (const part of [member, ...($(member).find('*').toArray() as Element[])]) {
      const value = part.attribs.href ?? part.attribs.src ?? ownText(part)
      if (value === '') continue
      const key = `${part.name === 'td' ? $(part).index() : ''}${formOf(part)}`
      here.add(key)
      const values = seen.get(key) ?? new Set()
      seen.set(key, values.add(value))
    }
    for (const key of here) counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  const enough = Math.min(members.length, 50) / 2
  return [...counts].filter(([key, count]) => count >= enough && seen.get(key)!.size > 1).length
}

/** Text that stands right in it. */
export function ownText(element: Element): string {
  return element.children
    .map((child) => (child.type === 'text' ? child.data : ''))
    .join(' ')
    .replace(/\s+/g, ' ')
    .trim()
}

/** The shortest that finds these and no others. */
function selectorOf($: CheerioAPI, members: readonly Element[]): string | undefined {
  const [first] = members
  const tag = first!.name
  const shared = stableClasses(first!.attribs.class).filter((name) =>
    members.every((each) => stableClasses(each.attribs.class).includes(name)),
  )
  const own = [...shared.map((name) => `.${name}`), ...shared.map((name) => `${tag}.${name}`), tag]
  const above = ($(first!).parents().toArray() as Element[]).filter(({ name }) => name !== 'html')
  const places = above.flatMap((each) => [
    ...(each.attribs.id && /^[a-z][\w-]*$/i.test(each.attribs.id) ? [`#${each.attribs.id}`] : []),
    ...stableClasses(each.attribs.class).map((name) => `.${name}`),
    ...(['main', 'article', 'table', 'ol', 'ul', 'section', 'tbody'].includes(each.name) ? [each.name] : []),
  ])
  const rows = tag === 'tr' ? [...own, ...own.map((each) => `${each}:has(td)`)] : own
  const candidates = [...rows, ...places.flatMap((place) => rows.map((each) => `${place} ${each}`))]
  const children = places.flatMap((place) => own.map((each) => `${place} > ${each}`))
  const wanted = new Set(members)
  return [...candidates, ...children].find((candidate) => {
    const found = $(candidate).toArray() as Element[]
    return found.length === wanted.size && found.every((each) => wanted.has(each))
  })
}
