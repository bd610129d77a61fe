import { defineSource, type Output, type Page, RegattaError } from 'regatta'
import { wholeNumber } from 'regatta/source'
import { z } from 'zod'

/**
 * A JSON interface that answers in pages. Two ways to turn a page are common, and both need no code:
 *
 *   --param url='https://api.example.com/items?page={page}' --param items=/data       counts until a page is empty
 *   --param url='https://api.example.com/items' --param items=/data --param next=/next   follows what the answer names
 *
 * With `next` the answer names a URL, or a cursor when the template has a place for it: `…/items?after={cursor}`.
 * Pointers are RFC 6901: `/data/0/name`; the empty one is the whole answer.
 */
const pointer = z.string().regex(/^(\/.*)?$/s, 'expected a JSON pointer such as /data/items')

export const jsonApi = defineSource({
  name: 'json-api',
  description: 'The items of a paged JSON interface',

  params: z.strictObject({
    /** Where to start; `{page}` and `{cursor}` are filled in. */
    url: z.string().refine(isTemplate, 'expected an http or https URL; {page} and {cursor} may stand in it'),
    /** Where the list is in the answer. */
    items: pointer.default(''),
    /** Where the next URL or cursor is. Without it pages are counted. */
    next: pointer.optional(),
    firstPage: wholeNumber().default(1),
  }),

  item: z.unknown(),

  /** The number of the page, where pages are counted. */
  data: z.object({ page: z.number() }).optional(),

  *seeds({ url, firstPage }) {
    yield { url: fill(url, firstPage, ''), data: { page: firstPage } }
  },

  *parse(page) {
    const answer = page.json()
    const items = valueAt(answer, page.params.items)
    if (!Array.isArray(items)) {
      throw new RegattaError('SOURCE_FAILED', `${page.url} has no list at "${page.params.items}".`)
    }
    for (const item of items) yield page.item(item)
    yield nextOf(page, answer, items.length)
  },
})

type Params = { readonly url: string; readonly next?: string | undefined; readonly firstPage: number }
type ApiPage = Page<Params, unknown, unknown, { page: number } | undefined>

function nextOf(page: ApiPage, answer: unknown, found: number): Output | undefined {
  const { url, next } = page.params
  if (next !== undefined) {
    const value = valueAt(answer, next)
    if (value === undefined || value === null || value === '' || value === false) return undefined
    const following = url.includes('{cursor}') ? fill(url, 0, String(value)) : String(value)
    return page.follow([following])
  }
  if (found === 0 || !url.includes('{page}')) return undefined
  const number = (page.data?.page ?? page.params.firstPage) + 1
  return page.follow({ url: fill(url, number, ''), data: { page: number } })
}

function fill(template: string, page: number, cursor: string): string {
  return template.replaceAll('{page}', String(page)).replaceAll('{cursor}', encodeURIComponent(cursor))
}

function isTemplate(url: string): boolean {
  return /^https?:\/\//i.test(url) && URL.canParse(fill(url, 1, ''))
}

/** RFC 6901. Undefined where the pointer leads nowhere. */
function valueAt(document: unknown, pointer: string): unknown {
  let value = document
  for (const token of pointer.split('/').slice(1)) {
    if (typeof value !== 'object' || value === null) return undefined
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~')
    value = Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined
  }
  return value
}
