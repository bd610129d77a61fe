import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineClassifier } from '../../src/classify/define-classifier.ts'
import { defineSource } from '../../src/source/define-source.ts'
import { impatient, openLabScene } from './lab-scene.ts'
import { good, keepFetching, openScene, proxyList } from './simulation.ts'

const throwing = defineClassifier({
  name: 'brittle',
  classify(exchange) {
    if (exchange.kind === 'response' && exchange.url.includes('/bytes/666')) throw new Error('brittle')
    return undefined
  },
})

const pages = defineSource({
  name: 'pages',
  params: z.object({ urls: z.array(z.string()) }),
  item: z.object({ url: z.string() }),
  robots: false,
  *seeds({ urls }) {
    yield* urls
  },
  *parse(page) {
    yield page.item({ url: page.url })
  },
})

describe('fault 19: poison tasks end in bounded attempts, and a healthy host keeps flowing', () => {
  it('each in its own way', async () => {
    await using scene = await openLabScene(
      { origins: { poison: {}, healthy: {} }, proxies: [{ name: 'exit', count: 10 }] },
      {
        classifiers: [throwing],
        maxBody: 1_000_000,
        timeouts: impatient,
        concurrency: 8,
      },
    )
    const { crawler, lab, log } = scene
    const { url } = lab.origins.poison!
    // What removes a page is compared with what other exits say, until those are known; three broken answers end a page, and a
    // hedge may bring a fourth in the same moment.
    const poison: Record<string, { url: string; most: number; code?: string }> = {
      'a classifier that throws': { url: `${url}/bytes/666`, most: 3 },
      'a page that is not there': { url: `${url}/nowhere`, most: 6, code: 'status-404' },
      'a body over the cap': { url: `${url}/chunked/60000000`, most: 6, code: 'body-too-large' },
      'a bomb': { url: `${url}/bomb`, most: 6, code: 'decode-bomb' },
      'a redirect loop': { url: `${url}/redirect-loop`, most: 12, code: 'redirect-limit' },
      'a broken body': { url: `${url}/broken/short`, most: 4, code: 'body-short' },
      'broken chunks': { url: `${url}/broken/chunk`, most: 4, code: 'malformed' },
      garbage: { url: `${url}/broken/garbage`, most: 4, code: 'http-garbage' },
      'a refusal': { url: `${url}/status/403`, most: 25, code: 'blocked-everywhere' },
    }
    const healthy = Array.from({ length: 60 }, (_, n) => `${lab.origins.healthy!.url}/bytes/${n + 100}`)
    const poisoned = Object.values(poison).map((each) => each.url)
    const got: string[] = []
    const dead = new Map<string, string>()
    crawler.on('request.dead', ({ url: at, code }) => dead.set(at, code))
    const crawl = crawler.crawl(pages, { urls: [...poisoned, ...healthy] })
    const started = performance.now()
    let healthyDoneAt = Number.NaN
    for await (const item of crawl) {
      got.push(item.url)
      if (got.filter((each) => healthy.includes(each)).length === 60) {
        healthyDoneAt = performance.now() - started
        const left = crawl.progress()
        if (left.queued <= 1) break
      }
    }
    expect(healthyDoneAt).toBeLessThan(5_000)
    await crawl.stop()
    expect(got.filter((each) => healthy.includes(each))).toHaveLength(60)
    for (const [name, { url: at, most, code }] of Object.entries(poison)) {
      // A hedge may be on its way when the last word is spoken; it is cancelled, and nothing is learnt from it.
      const attempts = log.outcomes.filter((each) => each.url === at && each.reason !== 'cancelled')
      expect(attempts.length, name).toBeGreaterThan(0)
      expect(attempts.length, name).toBeLessThanOrEqual(most)
      if (code !== undefined && dead.has(at)) expect(dead.get(at), name).toBe(code)
    }
    expect(got).toContain(`${url}/bytes/666`)
    const told = log.alerts.filter(({ code }) => code === 'EXTENSION_FAILED')
    expect(told).toEqual([expect.objectContaining({ message: expect.stringContaining('"brittle"') })])
    // One bad page is not ten bad proxies.
    expect(log.proxyStates.filter(({ host, to }) => host === undefined && to === 'open')).toEqual([])
    // The healthy host never heard of it.
    const { origins } = await lab.books()
    expect(origins.healthy!.requests).toBeLessThanOrEqual(80)
    await scene.end()
  })

  it('pages that hang on every proxy end, though nothing else is asked of their host any more', async () => {
    const scene = await openScene({ proxies: proxyList(6), politeness: { interval: 100 } }, ({ request }) =>
      request.url.includes('/hang/') ? { afterMs: Number.POSITIVE_INFINITY } : good,
    )
    const healthy = Array.from({ length: 30 }, (_, n) => scene.crawler.fetch(`http://partly.test/${n}`))
    await scene.until(Promise.all(healthy))
    const hanging = Array.from({ length: 4 }, (_, n) => scene.crawler.fetch(`http://partly.test/hang/${n}`))
    const ends = await scene.until(Promise.allSettled(hanging), 3_600_000)
    for (const end of ends) expect(end).toMatchObject({ reason: { code: 'TASK_FAILED' } })
    // Nobody is shut out for it, and the next page of that host comes at once.
    expect(scene.log.proxyStates.filter(({ host, to }) => host === undefined && to === 'open')).toEqual([])
    const before = scene.clock.now()
    await scene.until(scene.crawler.fetch('http://partly.test/after'))
    expect(scene.clock.now() - before).toBeLessThan(40_000)
    await scene.end()
  })

  it('a host that does not exist is given up; a page that always fails, and a host without that trouble, are not held up', async () => {
    const scene = await openScene(
      { proxies: proxyList(10), politeness: { interval: 1_000 } },
      ({ request }) => {
        if (request.url.includes('nowhere.test'))
          return { afterMs: 30, fault: { phase: 'handshake', cause: 'socks-host-unreachable' } }
        return request.url.endsWith('/ill') ? { afterMs: 30, status: 500 } : good
      },
    )
    const load = keepFetching(scene, 'healthy.test', 10)
    const other = keepFetching(scene, 'partly.test', 5)
    const nowhere = scene.crawler.fetch('http://nowhere.test/').catch((error: unknown) => error)
    const ill = scene.crawler.fetch('http://partly.test/ill').catch((error: unknown) => error)
    expect(await scene.until(ill)).toMatchObject({
      code: 'TASK_FAILED',
      value: { reason: 'target-faults', attempts: 5 },
    })
    expect(await scene.until(nowhere, 600_000)).toMatchObject({
      code: 'TASK_FAILED',
      value: { reason: 'host-unreachable' },
    })
    const now = scene.clock.now()
    expect(scene.log.outcomes.filter(({ host }) => host === 'nowhere.test').length).toBeLessThan(60)
    // Ten exits that nobody knows yet are compared with each other meanwhile.
    expect(load.rate(0, now)).toBeGreaterThan(0.8 * 10)
    expect(other.rate(0, now)).toBeGreaterThan(0.8 * 10)
    await load.stop()
    await other.stop()
    expect([...load.failures, ...other.failures]).toEqual([])
    await scene.end()
  })
})
