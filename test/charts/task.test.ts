import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { TransportCall } from '../../src/contracts/transport.ts'
import type { CrawlerOptions } from '../../src/options/options.ts'
import type { SimulatedAttempt } from '../../src/sim/transport.ts'
import { defineSource } from '../../src/source/define-source.ts'
import { openScene, proxyList, type Scene } from '../faults/simulation.ts'
import { host, play, second } from './scripted.ts'

/** Each arrow of the task's chart, as a user of the crawler notices it: a test fails when the arrow is taken out. */
const free = { politeness: false, hedge: false, trust: 'blind', proxies: proxyList(4) } as const

/** A crawl of as many pages, each of which answers as the world says. */
const pages = defineSource({
  name: 'pages',
  params: z.object({ count: z.number() }),
  item: z.string(),
  robots: false,
  *seeds({ count }) {
    for (let n = 1; n <= count; n++) yield `http://${host}/${n}`
  },
  *parse(page) {
    yield page.item(page.url)
  },
})

const open = (options: CrawlerOptions, world: (call: TransportCall, now: number) => SimulatedAttempt) =>
  openScene({ ...free, ...options }, world)

const answer = (afterMs: number, status = 200): SimulatedAttempt => ({ afterMs, status })

/** Runs a crawl, drains it after `drainAt` ms, and gives its summary and how long it took from then on. */
async function drained(scene: Scene, count: number, drainAt: number) {
  const crawl = scene.crawler.crawl(pages, { count })
  const done = crawl.run()
  await scene.clock.advance(drainAt)
  const from = scene.clock.now()
  void crawl.drain()
  const summary = await scene.until(done)
  return { ...summary, drainedMs: scene.clock.now() - from }
}

/** The names of the task actors that an inspector is shown while `run` runs. */
async function slotsOf(scene: Scene, run: () => Promise<unknown>): Promise<string[]> {
  const slots = new Set<string>()
  const stop = scene.crawler.inspect((event) => {
    const { id } = event.actorRef as unknown as { id: string }
    if (id.startsWith('task ')) slots.add(id)
  })
  await run()
  stop()
  return [...slots]
}

describe('a slot', () => {
  it('carries one request after the other', async () => {
    const scene = await open({}, () => answer(50))
    const slots = await slotsOf(scene, async () => {
      for (let n = 0; n < 5; n++) await scene.until(scene.crawler.fetch(`http://${host}/${n}`))
    })
    expect(slots).toEqual(['task 0'])
    await scene.end()
  })

  it('is free again when the attempt that lost the race has come home, and not before', async () => {
    const late = { minDelay: 100, coldDelay: 100 }
    // The first one hangs; the hedge beside it brings the answer.
    const scene = await open({ hedge: late }, (_, now) => answer(now % 1_000 < 50 ? 900 : 50))
    const slots = await slotsOf(scene, async () => {
      for (let n = 0; n < 5; n++) {
        await scene.clock.advance(1_000 - (scene.clock.now() % 1_000))
        await scene.until(scene.crawler.fetch(`http://${host}/${n}`))
        await scene.clock.advance(10)
      }
    })
    expect(scene.crawler.stats().hedges).toBeGreaterThan(0)
    expect(slots).toEqual(['task 0'])
    await scene.end()
  })
})

describe('a task that waits', () => {
  it('ends at its deadline, and when its caller has no use for it any more', async () => {
    const scene = await open({}, () => answer(50))
    scene.crawler.pause()
    const hurried = scene.crawler.fetch(`http://${host}/`, { deadline: 5_000 }).catch((error) => error.code)
    const controller = new AbortController()
    const { signal } = controller
    const unwanted = scene.crawler.fetch(`http://${host}/`, { signal }).catch((error) => error.name)
    await scene.clock.advance(3_000)
    controller.abort()
    expect(await scene.until(unwanted, 100)).toBe('AbortError')
    expect(await scene.until(hurried, 3_000)).toBe('DEADLINE')
    expect(scene.attempts).toEqual([])
    scene.crawler.resume()
    await scene.end()
  })

  it('says that it waits for its turn, where the host bears one request at a time', async () => {
    const scene = await open({ politeness: { interval: 0, hostConcurrency: 1 } }, () => answer(second))
    const reasons: string[] = []
    scene.crawler.on('task.parked', ({ reason }) => reasons.push(reason))
    const both = Promise.all([1, 2].map((n) => scene.crawler.fetch(`http://${host}/${n}`)))
    await scene.until(both)
    expect(reasons).toContain('host-limit')
    await scene.end()
  })

  it('leaves its place to others while its host is not to be asked for a minute', async () => {
    const limited = { status: 429, headers: { 'retry-after': '60' } }
    const scene = await open({}, (_, now) => (now < second ? { afterMs: 50, ...limited } : answer(50)))
    const crawl = scene.crawler.crawl(pages, { count: 12 })
    const done = crawl.run()
    await scene.clock.advance(5 * second)
    expect(scene.crawler.stats().hosts[host]!.state).toBe('throttled')
    // Their requests wait in the frontier, and hold nothing here.
    expect(scene.crawler.stats().tasks).toMatchObject({ racing: 0, parked: 0 })
    expect(crawl.progress()).toMatchObject({ queued: 12, running: 0 })
    expect((await scene.until(done)).pages).toBe(12)
    await scene.end()
  })

  it('keeps its place while a proxy is only busy, though the next one is a minute away', async () => {
    const politeness = { interval: 0, hostConcurrency: false, proxyConcurrency: 1 } as const
    const scene = await open({ politeness, proxies: proxyList(2), breaker: { base: 120_000 } }, (call) => {
      const isSecond = call.proxy.host.endsWith('.2')
      return isSecond ? { afterMs: 20, fault: { phase: 'dial', cause: 'dial-refused' } } : answer(2 * second)
    })
    // The second proxy opens for minutes; the first one is busy with one page at a time.
    for (let n = 0; n < 4; n++) await scene.until(scene.crawler.fetch(`http://${host}/first/${n}`))
    const from = scene.clock.now()
    const summary = await scene.until(scene.crawler.crawl(pages, { count: 4 }).run())
    expect(summary.pages).toBe(4)
    expect(scene.clock.now() - from).toBeLessThan(12 * second)
    await scene.end()
  })
})

