import { createServer } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { site } from '../../plugins/site.ts'
import { type CrawlerOptions, createCrawler, defineSource, type RegattaError } from '../../src/index.ts'
import { listen } from '../transport/world.ts'

/**
 * A hostile site as proxies see it: one server that is two HTTP proxies and every host behind them, and writes down
 * every URL it is asked for.
 */
async function hostile(pages: Readonly<Record<string, Page>>, options: CrawlerOptions = {}) {
  const asked: string[] = []
  const answer = () =>
    listen(
      createServer((request, response) => {
        asked.push(request.url!)
        const page = pages[request.url!]
        if (page === undefined) return void response.writeHead(404).end('Not here.')
        const { to, type = 'text/html', text = 'Moved.' } = page
        response.writeHead(to === undefined ? 200 : 302, {
          ...(to && { location: Buffer.from(to).toString('latin1') }),
          'content-type': type,
        })
        response.end(text)
      }),
    )
  const ports = [(await answer()).port, (await answer()).port]
  const crawler = await createCrawler({
    proxies: ports.map((port) => `http://127.0.0.1:${port}`),
    politeness: { interval: 0 },
    hedge: false,
    ...options,
  })
  onTestFinished(() => crawler.stop())
  const inside = () => asked.filter((url) => !/^http:\/\/[\w.]+\.example\//.test(url))
  return { crawler, asked, inside }
}

interface Page {
  readonly to?: string
  readonly type?: string
  readonly text?: string
}

const filler = `<p>${'A page like any other, with words enough to be one. '.repeat(8)}</p>`
const page = (text: string): Page => ({
  text: `<html><head><title>Page</title></head><body>${filler}${text}</body></html>`,
})
const xml = (text: string): Page => ({ text: `<?xml version="1.0"?>${text}`, type: 'application/xml' })

const places = [
  'http://127.0.0.1/admin',
  'http://2130706433/decimal',
  'http://0177.0.0.1/octal',
  'http://0x7f.1/hex',
  'http://127.1/short',
  'http://１２７.0.0.1/wide',
  'http://127.0.0.1./dot',
  'http://localhost/name',
  'http://localhost./name-dot',
  'http://a.localhost/below',
  'http://user@127.0.0.1/user',
  'http://hostile.example@10.0.0.1/trick',
  'http://[::1]/six',
  'http://[::ffff:127.0.0.1]/mapped',
  'http://[::127.0.0.1]/compatible',
  'http://[64:ff9b::10.0.0.1]/nat64',
  'http://[64:ff9b:1::a00:1]/own-nat64',
  'http://[2002:7f00:1::]/6to4',
  'http://[fd00:ec2::254]/metadata-six',
  'http://[fe80::1]/link-local',
  'http://[ff02::1]/multicast',
  'http://10.0.0.1/',
  'http://172.16.0.1/',
  'http://192.168.1.1/router',
  'http://169.254.169.254/latest/meta-data',
  'http://168.63.129.16/azure',
  'http://100.100.100.200/alibaba',
  'http://100.64.0.1/carrier',
  'http://0.0.0.0/any',
  'http://224.0.0.1/multicast',
  'http://240.0.0.1/reserved',
  'http://255.255.255.255/broadcast',
  'http://metadata.google.internal/name',
  'http://router.local/',
  'http://intranet/',
]
const links = places.map((url) => `<a href="${url}">a place</a>`).join('')
const redirects = Object.fromEntries(
  places.map((to, at) => [`http://hostile.example/go/${at}`, { to }] as const),
)
const world: Record<string, Page> = {
  'http://hostile.example/robots.txt': {
    text: `User-agent: *\nAllow: /\n${[...places, 'http://hostile.example/map.xml'].map((url) => `Sitemap: ${url}`).join('\n')}\n`,
    type: 'text/plain',
  },
  'http://hostile.example/map.xml': xml(
    `<sitemapindex>${[...places, 'http://hostile.example/pages.xml'].map((url) => `<sitemap><loc>${url}</loc></sitemap>`).join('')}</sitemapindex>`,
  ),
  'http://hostile.example/pages.xml': xml(
    `<urlset>${[...places, 'http://hostile.example/from-map'].map((url) => `<url><loc>${url}</loc></url>`).join('')}</urlset>`,
  ),
  'http://hostile.example/from-map': page('Found in a sitemap.'),
  'http://hostile.example/alias': {
    text: `<html><head><link rel="canonical" href="http://127.0.0.1/canonical"><title>Alias</title></head><body>${filler}</body></html>`,
  },
  'http://hostile.example/': page(
    `${links}<a href="/alias">alias</a>${Object.keys(redirects)
      .map((url) => `<a href="${url}">go</a>`)
      .join('')}`,
  ),
  ...redirects,
}
const start = { start: ['http://hostile.example/'], scope: 'any' as const }

test('a crawl that starts on public names is led nowhere into the local network, however the way is written', async () => {
  const { crawler, asked, inside } = await hostile(world)
  const crawl = crawler.crawl(site, start)
  const summary = await crawl.run()
  expect(inside()).toEqual([])
  expect(asked).toContain('http://hostile.example/from-map')
  // Each redirect ends when a second proxy has seen it too, or the same one three times.
  expect(summary.failed).toBe(places.length)
  for (const url of Object.keys(redirects)) {
    const times = asked.filter((each) => each === url).length
    expect(times, url).toBeLessThanOrEqual(3)
  }
  const turnedAway = summary.trapped.find(({ reason }) => reason === 'local network')
  expect(turnedAway?.count).toBeGreaterThan(places.length)
})

test('with allowPrivateTargets it goes wherever a page leads', async () => {
  const { crawler, inside } = await hostile(world, { allowPrivateTargets: true })
  await crawler.crawl(site, { ...start, sitemaps: false, maxDepth: 1 }).run()
  expect(inside()).toContain('http://127.0.0.1/admin')
  expect(inside()).toContain('http://169.254.169.254/latest/meta-data')
})

test('a crawl that starts inside may go on inside', async () => {
  const pages = {
    'http://10.0.0.1/': page('<a href="http://10.0.0.2/other">other</a><a href="/go">go</a>'),
    'http://10.0.0.2/other': page('Another machine.'),
    'http://10.0.0.1/go': { to: 'http://wiki.internal/home' },
    'http://wiki.internal/home': page('A page with a name of the local network.'),
  }
  const { crawler, asked } = await hostile(pages)
  const { failed } = await crawler
    .crawl(site, { start: ['http://10.0.0.1/'], scope: 'any' as const, sitemaps: false })
    .run()
  expect(failed).toBe(0)
  expect(asked).toContain('http://10.0.0.2/other')
  expect(asked).toContain('http://wiki.internal/home')
})

test('what a source asks for before it has read anything is its user’s own word', async () => {
  const pages = {
    'http://10.0.0.1/list': { text: 'http://10.0.0.1/one', type: 'text/plain' },
    'http://10.0.0.1/one': page('One.'),
    'http://list.example/list': { text: 'http://10.0.0.1/two', type: 'text/plain' },
    'http://10.0.0.1/two': page('Two.'),
  }
  const { crawler, asked } = await hostile(pages)
  const reader = defineSource({
    name: 'reader',
    params: z.object({ list: z.string() }),
    item: z.object({ url: z.string() }),
    robots: false,
    async *seeds({ list }, context) {
      yield await (await context.fetch(list)).text()
    },
    *parse(each) {
      yield each.item({ url: each.url })
    },
  })
  expect((await crawler.crawl(reader, { list: 'http://10.0.0.1/list' }).run()).pages).toBe(1)
  expect((await crawler.crawl(reader, { list: 'http://list.example/list' }).run()).pages).toBe(0)
  expect(asked).toContain('http://10.0.0.1/one')
  expect(asked).not.toContain('http://10.0.0.1/two')
})

test('a crawl that is forbidden to go inside says so when it starts there', async () => {
  const { crawler, asked } = await hostile({}, { allowPrivateTargets: false })
  await expect(crawler.crawl(site, { start: ['http://127.0.0.1/'] }).run()).rejects.toMatchObject({
    code: 'OPTION_INVALID',
    message: expect.stringContaining('127.0.0.1'),
  })
  expect(asked).toEqual([])
})

test.each([
  'mailto:a@shop.example',
  'javascript:alert(1)',
  'ftp://shop.example/',
  'data:text/html,hi',
  'http://',
  'https://[',
])('a redirect to %s ends the page at once, and says why', async (to) => {
  const { crawler, asked } = await hostile({ 'http://shop.example/': { to } }, { trust: 'blind' })
  const error = (await crawler.fetch('http://shop.example/').catch((each) => each)) as RegattaError
  expect(error).toMatchObject({ code: 'TASK_FAILED', value: { reason: 'redirect-not-web', attempts: 1 } })
  expect(asked).toHaveLength(1)
})

test('a single request follows the same rule: inside when its own URL is, never by a redirect from outside', async () => {
  const pages = {
    'http://10.0.0.1/': { to: 'http://10.0.0.2/' },
    'http://10.0.0.2/': page('Inside.'),
    'http://shop.example/': { to: 'http://10.0.0.2/' },
  }
  const { crawler } = await hostile(pages)
  expect((await crawler.fetch('http://10.0.0.1/')).status).toBe(200)
  await expect(crawler.fetch('http://shop.example/')).rejects.toMatchObject({
    value: { reason: 'private-target', attempts: 2 },
    message: expect.stringContaining('--allow-private'),
  })
})
