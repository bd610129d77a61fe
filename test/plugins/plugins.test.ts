import { expect, test } from 'vitest'
import { jsonApi } from '../../plugins/json-api.ts'
import { quotes } from '../../plugins/quotes.ts'
import { collect, contextOf, outputsOf, pageOf } from '../source/fixtures.ts'

test('quotes are read page by page until there is no next one', async () => {
  const params = { base: 'http://127.0.0.1:8080/', tag: 'to be' }
  expect(await collect(quotes.seeds(quotes.params.parse(params), contextOf()))).toEqual([
    { url: new URL('http://127.0.0.1:8080/tag/to%20be/') },
  ])
  const quote = `<div class=quote><span class=text>“Be.”</span><small class=author>W. S.</small>
    <a class=tag>life</a><a class=tag>be</a></div>`
  const at = 'http://127.0.0.1:8080/tag/be/'
  const first = pageOf(quotes, params, at, {
    body: `${quote}<li class=next><a href="/tag/be/page/2/">Next</a>`,
  })
  expect(await outputsOf(quotes.parse(first, contextOf()))).toEqual({
    items: [{ text: '“Be.”', author: 'W. S.', tags: ['life', 'be'], page: at }],
    urls: ['http://127.0.0.1:8080/tag/be/page/2/'],
    dropped: 0,
  })
  expect(
    (await outputsOf(quotes.parse(pageOf(quotes, params, at, { body: quote }), contextOf()))).urls,
  ).toEqual([])
})

const parseJson = (
  params: { url: string; items?: string; next?: string },
  at: string,
  answer: unknown,
  data?: unknown,
) => {
  const page = pageOf(jsonApi, params, at, {
    type: 'application/json',
    body: JSON.stringify(answer),
    request: { data },
  })
  return outputsOf(jsonApi.parse(page, contextOf()))
}

test('a JSON interface is counted through until a page is empty', async () => {
  const params = { url: 'http://a.example/items?p={page}', items: '/data/list' }
  const seed = await collect(jsonApi.seeds(jsonApi.params.parse({ ...params, firstPage: '0' }), contextOf()))
  expect(seed).toEqual([{ url: 'http://a.example/items?p=0', data: { page: 0 } }])
  const full = await parseJson(params, 'http://a.example/items?p=0', { data: { list: [1, 2] } }, { page: 0 })
  expect(full).toMatchObject({ items: [1, 2], urls: ['http://a.example/items?p=1'] })
  const empty = await parseJson(params, 'http://a.example/items?p=1', { data: { list: [] } }, { page: 1 })
  expect(empty).toMatchObject({ items: [], urls: [] })
})

test('a JSON interface that names its next page is followed', async () => {
  const params = { url: 'http://a.example/v1/items', items: '', next: '/0/a~1b' }
  const at = 'http://a.example/v1/items'
  expect((await parseJson(params, at, [{ 'a/b': '?after=x' }])).urls).toEqual([
    'http://a.example/v1/items?after=x',
  ])
  expect((await parseJson(params, at, [{ 'a/b': null }])).urls).toEqual([])
  expect((await parseJson(params, at, [])).urls).toEqual([])
})

test('a cursor is put into its place', async () => {
  const params = { url: 'http://a.example/items?after={cursor}', items: '/items', next: '/next' }
  const { urls } = await parseJson(params, 'http://a.example/items?after=', { items: [1], next: 'a&b' })
  expect(urls).toEqual(['http://a.example/items?after=a%26b'])
})

test('an answer without a list says where one was expected', async () => {
  await expect(
    parseJson({ url: 'http://a.example/', items: '/data' }, 'http://a.example/', { error: 'no' }),
  ).rejects.toThrow(
    expect.objectContaining({ code: 'SOURCE_FAILED', message: expect.stringContaining('"/data"') }),
  )
})
