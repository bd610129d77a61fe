import { pickHash } from '../hash.ts'
import type { Exchange } from '../origin/origin-exchange.ts'
import { type Headers, type Reply, reply } from '../origin/reply.ts'
import type { Emulation, EmulationSetup } from './emulation.ts'

/**
 * An interface that pages in every way that is common, so that one origin tries them all:
 *
 *   /link?page=1                  a list, and a Link header (RFC 8288)
 *   /pages?page=1                 a list, and the headers X-Total and X-Total-Pages; 400 behind the last page
 *   /offset?offset=0&limit=100    { rows, total }, never more than ten at a time
 *   /cursor?after=…               { data, has_more, next }
 *   /next                         { results, next }
 *   /items/ID/comments?page=1     a list of none to three for each item
 *   /changes?since=…&page=1       items by the time of their last change
 *   /private?page=1               the same as /link, for those who show `Authorization: Bearer lab-key`
 *
 * Items are `{ id, name, updated_at }`. An address may ask 300 times a minute, thirty of them at once; then it is told 429 with Retry-After.
 */
export const labKey = 'lab-key'
const usualSize = 60
const perPage = 10
const day = 86_400_000

export interface ApiItem {
  readonly id: number
  readonly name: string
  readonly updated_at: string
}

/** What there is, for a test that knows what must come home. */
export function apiItems({ seed, size = usualSize }: EmulationSetup): readonly ApiItem[] {
  return Array.from({ length: size }, (_, at) => ({
    id: at + 1,
    name: `item ${Math.floor(pickHash(seed, `name ${at}`) * 1_000_000)}`,
    // Two of each moment: ties are what a bookmark gets wrong.
    updated_at: new Date(Date.UTC(2026, 0, 1) + Math.floor(at / 2) * day).toISOString(),
  }))
}

/** How many comments an item has. */
export function commentsOf(seed: number, id: number): number {
  return Math.floor(pickHash(seed, `comments ${id}`) * 4)
}

export function createPagedApi(setup: EmulationSetup): Emulation {
  const all = apiItems(setup)
  return {
    answer: (exchange, { base }) => answerOf(exchange, base, all, setup.seed),
    limitOf: () => ({ requests: 300, perMs: 60_000, burst: 30 }),
    refuse: (waitMs) =>
      json(429, { message: 'Too many requests' }, { 'retry-after': Math.max(1, Math.ceil(waitMs / 1_000)) }),
  }
}

function answerOf(
  exchange: Exchange,
  base: string,
  all: readonly ApiItem[],
  seed: number,
): Reply | undefined {
  const { path } = exchange
  const page = numberOf(exchange, 'page', 1)
  const cut = all.slice((page - 1) * perPage, page * perPage)
  const pages = Math.ceil(all.length / perPage)
  switch (path) {
    case '/robots.txt':
      return json(404, { message: 'Not found' })
    case '/private':
      if (exchange.header('authorization') !== `Bearer ${labKey}`)
        return json(401, { message: 'Bad credentials' })
      return linked(base, path, cut, page, pages)
    case '/link':
      return linked(base, path, cut, page, pages)
    case '/pages':
      if (page > pages) return json(400, { code: 'invalid_page_number' })
      return json(200, cut, { 'x-total': all.length, 'x-total-pages': pages })
    case '/offset': {
      const offset = numberOf(exchange, 'offset', 0)
      const limit = Math.min(perPage, numberOf(exchange, 'limit', perPage))
      return json(200, { rows: all.slice(offset, offset + limit), total: all.length })
    }
    case '/cursor': {
      const from = Number(/^c(\d+)$/.exec(exchange.parameter('after') ?? 'c0')?.[1] ?? Number.NaN)
      if (Number.isNaN(from)) return json(400, { message: 'Bad cursor' })
      const isMore = from + perPage < all.length
      return json(200, {
        data: all.slice(from, from + perPage),
        has_more: isMore,
        next: `c${from + perPage}`,
      })
    }
    case '/next':
      return json(200, { results: cut, next: page < pages ? `${base}/next?page=${page + 1}` : null })
    case '/changes': {
      const since = exchange.parameter('since') ?? ''
      const changed = all.filter(({ updated_at }) => updated_at >= since)
      return json(200, changed.slice((page - 1) * perPage, page * perPage))
    }
  }
  const [, id] = /^\/items\/(\d+)\/comments$/.exec(path) ?? []
  if (id === undefined) return undefined
  const count = Number(id) <= all.length ? commentsOf(seed, Number(id)) : 0
  const comment = { id: `${id}-${page}`, text: `comment ${page} on ${id}` }
  return json(200, page <= count ? [comment] : [])
}

function linked(base: string, path: string, cut: readonly ApiItem[], page: number, pages: number): Reply {
  const to = (number: number, rel: string) => `<${base}${path}?page=${number}>; rel="${rel}"`
  const links = [to(1, 'first'), to(pages, 'last'), ...(page < pages ? [to(page + 1, 'next')] : [])]
  return json(200, cut, { link: links.join(', ') })
}

function numberOf(exchange: Exchange, name: string, standard: number): number {
  const number = Number(exchange.parameter(name) ?? standard)
  return Number.isSafeInteger(number) && number >= 0 ? number : standard
}

function json(status: number, body: unknown, headers: Headers = {}): Reply {
  return reply(status, JSON.stringify(body), { type: 'application/json', headers })
}
