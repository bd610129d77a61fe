import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Frontier } from '../../src/contracts/frontier.ts'
import type { LoggedOutput } from '../../src/contracts/output-log.ts'
import type { Sink, SinkRecord } from '../../src/contracts/sink.ts'
import { createMemoryFrontier } from '../../src/frontier/memory.ts'
import { sinkFailed } from '../../src/sink/sink-failure.ts'
import { defineSource } from '../../src/source/define-source.ts'
import { openScene, proxyList, type Scene } from '../faults/simulation.ts'

/**
 * What a user sees of the chart of a crawl (machines/crawl.ts): one test or more for each of its transitions, with a whole
 * crawl on virtual time. Each of them fails when its transition or its guard is turned off.
 */
/** Pages count as soon as they come: exits are not compared. */
const free = {
  politeness: false,
  proxies: proxyList(4),
  concurrency: 8,
  hedge: false,
  trust: 'blind',
} as const

const origin = 'http://target.test'
const secondsOf = (url: string) => Number(new URL(url).searchParams.get('s') ?? 0.1)

/** Pages that take as many seconds as given, one for each. Their items are their numbers. */
const pages = defineSource({
  name: 'pages',
  params: z.object({ seconds: z.array(z.number()) }),
  item: z.object({ n: z.number() }),
  robots: false,
  *seeds({ seconds }) {
    for (const [n, s] of seconds.entries()) yield { url: `${origin}/?n=${n}&s=${s}`, data: n }
  },
  *parse(page) {
    yield page.item({ n: page.request.data as number })
  },
})

const many = (count: number, seconds = 0.1) => ({ seconds: Array.from({ length: count }, () => seconds) })

/** Answers after as many seconds as the URL says. */
function open(options: object = {}): Promise<Scene> {
  return openScene({ ...free, ...options }, ({ request }) => ({
    afterMs: secondsOf(request.url) * 1_000,
  }))
}

/** The changes of state that the crawler tells, in order. */
function statesOf(scene: Scene): string[] {
  const states: string[] = []
  scene.crawler.on('crawl.state', ({ from, to }) => states.push(`${from} → ${to}`))
  return states
}

function sinkThat(does: Partial<Sink>): Sink {
  return { name: 'a sink', open: async () => {}, write: async () => {}, close: async () => {}, ...does }
}

const after = (scene: Scene, ms: number) =>
  new Promise<void>((resolve) => scene.clock.after(ms, () => resolve()))

const gone = () => sinkFailed('a sink', new Error('gone'), { isPermanent: true })

describe('a crawl that is left alone', () => {
  it('opens, runs, closes and stops, and has finished', async () => {
    const scene = await open()
    const states = statesOf(scene)
    const summary = await scene.until(scene.crawler.crawl(pages, many(20)).run(), 60_000)
    expect(summary).toMatchObject({ pages: 20, queued: 0, ending: 'finished' })
    expect(states).toEqual(['idle → opening', 'opening → running', 'running → closing', 'closing → stopped'])
    await scene.end()
  })

  it('fails at once when its seeds are broken', async () => {
    const scene = await open()
    const broken = defineSource({
      name: 'broken',
      params: z.object({}),
      item: z.object({}),
      robots: false,
      // biome-ignore lint/correctness/useYield: it throws before it yields.
      *seeds() {
        throw new Error('no seeds today')
      },
      *parse() {},
    })
    const crawl = scene.crawler.crawl(broken)
    await expect(scene.until(crawl.run(), 1_000)).rejects.toMatchObject({ code: 'SOURCE_FAILED' })
    expect(scene.clock.now()).toBe(0)
    await scene.end()
  })
})

describe('a crawl that nobody has started', () => {
  it.each(['drain', 'stop'] as const)('ends at once when it is told to %s', async (how) => {
    const scene = await open()
    const crawl = scene.crawler.crawl(pages, many(5))
    expect(await scene.until(crawl[how](), 1_000)).toMatchObject({
      pages: 0,
      attempts: 0,
      ending: 'interrupted',
    })
    expect(crawl.progress().state).toBe('stopped')
    expect(await scene.until(crawl.run(), 1_000), 'it does not start later').toMatchObject({ pages: 0 })
    for await (const _ of scene.crawler.crawl(pages, many(5), { signal: AbortSignal.abort() }))
      expect.unreachable()
    await scene.end()
  })

  it('does not hold a drain of the crawler up', async () => {
    const scene = await open()
    scene.crawler.crawl(pages, many(5))
    await scene.until(scene.crawler.drain(), 1_000)
    await scene.end()
  })
})

