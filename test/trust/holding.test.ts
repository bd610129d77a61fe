import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { TransportCall } from '../../src/contracts/transport.ts'
import type { FetchInit } from '../../src/face/fetch-request.ts'
import type { CrawlerOptions } from '../../src/options/options.ts'
import type { SimulatedAttempt } from '../../src/sim/transport.ts'
import { defineSource } from '../../src/source/define-source.ts'
import { numberOf, openScene, proxyList } from '../faults/simulation.ts'

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

/** Three pages are asked for over the first exit, and only then are the others there: one is heard, two are held. */
async function openHeld(
  answer: (exit: number, url: string) => SimulatedAttempt,
  init: FetchInit = {},
  more: CrawlerOptions = {},
) {
  const proxies = proxyList(5)
  const options: CrawlerOptions = { proxies, hedge: false, politeness: false, ...more }
  const scene = await openScene(options, (call) => answer(numberOf(call), call.request.url))
  const others = proxies.slice(1)
  for (const proxy of others) scene.crawler.isolate(proxy)
  const urls = ['a', 'b', 'c'].map((name) => `http://site.test/${name}`)
  const answers = urls.map((url) => scene.crawler.fetch(url, init))
  for (const fetched of answers) fetched.catch(() => {})
  await scene.clock.advance(10)
  for (const proxy of others) scene.crawler.readmit(proxy)
  const all = Promise.allSettled(answers)
  return { scene, all, others, first: proxies[0]!, requests: () => scene.attempts.length }
}

const never: SimulatedAttempt = { afterMs: Number.POSITIVE_INFINITY }
const trusts = (settled: PromiseSettledResult<{ trust: string }>[]) =>
  settled.map((end) => (end.status === 'fulfilled' ? end.value.trust : 'failed'))

describe('answers that are held for one hearing', () => {
  it('are taken when their exit is believed, and cost nothing', async () => {
    const { scene, all, requests } = await openHeld((_exit, url) => pageOf(url))
    expect(trusts(await scene.until(all))).toEqual(['agreed', 'proven', 'proven'])
    expect(requests()).toBeLessThanOrEqual(6)
    await scene.end()
  })

  it('are thrown away when it lies, and what others say is taken', async () => {
    const lie = { ...pageOf('http://site.test/lie'), body: '<p>nothing but a lie</p>' }
    const { scene, all } = await openHeld((exit, url) => (exit === 1 ? lie : pageOf(url)))
    const settled = await scene.until(all)
    expect(trusts(settled)).not.toContain('unproven')
    for (const end of settled) {
      if (end.status === 'fulfilled') expect(await end.value.text()).toContain('All there is to know')
    }
    await scene.end()
  })

  it('lead on when they are redirects that are believed', async () => {
    const move = (url: string) => ({ afterMs: 50, status: 302, headers: { location: `${url}/new` } })
    const { scene, all } = await openHeld((_exit, url) => (url.endsWith('/new') ? pageOf(url) : move(url)))
    const settled = await scene.until(all)
    expect(settled.map((end) => end.status === 'fulfilled' && end.value.url)).toEqual([
      'http://site.test/a/new',
      'http://site.test/b/new',
      'http://site.test/c/new',
    ])
    await scene.end()
  })

  it('are handed over after the time of a hedge where nobody vouches for them', async () => {
    const { scene, all } = await openHeld((exit, url) => (exit === 1 ? pageOf(url) : never))
    expect(trusts(await scene.until(all))).toEqual(['unproven', 'unproven', 'unproven'])
    expect(scene.clock.now()).toBeLessThan(2_500)
    await scene.end()
  })

  it('are handed over at the end of their time', async () => {
    const held = (exit: number, url: string) => (exit === 1 ? pageOf(url) : never)
    const { scene, all } = await openHeld(held, { verify: 3, deadline: 700 })
    expect(trusts(await scene.until(all))).toEqual(['unproven', 'unproven', 'unproven'])
    expect(scene.clock.now()).toBeLessThan(800)
    await scene.end()
  })

  it('are no answers at the end of their time when they lead on', async () => {
    const move = (url: string) => ({ afterMs: 50, status: 302, headers: { location: `${url}/new` } })
    const held = (exit: number, url: string) => (exit === 1 && !url.endsWith('/new') ? move(url) : never)
    const { scene, all } = await openHeld(held, { verify: 3, deadline: 700 })
    expect(trusts(await scene.until(all))).toEqual(['failed', 'failed', 'failed'])
    expect(scene.clock.now()).toBeLessThan(800)
    await scene.end()
  })

  it('are gone when their callers are', async () => {
    const gone = new AbortController()
    const held = (exit: number, url: string) => (exit === 1 ? pageOf(url) : never)
    const { scene, all } = await openHeld(held, { signal: gone.signal })
    await scene.clock.advance(200)
    gone.abort()
    expect(trusts(await scene.until(all))).toEqual(['failed', 'failed', 'failed'])
    expect(scene.clock.now()).toBeLessThan(300)
    await scene.end()
  })

  it('are gone when the crawler stops', async () => {
    const held = (exit: number, url: string) => (exit === 1 ? pageOf(url) : never)
    const { scene, all } = await openHeld(held)
    await scene.clock.advance(200)
    const stopped = scene.crawler.stop()
    expect(trusts(await scene.until(all))).toEqual(['failed', 'failed', 'failed'])
    await scene.until(stopped)
  })

  it('are answered although their exit is isolated meanwhile', async () => {
    const { scene, all, first } = await openHeld((_exit, url) => pageOf(url))
    await scene.clock.advance(60)
    scene.crawler.isolate(first)
    const settled = await scene.until(all)
    expect(settled.every((end) => end.status === 'fulfilled' && end.value.status === 200)).toBe(true)
    expect(scene.clock.now()).toBeLessThan(2_500)
    await scene.end()
  })

  it('are handed over at once when no other exit is left', async () => {
    const { scene, all, others } = await openHeld((_exit, url) => pageOf(url))
    await scene.clock.advance(30)
    for (const proxy of others) scene.crawler.isolate(proxy)
    expect(trusts(await scene.until(all))).toEqual(['unproven', 'unproven', 'unproven'])
    expect(scene.clock.now()).toBeLessThan(500)
    await scene.end()
  })
})

