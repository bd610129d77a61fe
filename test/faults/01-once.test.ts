import { describe, expect, it } from 'vitest'
import { site } from '../../plugins/site.ts'
import { createMemoryFrontier } from '../../src/frontier/memory.ts'
import { createCallbackSink } from '../../src/sink/callback.ts'
import { openLabScene } from './lab-scene.ts'

describe('fault 1: stopped in mid-race and started again, no result is emitted twice', () => {
  it.each([5, 23, 60])('a crawl stopped after %i items goes on from its frontier', async (stopAfter) => {
    await using scene = await openLabScene(
      {
        origins: {
          site: { site: { pages: 120, linksPerPage: 6 }, latency: { kind: 'uniform', lowMs: 1, highMs: 30 } },
        },
        proxies: [
          { name: 'fair', count: 6, latency: { kind: 'uniform', lowMs: 1, highMs: 40 } },
          { name: 'flaky', count: 3, flaky: { request: 0.3, failures: ['reset', 'mid-body'] } },
        ],
      },
      // Three attempts nearly always: winners and losers everywhere when the crawl is stopped.
      { hedge: { minDelay: 2, coldDelay: 2, tokens: 1_000, share: 1 }, concurrency: 20 },
    )
    const { lab, crawler } = scene
    const frontier = createMemoryFrontier({ clock: scene.clock })
    const seen: string[] = []
    const params = { start: [lab.origins.site!.url], sitemaps: false }
    const sink = createCallbackSink(({ value }) => {
      seen.push((value as { url: string }).url)
      if (seen.length === stopAfter) void first.stop()
    })
    const first = crawler.crawl(site, params, { sinks: [sink], frontier })
    const before = await first.run()
    expect(before.queued).toBeGreaterThan(0)
    const again = createCallbackSink(({ value }) => void seen.push((value as { url: string }).url))
    const after = await crawler.crawl(site, params, { sinks: [again], frontier }).run()
    expect(after.queued).toBe(0)
    expect(new Set(seen).size).toBe(120)
    expect(seen).toHaveLength(120)
    expect(crawler.stats().hedges).toBeGreaterThan(0)
    await scene.end()
  })
})
