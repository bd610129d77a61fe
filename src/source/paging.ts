import { createHash } from 'node:crypto'
import { RegattaError } from '../contracts/errors.ts'
import { parseExactly, valueAt } from './json-pointer.ts'
import { linkWith } from './link-header.ts'

/**
 * How an interface goes on behind a page. Four ways are common, and one is told from the other by what is declared: the
 * answer names the next URL or a cursor (`next`), the cursor is a field of the last item (`last`), pages or items are
 * counted (`{page}`, `{offset}`), or a Link header says `rel="next"`.
 *
 * Each of them ends: with the last page as the interface declares it, or when it goes round in a circle. A page is counted
 * on by the items that came, not by those that were asked for: many interfaces give fewer than they are asked for.
 */
export interface Paging {
  /** The URL, as a template. */
  readonly url: string
  readonly body?: unknown
  /** Where the list is. */
  readonly items: string
  /** Where the next URL or cursor is: a JSON pointer, or `header:NAME`. */
  readonly next?: string | undefined
  /** A pointer into the last item: its value is the cursor. */
  readonly last?: string | undefined
  /** The cursor of the first page. */
  readonly cursor?: string | undefined
  /** Where the answer says that there is more. */
  readonly more?: string | undefined
  /** Where the number of all items is. */
  readonly total?: string | undefined
  /** Where the number of all pages is. */
  readonly pages?: string | undefined
  readonly firstPage: number
}

/** Where a request stands among its pages; it travels with the request. */
export interface PagePlace {
  readonly page?: number | undefined
  readonly offset?: number | undefined
  readonly cursor?: unknown
  /** Items before it. */
  readonly before?: number | undefined
  /** Pages without items right before it. */
  readonly empty?: number | undefined
  /** Of the items of the page before it. */
  readonly digest?: string | undefined
}

export interface PageAnswer {
  readonly url: string
  readonly document: unknown
  readonly items: readonly unknown[]
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** The answer as text, for numbers that JSON.parse rounds. */
  text(): string
}

/** What follows a page: another one, perhaps at a URL that the answer names; or its end, which may need a word. */
export type NextPage =
  | { readonly kind: 'page'; readonly place: PagePlace; readonly url?: string }
  | { readonly kind: 'end'; readonly why?: string }

/** Pages in a row without items that are followed all the same: some interfaces filter a page after they have cut it. */
const mostEmpty = 10

type Way = 'next' | 'last' | 'offset' | 'page' | 'link'

function wayOf({ url, body, next, last }: Paging): Way {
  if (next !== undefined) return 'next'
  if (last !== undefined) return 'last'
  const template = `${url} ${JSON.stringify(body) ?? ''}`
  if (template.includes('{offset}')) return 'offset'
  return template.includes('{page}') ? 'page' : 'link'
}

export function firstPlace(paging: Paging): PagePlace {
  const way = wayOf(paging)
  if (way === 'offset') return { offset: 0 }
  if (way === 'next' || way === 'last') return paging.cursor === undefined ? {} : { cursor: paging.cursor }
  return { page: paging.firstPage }
}

/** What goes into the places of the template. */
export function fillingOf(place: PagePlace): Record<'page' | 'offset' | 'cursor', unknown> {
  return { page: place.page, offset: place.offset, cursor: place.cursor }
}

/** Whether a page is the one before it once more: an interface that does not know the parameter gives the first page for ever. */
export function isRepeated(paging: Paging, place: PagePlace, items: readonly unknown[]): boolean {
  return place.digest !== undefined && isOpenEnded(paging) && place.digest === digestOf(items)
}