const moved = (url: string): SimulatedAttempt => ({
  afterMs: 50,
  status: 302,
  headers: { location: `${url}/new` },
})

it('redirects that nobody vouches for lead on after the time of a hedge', async () => {
  const { scene, all } = await openHeld((exit, url) => {
    if (url.endsWith('/new')) return pageOf(url)
    return exit === 1 ? moved(url) : never
  })
  const settled = await scene.until(all)
  expect(settled.map((end) => end.status === 'fulfilled' && end.value.url)).toEqual([
    'http://site.test/a/new',
    'http://site.test/b/new',
    'http://site.test/c/new',
  ])
  expect(scene.clock.now()).toBeLessThan(3_500)
  await scene.end()
})

it.each([false, true])(
  'what waits for its witness is handed over in time (redirected: %s)',
  async (isMoved) => {
    const politeness = { hostInterval: 20_000, robots: false } as const
    const scene = await openScene(
      { proxies: proxyList(3), hedge: false, politeness },
      ({ request: { url } }) => (isMoved && !url.endsWith('/new') ? moved(url) : pageOf(url)),
    )
    const response = await scene.until(scene.crawler.fetch('http://site.test/page'), 60_000)
    expect(response.trust).toBe('unproven')
    expect(scene.clock.now()).toBeLessThan(isMoved ? 22_500 : 1_500)
    await scene.end()
  },
)

it('answers that are held keep nobody from racing elsewhere', async () => {
  const { scene, all } = await openHeld(
    (exit, url) => (exit === 1 || url.includes('other') ? pageOf(url) : never),
    {},
    { concurrency: 3 },
  )
  await scene.clock.advance(100)
  await scene.until(scene.crawler.fetch('http://other.test/page', { trust: 'blind' }))
  expect(scene.clock.now()).toBeLessThan(400)
  await scene.until(all)
  await scene.end()
})

describe('a crawl that is drained while answers are held', () => {
  async function openCrawl() {
    const proxies = proxyList(4)
    const timeouts = { total: 60_000, firstByte: 50_000 }
    const politeness = { interval: 0, robots: false } as const
    const options = { proxies, hedge: false, politeness, timeouts } as const
    const scene = await openScene(options, (call) =>
      numberOf(call) === 1 ? pageOf(call.request.url) : never,
    )
    for (const proxy of proxies.slice(1)) scene.crawler.isolate(proxy)
    const crawl = scene.crawler.crawl(sourceOf(3), {})
    const ended = crawl.run()
    await scene.clock.advance(30)
    for (const proxy of proxies.slice(1)) scene.crawler.readmit(proxy)
    await scene.clock.advance(500)
    return { scene, crawl, ended }
  }

  it('gives them back, and hands over the one whose witness is under way', async () => {
    const { scene, crawl, ended } = await openCrawl()
    const drained = crawl.drain()
    const summary = await scene.until(ended, 120_000)
    await scene.until(drained)
    expect(summary).toMatchObject({ pages: 1, queued: 2, failed: 0 })
    expect(scene.clock.now()).toBeLessThan(32_000)
    await scene.end()
  })

  it('and then stopped gives all of them back at once', async () => {
    const { scene, crawl, ended } = await openCrawl()
    void crawl.drain()
    await scene.clock.advance(10)
    void crawl.stop()
    const summary = await scene.until(ended, 120_000)
    expect(summary).toMatchObject({ pages: 0, queued: 3, failed: 0 })
    expect(scene.clock.now()).toBeLessThan(1_000)
    await scene.end()
  })
})
