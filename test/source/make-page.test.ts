import { createPage, defineSource, systemClock } from 'regatta'
import { crawlMachine, poolMachine, proxyMachine, taskMachine } from 'regatta/machines'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { collect } from './fixtures.ts'

const books = defineSource({
  name: 'books',
  params: z.object({ currency: z.string().default('EUR') }),
  item: z.object({ title: z.string(), currency: z.string() }),
  data: { list: z.object({ shelf: z.number() }) },
  *seeds() {},
  parse: {
    *list(page) {
      yield page.item({ title: `${page.$('h1').text()} ${page.data.shelf}`, currency: page.params.currency })
      yield page.follow({ url: '/next', label: 'list', data: { shelf: page.data.shelf + 1 } })
    },
  },
})
const context = { fetch, sitemaps: async () => [], signal: new AbortController().signal, log() {} }

test('a parser is tested with a page that needs no crawl', async () => {
  const page = createPage({
    source: books,
    url: 'https://shop.example/list',
    body: '<h1>Sea</h1>',
    request: { label: 'list', data: { shelf: 2 } },
  })
  expect(page).toMatchObject({ status: 200, via: 'direct', url: 'https://shop.example/list' })
  const outputs = await collect(books.parse(page, context as never))
  expect(outputs).toEqual([
    { kind: 'item', value: { title: 'Sea 2', currency: 'EUR' } },
    {
      kind: 'requests',
      requests: [{ url: 'https://shop.example/next', label: 'list', data: { shelf: 3 } }],
      dropped: 0,
    },
  ])
  expect(createPage({ source: books, status: 404, response: { url: 'https://a.example/x' } })).toMatchObject({
    status: 404,
    url: 'https://a.example/x',
  })
})

test('the charts and the clock of the system are there to be used', () => {
  for (const machine of [crawlMachine, poolMachine, proxyMachine, taskMachine]) {
    expect(machine.config.states).toBeTruthy()
  }
  expect(systemClock.now()).toBeGreaterThan(0)
})
