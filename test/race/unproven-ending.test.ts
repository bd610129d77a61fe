import { expect, it } from 'vitest'
import { z } from 'zod'
import { defineSource } from '../../src/source/define-source.ts'
import { openScene } from '../faults/simulation.ts'

/** Public lists of HTTP proxies hold web servers, which answer 404 of their own to whatever they are asked to forward. */
const html = { 'content-type': 'text/html' }
const proxies = Array.from({ length: 6 }, (_, n) => `http://10.0.0.${n + 1}:80`)
const facts = { forwarded: true } as const
const chain = defineSource({
  name: 'chain',
  params: z.object({}),
  item: z.object({ n: z.number() }),
  *seeds() {
    yield 'http://site.test/0'
  },
  *parse(page) {
    const n = Number(new URL(page.url).pathname.slice(1))
    yield page.item({ n })
    if (n < 20) yield page.follow(`/${n + 1}`)
  },
})

it.each([1, 2, 3, 4])(
  'web servers in a list of proxies end no crawl with a 404 of their own (seed %i)',
  async (seed) => {
    const scene = await openScene({ proxies, seed }, ({ proxy, request }) => {
      const isServer = ['10.0.0.1', '10.0.0.2'].includes(proxy.host)
      const isMissing = isServer || request.url.endsWith('/robots.txt')
      return { afterMs: 30, status: isMissing ? 404 : 200, headers: html, body: '<p>page</p>', facts }
    })
    const summary = await scene.until(scene.crawler.crawl(chain, {}).run(), 600_000)
    expect(summary).toMatchObject({ pages: 21, failed: 0 })
    // They are found out, and hardly asked any more.
    const asked = scene.attempts.filter(({ proxy }) => /10\.0\.0\.[12]:/.test(proxy))
    expect(asked.length).toBeLessThan(14)
    await scene.end()
  },
)

it('a page that is not there ends when other exits say so, too, and once they are known at once', async () => {
  const scene = await openScene({ proxies, hedge: false }, ({ request }) => ({
    afterMs: 30,
    status: request.url.includes('gone') ? 404 : 200,
    headers: html,
    body: '<p>page</p>',
    facts,
  }))
  const first = await scene.until(scene.crawler.fetch('http://site.test/gone'))
  expect([first.status, first.trust]).toEqual([404, 'agreed'])
  const asked = scene.attempts.map(({ proxy }) => proxy)
  expect(new Set(asked).size).toBe(asked.length)
  expect(asked.length).toBeGreaterThanOrEqual(2)
  for (let n = 0; n < 60; n++) await scene.until(scene.crawler.fetch(`http://site.test/${n}`))
  const before = scene.attempts.length
  for (let n = 0; n < 10; n++) {
    const response = await scene.until(scene.crawler.fetch(`http://site.test/gone/${n}`))
    expect([response.status, response.trust]).toEqual([404, expect.stringMatching(/^(?:proven|agreed)$/)])
  }
  expect(scene.attempts.length - before).toBeLessThan(15)
  await scene.end()
})

it('the only proxy is taken at its word, and the answer says so', async () => {
  const scene = await openScene({ proxies: proxies.slice(0, 1) }, () => ({
    afterMs: 30,
    status: 404,
    facts,
  }))
  const response = await scene.until(scene.crawler.fetch('http://site.test/gone'))
  expect([response.status, response.trust]).toEqual([404, 'unproven'])
  expect(scene.attempts).toHaveLength(1)
  await scene.end()
})
