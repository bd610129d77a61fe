import { messageOf, RegattaError } from '../contracts/errors.ts'
import type { Page } from '../contracts/page.ts'
import { valueAt } from './json-pointer.ts'

/**
 * What is wanted of a page, said in a line each, without code:
 *
 *   title=h1                     the text of the first element that a CSS selector finds
 *   price=.price@data-value      an attribute of it
 *   tags[]=.tag                  all of them, as a list
 *   name=/company/name           in JSON, what a pointer leads to
 */
export interface FieldSelector {
  readonly name: string
  readonly isList: boolean
  readonly where: string
  /** Undefined: its text. */
  readonly attribute: string | undefined
}

/** Undefined for a line that is none. */
export function readFieldSelector(line: string): FieldSelector | undefined {
  const [, name, list, rest = ''] = /^\s*([\w-]+)(\[\])?=(.*)$/s.exec(line) ?? []
  const where = rest.trim()
  if (name === undefined || where === '') return undefined
  const mark = where.startsWith('/') ? -1 : where.lastIndexOf('@')
  const attribute = mark < 0 ? undefined : where.slice(mark + 1)
  // An @ within brackets or quotes belongs to the selector.
  const hasAttribute = attribute !== undefined && /^[\w:.-]+$/.test(attribute)
  return {
    name,
    isList: list !== undefined,
    where: hasAttribute ? where.slice(0, mark).trim() : where,
    attribute: hasAttribute ? attribute : undefined,
  }
}

/** The fields of a page; null where nothing is there. Throws SOURCE_FAILED, naming the selector, or the page that is no JSON. */
export function selectFields(
  page: Pick<Page, '$' | 'json' | 'url'>,
  selectors: readonly FieldSelector[],
): Record<string, unknown> {
  return Object.fromEntries(selectors.map((each) => [each.name, select(page, each)]))
}

function select(
  page: Pick<Page, '$' | 'json' | 'url'>,
  { name, where, attribute, isList }: FieldSelector,
): unknown {
  if (where.startsWith('/')) {
    const value = valueAt(page.json(), where) ?? null
    return isList && !Array.isArray(value) ? (value === null ? [] : [value]) : value
  }
  const { $ } = page
  let found: ReturnType<typeof $>
  try {
    found = $(where === '' ? ':root' : where)
  } catch (error) {
    const sentence = `The field "${name}" asks for "${where}", which is no CSS selector: ${messageOf(error)}.`
    throw new RegattaError('SOURCE_FAILED', sentence, { value: { url: page.url }, cause: error })
  }
  const values = found.toArray().map((element) => {
    const one = $(element)
    return attribute === undefined ? one.text().trim().replaceAll(/\s+/g, ' ') : (one.attr(attribute) ?? null)
  })
  return isList ? values : (values[0] ?? null)
}