describe('a crawl that opens', () => {
  it.each(['drain', 'stop'] as const)('asks for no page when it is told to %s', async (how) => {
    const scene = await open()
    const states = statesOf(scene)
    const sink = sinkThat({ open: () => after(scene, 1_000) })
    const crawl = scene.crawler.crawl(pages, many(5), { sinks: [sink] })
    const done = crawl.run()
    await scene.clock.advance(500)
    expect(crawl.progress().state).toBe('opening')
    void crawl[how]()
    expect(await scene.until(done, 5_000)).toMatchObject({ pages: 0, attempts: 0, ending: 'interrupted' })
    expect(states.slice(1)).toEqual([
      `opening → ${how === 'drain' ? 'draining' : 'stopping'}`,
      `${how === 'drain' ? 'draining' : 'stopping'} → closing`,
      'closing → stopped',
    ])
    expect(scene.attempts).toEqual([])
    await scene.end()
  })

  it('is not closed before its opening has ended', async () => {
    const scene = await open()
    const calls: string[] = []
    const slow = sinkThat({
      async open() {
        await after(scene, 1_000)
        calls.push('opened')
      },
      async close() {
        calls.push('closed')
      },
    })
    const crawl = scene.crawler.crawl(pages, many(5), { sinks: [slow] })
    void crawl.run()
    await scene.clock.advance(500)
    await scene.until(crawl.stop(), 5_000)
    expect(calls).toEqual(['opened', 'closed'])
    await scene.end()
  })

  it('fails with what cannot be opened', async () => {
    const scene = await open()
    const sink = sinkThat({ open: () => Promise.reject(gone()) })
    const crawl = scene.crawler.crawl(pages, many(5), { sinks: [sink] })
    await expect(scene.until(crawl.run(), 1_000)).rejects.toMatchObject({ code: 'SINK_FAILED' })
    expect(scene.attempts).toEqual([])
    await scene.end()
  })
})

describe('a crawl that runs', () => {
  it('begins nothing while it is paused, and goes on when it is resumed', async () => {
    const scene = await open()
    const crawl = scene.crawler.crawl(pages, many(40), { concurrency: 4 })
    const done = crawl.run()
    await scene.clock.advance(250)
    crawl.pause()
    await scene.clock.advance(1_000)
    const { length } = scene.attempts
    expect(crawl.progress()).toMatchObject({ state: 'paused', running: 0, pages: length })
    expect(length).toBeLessThan(40)
    await scene.clock.advance(60_000)
    expect(scene.attempts).toHaveLength(length)
    crawl.resume()
    expect(await scene.until(done, 60_000)).toMatchObject({ pages: 40, ending: 'finished' })
    await scene.end()
  })

  it('finishes what is in flight when it is drained, takes nothing new, and keeps it', async () => {
    const scene = await open()
    const kept: SinkRecord[] = []
    const sink = sinkThat({
      async write(batch) {
        await after(scene, 500)
        kept.push(...batch)
      },
    })
    const crawl = scene.crawler.crawl(
      pages,
      { seconds: [1, 2, 3, 4, 1, 1, 1] },
      { sinks: [sink], concurrency: 4 },
    )
    void crawl.run()
    await scene.clock.advance(500)
    const summary = await scene.until(crawl.drain(), 60_000)
    expect(summary).toMatchObject({ pages: 4, queued: 3, attempts: 4, ending: 'interrupted' })
    expect(kept.map(({ value }) => (value as { n: number }).n)).toEqual([0, 1, 2, 3])
    await scene.end()
  })

  it('gives back what is in flight when it is stopped', async () => {
    const scene = await open()
    const crawl = scene.crawler.crawl(pages, many(6, 60), { concurrency: 4 })
    void crawl.run()
    await scene.clock.advance(500)
    const at = scene.clock.now()
    expect(await scene.until(crawl.stop(), 10_000)).toMatchObject({
      pages: 0,
      queued: 6,
      ending: 'interrupted',
    })
    expect(scene.clock.now()).toBe(at)
    await scene.end()
  })

  it('fails when a sink is gone', async () => {
    const scene = await open()
    const sink = sinkThat({ write: () => Promise.reject(gone()) })
    const crawl = scene.crawler.crawl(pages, { seconds: [0.1, 60, 60] }, { sinks: [sink] })
    await expect(scene.until(crawl.run(), 5_000)).rejects.toMatchObject({ code: 'SINK_FAILED' })
    expect(crawl.progress()).toMatchObject({ pages: 0, running: 0 })
    await scene.end()
  })
})

