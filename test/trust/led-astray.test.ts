import { describe, expect, it } from 'vitest'
import type { TransportCall } from '../../src/contracts/transport.ts'
import type { SimulatedAttempt } from '../../src/sim/transport.ts'
import { numberOf, openScene, proxyList } from '../faults/simulation.ts'

/** Redirects, limits and robots.txt that a proxy makes up send nobody astray; those of the site do what they did. */
const html = { 'content-type': 'text/html; charset=utf-8' }

function page(url: string): SimulatedAttempt {
  const { pathname } = new URL(url)
  const body = `<html><head><title>${pathname}</title></head><body><p>All about ${pathname}.</p></body></html>`
  return { afterMs: 40, status: 200, headers: html, body, facts: { forwarded: true } }
}

const move = (location: string, headers = {}): SimulatedAttempt => ({
  afterMs: 40,
  status: 302,
  headers: { location, ...headers },
  facts: { forwarded: true },
})

const open = (answer: (exit: number, url: string, call: TransportCall) => SimulatedAttempt, exits = 8) =>
  openScene({ proxies: proxyList(exits), hedge: false, politeness: { interval: 0, robots: false } }, (call) =>
    answer(numberOf(call), call.request.url, call),
  )

describe.each([
  ['off the site', 'http://elsewhere.test/'],
  ['to itself', ''],
  ['to a local address', 'http://127.0.0.1/admin'],
  ["to the site's login", '/login'],
  ['to what is no address', 'javascript:alert(1)'],
])('a liar that redirects %s', (_, target) => {
  it('leads nobody there, and is not asked for long', async () => {
    const scene = await open((exit, url) => (exit === 1 ? move(target || url) : page(url)))
    for (let n = 0; n < 60; n++) {
      const url = `http://site.test/${n}`
      const response = await scene.until(scene.crawler.fetch(url, { verify: 2 }))
      expect([response.url, response.status]).toEqual([url, 200])
    }
    const asked = scene.attempts.map(({ url }) => url)
    expect(asked.filter((url) => !/^http:\/\/site\.test\/\d+$/.test(url))).toEqual([])
    const [liar] = scene.crawler.proxies()
    const lies = scene.attempts.filter(({ proxy }) => proxy === liar!.id).length
    if (liar!.state !== 'isolated') expect(lies).toBeLessThan(12)
    await scene.end()
  })
})

describe('a site that redirects', () => {
  it('each page has each hop counted once, however many exits were asked', async () => {
    const scene = await open((_exit, url) => {
      const n = Number(new URL(url).pathname.slice(1))
      return n < 9 ? move(`/${n + 1}`) : page(url)
    })
    const response = await scene.until(scene.crawler.fetch('http://site.test/0', { verify: 3 }))
    expect([response.url, response.redirected]).toEqual(['http://site.test/9', true])
    await scene.end()
  })

  it('and sets a cookie is followed by one exit, and not compared from there on', async () => {
    const scene = await open((exit, url) =>
      url.endsWith('/old') ? move('/new', { 'set-cookie': `exit=${exit}; Path=/` }) : page(url),
    )
    const response = await scene.until(scene.crawler.fetch('http://site.test/old', { verify: 2 }))
    expect([response.url, response.trust]).toEqual(['http://site.test/new', 'unchecked'])
    expect(scene.attempts.filter(({ url }) => url.endsWith('/new'))).toHaveLength(1)
    await scene.end()
  })

  it('sets no cookie by the mouth of a liar', async () => {
    const sent: (string | undefined)[] = []
    const scene = await open((exit, url, call) => {
      if (!url.endsWith('/old')) {
        sent.push(call.cookies?.headerFor(url))
        return page(url)
      }
      return exit === 1
        ? move('/trap', { 'set-cookie': 'lie=1; Path=/' })
        : move('/new', { 'set-cookie': 'site=1; Path=/' })
    })
    for (let n = 0; n < 12; n++)
      await scene.until(scene.crawler.fetch(`http://site.test/${n}/old`, { verify: 3 }))
    expect(new Set(sent)).toEqual(new Set(['site=1']))
    await scene.end()
  })

  it('everything to TLS is verified there', async () => {
    const scene = await open((_exit, url) =>
      url.startsWith('http:')
        ? move(url.replace('http:', 'https:'))
        : { ...page(url), facts: { verified: true } },
    )
    for (let n = 0; n < 10; n++) {
      const response = await scene.until(scene.crawler.fetch(`http://site.test/${n}`))
      expect([response.url, response.trust]).toEqual([`https://site.test/${n}`, 'verified'])
    }
    await scene.end()
  })
})

describe('"too many requests" with an hour to wait', () => {
  const limited: SimulatedAttempt = {
    afterMs: 40,
    status: 429,
    headers: { ...html, 'retry-after': '3600' },
    facts: { forwarded: true },
  }

  it.each([1, 2, 3, 4, 5, 6])('from three exits of ten stops no host (seed %i)', async (seed) => {
    const options = { proxies: proxyList(10), seed, politeness: { interval: 20, robots: false } } as const
    const scene = await openScene(options, (call) => (numberOf(call) <= 3 ? limited : page(call.request.url)))
    const all = Array.from({ length: 100 }, (_, n) => scene.crawler.fetch(`http://site.test/${n}`))
    const answers = await scene.until(Promise.all(all), 3_600_000)
    expect(answers.filter(({ status }) => status !== 200)).toEqual([])
    expect(scene.clock.now()).toBeLessThan(120_000)
    await scene.end()
  })

  it('from the host itself is kept', async () => {
    let isLimited = false
    const scene = await open((_exit, url) => (isLimited ? limited : page(url)))
    for (let n = 0; n < 20; n++) await scene.until(scene.crawler.fetch(`http://site.test/${n}`))
    isLimited = true
    const waits = scene.crawler.fetch('http://site.test/last').catch(() => 'failed')
    const from = scene.attempts.length
    await scene.clock.advance(600_000)
    expect(scene.attempts.length - from).toBeLessThan(12)
    isLimited = false
    await scene.until(waits, 7_200_000)
    await scene.end()
  })
})
