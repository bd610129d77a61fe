import { expect, test } from 'vitest'
import { z } from 'zod'
import { createMemoryFrontier } from '../../src/frontier/memory.ts'
import { defineSource } from '../../src/source/define-source.ts'
import { good, openScene, proxyList } from '../faults/simulation.ts'

const oneGoodManyIll = defineSource({
  name: 'ill',
  params: z.object({}),
  item: z.object({}),
  robots: false,
  *seeds() {
    yield 'http://partly.test/good'
  },
  *parse(page) {
    for (let n = 0; n < 30; n++) yield page.follow(`/ill/${n}`)
  },
})

test('a dead letter holds the answers to its own request, each with the time when it came', async () => {
  const scene = await openScene({ proxies: proxyList(8), politeness: false }, ({ request }) =>
    request.url.includes('/ill/') ? { afterMs: 50, status: 503 } : good,
  )
  const frontier = createMemoryFrontier({ clock: scene.clock })
  const summary = await scene.until(
    scene.crawler.crawl(oneGoodManyIll, {}, { frontier }).run(),
    24 * 3_600_000,
  )
  expect(summary).toMatchObject({ pages: 1, failed: 30 })

  // The host was held to be down, and some of these tasks have asked for the good page to find out.
  const scouts = scene.log.outcomes.filter(({ url, attempt }) => url.endsWith('/good') && attempt > 1)
  expect(scouts.length).toBeGreaterThan(0)

  for await (const { request, heads } of frontier.deadLetters()) {
    expect(heads.length).toBeGreaterThan(0)
    const own = scene.log.outcomes.filter(({ url }) => url === request.url).slice(-heads.length)
    expect(heads.map(({ status, reason }) => `${status} ${reason}`)).toEqual(
      own.map(({ status, reason }) => `${status} ${reason}`),
    )
    const times = heads.map(({ at }) => at)
    expect(new Set(times).size).toBe(times.length)
    expect(times).toEqual(times.toSorted((one, other) => one - other))
  }
})