describe('a crawl that is paused', () => {
  it('may be drained', async () => {
    const scene = await open()
    const crawl = scene.crawler.crawl(pages, { seconds: [1, 2, 1] }, { concurrency: 2 })
    void crawl.run()
    await scene.clock.advance(500)
    crawl.pause()
    expect(await scene.until(crawl.drain(), 10_000)).toMatchObject({
      pages: 2,
      queued: 1,
      ending: 'interrupted',
    })
    await scene.end()
  })

  it('may be stopped', async () => {
    const scene = await open()
    const crawl = scene.crawler.crawl(pages, many(3, 60))
    void crawl.run()
    await scene.clock.advance(500)
    crawl.pause()
    expect(await scene.until(crawl.stop(), 1_000)).toMatchObject({ pages: 0, queued: 3 })
    await scene.end()
  })

  it('fails when a sink is gone', async () => {
    const scene = await open()
    const sink = sinkThat({
      async write() {
        await after(scene, 1_000)
        throw gone()
      },
    })
    const crawl = scene.crawler.crawl(pages, many(3), { sinks: [sink] })
    const done = crawl.run()
    await scene.clock.advance(500)
    crawl.pause()
    await expect(scene.until(done, 10_000)).rejects.toMatchObject({ code: 'SINK_FAILED' })
    await scene.end()
  })

  it('while it finds that nothing is left has finished all the same', async () => {
    const scene = await open()
    let asked = 0
    const frontier = slowly(createMemoryFrontier({ clock: scene.clock }), {
      async stats(stats) {
        if (++asked > 2) await after(scene, 1_000)
        return stats()
      },
    })
    const crawl = scene.crawler.crawl(pages, many(3), { frontier })
    const done = crawl.run()
    await scene.clock.runUntil(() => asked > 2)
    expect(crawl.progress()).toMatchObject({ state: 'running', pages: 3, queued: 0 })
    crawl.pause()
    await scene.clock.advance(500)
    expect(crawl.progress().state).toBe('paused')
    await scene.clock.advance(5_000)
    crawl.resume()
    expect(await scene.until(done, 10_000)).toMatchObject({ pages: 3, ending: 'finished' })
    await scene.end()
  })
})

describe('a crawl that drains', () => {
  it('gives back at once what waits between two tries', async () => {
    const scene = await openScene(free, () => ({ afterMs: 100, status: 500 }))
    const crawl = scene.crawler.crawl(pages, many(3))
    void crawl.run()
    await scene.clock.advance(150)
    const at = scene.clock.now()
    expect(await scene.until(crawl.drain(), 60_000)).toMatchObject({
      pages: 0,
      failed: 0,
      queued: 3,
      attempts: 3,
    })
    expect(scene.clock.now()).toBe(at)
    await scene.end()
  })

  it('may be stopped before what is in flight has come', async () => {
    const scene = await open()
    const crawl = scene.crawler.crawl(pages, many(3, 60))
    void crawl.run()
    await scene.clock.advance(500)
    void crawl.drain()
    await scene.clock.advance(500)
    expect(crawl.progress()).toMatchObject({ state: 'draining', running: 3 })
    expect(await scene.until(crawl.stop(), 1_000)).toMatchObject({ pages: 0, queued: 3 })
    await scene.end()
  })

  it('waits for nothing more when a sink is gone', async () => {
    const scene = await open()
    const sink = sinkThat({ write: () => Promise.reject(gone()) })
    const crawl = scene.crawler.crawl(pages, { seconds: [1, 60] }, { sinks: [sink] })
    const done = crawl.run()
    await scene.clock.advance(500)
    void crawl.drain().catch(() => {})
    await expect(scene.until(done, 5_000)).rejects.toMatchObject({ code: 'SINK_FAILED' })
    await scene.end()
  })
})

