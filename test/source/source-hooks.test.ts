import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { createCrawler, defineSource } from '../../src/index.ts'

/** What a source may say beside `seeds` and `parse`: with what its requests are sent, and what it does when all is there. */
interface Arrival {
  readonly url: string
  readonly authorization: string | undefined
}

const arrivals: Arrival[] = []
const server = createServer((request, response) => {
  const url = request.url ?? ''
  arrivals.push({ url, authorization: request.headers.authorization })
  if (url.startsWith('/away')) {
    const { port } = other.address() as AddressInfo
    return response.writeHead(302, { location: `http://127.0.0.1:${port}/elsewhere` }).end()
  }
  if (url.startsWith('/broken')) return response.writeHead(410).end()
  response
    .writeHead(url.startsWith('/failing') ? 404 : 200, { 'content-type': 'application/json' })
    .end('[1]')
})
const other = createServer((request, response) => {
  arrivals.push({ url: request.url ?? '', authorization: request.headers.authorization })
  response.writeHead(200, { 'content-type': 'application/json' }).end('[2]')
})

beforeAll(async () => {
  for (const each of [server, other])
    await new Promise<void>((resolve) => each.listen(0, '127.0.0.1', resolve))
})
afterAll(() => {
  for (const each of [server, other]) {
    each.close()
    each.closeAllConnections()
  }
})

const at = (path: string) => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`

async function run(paths: readonly string[], refused = false) {
  arrivals.length = 0
  const completed: string[] = []
  const shown: string[] = []
  const source = defineSource({
    name: 'keyed',
    params: z.object({}),
    item: z.unknown(),
    *seeds() {
      yield* paths.map(at)
    },
    *parse(page) {
      shown.push(page.url)
      yield page.item(refused ? () => {} : page.json())
    },
    credentials: (_params, { env }) => ({
      headers: { Authorization: `Bearer ${env?.KEY}` },
      query: { key: env?.KEY ?? '' },
    }),
    complete: (_params, { env }) => void completed.push(String(env?.KEY)),
  })
  await using crawler = await createCrawler({
    direct: true,
    env: { KEY: 'sesame' },
    politeness: false,
    allowPrivateTargets: true,
  })
  const summary = await crawler.crawl(source, {}).run()
  return { summary, completed, shown }
}

test('what a source passes goes with its requests, and stands in no address of a page', async () => {
  const { shown } = await run(['/a?b=1'])
  expect(arrivals).toEqual([{ url: '/a?b=1&key=sesame', authorization: 'Bearer sesame' }])
  expect(shown).toEqual([at('/a?b=1')])
})

test('it does not go where a redirect leads to another origin', async () => {
  await run(['/away'])
  expect(arrivals.at(-1)).toEqual({ url: '/elsewhere', authorization: undefined })
})

test('a source is told when all is there, once', async () => {
  expect((await run(['/a', '/b'])).completed).toEqual(['sesame'])
})

test('a page that is gone is an answer, and one that was given up is not', async () => {
  expect((await run(['/a', '/broken'])).completed).toEqual(['sesame'])
})

test('a source is not told when something was set aside', async () => {
  expect((await run(['/a'], true)).completed).toEqual([])
})
