import { describe, expect, it } from 'vitest'
import { site } from '../../plugins/site.ts'
import { openLabScene } from '../faults/lab-scene.ts'
import { collect, expectInterval, expectSpacing, slack } from './books.ts'

const pages = { pages: 60, linksPerPage: 8, crawlDelay: undefined }

describe('politeness, by the origin’s own books', () => {
  it.each([1, 2])(
    'no proxy visits a host more often than its interval, and no more at once than allowed (seed %i)',
    async (seed) => {
      await using scene = await openLabScene(
        {
          seed,
          origins: { site: { site: pages, latency: { kind: 'lognormal', medianMs: 15, sigma: 0.5 } } },
          proxies: [
            { name: 'fair', count: 8, latency: { kind: 'uniform', lowMs: 1, highMs: 40 } },
            { name: 'flaky', count: 2, flaky: { request: 0.3, failures: ['reset'] } },
            { name: 'slow', count: 2, handshakeLatency: { kind: 'uniform', lowMs: 10, highMs: 60 } },
          ],
        },
        {
          seed,
          politeness: { interval: 300, hostConcurrency: 6, proxyConcurrency: 2 },
        },
      )
      const { crawler, lab } = scene
      let limit = 0
      crawler.on('attempt.started', () => {
        const { inFlight, limit: now } = Object.values(crawler.stats().hosts)[0]!
        expect(inFlight).toBeLessThanOrEqual(now!)
        limit = Math.max(limit, now!)
      })
      const items = await collect(crawler.crawl(site, { start: [lab.origins.site!.url], sitemaps: false }))
      expect(items).toHaveLength(60)
      const { origins, proxies } = await lab.books()
      const { rows, peakInFlight } = origins.site!
      expect(new Set(rows.map(({ exitIp }) => exitIp)).size).toBeGreaterThan(6)
      expectInterval(rows, 300, `seed ${seed}`)
      expect(peakInFlight).toBeLessThanOrEqual(limit)
      expect(limit).toBeLessThanOrEqual(6)
      for (const [name, { peakRequests }] of Object.entries(proxies))
        expect(peakRequests, name).toBeLessThanOrEqual(2)
      await scene.end()
    },
  )

  it('robots.txt’s crawl-delay holds for the host, over all proxies', async () => {
    await using scene = await openLabScene(
      {
        origins: { site: { site: { ...pages, pages: 12, crawlDelay: 0.12 } } },
        proxies: [{ name: 'exit', count: 6 }],
      },
      { politeness: { interval: 10 } },
    )
    const { crawler, lab } = scene
    const items = await collect(crawler.crawl(site, { start: [lab.origins.site!.url], sitemaps: false }))
    expect(items).toHaveLength(12)
    const { origins } = await lab.books()
    // (the delay is known from the first line of robots.txt on, so that file itself is not held to it)
    expectSpacing(
      origins.site!.rows.filter(({ path }) => path !== '/robots.txt'),
      120,
      'crawl-delay',
    )
    expect(new Set(origins.site!.rows.map(({ exitIp }) => exitIp)).size).toBeGreaterThan(2)
    await scene.end()
  })

  it.each(['seconds', 'date'] as const)(
    'Retry-After is kept by the exit that heard it, given in %s',
    async (retryAfter) => {
      await using scene = await openLabScene(
        {
          origins: {
            site: {
              limit: {
                perIp: { requests: 2, perMs: 1_000, burst: 2 },
                retryAfter,
                retryAfterSeconds: retryAfter === 'date' ? 2 : 1,
              },
            },
          },
          proxies: [{ name: 'exit', count: 4 }],
        },
        { politeness: { interval: 20 } },
      )
      const { crawler, lab } = scene
      const url = lab.origins.site!.url
      await Promise.all(Array.from({ length: 24 }, (_, n) => crawler.fetch(`${url}/bytes/${n}?`)))
      const { rows } = (await lab.books()).origins.site!
      const refusals = rows.filter(({ status }) => status === 429)
      expect(refusals.length).toBeGreaterThan(0)
      for (const refusal of refusals) {
        // A date has whole seconds, so up to one of the two may be lost on the way.
        const early = rows.filter(
          ({ exitIp, at }) =>
            exitIp === refusal.exitIp && at > refusal.until && at < refusal.until + 1_000 - slack(),
        )
        expect(early).toEqual([])
      }
      await scene.end()
    },
  )

  it('a host’s own settings hold for that host alone', async () => {
    await using scene = await openLabScene(
      { origins: { strict: {}, loose: {} }, proxies: [{ name: 'exit', count: 3 }] },
      {
        politeness: { interval: 5 },
        hosts: {
          'strict.lab': { politeness: { interval: 200, hostConcurrency: 1 } },
        },
      },
    )
    const { crawler, lab } = scene
    const { strict, loose } = lab.origins
    await Promise.all([
      ...Array.from({ length: 9 }, (_, n) => crawler.fetch(`${strict!.url}/bytes/${n + 1}`)),
      ...Array.from({ length: 60 }, (_, n) => crawler.fetch(`${loose!.url}/delay/5?${n}`)),
    ])
    const { origins } = await lab.books()
    expectInterval(origins.strict!.rows, 200, 'strict')
    expect(origins.strict!.peakInFlight).toBe(1)
    expect(origins.loose!.peakInFlight).toBeGreaterThan(1)
    const last = (rows: readonly { at: number }[]) => Math.max(...rows.map(({ at }) => at))
    expect(last(origins.loose!.rows)).toBeLessThan(last(origins.strict!.rows))
    await scene.end()
  })

  it('politeness: false lifts all gates', async () => {
    await using scene = await openLabScene(
      { origins: { site: {} }, proxies: [{ name: 'exit', count: 2 }] },
      { politeness: false, hedge: false },
    )
    const { crawler, lab } = scene
    await Promise.all(
      Array.from({ length: 80 }, (_, n) => crawler.fetch(`${lab.origins.site!.url}/delay/1000?${n}`)),
    )
    const { peakInFlight } = (await lab.books()).origins.site!
    expect(peakInFlight).toBe(80)
    await scene.end()
  })
})
