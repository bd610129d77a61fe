import { createCrawler, defineSource, type Page } from 'regatta'
import { readDirectives } from 'regatta/source'
import { expect, expectTypeOf, test } from 'vitest'
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

test('a member that a request does not have is refused where the request is followed', () => {
  defineSource({
    ...text,
    name: 'misspelt',
    *seeds() {},
    *parse(page) {
      // @ts-expect-error it is called `label`
      yield page.follow({ url: '/', lable: 'x' })
      // @ts-expect-error it is called `delayMs`
      yield page.follow('a', { delay: 5 })
    },
  })
})

test('a member that a request does not have is refused where a seed is yielded', () => {
  defineSource({
    ...text,
    name: 'misspelt-seed',
    // @ts-expect-error it is called `label`
    *seeds() {
      yield { url: 'https://a.example/', lable: 'x' }
    },
    *parse() {},
  })
  defineSource({
    ...text,
    name: 'well-spelt',
    *seeds() {
      yield { url: 'https://a.example/', label: 'x', delayMs: 5, headers: { a: 'b' } }
      yield { url: new URL('https://a.example/') }
      yield 'https://a.example/b'
    },
    *parse() {},
  })
})
