import { type } from 'arktype'
import { createCrawler, defineSource, type Page, type RequestInput } from 'regatta'
import { readDirectives } from 'regatta/source'
import * as v from 'valibot'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'

/**
 * What the compiler knows of a source, and what it refuses. `npm run types` reads this file: an error that is expected
 * and does not come is an error.
 */
const text = {
  params: z.object({ base: z.string(), n: z.coerce.number<string>() }),
  item: z.object({ t: z.string() }),
}

test('params and items have the types of their schemas', () => {
  const source = defineSource({
    ...text,
    name: 'plain',
    *seeds(params, context) {
      expectTypeOf(params).toEqualTypeOf<{ base: string; n: number }>()
      expectTypeOf(context.signal).toEqualTypeOf<AbortSignal>()
      yield params.base
      yield { url: new URL(params.base), priority: 1 }
    },
    *parse(page) {
      expectTypeOf(page.params.n).toEqualTypeOf<number>()
      yield page.item({ t: '' })
      // @ts-expect-error an item that does not fit
      yield page.item({ t: 4 })
    },
  })
  type Crawled = ReturnType<Awaited<ReturnType<typeof createCrawler>>['crawl']>
  expectTypeOf<Crawled>().toExtend<AsyncIterable<unknown>>()
  expectTypeOf(source.params.parse).returns.toEqualTypeOf<{ base: string; n: number }>()
  expectTypeOf(source.item.parse).returns.toEqualTypeOf<{ t: string }>()
})

test('with one function labels are free, and data is unknown', () => {
  defineSource({
    ...text,
    name: 'plain',
    *seeds({ base }) {
      yield { url: base, label: 'any', data: { id: 1 } }
    },
    *parse(page) {
      expectTypeOf(page.data).toEqualTypeOf<unknown>()
      yield page.follow('a')
      yield page.follow('a', { label: 'any', data: 7, priority: 2 })
      yield page.follow(['/a', new URL('http://a.example/'), { url: '/b', label: 'other' }], { label: 'any' })
      yield page.follow(undefined)
      // @ts-expect-error `key` belongs to one request, not to all
      yield page.follow('a', { key: 'k' })
    },
  })
})

test('with one function and one schema, data is checked wherever a request is made', () => {
  defineSource({
    ...text,
    name: 'counted',
    data: z.object({ page: z.number(), size: z.number().default(10) }),
    *seeds({ base }) {
      yield { url: base, data: { page: 1 } }
    },
    *parse(page) {
      expectTypeOf(page.data).toEqualTypeOf<{ page: number; size: number }>()
      yield page.follow('a', { data: { page: 2 } })
      yield page.follow({ url: '/a', data: { page: 2 }, label: 'any' })
      // @ts-expect-error no data
      yield page.follow('a')
      // @ts-expect-error no data
      yield page.follow(['/a'])
      // @ts-expect-error wrong data
      yield page.follow('a', { data: { page: '2' } })
    },
  })
})

test('with handlers, a label is one of them, and brings the data that it reads', () => {
  defineSource({
    ...text,
    name: 'labelled',
    data: { detail: z.object({ id: z.number() }), search: z.string().optional() },
    *seeds({ base }) {
      yield { url: base, label: 'list' }
      yield { url: base, label: 'detail', data: { id: 1 } }
      yield { url: base, label: 'search' }
    },
    parse: {
      *list(page, context) {
        expectTypeOf(page.data).toEqualTypeOf<undefined>()
        expectTypeOf(page.params).toEqualTypeOf<{ base: string; n: number }>()
        context.log(page.url)
        yield page.item({ t: '' })
        yield page.follow('a', { label: 'list' })
        yield page.follow('a', { label: 'detail', data: { id: 1 } })
        yield page.follow({ url: '/a', label: 'detail', data: { id: 1 } }, { priority: 1 })
        yield page.follow([
          { url: '/a', label: 'list' },
          { url: '/b', label: 'search', data: 'x' },
        ])
        yield page.follow(null, { label: 'list' })
        yield page.follow([1, 2].map((id) => ({ url: `/${id}`, label: 'detail', data: { id } })))
        // @ts-expect-error wrong data in a list
        yield page.follow([1, 2].map((id) => ({ url: `/${id}`, label: 'detail', data: { id: `${id}` } })))
        // @ts-expect-error an item that does not fit
        yield page.item({ t: 4 })
        // @ts-expect-error an unknown label
        yield page.follow('a', { label: 'detial' })
        // @ts-expect-error no label, and no handler "default"
        yield page.follow('a')
        // @ts-expect-error the same, in a list
        yield page.follow(['/a'])
        // @ts-expect-error no data
        yield page.follow('a', { label: 'detail' })
        // @ts-expect-error wrong data
        yield page.follow('a', { label: 'detail', data: { id: '1' } })
        // @ts-expect-error data of another label
        yield page.follow('a', { label: 'search', data: { id: 1 } })
        // @ts-expect-error data that nobody reads
        yield page.follow('a', { label: 'list', data: { id: 1 } })
        // @ts-expect-error no data in a request
        yield page.follow({ url: '/a', label: 'detail' })
        // @ts-expect-error an unknown label in a list
        yield page.follow([{ url: '/a', label: 'detial' }])
        // @ts-expect-error a label for requests that have theirs
        yield page.follow({ url: '/a', label: 'list' }, { label: 'list' })
      },
      async *detail(page) {
        expectTypeOf(page.data).toEqualTypeOf<{ id: number }>()
        yield page.item({ t: await Promise.resolve('') })
      },
      *search(page) {
        expectTypeOf(page.data).toEqualTypeOf<string | undefined>()
        yield page.follow('a', { label: 'search', data: page.data })
      },
    },
  })
})

