import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createCrawler, defineSource } from '../../src/index.ts'
import { startLab } from '../../src/lab/index.ts'
import type { SimulatedAttempt } from '../../src/sim/transport.ts'
import { good, numberOf, openScene, proxyList, type Scene } from '../faults/simulation.ts'

/** A name that proxy after proxy cannot find is no outage: a user who mistyped it should hear so within seconds. */
const notFound: SimulatedAttempt = { afterMs: 50, fault: { phase: 'handshake', cause: 'host-not-found' } }

const pages = defineSource({
  name: 'pages',
  params: z.object({ urls: z.array(z.string()) }),
  item: z.object({ url: z.string() }),
  *seeds({ urls }) {
    yield* urls
  },
  *parse(page) {
    yield page.item({ url: page.url })
  },
})

async function reasonOf(scene: Scene, url: string): Promise<unknown> {
  const error: unknown = await scene.until(scene.crawler.fetch(url).catch((each: unknown) => each))
  return (error as { value?: unknown }).value
}

describe('a host that proxies do not find', () => {
  it.each([false, true])(
    'ends the pages of a crawl at once, and says why (robots.txt: %s)',
    async (robots) => {
      await using lab = await startLab({
        origins: { site: {} },
        proxies: [{ count: 5, protocol: 'http' }],
      })
      await using crawler = await createCrawler({ proxies: [...lab.proxies] })
      const urls = [0, 1, 2].map((n) => `http://regata.lab/${n}`)
      const before = performance.now()
      const summary = await crawler.crawl(pages, { urls }, { robots }).run()
      expect(performance.now() - before).toBeLessThan(5_000)
      expect(summary).toMatchObject({ pages: 0, failed: 3, queued: 0, ending: 'finished' })
      expect(summary.deadLetters.map(({ code }) => code)).toEqual(Array(3).fill('host-not-found'))
      expect(summary.deadLetters[0]!.detail).toContain('no proxy finds a host named regata.lab')
      // It is nobody's fault but the name's.
      expect(crawler.proxies().filter(({ state }) => state !== 'closed')).toEqual([])
    },
  )

  it('takes three of them to be believed, and one to know it for the next page', async () => {
    const scene = await openScene({ proxies: proxyList(10), politeness: false, hedge: false }, () => notFound)
    expect(await reasonOf(scene, 'http://nowhere.test/1')).toMatchObject({
      reason: 'host-not-found',
      attempts: 3,
    })
    expect(new Set(scene.attempts.map(({ proxy }) => proxy)).size).toBe(3)
    const next = (await reasonOf(scene, 'http://nowhere.test/2')) as { reason: string; attempts: number }
    expect(next.reason).toBe('host-not-found')
    expect(next.attempts).toBeLessThanOrEqual(1)
    await scene.end()
  })

  it('is found as soon as one proxy finds it', async () => {
    const scene = await openScene({ proxies: proxyList(6), politeness: false, hedge: false }, (call) =>
      numberOf(call) <= 2 ? notFound : good,
    )
    for (let n = 0; n < 20; n++) {
      const answer = await scene.until(scene.crawler.fetch(`http://known.test/${n}`))
      expect(answer.status).toBe(200)
    }
    await scene.end()
  })

  it('is waited for when it has answered before: its name servers may be out', async () => {
    let isOut = false
    const scene = await openScene({ proxies: proxyList(6), politeness: false, hedge: false }, () =>
      isOut ? notFound : good,
    )
    await scene.until(scene.crawler.fetch('http://known.test/1'))
    isOut = true
    const late = scene.crawler.fetch('http://known.test/2')
    await scene.clock.advance(120_000)
    isOut = false
    expect((await scene.until(late)).status).toBe(200)
    await scene.end()
  })

  it('comes back to life when the name does', async () => {
    let isThere = false
    const scene = await openScene({ proxies: proxyList(6), politeness: false, hedge: false }, () =>
      isThere ? good : notFound,
    )
    expect(await reasonOf(scene, 'http://new.test/1')).toMatchObject({ reason: 'host-not-found' })
    isThere = true
    await scene.clock.advance(15_000)
    expect((await scene.until(scene.crawler.fetch('http://new.test/2'))).status).toBe(200)
    await scene.end()
  })
})

it.each(['socks-host-unreachable', 'connect-failed'] as const)(
  'a host that nobody reaches (%s) ends its pages within ten seconds, and is told of before',
  async (cause) => {
    const scene = await openScene({ proxies: proxyList(20) }, () => ({
      afterMs: 200,
      fault: { phase: 'handshake', cause },
    }))
    const crawl = scene.crawler.crawl(pages, { urls: ['http://regata.lab/'] })
    const ended = crawl.run()
    await scene.clock.advance(2_000)
    expect(scene.log.alerts).toMatchObject([
      {
        code: 'HOST_UNREACHABLE',
        message: expect.stringMatching(`regata.lab yet: \\d were tried, .* ${cause}`),
      },
    ])
    const summary = await scene.until(ended, 3_600_000)
    expect(scene.clock.now()).toBeLessThan(10_000)
    // The next page there need not find it all out again.
    const tried = scene.attempts.length
    expect(await reasonOf(scene, 'http://regata.lab/2')).toMatchObject({ reason: 'host-unreachable' })
    expect(scene.attempts.length - tried).toBeLessThanOrEqual(1)
    expect(summary.deadLetters).toMatchObject([
      { code: 'host-unreachable', detail: expect.stringContaining(cause) },
    ])
    await scene.end()
  },
)

it('a crawl says that it waits for robots.txt, once for each host', async () => {
  const scene = await openScene({ proxies: proxyList(6), politeness: { robots: true } }, ({ request }) =>
    request.url.endsWith('/robots.txt') ? { afterMs: 50, status: 503 } : good,
  )
  const urls = [0, 1, 2].map((n) => `http://ill.test/${n}`)
  const crawl = scene.crawler.crawl(pages, { urls })
  const ended = crawl.run()
  await scene.clock.advance(60_000)
  const told = scene.log.alerts.filter(({ code }) => code === 'ROBOTS_UNREACHABLE')
  expect(told).toHaveLength(1)
  expect(told[0]!.message).toMatch(
    /^robots\.txt of ill\.test could not be had .*; its pages wait, .* in \d+ s\.$/,
  )
  const summary = await scene.until(ended, 3_600_000)
  expect(summary.deadLetters.map(({ code }) => code)).toEqual(Array(3).fill('robots-unreachable'))
  await scene.end()
})
