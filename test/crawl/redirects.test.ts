import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { site } from '../../plugins/site.ts'
import { type CrawlerOptions, createCrawler, createMemoryFrontier, defineSource } from '../../src/index.ts'
import { listen } from '../transport/world.ts'

/** A redirect of a crawl goes through the same gates as a link: the servers write down what they are asked for. */
type Answer = (request: IncomingMessage, response: ServerResponse, asked: Asked) => void

interface Asked {
  readonly path: string
  readonly at: number
  readonly cookie: string | undefined
}

async function host(pages: Record<string, string | Answer>, robots = '') {
  const log: Asked[] = []
  const server = await listen(
    createServer((request, response) => {
      const path = request.url!
      const asked = { path, at: performance.now(), cookie: request.headers.cookie }
      if (path === '/robots.txt') return void response.end(robots)
      log.push(asked)
      const page = pages[path]
      if (typeof page === 'function') return page(request, response, asked)
      response
        .writeHead(page === undefined ? 404 : 200, { 'content-type': 'text/html' })
        .end(page ?? 'Not here.')
    }),
  )
  return {
    url: `http://127.0.0.1:${server.port}`,
    host: `127.0.0.1:${server.port}`,
    log,
    paths: () => log.map(({ path }) => path),
  }
}

const to =
  (location: string, headers: Record<string, string> = {}): Answer =>
  (_, response) =>
    void response.writeHead(302, { location, ...headers }).end()

const page = (...links: string[]) =>
  `<html><head><title>Page</title></head><body><p>Words enough to be a page.</p>${links.map((each) => `<a href="${each}">x</a>`).join('')}</body></html>`

/** Every page that is linked, and what it was. */
const pages = defineSource({
  name: 'pages',
  params: z.object({ start: z.string() }),
  item: z.string(),
  *seeds({ start }) {
    yield start
  },
  *parse(found) {
    yield found.item(new URL(found.url).pathname)
    yield found.follow('a[href]')
  },
})

async function itemsOf<Item>(crawl: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = []
  for await (const item of crawl) items.push(item)
  return items
}

async function open(options: CrawlerOptions = {}) {
  const crawler = await createCrawler({ direct: true, politeness: { interval: 0 }, ...options })
  onTestFinished(() => crawler.stop())
  const skips: string[] = []
  crawler.on('request.skipped', ({ url, reason, detail }) =>
    skips.push(`${new URL(url).pathname} ${reason}: ${detail}`),
  )
  return { crawler, skips }
}

test('what robots.txt disallows is not asked by way of a redirect, here or elsewhere', async () => {
  const other = await host({ '/secret': page(), '/open': page() }, 'User-agent: *\nDisallow: /secret\n')
  const first = await host(
    {
      '/': page('/go', '/away', '/fine'),
      '/go': to('/private/x'),
      '/private/x': page(),
      '/away': to(`${other.url}/secret`),
      '/fine': to(`${other.url}/open`),
    },
    'User-agent: *\nDisallow: /private\n',
  )
  const { crawler, skips } = await open()
  const crawl = crawler.crawl(pages, { start: first.url })
  const items = await itemsOf(crawl)
  expect(items.sort()).toEqual(['/', '/open'])
  expect(first.paths()).not.toContain('/private/x')
  expect(other.paths()).toEqual(['/open'])
  expect(skips.sort()).toEqual([
    `/away robots: it leads to ${other.url}/secret: robots.txt disallows it`,
    `/go robots: it leads to ${first.url}/private/x: robots.txt disallows it`,
  ])
  expect(crawl.progress()).toMatchObject({ pages: 2, skipped: 2, failed: 0 })
})

test('a blocked host is not asked by way of a redirect, by a page or by what a source fetches itself', async () => {
  const other = await host({ '/x': page() })
  const first = await host({ '/': to(`${other.url}/x`) })
  const fetching = defineSource({
    ...pages,
    name: 'fetching',
    async *seeds({ start }, context) {
      await context.fetch(start)
      yield start
    },
    parse: pages.parse as never,
  })
  const { crawler, skips } = await open()
  const blocked = { block: [other.host], robots: false }
  const summary = await crawler.crawl(pages, { start: first.url }, blocked).run()
  expect(summary).toMatchObject({ pages: 0, skipped: 1, failed: 0 })
  expect(skips).toEqual([`/ blocked: it leads to ${other.url}/x: its host is blocked`])
  await expect(crawler.crawl(fetching, { start: first.url }, blocked).run()).rejects.toThrow(
    'its host is blocked',
  )
  expect(other.log).toEqual([])
})

test('the site plugin follows no redirect out of its scope, but that of a start URL', async () => {
  const other = await host({ '/x': page(), '/home': page() })
  const first = await host({
    '/': page('/out', '/in'),
    '/out': to(`${other.url}/x`),
    '/in': to('/there'),
    '/there': page(),
  })
  const { crawler, skips } = await open()
  const items = await itemsOf(crawler.crawl(site, { start: [`${first.url}/`], sitemaps: false }))
  expect(items.map(({ url }) => new URL(url).pathname).sort()).toEqual(['/', '/there'])
  expect(skips).toEqual([`/out scope: it leads to ${other.url}/x: it is out of scope`])
  expect(first.paths().filter((path) => path === '/there')).toHaveLength(1)
  expect(other.log).toEqual([])
  const moved = await host({ '/': to(`${other.url}/home`) })
  const led = await itemsOf(crawler.crawl(site, { start: [`${moved.url}/`], sitemaps: false }))
  expect(led.map(({ url }) => url)).toEqual([`${other.url}/home`])
})