test('a seed is checked as a link is', () => {
  const parts = {
    ...text,
    name: 'seeded',
    data: { detail: z.object({ id: z.number() }) },
    parse: { *list() {}, *detail() {} },
  }
  const url = 'https://example.com/'
  defineSource({ ...parts, seeds: () => [{ url, label: 'detail', data: { id: 1 } }] })
  // @ts-expect-error no URL
  defineSource({ ...parts, seeds: () => [{ label: 'list' }] })
  // @ts-expect-error an unknown label
  defineSource({ ...parts, seeds: () => [{ url, label: 'detial' }] })
  // @ts-expect-error no data
  defineSource({ ...parts, seeds: () => [{ url, label: 'detail' }] })
  // @ts-expect-error wrong data
  defineSource({ ...parts, seeds: () => [{ url, label: 'detail', data: { id: '' } }] })
  // @ts-expect-error no label, and no handler "default"
  defineSource({ ...parts, seeds: () => [url] })
})

test('with a handler "default", a request needs no label', () => {
  defineSource({
    ...text,
    name: 'defaulted',
    data: { detail: z.object({ id: z.number() }) },
    *seeds({ base }) {
      yield base
    },
    parse: {
      *default(page) {
        expectTypeOf(page.data).toEqualTypeOf<undefined>()
        yield page.follow('a')
        yield page.follow(['/a', { url: '/b', label: 'detail', data: { id: 1 } }])
        yield page.follow('a', { priority: 2 })
        // @ts-expect-error data that nobody reads
        yield page.follow('a', { data: 7 })
        // @ts-expect-error no data
        yield page.follow('a', { label: 'detail' })
      },
      *detail(page) {
        expectTypeOf(page.data.id).toEqualTypeOf<number>()
        yield page.follow('a')
      },
    },
  })
})

test('data is for labels that have a handler', () => {
  const misspelt = () =>
    defineSource({
      ...text,
      name: 'misspelt',
      data: {
        // @ts-expect-error no handler of this name
        detial: z.object({ id: z.number() }),
      },
      seeds: () => [{ url: '', label: 'detail' as const }],
      parse: { *detail() {} },
    })
  expect(misspelt).toThrow('"detial"') // and at run time, for those without a compiler
})

test('a page with labels is a page to functions that take any', () => {
  const titleOf = (page: Page) => page.$('title').text()
  defineSource({
    ...text,
    name: 'helped',
    seeds: () => [{ url: '', label: 'list' }],
    parse: {
      *list(page) {
        expectTypeOf(readDirectives(page).noindex).toEqualTypeOf<boolean>()
        yield page.item({ t: titleOf(page) })
      },
    },
  })
})

test('a crawl takes the params and gives the items of its source', () => {
  const source = defineSource({ ...text, name: 'crawled', seeds: () => [''], parse: () => [] })
  async function crawl() {
    await using crawler = await createCrawler({ direct: true })
    for await (const item of crawler.crawl(source, { base: '', n: '1' }))
      expectTypeOf(item).toEqualTypeOf<{ t: string }>()
    // @ts-expect-error a param of the wrong type
    crawler.crawl(source, { base: '', n: 1 })
  }
  expectTypeOf(crawl).toBeFunction()
})

