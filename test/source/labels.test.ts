import { createCrawler, defineSource } from 'regatta'
import { startLab } from 'regatta/lab'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { contextOf, outputsOf, pageOf } from './fixtures.ts'

/** `parse` with a handler for each label: which one reads a page, with what, and what is said when none does. */
const shop = defineSource({
  name: 'shop',
  params: z.object({ base: z.url() }),
  item: z.object({ title: z.string(), rank: z.number(), from: z.string() }),
  data: { detail: z.object({ rank: z.coerce.number<number>().int(), from: z.string().default('list') }) },
  *seeds({ base }) {
    yield { url: base, label: 'list' }
  },
  parse: {
    *list(page) {
      for (const [rank, { url }] of page.links('a').links.entries())
        yield page.follow(url, { label: 'detail', data: { rank } })
    },
    async *detail(page) {
      const { rank, from } = page.data
      yield page.item({ title: page.$('title').text(), rank, from })
    },
  },
})
const at = 'https://shop.example/'
const parse = (label: string | undefined, data?: unknown, body = '<title>Emma</title><a href=/1>a</a>') => {
  const request = { ...(label !== undefined && { label }), ...(data !== undefined && { data }) }
  return outputsOf(shop.parse(pageOf(shop, { base: at }, at, { body, request }), contextOf()))
}
const failure = (sentence: RegExp) =>
  expect.objectContaining({ code: 'SOURCE_FAILED', message: expect.stringMatching(sentence) })

test('a page is read by the handler of its label, which gets the data of its request', async () => {
  expect(await parse('list')).toEqual({ items: [], urls: [`${at}1`], dropped: 0 })
  expect((await parse('detail', { rank: 3 })).items).toEqual([{ title: 'Emma', rank: 3, from: 'list' }])
})

test('a label without a handler is named, with the handlers there are', () => {
  expect(() => parse('detial')).toThrow(failure(/"detial".*"shop".*list, detail/))
  expect(() => parse('constructor')).toThrow(failure(/"constructor"/))
})

test('a request without a label needs the handler "default"', async () => {
  expect(() => parse(undefined)).toThrow(failure(/no label.*list, detail.*"default"/))
  const plain = defineSource({
    name: 'plain',
    params: z.object({}),
    item: z.string(),
    *seeds() {
      yield at
    },
    parse: {
      *default(page) {
        yield page.item(page.url)
        yield page.follow(['/a', '/b'])
      },
    },
  })
  const outputs = await outputsOf(plain.parse(pageOf(plain, {}, at), contextOf()))
  expect(outputs).toMatchObject({ items: [at], urls: [`${at}a`, `${at}b`] })
})

test('data that does not fit is refused when it is read, with the field, the label and the request', async () => {
  await expect(parse('detail', { rank: 'first' })).rejects.toThrow(
    failure(/https:\/\/shop\.example\/.*"detail".*"rank".*expected number/),
  )
  await expect(parse('detail')).rejects.toThrow(failure(/the data: .*expected object/))
})

test('one function may say what all its requests carry', async () => {
  const counted = defineSource({
    name: 'counted',
    params: z.object({}),
    item: z.number(),
    data: z.object({ page: z.number() }).optional(),
    *seeds() {
      yield at
    },
    *parse(page) {
      const number = page.data?.page ?? 1
      yield page.item(number)
      yield page.follow('/next', { data: { page: number + 1 } })
    },
  })
  const read = (request: object) =>
    outputsOf(counted.parse(pageOf(counted, {}, at, { request }), contextOf()))
  expect((await read({})).items).toEqual([1])
  expect((await read({ data: { page: 4 } })).items).toEqual([4])
  await expect(read({ data: { page: 'x' } })).rejects.toThrow(failure(/"page"/))
})

test.each([
  ['no handlers', { parse: {} }, /"parse" must be/],
  ['a handler that is no function', { parse: { list: 5 } }, /"parse" must be/],
  ['data that is no schema', { data: { list: 5 } }, /"data" must be a zod schema/],
  ['one schema for all its handlers', { data: z.string() }, /"data" must be a schema for each label/],
  ['data for a label without a handler', { data: { detial: z.string() } }, /"detial".*no handler/],
  [
    'data by label for one function',
    { data: { list: z.string() }, parse: () => [] },
    /one schema.*one function/,
  ],
])('a definition with %s is refused at once', (_, change, sentence) => {
  const good = { ...shop, data: undefined, parse: { *list() {} }, seeds: () => [] }
  expect(() => defineSource({ ...good, ...change } as unknown as typeof shop)).toThrow(
    expect.objectContaining({ code: 'SOURCE_INVALID', message: expect.stringMatching(sentence) }),
  )
})

test('a crawl goes from label to label, and buries what nobody handles with the reason', async () => {
  await using lab = await startLab({ origins: { site: { site: { pages: 5 } } }, proxies: [{ count: 2 }] })
  await using crawler = await createCrawler({ proxies: [...lab.proxies], politeness: false })
  const base = `${lab.origins.site!.url}/`
  const ranks: number[] = []
  const crawl = crawler.crawl(shop, { base })
  for await (const { rank } of crawl) ranks.push(rank)
  expect(ranks.sort()).toEqual(ranks.map((_, rank) => rank))
  expect(ranks.length).toBeGreaterThan(1)

  const lost = { ...shop, name: 'lost', seeds: () => [{ url: base, label: 'lost' }] }
  const { deadLetters } = await crawler.crawl(lost, { base }).run()
  expect(deadLetters).toEqual([
    { url: base, code: 'source-failed', detail: expect.stringMatching(/"lost".*list, detail/) },
  ])
})
