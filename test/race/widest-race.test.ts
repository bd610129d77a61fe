import { expect, test } from 'vitest'
import type { CrawlerOptions } from '../../src/options/options.ts'
import { openScene, proxyList } from '../faults/simulation.ts'

/** How many attempts of one page run at once where every answer is slow, for what `hedge` says. */
async function widest(options: CrawlerOptions): Promise<number> {
  const slow = () => ({ afterMs: 8_000 })
  const common = { proxies: proxyList(20), politeness: false, trust: 'blind' } as const
  const scene = await openScene({ ...common, ...options }, slow)
  const page = scene.crawler.fetch('http://own.test/page')
  let most = 0
  for (let at = 0; at < 7_000; at += 100) {
    await scene.clock.advance(100)
    most = Math.max(most, scene.transport.running)
  }
  await scene.until(page)
  await scene.end()
  return most
}

/** Nothing but `max` holds them back. */
const eager = { minDelay: 10, coldDelay: 10, share: 1, tokens: 1_000 }

test.each([1, 2, 3, 5])('a page has %i attempts under way at most where hedge.max says so', async (max) => {
  expect(await widest({ hedge: { ...eager, max } })).toBe(max)
})

test('a host may have another hedge.max than all others', async () => {
  expect(await widest({ hedge: { ...eager, max: 5 }, hosts: { 'own.test': { hedge: { max: 2 } } } })).toBe(2)
})