test('params that a source cannot do without are wanted by the compiler', () => {
  const needing = defineSource({ ...text, name: 'needing', *seeds() {}, *parse() {} })
  const easy = defineSource({
    ...text,
    params: z.object({ depth: z.number().optional(), most: z.number().default(4) }),
    name: 'easy',
    *seeds() {},
    *parse() {},
  })
  const never = (crawler: Awaited<ReturnType<typeof createCrawler>>) => {
    crawler.crawl(needing, { base: '', n: '1' })
    crawler.crawl(needing, { base: '', n: '1' }, { maxPages: 1 })
    crawler.crawl(easy)
    crawler.crawl(easy, {}, { maxPages: 1 })
    // @ts-expect-error it needs params
    crawler.crawl(needing)
    // @ts-expect-error it needs all of them
    crawler.crawl(needing, { base: '' })
    // @ts-expect-error a param that it does not have
    crawler.crawl(easy, { dpeth: 1 })
  }
  expect(never).toBeTypeOf('function')
})

describe('a member that a request does not have is refused', () => {
  const extra = { priority: 1, lable: 'x' }
  const one = { url: '/a', lable: 'x' }
  const list = [one]

  test('where the request is followed, written out or not', () => {
    defineSource({
      ...text,
      name: 'misspelt',
      *seeds() {},
      async *parse(page) {
        // @ts-expect-error it is called `label`
        yield page.follow({ url: '/', lable: 'x' })
        // @ts-expect-error it is called `delayMs`
        yield page.follow('a', { delay: 5 })
        // @ts-expect-error also where it is nothing
        yield page.follow('a', { prioritiy: undefined })
        // @ts-expect-error in a list
        yield page.follow(['/a', { url: '/', prioritiy: 1 }])
        // @ts-expect-error in a list that was made
        yield page.follow([1].map((n) => ({ url: `/${n}`, prioritiy: 1 })))
        // @ts-expect-error in a list that has a name
        yield page.follow(list)
        // @ts-expect-error in a request that has a name
        yield page.follow(one)
        // @ts-expect-error in a spread
        yield page.follow({ url: '/', ...extra })
        // @ts-expect-error in what is said of all
        yield page.follow('a', extra)
        // @ts-expect-error the same in a spread
        yield page.follow('a', { ...extra })
        // @ts-expect-error beside a request
        yield page.follow({ url: '/' }, { prioritiy: 1 })
      },
    })
  })

  test('with handlers, beside a label and its data', () => {
    defineSource({
      ...text,
      name: 'misspelt-labels',
      data: { detail: z.object({ id: z.number() }) },
      // @ts-expect-error it is called `priority`
      *seeds() {
        yield { url: '/', label: 'detail', data: { id: 1 }, prioritiy: 1 }
      },
      parse: {
        *list(page) {
          // @ts-expect-error beside an address
          yield page.follow('a', { label: 'detail', data: { id: 1 }, prioritiy: 1 })
          // @ts-expect-error in a request
          yield page.follow({ url: '/', label: 'detail', data: { id: 1 }, prioritiy: 1 })
          // @ts-expect-error in a list that was made
          yield page.follow([1].map((id) => ({ url: '/', label: 'detail', data: { id }, prioritiy: 1 })))
          // @ts-expect-error in a spread
          yield page.follow('a', { label: 'list', ...{ prioritiy: 1 } })
          // @ts-expect-error in the data
          yield page.follow('a', { label: 'detail', data: { id: 1, idd: 2 } })
        },
        *detail() {},
      },
    })
  })

  test('where a seed is yielded, in any way', () => {
    const parts = { ...text, name: 'misspelt-seed', *parse() {} }
    defineSource({
      ...parts,
      // @ts-expect-error in an object that is written out
      *seeds() {
        yield { url: 'https://a.example/', lable: 'x' }
      },
    })
    defineSource({
      ...parts,
      // @ts-expect-error in an async generator
      async *seeds() {
        yield { url: 'https://a.example/', lable: 'x' }
      },
    })
    defineSource({
      ...parts,
      // @ts-expect-error beside a URL
      *seeds() {
        yield 'https://a.example/'
        yield { url: 'https://a.example/', lable: 'x' }
      },
    })
    defineSource({
      ...parts,
      // @ts-expect-error beside a good one
      *seeds() {
        yield { url: 'https://a.example/', label: 'x', priority: 1 }
        yield { url: 'https://a.example/', lable: 'x', priority: 1 }
      },
    })
    defineSource({
      ...parts,
      // @ts-expect-error in a spread
      *seeds() {
        yield { url: 'https://a.example/', ...extra }
      },
    })
    // @ts-expect-error in a list
    defineSource({ ...parts, seeds: () => [{ url: 'https://a.example/', lable: 'x' }] })
    // @ts-expect-error in a list that has a name
    defineSource({ ...parts, seeds: () => list })
    defineSource({
      ...parts,
      *seeds() {
        yield { url: 'https://a.example/', label: 'x', delayMs: 5, headers: { a: 'b' } }
        yield { url: new URL('https://a.example/') }
        yield 'https://a.example/b'
      },
    })
  })
})