export function nextPage(paging: Paging, place: PagePlace, answer: PageAnswer): NextPage {
  const way = wayOf(paging)
  const { items, document, headers } = answer
  const found = items.length
  const before = (place.before ?? 0) + found
  const read = (where: string | undefined) =>
    where === undefined ? undefined : readPlace(where, document, headers)
  if (paging.more !== undefined && !isTrue(read(paging.more))) return end
  if (way === 'page' || way === 'offset') {
    if (found === 0) return end
    const total = countIn(read(paging.total))
    if (total !== undefined && before >= total) return end
    const digest = isOpenEnded(paging) ? { digest: digestOf(items) } : {}
    if (way === 'offset') return at({ offset: (place.offset ?? 0) + found, before, ...digest })
    const page = place.page ?? paging.firstPage
    const pages = countIn(read(paging.pages))
    if (pages !== undefined && page + 1 - paging.firstPage >= pages) return end
    return at({ page: page + 1, before, ...digest })
  }
  const empty = found === 0 ? (place.empty ?? 0) + 1 : 0
  if (empty > mostEmpty) return { kind: 'end', why: `${mostEmpty} pages in a row have no items` }
  const emptyYet = empty === 0 ? {} : { empty }
  if (way === 'last') {
    if (found === 0) return end
    return onward(place, exact(valueAt(items.at(-1), paging.last!), answer, paging, paging.last!), emptyYet)
  }
  const value = way === 'link' ? linkWith('next', headers.link) : exact(read(paging.next), answer, paging)
  if (isNothing(value)) return end
  if (way === 'next' && usesCursor(paging)) return onward(place, value, emptyYet)
  const url = hrefOf(value)
  if (url === undefined) {
    const shown = JSON.stringify(value).slice(0, 100)
    throw failed(
      answer.url,
      `names ${shown} as its next page, which is no URL; if it is a cursor, put {cursor} into "url"`,
    )
  }
  return { kind: 'page', url, place: emptyYet }
}

const end: NextPage = { kind: 'end' }

function at(place: PagePlace): NextPage {
  return { kind: 'page', place }
}

function onward(before: PagePlace, cursor: unknown, also: PagePlace): NextPage {
  if (isNothing(cursor)) return end
  if (before.cursor !== undefined && JSON.stringify(cursor) === JSON.stringify(before.cursor))
    return { kind: 'end', why: 'the next cursor is the one that was asked for' }
  return at({ cursor, ...also })
}

/** Nobody says how many there are, so that only an empty page ends it. */
function isOpenEnded({ total, pages, more }: Paging): boolean {
  return total === undefined && pages === undefined && more === undefined
}

function usesCursor({ url, body }: Paging): boolean {
  return `${url} ${JSON.stringify(body) ?? ''}`.includes('{cursor}')
}

/** A JSON pointer, or `header:NAME`. */
function readPlace(where: string, document: unknown, headers: PageAnswer['headers']): unknown {
  const [, header] = /^header:(.+)$/i.exec(where) ?? []
  if (header === undefined) return valueAt(document, where)
  const value = headers[header.trim().toLowerCase()]
  return Array.isArray(value) ? value.at(-1) : value
}

/** A cursor with all its digits, where JSON.parse has rounded it. */
function exact(value: unknown, answer: PageAnswer, paging: Paging, inLast?: string): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || !Number.isInteger(value)) return value
  try {
    const document = parseExactly(answer.text())
    if (inLast === undefined) return valueAt(document, paging.next!)
    const list = valueAt(document, paging.items)
    return Array.isArray(list) ? valueAt(list.at(-1), inLast) : value
  } catch {
    return value
  }
}

/** JSON:API writes a link as a text or as an object with `href`. */
function hrefOf(value: unknown): string | undefined {
  if (typeof value === 'object' && value !== null && 'href' in value) return hrefOf(value.href)
  return typeof value === 'string' ? value : undefined
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null || value === '' || value === false
}

function isTrue(value: unknown): boolean {
  return !isNothing(value) && value !== 0 && !/^(false|0|no)$/i.test(String(value))
}

function countIn(value: unknown): number | undefined {
  const count = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof count === 'number' && Number.isFinite(count) ? count : undefined
}

function digestOf(items: readonly unknown[]): string {
  return createHash('sha1').update(JSON.stringify(items)).digest('base64url').slice(0, 12)
}

function failed(url: string, why: string): RegattaError {
  return new RegattaError('SOURCE_FAILED', `${url} ${why}.`, { value: { url } })
}
