import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineClassifier } from '../../src/classify/define.ts'
import { defineSource } from '../../src/source/define.ts'
import { impatient, openLabScene } from './lab-scene.ts'

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
      { classifiers: [throwing], maxBody: 1_000_000, timeouts: impatient, concurrency: 8, breaker: { base: 200 } },
    )
    const { crawler, lab, log } = scene
    const { url } = lab.origins.poison!
    const poison: Record<string, { url: string; most: number; code?: string }> = {
      'a classifier that throws': { url: `${url}/bytes/666`, most: 1 },
      'a page that is not there': { url: `${url}/nowhere`, most: 1, code: 'status-404' },
      'a body over the cap': { url: `${url}/chunked/60000000`, most: 3, code: 'body-too-large' },
      'a bomb': { url: `${url}/bomb`, most: 3, code: 'decode-bomb' },
      'a redirect loop': { url: `${url}/redirect-loop`, most: 3, code: 'redirect-limit' },
      'a broken body': { url: `${url}/broken/short`, most: 40 },
      garbage: { url: `${url}/broken/garbage`, most: 60 },
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
      const attempts = log.outcomes.filter((each) => each.url === at)
      expect(attempts.length, name).toBeGreaterThan(0)
      expect(attempts.length, name).toBeLessThanOrEqual(most)
      if (code !== undefined && dead.has(at)) expect(dead.get(at), name).toBe(code)
    }
    expect(got).toContain(`${url}/bytes/666`)
    expect(log.alerts.some(({ code, message }) => code === 'INTERNAL' && message.includes('brittle'))).toBe(true)
    // The healthy host never heard of it.
    const { origins } = await lab.books()
    expect(origins.healthy!.requests).toBeLessThanOrEqual(80)
    await scene.end()
  })
})