test('what has a request or a link in it is followed as it is', () => {
  const typed: RequestInput = { url: '/' }
  const mixed: (string | URL | RequestInput)[] = []
  const perhaps: { label?: string } = {}
  defineSource({
    ...text,
    name: 'as-it-is',
    *seeds() {
      yield typed
      yield { ...typed, priority: 1 }
    },
    *parse(page) {
      const { links } = page.links('a')
      yield page.follow([typed, ...mixed, '/b'])
      yield page.follow(links.filter(({ rel }) => !rel.includes('nofollow')))
      yield page.follow(page.form().request(), { label: 'found' })
      yield page.follow('a', perhaps)
      yield page.follow(links.length > 0 ? typed : undefined)
    },
  })
})

describe('a schema of each library says the same', () => {
  test('valibot', () => {
    defineSource({
      name: 'valibot',
      params: v.object({ base: v.string(), most: v.optional(v.pipe(v.string(), v.transform(Number)), '4') }),
      item: v.object({ t: v.string(), price: v.optional(v.number()) }),
      data: { detail: v.object({ id: v.number() }) },
      *seeds(params) {
        expectTypeOf(params).toEqualTypeOf<{ base: string; most: number }>()
        yield { url: params.base, label: 'list' }
      },
      parse: {
        *list(page) {
          yield page.item({ t: '' })
          yield page.follow('a', { label: 'detail', data: { id: 1 } })
          // @ts-expect-error an item that does not fit
          yield page.item({ t: 4 })
          // @ts-expect-error wrong data
          yield page.follow('a', { label: 'detail', data: { id: '1' } })
          // @ts-expect-error an unknown label
          yield page.follow('a', { label: 'detial' })
        },
        *detail(page) {
          expectTypeOf(page.data).toEqualTypeOf<{ id: number }>()
          const answer = page.json(v.object({ price: v.pipe(v.string(), v.transform(Number)) }))
          expectTypeOf(answer).toEqualTypeOf<{ price: number }>()
          yield page.item({ t: '', price: answer.price })
        },
      },
    })
  })

  test('arktype', () => {
    defineSource({
      name: 'arktype',
      params: type({ base: 'string', most: 'number = 4' }),
      item: type({ t: 'string', 'price?': 'number' }),
      data: { detail: type({ id: 'number' }) },
      *seeds(params) {
        expectTypeOf(params).toEqualTypeOf<{ base: string; most: number }>()
        yield { url: params.base, label: 'list' }
      },
      parse: {
        *list(page) {
          yield page.item({ t: '' })
          yield page.follow('a', { label: 'detail', data: { id: 1 } })
          // @ts-expect-error an item that does not fit
          yield page.item({ t: 4 })
          // @ts-expect-error wrong data
          yield page.follow('a', { label: 'detail', data: { id: '1' } })
          // @ts-expect-error an unknown label
          yield page.follow('a', { label: 'detial' })
        },
        *detail(page) {
          expectTypeOf(page.data).toEqualTypeOf<{ id: number }>()
          const answer = page.json(type({ price: 'number' }))
          expectTypeOf(answer).toEqualTypeOf<{ price: number }>()
          yield page.item({ t: '', price: answer.price })
        },
      },
    })
  })

  test('zod', () => {
    const source = defineSource({
      ...text,
      name: 'zod',
      *seeds() {},
      *parse(page) {
        expectTypeOf(page.json()).toEqualTypeOf<unknown>()
        const answer = page.json(z.object({ at: z.string().transform((text) => new Date(text)) }))
        expectTypeOf(answer).toEqualTypeOf<{ at: Date }>()
        yield page.item({ t: answer.at.toISOString() })
        // @ts-expect-error no schema
        page.json({ at: String })
      },
    })
    expect(source.name).toBe('zod')
  })
})