describe('a challenge page', () => {
  const challenge = { status: 403, headers: { 'cf-mitigated': 'challenge' } }

  it('is solved once, and the answer to it comes through the same proxy', async () => {
    const asked: string[] = []
    const scene = await open(
      {
        resolveChallenge: async (response) => {
          asked.push(response.url)
          return { cookie: 'solved=1' }
        },
      },
      ({ request }) => (request.headers.cookie === 'solved=1' ? answer(50) : { afterMs: 50, ...challenge }),
    )
    const response = await scene.until(scene.crawler.fetch(`http://${host}/`))
    expect(response.status).toBe(200)
    expect(asked).toHaveLength(1)
    expect(new Set(scene.attempts.map(({ proxy }) => proxy)).size).toBe(1)
    await scene.end()
  })
})

describe('a task that is drained while it races', () => {
  it('takes the answer that comes, and its crawl ends with it', async () => {
    const scene = await open({}, () => answer(5 * second))
    const summary = await drained(scene, 1, second)
    expect(summary).toMatchObject({ pages: 1, items: 1, queued: 0 })
    expect(summary.drainedMs).toBeLessThan(5 * second)
    await scene.end()
  })

  it('gives its request back when the attempt fails, and begins no other', async () => {
    const scene = await open({}, () => answer(5 * second, 500))
    const summary = await drained(scene, 1, second)
    expect(summary).toMatchObject({ pages: 0, failed: 0, queued: 1, ending: 'interrupted' })
    expect(scene.attempts).toHaveLength(1)
    expect(summary.drainedMs).toBeLessThan(5 * second)
    await scene.end()
  })

  it('waits for the second of two attempts when the first fails', async () => {
    let started = 0
    // The first hangs for three seconds and fails; the hedge beside it answers after six.
    const scene = await open({ hedge: { minDelay: 100, coldDelay: 100, max: 2 } }, () =>
      ++started === 1 ? answer(3 * second, 500) : answer(6 * second),
    )
    const summary = await drained(scene, 1, second)
    expect(started).toBe(2)
    expect(summary).toMatchObject({ pages: 1, queued: 0 })
    await scene.end()
  })

  it('keeps no proxy for the second attempt that it wanted', async () => {
    const politeness = { interval: 0, hostConcurrency: false, proxyConcurrency: 1 } as const
    const hedge = { minDelay: 100, coldDelay: 100, max: 2 }
    // Each page has one of the two proxies, is late, and waits for the other one: the second frees it after two seconds.
    const late = (url: string) =>
      answer(url.endsWith('/1') ? 9 * second : url.endsWith('/2') ? 2 * second : 50)
    const scene = await open({ politeness, hedge, proxies: proxyList(2) }, ({ request }) => late(request.url))
    const crawl = scene.crawler.crawl(pages, { count: 2 })
    const done = crawl.run()
    await scene.clock.advance(second)
    void crawl.drain()
    await scene.clock.advance(2 * second)
    const from = scene.clock.now()
    expect((await scene.until(scene.crawler.fetch(`http://${host}/3`))).status).toBe(200)
    expect(scene.clock.now() - from).toBeLessThan(second)
    expect(await scene.until(done)).toMatchObject({ pages: 2, queued: 0 })
    expect(scene.attempts).toHaveLength(3)
    await scene.end()
  })
})

describe('a task that races', () => {
  it('is late, and another attempt beside it brings the answer', async () => {
    const script = await play(4, { hedge: { minDelay: 100, coldDelay: 200 } })
    let started = 0
    script.world = () => ({ afterMs: ++started === 1 ? 5 * second : 50 })
    const from = script.clock.now()
    expect(await script.until(script.fetch('/any'))).toBe(200)
    expect(script.clock.now() - from).toBeLessThan(second)
    await script.end()
  })

  it('goes on with another proxy at once when one fails it, and pauses when its host does', async () => {
    const script = await play(4, { hedge: false })
    let tries = 0
    script.world = () =>
      ++tries === 1
        ? { afterMs: 20, fault: { phase: 'dial', cause: 'dial-refused' } }
        : { afterMs: 20, status: tries === 2 ? 500 : 200 }
    expect(await script.until(script.fetch('/any'))).toBe(200)
    const [first, next, last] = script.startsOf()
    expect(next! - first!).toBeLessThan(100)
    expect(last! - next!).toBeGreaterThanOrEqual(500)
    await script.end()
  })
})