describe('a crawl that stops', () => {
  it('has given every request back before it ends, however long its frontier takes', async () => {
    const scene = await open()
    const inner = createMemoryFrontier({ clock: scene.clock })
    const frontier = slowly(inner, {
      async settle(settle) {
        await after(scene, 1_000)
        return settle()
      },
    })
    const crawl = scene.crawler.crawl(pages, many(4, 60), { frontier })
    void crawl.run()
    await scene.clock.advance(500)
    expect(await inner.stats()).toMatchObject({ leased: 4 })
    expect(await scene.until(crawl.stop(), 10_000)).toMatchObject({ queued: 4 })
    expect(await inner.stats()).toMatchObject({ leased: 0, ready: 4 })
    expect(crawl.progress().running).toBe(0)
    await scene.end()
  })
})

describe('a crawl that closes', () => {
  it('ends at once when it is stopped, although a loop has not taken everything', async () => {
    const scene = await open()
    const inner = createMemoryFrontier({ clock: scene.clock })
    const frontier = withLog(inner)
    const crawl = scene.crawler.crawl(pages, many(10), { frontier })
    const taken: number[] = []
    const loop = (async () => {
      for await (const { n } of crawl) {
        taken.push(n)
        while (crawl.progress().state !== 'closing') await after(scene, 100)
        await crawl.stop()
      }
    })()
    await scene.until(loop, 60_000)
    expect(taken).toHaveLength(1)
    expect(await crawl.done).toMatchObject({ pages: 10, queued: 0, ending: 'interrupted' })
    await scene.end()
  })
})

describe('the events of a crawl', () => {
  it('carry its id', async () => {
    const scene = await openScene(free, ({ request }) => ({
      afterMs: 100,
      status: request.url.includes('missing') ? 404 : 200,
    }))
    const source = defineSource({
      name: 'shop',
      params: z.object({}),
      item: z.object({ url: z.string() }),
      robots: false,
      *seeds(_, { log }) {
        log('two pages')
        yield* [`${origin}/one`, `${origin}/missing`, `${origin}/unwanted`]
      },
      admit: ({ url }) => (url.endsWith('unwanted') ? 'it is unwanted' : undefined),
      *parse(page) {
        yield page.item({ url: page.url })
      },
    })
    const heard: object[] = []
    for (const name of ['item', 'request.dead', 'crawl.state', 'log'] as const)
      scene.crawler.on(name, ({ crawl }: { crawl: string | undefined }) => heard.push({ name, crawl }))
    const crawls = [scene.crawler.crawl(source), scene.crawler.crawl(source)]
    await scene.until(Promise.all(crawls.map((crawl) => crawl.run())), 60_000)
    for (const { id } of crawls) {
      const own = heard.filter((each) => (each as { crawl: string }).crawl === id)
      expect(own).toHaveLength(heard.length / 2)
      expect(own).toEqual(expect.arrayContaining([{ name: 'item', crawl: id }]))
      expect(own).toEqual(expect.arrayContaining([{ name: 'request.dead', crawl: id }]))
      expect(own.filter((each) => (each as { name: string }).name === 'log')).toHaveLength(2)
      expect(own.filter((each) => (each as { name: string }).name === 'crawl.state')).toHaveLength(4)
    }
    await scene.end()
  })
})

type Slow = {
  readonly [Name in 'settle' | 'stats']?: (
    call: () => ReturnType<Frontier[Name]>,
  ) => ReturnType<Frontier[Name]>
}

/** A frontier of the user's own, elsewhere: some of its answers take their time. */
function slowly(inner: Frontier, slow: Slow): Frontier {
  return frontierLike(inner, {
    settle: (batch) => (slow.settle ?? ((call) => call()))(() => inner.settle(batch)),
    stats: () => (slow.stats ?? ((call) => call()))(() => inner.stats()),
  })
}

