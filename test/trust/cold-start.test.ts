import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { pickHash } from '../../src/lab/hash.ts'
import { defineSource } from '../../src/source/define-source.ts'
import { openScene, proxyList } from '../faults/simulation.ts'
import { collect } from '../politeness/books.ts'

const pages = 60

const list = defineSource({
  name: 'list',
  params: z.object({}),
  robots: false,
  item: z.object({ url: z.string() }),

  *seeds() {
    for (let page = 0; page < pages; page++) yield { url: `http://target.test/${page}`, priority: 0 }
  },
  *parse(page) {
    yield page.item({ url: page.url })
  },
})

/** In [0.7, 1.3): no two answers take the same time. */
const luck = (url: string, proxy: string) => 0.7 + 0.6 * pickHash(1, url + proxy)

/** Virtual seconds that a crawl takes whose pages are all known from the start, over plain HTTP. */
async function secondsOver(proxies: number, afterMs: number): Promise<number> {
  const scene = await openScene({ proxies: proxyList(proxies) }, ({ request, proxy }) => ({
    afterMs: afterMs * luck(request.url, proxy.id),
    headers: { 'content-type': 'text/plain' },
    body: `The page ${request.url}`,
  }))
  const from = scene.clock.now()
  const items = await scene.until(collect(scene.crawler.crawl(list, {})))
  expect(items).toHaveLength(pages)
  const seconds = (scene.clock.now() - from) / 1_000
  await scene.end()
  return seconds
}

describe('a crawl over plain HTTP that begins with many pages of the first rank', () => {
  it('is not held up by its first answers: exits that are all on trial hear each other', async () => {
    // Two requests a second of each exit, and a few more to compare them; half a minute for each round of them before.
    for (const proxies of [2, 3, 5]) {
      expect(await secondsOver(proxies, 150), String(proxies)).toBeLessThan(6 + pages / (2 * proxies))
    }
  })

  it('asks a single exit for several pages at a time: there is nobody to compare it with', async () => {
    expect(await secondsOver(1, 4_000)).toBeLessThan(pages / 2 + 10)
  })
})
