import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { TransportCall } from '../../src/contracts/transport.ts'
import type { SimulatedAttempt } from '../../src/sim/transport.ts'
import { defineSource } from '../../src/source/define-source.ts'
import { openScene, proxyList } from '../faults/simulation.ts'

/** While an answer is held: whatever happens, it is handed over, given back or thrown away, and nothing waits for it for ever. */
const html = { 'content-type': 'text/html; charset=utf-8' }

function pageOf(url: string): SimulatedAttempt {
  const { pathname } = new URL(url)
  const body = `<html><head><title>Page ${pathname}</title></head><body><h1>${pathname}</h1><p>All there is to know of ${pathname}.</p></body></html>`
  return { afterMs: 50, status: 200, headers: html, body }
}

const robots: SimulatedAttempt = { afterMs: 5, status: 404, headers: html, body: 'none' }

function sourceOf(pages: number) {
  return defineSource({
    name: 'pages',
    params: z.object({}),
    item: z.object({ url: z.string(), title: z.string() }),
    *seeds() {
      for (let n = 0; n < pages; n++) yield `http://site.test/${n}`
    },
    *parse(page) {
      yield page.item({ url: page.url, title: /<title>(.*)<\/title>/.exec(page.text())?.[1] ?? '' })
    },
  })
}

describe('an attempt beside one whose answer is held', () => {
  it('vouches for it, and the page does not wait for its patience', async () => {
    // The first page is heard over the first exit while the second page comes over the same, with a hedge beside it.
    const late = new Set<string>()
    const answer = ({ request: { url }, proxy }: TransportCall): SimulatedAttempt => {
      if (url.endsWith('robots.txt')) return robots
      const key = `${url} ${proxy.id}`
      const isLate = !late.has(url)
      late.add(url)
      late.add(key)
      return { ...pageOf(url), afterMs: isLate ? 400 : 900 }
    }
    const hedge = { coldDelay: 100, minDelay: 50, max: 3, share: 1 }
    const scene = await openScene(
      { proxies: proxyList(3), hedge, politeness: { interval: 0, robots: false } },
      ({ ...call }) => answer(call as TransportCall),
    )
    const summary = await scene.until(scene.crawler.crawl(sourceOf(40), {}).run(), 600_000)
    expect(summary).toMatchObject({ pages: 40, failed: 0 })
    expect(scene.clock.now()).toBeLessThan(20_000)
    await scene.end()
  })
})
