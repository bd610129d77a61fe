import { expect, it } from 'vitest'
import { z } from 'zod'
import { defineSource } from '../../src/source/define-source.ts'
import { good, openScene, proxyList } from '../faults/simulation.ts'

/** A source of one page, that obeys robots.txt. */
const onePage = defineSource({
  name: 'one-page',
  params: z.object({}),
  item: z.string(),
  *seeds() {
    yield 'http://target.test/page'
  },
  *parse(page) {
    yield page.item(page.url)
  },
})

it('a crawl-delay that becomes known while others are on their way keeps its distance from each of them', async () => {
  const arrivals: string[] = []
  const robots = {
    afterMs: 50,
    headers: { 'content-type': 'text/plain' },
    body: 'User-agent: *\nCrawl-delay: 2',
  }
  const scene = await openScene(
    {
      proxies: proxyList(4),
      strategy: 'round-robin',
      politeness: { interval: 10 },
      hedge: false,
      trust: 'blind',
    },
    ({ request: { url } }) => {
      if (url.endsWith('/robots.txt')) return robots
      // The handshakes of two single requests take long, and one of them fails in it.
      const fault = { phase: 'handshake', cause: 'handshake-closed' } as const
      if (url.endsWith('/fails') && arrivals.push('fails') === 1) return { afterMs: 1_000, fault }
      const next = (now: number) => {
        arrivals.push(`${Math.round(now)} ${new URL(url).pathname}`)
        return good
      }
      return { afterMs: url.endsWith('/slow') ? 3_000 : 500, phase: 'headers', next }
    },
  )
  const from = scene.clock.now()
  const singles = ['slow', 'fails'].map((name) => scene.crawler.fetch(`http://target.test/${name}`))
  const { pages } = await scene.until(scene.crawler.crawl(onePage, {}).run())
  await scene.until(Promise.all(singles))
  expect(pages).toBe(1)
  const times = arrivals
    .filter((arrival) => arrival !== 'fails')
    .map((arrival) => Number.parseFloat(arrival) - from)
  expect(times).toHaveLength(3)
  for (const [index, at] of times.entries()) {
    if (index > 0) expect(at - times[index - 1]!, arrivals.join(', ')).toBeGreaterThanOrEqual(1_999)
  }
  await scene.end()
})
