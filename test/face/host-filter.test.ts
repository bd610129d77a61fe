import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { RegattaError } from '../../src/contracts/errors.ts'
import { parseProxy } from '../../src/fleet/parse-proxy.ts'
import { defineSource } from '../../src/source/define-source.ts'
import { good, openScene, proxyList } from '../faults/simulation.ts'

describe('a filter of proxies', () => {
  it('that no proxy passes lets the requests of the host wait, says so once, and nothing goes out', async () => {
    const scene = await openScene(
      {
        proxies: proxyList(3).map((proxy) => `${proxy} country=US`),
        direct: true,
        politeness: false,
        trust: 'blind',
        hosts: { 'own.test': { proxies: { country: 'DE', class: ['mobile', 'residential'] } } },
      },
      () => good,
    )
    const waiting = [1, 2, 3].map((n) => scene.crawler.trySubmit(`http://own.test/${n}`))
    const abort = new AbortController()
    const held = scene.crawler.lease('own.test', { signal: abort.signal }).catch((error: unknown) => error)
    await scene.until(scene.crawler.fetch('http://other.test/'))
    await scene.clock.advance(3_600_000)
    expect(scene.attempts.map(({ host }) => host)).toEqual(['other.test'])
    expect(scene.log.parked).toEqual([
      expect.objectContaining({ host: 'own.test', reason: 'no-proxy-passes' }),
    ])
    expect(scene.crawler.stats().hosts['own.test']!.waiting).toBe(4)
    const filter = 'country=DE, class=mobile|residential'
    expect(scene.crawler.stats().hosts['own.test']).toMatchObject({
      state: 'starved',
      reason: `no proxy of the fleet passes ${filter}`,
    })
    expect(scene.log.alerts).toEqual([{ code: 'NO_PROXY_PASSES', message: expect.stringContaining(filter) }])
    expect(scene.log.alerts[0]!.message).toContain('own.test')
    for (const handle of waiting) handle.cancel()
    abort.abort()
    expect(await held).toMatchObject({ code: 'ABORTED' })
    await scene.end()
  })

  it('lets them go on as soon as a proxy joins that passes', async () => {
    let list = ['socks5://10.0.0.1:1080 country=US']
    const provider = {
      name: 'own',
      trusted: true,
      load: async () => ({
        proxies: list.map((line) => parseProxy(line)),
        rejected: [],
      }),
    }
    const scene = await openScene(
      {
        proxies: provider as never,
        politeness: false,
        hosts: { 'own.test': { proxies: { country: 'DE' } } },
      },
      () => good,
    )
    const page = scene.crawler.fetch('http://own.test/')
    await scene.clock.advance(60_000)
    expect(scene.attempts).toEqual([])
    list = [...list, 'socks5://10.0.0.2:1080 country=DE']
    await scene.crawler.refresh()
    expect((await scene.until(page)).status).toBe(200)
    expect(scene.attempts.map(({ proxy }) => proxy)).toEqual(['socks5://10.0.0.2:1080'])
    await scene.end()
  })

  it('finds two of two thousand, and believes them that the host is down', async () => {
    const proxies = proxyList(2_000).map((proxy, n) => (n % 1_000 === 7 ? `${proxy} country=DE` : proxy))
    const scene = await openScene(
      { proxies, politeness: false, hosts: { 'own.test': { proxies: { country: 'DE' } } } },
      (_, now) =>
        now > 1_000 && now < 60_000 ? { afterMs: 10, fault: { phase: 'headers', cause: 'reset' } } : good,
    )
    const pages = (from: number) =>
      Promise.all(Array.from({ length: 20 }, (_, n) => scene.crawler.fetch(`http://own.test/${from + n}`)))
    await scene.until(pages(0))
    await scene.clock.advance(2_000)
    const later = pages(20)
    await scene.clock.advance(20_000)
    expect(scene.crawler.stats().hosts['own.test']!.state).toBe('down')
    await scene.until(later)
    expect(new Set(scene.attempts.map(({ proxy }) => proxy)).size).toBe(2)
    await scene.end()
  })

  it('holds for a request that is pinned to a proxy, and for a session that is bound to one', async () => {
    const proxies = proxyList(4).map((proxy, n) => (n === 0 ? `${proxy} country=DE` : proxy))
    const scene = await openScene(
      { proxies, politeness: false, hosts: { 'own.test': { proxies: { country: 'DE' } } } },
      () => good,
    )
    const [german, other] = scene.crawler.proxies().map(({ id }) => id)
    const pinned = (proxy: string) => scene.crawler.fetch('http://own.test/', { proxy })
    expect((await scene.until(pinned(german!))).status).toBe(200)
    await expect(pinned(other!)).rejects.toThrow(
      expect.objectContaining({
        code: 'PROXY_UNKNOWN',
        message: expect.stringMatching(/own\.test.*country=DE/),
      }),
    )
    const elsewhere = { session: 'a', proxy: other! }
    await scene.until(scene.crawler.fetch('http://other.test/', elsewhere))
    const lost = scene.crawler.fetch('http://own.test/', { session: 'a' }).catch((error: unknown) => error)
    expect(await scene.until(lost)).toBeInstanceOf(RegattaError)
    const visits = scene.attempts.filter(({ host }) => host === 'own.test').map(({ proxy }) => proxy)
    expect(new Set(visits)).toEqual(new Set([german]))
    await scene.end()
  })
})

it('a crawl does not let the host that nobody may visit keep the others waiting', async () => {
  const scene = await openScene(
    {
      proxies: proxyList(2).map((proxy) => `${proxy} country=US`),
      politeness: false,
      concurrency: 2,
      capacity: 4,
      hosts: { 'own.test': { proxies: { country: 'DE' } } },
    },
    () => good,
  )
  const source = defineSource({
    name: 'both',
    params: z.unknown(),
    item: z.string(),
    *seeds() {
      for (const host of ['own.test', 'other.test']) for (let n = 0; n < 50; n++) yield `http://${host}/${n}`
    },
    *parse(page) {
      yield page.item(page.url)
    },
  })
  const crawl = scene.crawler.crawl(source, {}, { robots: false, concurrency: 8 })
  void crawl.run()
  await scene.clock.advance(600_000)
  expect(crawl.progress()).toMatchObject({ pages: 50, queued: 50, failed: 0 })
  expect(new Set(scene.attempts.map(({ host }) => host))).toEqual(new Set(['other.test']))
  await scene.until(crawl.stop())
  await scene.crawler.stop()
})
