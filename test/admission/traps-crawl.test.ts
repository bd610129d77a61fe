import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { site } from '../../plugins/site.ts'
import { createCrawler } from '../../src/face/crawler.ts'

/** A site of ten pages, with a calendar, a list and a relative link that go on for ever. */
async function startTrap(): Promise<{ readonly url: string; readonly asked: string[] }> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const path = request.url!
    asked.push(path)
    const [, kind, number] = path.split(/[/?=]/)
    const next = Number(number) + 1
    const links: Record<string, string[]> = {
      '': [
        `/calendar/${new Date().getUTCFullYear()}-01`,
        '/list/1',
        '/more/',
        ...Array.from({ length: 9 }, (_, index) => `/page/${index}`),
      ],
      calendar: [`/calendar/${monthAfter(number ?? '')}`],
      list: [`/list/${next}`],
      more: ['more/', 'less/'],
      page: ['/'],
    }
    const body = (links[kind!] ?? []).map((href) => `<a href="${href}">on</a>`).join('')
    const title = kind === 'page' ? `Page ${number} of wood ${'abcdefghij'[Number(number)]}` : kind
    response.writeHead(kind === 'robots.txt' || kind === 'sitemap.xml' ? 404 : 200, {
      'content-type': 'text/html',
    })
    response.end(
      `<!doctype html><title>${title}</title><h1>${title}</h1><p>${'Some words. '.repeat(20)}</p>${body}`,
    )
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, asked }
}

function monthAfter(month: string): string {
  const [year, number] = month.split('-').map(Number)
  return number === 12 ? `${year! + 1}-01` : `${year}-${String(number! + 1).padStart(2, '0')}`
}

test('a crawl of a site full of traps ends by itself with every real page', async () => {
  const { url, asked } = await startTrap()
  await using crawler = await createCrawler({ direct: true, politeness: false })
  const crawl = crawler.crawl(site, { start: url }, { traps: { barren: 50 } })
  const paths: string[] = []
  for await (const page of crawl) paths.push(new URL(page.url).pathname)
  expect(asked.length).toBeLessThan(400)
  const pages = Array.from({ length: 9 }, (_, index) => `/page/${index}`)
  expect(paths).toEqual(expect.arrayContaining(['/', ...pages]))
  const { trapped } = await crawl.done
  const reasons = trapped.map(({ reason }) => reason)
  expect(reasons).toEqual(expect.arrayContaining(['barren', 'calendar', 'echo']))
})

test('with traps: false no link is held to be one, and all of them are followed', async () => {
  const { url } = await startTrap()
  await using crawler = await createCrawler({ direct: true, politeness: false })
  const crawl = crawler.crawl(site, { start: url }, { traps: false, maxPages: 60 })
  const paths: string[] = []
  for await (const page of crawl) paths.push(new URL(page.url).pathname)
  expect(paths).toHaveLength(60)
  expect(paths).toContain('/page/8')
  expect((await crawl.done).trapped).toEqual([])
})