test('a redirect to a page that is known by itself costs no second request', async () => {
  const first = await host({
    '/': page('/new', '/old', '/older'),
    '/old': to('/new'),
    '/older': to('/new'),
    '/new': page(),
  })
  const { crawler, skips } = await open()
  expect((await itemsOf(crawler.crawl(pages, { start: first.url }))).sort()).toEqual(['/', '/new'])
  expect(first.paths().sort()).toEqual(['/', '/new', '/old', '/older'])
  expect(skips.sort()).toEqual([
    `/old duplicate: it leads to ${first.url}/new, which is known by itself`,
    `/older duplicate: it leads to ${first.url}/new, which is known by itself`,
  ])
})

test('a cookie wall that sends a page to itself is a page, also by way of an address that is known', async () => {
  const walled: Answer = (_, response, { cookie }) => {
    if (cookie !== 'seen=1')
      return void response.writeHead(302, { location: '/', 'set-cookie': 'seen=1; Path=/' }).end()
    response.writeHead(200, { 'content-type': 'text/html' }).end(page())
  }
  const first = await host({
    '/': (_, response, { cookie }) => {
      if (cookie === 'seen=1') return void response.writeHead(302, { location: '/deep' }).end()
      response.writeHead(200, { 'content-type': 'text/html' }).end(page('/deep'))
    },
    '/deep': walled,
  })
  const { crawler } = await open()
  expect((await itemsOf(crawler.crawl(pages, { start: first.url }))).sort()).toEqual(['/', '/deep'])
})

test('six pages that redirect to a paced host arrive paced, by the interval and by its crawl-delay', async () => {
  const six = Array.from({ length: 6 }, (_, n) => n)
  const paced = await host(
    Object.fromEntries(six.map((n) => [`/${n}`, page()])),
    'User-agent: *\nCrawl-delay: 0.1\n',
  )
  const first = await host({
    '/': page(...six.map((n) => `/go/${n}`)),
    ...Object.fromEntries(six.map((n) => [`/go/${n}`, to(`${paced.url}/${n}`)])),
  })
  const { crawler } = await open()
  await crawler.crawl(pages, { start: first.url }).run()
  const gaps = paced.log.slice(1).map(({ at }, index) => at - paced.log[index]!.at)
  expect(gaps).toHaveLength(5)
  for (const gap of gaps) expect(gap).toBeGreaterThan(80)
})

test('a crawl that is drained or stopped between two hops gives the page back, and asks for it again', async () => {
  for (const how of ['drain', 'stop'] as const) {
    const arrived = Promise.withResolvers<void>()
    // It takes the request for its robots.txt, and never answers.
    const other = await listen(createServer(() => arrived.resolve()))
    const first = await host({ '/': to(`http://127.0.0.1:${other.port}/x`) })
    const { crawler } = await open()
    const crawl = crawler.crawl(pages, { start: first.url })
    const done = crawl.run()
    await arrived.promise
    await crawl[how]()
    expect(await done).toMatchObject({ pages: 0, failed: 0 })
    expect(crawl.progress()).toMatchObject({ queued: 1 })
  }
})

test('nor does a frontier keep it that does not say whether the page is known by itself', async () => {
  for (const how of ['drain', 'stop'] as const) {
    const asked = Promise.withResolvers<void>()
    const frontier = createMemoryFrontier()
    const silent = new Proxy(frontier, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name)
        if (name !== 'isDiscovered') return typeof value === 'function' ? value.bind(target) : value
        return () => {
          asked.resolve()
          return new Promise(() => {})
        }
      },
    })
    const first = await host({ '/': to('/x'), '/x': page() })
    const { crawler } = await open()
    const crawl = crawler.crawl(pages, { start: first.url }, { frontier: silent })
    const done = crawl.run()
    await asked.promise
    const begun = performance.now()
    await crawl[how]()
    expect(await done).toMatchObject({ pages: 0, failed: 0 })
    expect(performance.now() - begun).toBeLessThan(2_000)
    expect(crawl.progress()).toMatchObject({ queued: 1 })
  }
})

/** One order, and what comes of it. */
const order = defineSource({
  name: 'order',
  params: z.object({ start: z.string() }),
  item: z.string(),
  *seeds({ start }) {
    yield { url: start, method: 'POST', body: 'order=1' }
  },
  *parse(found) {
    yield found.item(new URL(found.url).pathname)
  },
})

test('an order that is answered while its crawl is drained goes on to its end, and is sent once', async () => {
  const arrived = Promise.withResolvers<ServerResponse>()
  const shop = await host({ '/order': (_, response) => arrived.resolve(response), '/done': page() })
  const { crawler } = await open()
  const crawl = crawler.crawl(order, { start: `${shop.url}/order` })
  const done = crawl.run()
  const response = await arrived.promise
  const drained = crawl.drain()
  response.writeHead(303, { location: '/done' }).end()
  await drained
  expect(await done).toMatchObject({ pages: 1, failed: 0 })
  expect(crawl.progress()).toMatchObject({ queued: 0 })
  expect(shop.paths()).toEqual(['/order', '/done'])
})

test('an order is not sent again because the robots.txt of where it led cannot be had', async () => {
  const other = await listen(createServer((_, response) => void response.writeHead(503).end()))
  const shop = await host({
    '/order': (_, response) =>
      void response.writeHead(303, { location: `http://127.0.0.1:${other.port}/done` }).end(),
  })
  const { crawler } = await open()
  const summary = await crawler.crawl(order, { start: `${shop.url}/order` }).run()
  expect(summary).toMatchObject({ pages: 0, failed: 1, deadLetters: [{ code: 'not-repeatable' }] })
  expect(shop.paths()).toEqual(['/order'])
})