/** A frontier that keeps outputs until the sinks have them: here one sink, and in memory. */
function withLog(inner: Frontier): Frontier {
  let kept: LoggedOutput[] = []
  let last = 0
  return frontierLike(inner, {
    async settle(batch) {
      await inner.settle(batch)
      return batch.map((settlement) => {
        if (settlement.kind !== 'done') return undefined
        for (const record of settlement.outputs ?? []) kept.push({ position: ++last, record })
        return last
      })
    },
    outputs: {
      attach: async (sinks) => sinks.map((sink) => ({ sink, delivered: 0, begun: undefined })),
      read: async (after, max) => kept.filter(({ position }) => position > after).slice(0, max),
      begin: async () => {},
      async delivered(_, upto) {
        kept = kept.filter(({ position }) => position > upto)
      },
    },
  })
}

function frontierLike(inner: Frontier, changes: Partial<Frontier>): Frontier {
  return {
    outputs: inner.outputs,
    side: inner.side,
    discover: (batch) => inner.discover(batch),
    take: (options) => inner.take(options),
    settle: (batch) => inner.settle(batch),
    setHost: (host, policy) => inner.setHost(host, policy),
    nextDue: (now) => inner.nextDue(now),
    revisit: (now) => inner.revisit(now),
    stats: () => inner.stats(),
    deadLetters: () => inner.deadLetters(),
    revive: (ids) => inner.revive(ids),
    flush: () => inner.flush(),
    close: () => inner.close(),
    ...changes,
  }
}

describe('a stop ends, whatever hangs', () => {
  const never = () => new Promise<never>(() => {})
  const stuck = defineSource({
    ...pages,
    name: 'stuck',
    async *parse(page) {
      await never()
      yield page.item({ n: 0 })
    },
  })

  it('a parse that never settles is left behind after three seconds, and its request goes back', async () => {
    const scene = await open()
    const frontier = createMemoryFrontier({ clock: scene.clock })
    const crawl = scene.crawler.crawl(stuck, many(4), { frontier })
    void crawl.run()
    await scene.clock.advance(1_000)
    const from = scene.clock.now()
    expect(await scene.until(crawl.stop())).toMatchObject({ pages: 0, failed: 0, ending: 'interrupted' })
    expect(scene.clock.now() - from).toBeLessThan(3_100)
    expect(await frontier.stats()).toMatchObject({ leased: 0, ready: 4 })
    await scene.until(scene.crawler.stop())
    await scene.end()
  })

  it('so does a drain with a timeout', async () => {
    const scene = await open()
    void scene.crawler.crawl(stuck, many(4)).run()
    await scene.clock.advance(1_000)
    await scene.until(scene.crawler.drain({ timeout: 2_000 }))
    expect(scene.clock.now()).toBeLessThan(6_200)
    await scene.end()
  })

  it.each([
    ['write', { write: never }],
    ['close', { close: never }],
    ['open', { open: never }],
  ])('a sink whose %s never settles holds it for a few seconds at most', async (_, does) => {
    const scene = await open()
    const crawl = scene.crawler.crawl(pages, many(4), { sinks: [sinkThat(does)] })
    const done = crawl.run().catch(() => {})
    await scene.clock.advance(5_000)
    const from = scene.clock.now()
    await scene.until(crawl.stop().catch(() => {}))
    expect(scene.clock.now() - from).toBeLessThan(6_200)
    await done
    await scene.end()
  })

  it('a resolver of challenges that never settles does not hold it', async () => {
    const scene = await openScene({ ...free, resolveChallenge: never }, () => ({
      afterMs: 10,
      status: 403,
      headers: { 'cf-mitigated': 'challenge' },
    }))
    const handle = await scene.crawler.submit(origin)
    await scene.clock.advance(1_000)
    await scene.until(scene.crawler.stop())
    expect(scene.clock.now()).toBeLessThan(1_100)
    await expect(handle.response).rejects.toMatchObject({ code: 'STOPPED' })
    await scene.end()
  })
})
