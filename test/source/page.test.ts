import { execFileSync } from 'node:child_process'
import { expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { defineSource } from '../../src/source/define-source.ts'
import { collect, contextOf, outputsOf, pageOf } from './fixtures.ts'

const books = defineSource({
  name: 'books',
  params: z.object({ tag: z.string().default('life') }),
  item: z.object({ title: z.string(), price: z.coerce.number<string>() }),
  *seeds({ tag }) {
    expectTypeOf(tag).toEqualTypeOf<string>()
    yield { url: `https://books.example/tag/${tag}` }
  },
  *parse(page) {
    expectTypeOf(page.params.tag).toEqualTypeOf<string>()
    for (const book of page.$('.book')) {
      yield page.item({ title: page.$(book).find('h2').text(), price: page.$(book).attr('data-price') ?? '' })
    }
    yield page.follow('a.next')
  },
})

const at = 'https://books.example/tag/life?page=1'
const follow = (body: string, target: Parameters<ReturnType<typeof pageOf>['follow']>[0], type?: string) => {
  const output = pageOf(books, {}, at, { body, ...(type !== undefined && { type }) }).follow(target)
  if (output.kind !== 'requests') throw new Error('expected requests')
  return { urls: output.requests.map(({ url }) => url), dropped: output.dropped }
}

test('seeds get the parsed params', async () => {
  expect(await collect(books.seeds(books.params.parse({}), contextOf()))).toEqual([
    { url: 'https://books.example/tag/life' },
  ])
})

test('a page becomes items and the next request', async () => {
  const body = `<div class=book data-price=7.5><h2>Emma</h2></div><a class=next href="?page=2">more</a>`
  const page = pageOf(books, { tag: 'life' }, at, { body })
  const { items, urls } = await outputsOf(books.parse(page, contextOf()))
  expect(items).toEqual([{ title: 'Emma', price: 7.5 }])
  expect(urls).toEqual(['https://books.example/tag/life?page=2'])
})

test('an item that fails its schema is handed over with its value, and says which field of which page', () => {
  const page = pageOf(books, {}, at)
  const value = { title: 'Emma', price: 'cheap' }
  expect(page.item(value as never)).toEqual({
    kind: 'refused',
    value,
    error: expect.objectContaining({
      code: 'ITEM_INVALID',
      message: expect.stringMatching(/"price" of https:\/\/books\.example\/.*expected number/),
      value: {
        issues: [expect.objectContaining({ path: 'price', got: '"cheap"' })],
        request: page.request.id,
        index: 0,
      },
    }),
  })
})

test('a link is resolved against the base element', () => {
  const body = '<base href="/deep/"><a class=next href="2">more</a><a class=next href="//cdn.example/3">'
  expect(follow(body, 'a.next').urls).toEqual(['https://books.example/deep/2', 'https://cdn.example/3'])
})

test('a base element that is no URL is ignored', () => {
  expect(follow('<base href="data:,x"><a class=next href="/2">', 'a.next').urls).toEqual([
    'https://books.example/2',
  ])
})

test('links that lead nowhere are dropped and counted, and places on the page are no links', () => {
  const body = `<a href="javascript:x()"></a><a href="mailto:a@b.example"></a><a href="http://["></a>
    <a href="#top"></a><a name=here></a><a href=" /2#part ">two</a><a href="/2">again</a>`
  expect(follow(body, 'a')).toEqual({ urls: ['https://books.example/2'], dropped: 4 })
})

test.each([
  ['an absolute URL', 'http://a.example/x#y', ['http://a.example/x']],
  ['a path', '/x', ['https://books.example/x']],
  ['a relative path', './x', ['https://books.example/tag/x']],
  ['a query', '?page=2', ['https://books.example/tag/life?page=2']],
  ['a URL object', new URL('http://a.example/'), ['http://a.example/']],
  ['a request', { url: 'x', label: 'detail' }, ['https://books.example/tag/x']],
  [
    'a list, where every string is a URL',
    ['x', { url: 'y' }],
    ['https://books.example/tag/x', 'https://books.example/tag/y'],
  ],
  ['nothing', undefined, []],
  ['null, as JSON says it', null, []],
] as const)('follow takes %s', (_, target, urls) => {
  expect(follow('', target)).toEqual({ urls, dropped: 0 })
})

test('what is said beside a target goes to every request', () => {
  const output = pageOf(books, {}, at, { body: '<a href=/a></a><a href=/b></a>' }).follow('a', {
    label: 'detail',
  })
  expect(output).toMatchObject({ requests: [{ label: 'detail' }, { label: 'detail' }] })
})

test('an invalid selector is an error that names it', () => {
  expect(() => follow('', 'a[')).toThrow(
    expect.objectContaining({ code: 'SOURCE_FAILED', message: expect.stringContaining('"a["') }),
  )
})

test('JSON is parsed, and a page that is not JSON is named', () => {
  expect(pageOf(books, {}, at, { body: '{"a":[1]}' }).json()).toEqual({ a: [1] })
  expect(() => pageOf(books, {}, at, { body: '<html>' }).json()).toThrow(
    expect.objectContaining({ code: 'SOURCE_FAILED', message: expect.stringContaining(at) }),
  )
})

test('XML is parsed as XML', () => {
  const page = pageOf(books, {}, at, {
    type: 'application/rss+xml',
    body: '<rss><link>http://a.example/</link></rss>',
  })
  expect(page.$('link').text()).toBe('http://a.example/')
})

test('a source that never asks for $ never loads cheerio', () => {
  const script = `
    import { createRequire } from 'node:module'
    import { z } from 'zod'
    import { createPage } from './src/source/page.ts'
    const page = createPage({
      source: { name: 'x', item: z.unknown() }, request: {}, params: {}, via: '', attempts: 1, fetchedAt: 0,
      response: { url: 'http://a.example/', status: 200, headers: { 'content-type': 'text/html' }, body: Buffer.from('<p>a') },
    })
    const loaded = () => Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes('cheerio'))
    page.text(); page.follow('/b')
    const before = loaded()
    page.$('p')
    console.log(before, loaded())`
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
  })
  expect(output.trim()).toBe('false true')
})
