import { getEventListeners } from 'node:events'
import { Readable } from 'node:stream'
import { request } from 'undici'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type CrawlOptions, defineSource } from '../../src/index.ts'
import type { SimulatedStep } from '../../src/sim/transport.ts'
import { good, openScene, proxyList, type Scene } from '../faults/simulation.ts'

/** Whatever a request waits for, its deadline and its signal end the wait. */
const refused: SimulatedStep = { afterMs: 5, fault: { phase: 'dial', cause: 'dial-refused' } }
const slow: SimulatedStep = { afterMs: 60_000 }

const pages = defineSource({
  name: 'pages',
  params: z.object({}),
  item: z.object({}),
  *seeds() {
    for (let n = 0; n < 3; n++) yield `http://target.test/${n}`
  },
  *parse() {},
})

function crawl(scene: Scene, options: CrawlOptions = {}) {
  return scene.until(scene.crawler.crawl(pages, {}, options).run())
}

const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )

describe('a deadline ends every wait of a page', () => {
  it('for its robots.txt, when all proxies are dead; the dead letter names the last answer and the wait', async () => {
    const scene = await openScene({ proxies: proxyList(4), deadline: 5_000 }, () => refused)
    const summary = await crawl(scene)
    expect(summary).toMatchObject({ failed: 3, queued: 0, ending: 'finished' })
    expect(scene.clock.now()).toBeLessThan(5_500)
    const { code, detail } = summary.deadLetters[0]!
    expect(code).toBe('deadline')
    expect(detail).toMatch(
      /no answer from target\.test within the deadline \(5\.0 s\); .*dial-refused over .*; it was waiting for the robots\.txt/,
    )
    // Attempts for robots.txt are attempts of the crawl.
    expect(summary.attempts).toBe(scene.attempts.length)
    await scene.end()
  })

  it('for its robots.txt, when that is to be asked for again later than the deadline', async () => {
    const scene = await openScene(
      { proxies: proxyList(4), deadline: 20_000, politeness: { interval: 0 } },
      (call) => (call.request.url.endsWith('robots.txt') ? { afterMs: 10, status: 500 } : good),
    )
    const summary = await crawl(scene)
    expect(summary).toMatchObject({ failed: 3, queued: 0 })
    expect(scene.clock.now()).toBeLessThan(25_000)
    expect(summary.deadLetters[0]!.detail).toMatch(
      /deadline \(20\.0 s\).*waiting for the robots\.txt of its host/,
    )
    await scene.end()
  })

  it('for a host that has asked for a pause, also when it went back to its frontier meanwhile', async () => {
    const limited: SimulatedStep = { afterMs: 10, status: 429, headers: { 'retry-after': '8' } }
    const scene = await openScene({ proxies: proxyList(4), deadline: 20_000 }, () => limited)
    const summary = await crawl(scene, { robots: false })
    expect(summary).toMatchObject({ failed: 3, queued: 0 })
    expect(scene.clock.now()).toBeLessThan(21_000)
    expect(summary.deadLetters[0]!.detail).toMatch(/rate-limit|429/)
    await scene.end()
  })

  it('for room in the crawler, counted from the call', async () => {
    const scene = await openScene({ proxies: proxyList(4), capacity: 1, hedge: false }, () => slow)
    const first = failureOf(scene.crawler.fetch('http://target.test/first', { deadline: 9_000 }))
    const second = failureOf(scene.crawler.fetch('http://target.test/second', { deadline: 3_000 }))
    expect(await scene.until(second)).toMatchObject({
      code: 'DEADLINE',
      message: expect.stringMatching(/nothing was sent yet; it was waiting for room/),
      value: { attempts: 0 },
    })
    expect(scene.clock.now()).toBeLessThan(3_100)
    await scene.until(first)
    await scene.end()
  })

  it('for a body of its own that never ends, and so does its signal', async () => {
    const scene = await openScene({ proxies: proxyList(4) }, () => good)
    const stalled = () => {
      const body = new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(3)) })
      return { method: 'POST', body, duplex: 'half' } as const
    }
    const late = failureOf(scene.crawler.fetch('http://target.test/', { ...stalled(), deadline: 2_000 }))
    expect(await scene.until(late)).toMatchObject({
      code: 'DEADLINE',
      message: expect.stringContaining('waiting for the body of the request'),
    })
    const abort = new AbortController()
    const cut = failureOf(scene.crawler.fetch('http://target.test/', { ...stalled(), signal: abort.signal }))
    abort.abort()
    expect(await scene.until(cut)).toMatchObject({ name: 'AbortError' })
    expect(scene.attempts).toEqual([])
    await scene.end()
  })

  it('for the body of a request that comes by the dispatcher', async () => {
    const scene = await openScene({ proxies: proxyList(4), deadline: 2_000 }, () => good)
    const { dispatcher } = scene.crawler
    const send = (signal?: AbortSignal) => {
      const body = new Readable({ read() {} })
      body.push('begun')
      return failureOf(
        request('http://target.test/', { dispatcher, method: 'POST', body, signal: signal ?? null }),
      )
    }
    expect(await scene.until(send())).toMatchObject({ code: 'DEADLINE' })
    const abort = new AbortController()
    const cut = send(abort.signal)
    await scene.clock.advance(10)
    abort.abort()
    expect(await scene.until(cut)).toMatchObject({ name: 'AbortError' })
    expect(scene.attempts).toEqual([])
    await scene.end()
  })

  it('for a resolver of challenges that takes its time, and says so', async () => {
    const scene = await openScene(
      { proxies: proxyList(4), hedge: false, resolveChallenge: () => new Promise(() => {}) },
      () => ({ afterMs: 10, status: 403, headers: { 'cf-mitigated': 'challenge' } }),
    )
    const error = await scene.until(
      failureOf(scene.crawler.fetch('http://target.test/', { deadline: 1_500 })),
    )
    expect(error).toMatchObject({ code: 'DEADLINE', value: { status: 403 } })
    expect(String(error)).toContain('it was waiting for the resolver of a challenge')
    await scene.end()
  })

  it('and the error tells the last answer, its status, and what was waited for', async () => {
    const scene = await openScene({ proxies: proxyList(4), hedge: false }, () => ({
      afterMs: 100,
      status: 503,
    }))
    const error = await scene.until(
      failureOf(scene.crawler.fetch('http://target.test/', { deadline: 1_500 })),
    )
    expect(error).toMatchObject({ code: 'DEADLINE', value: { status: 503, verdict: 'target' } })
    expect(String(error)).toMatch(
      /last attempt ended with .*503 over .*; it was waiting for .*\(\d+ attempts?\)/,
    )
    await scene.end()
  })
})

describe('a crawler that is full', () => {
  it('lets 1,200 fetches with a signal wait for their turn, and keeps no listener of it', async () => {
    const scene = await openScene(
      { proxies: proxyList(50), capacity: 1_000, politeness: false, hedge: false },
      () => good,
    )
    const { signal } = new AbortController()
    const all = Array.from({ length: 1_200 }, (_, n) =>
      scene.crawler.fetch(`http://target.test/${n}`, { signal }),
    )
    const ended = await scene.until(Promise.allSettled(all))
    expect(ended.filter(({ status }) => status === 'rejected')).toEqual([])
    expect(getEventListeners(signal, 'abort')).toEqual([])
    await scene.end()
  })

  it('never rejects with POOL_FULL those who wait, also when others come in between', async () => {
    const scene = await openScene(
      { proxies: proxyList(4), capacity: 2, politeness: false, hedge: false },
      () => good,
    )
    const signal = new AbortController().signal
    const fetchTwice = async (n: number) => {
      await scene.crawler.fetch(`http://target.test/${n}`, n % 2 === 0 ? { signal } : {})
      await scene.crawler.fetch(`http://target.test/${n}/again`)
    }
    const submitTwice = async (n: number) => {
      const handle = await scene.crawler.submit(`http://target.test/s${n}`)
      await handle.response
      await (await scene.crawler.submit(`http://target.test/s${n}/again`, { signal })).response
    }
    const all = Array.from({ length: 30 }, (_, n) => (n % 3 === 0 ? submitTwice(n) : fetchTwice(n)))
    const ended = await scene.until(Promise.allSettled(all))
    expect(ended.filter(({ status }) => status === 'rejected')).toEqual([])
    await scene.end()
  })

  it('lets submit wait too, passes the room of those that left to the next, and hears their signals', async () => {
    const scene = await openScene({ proxies: proxyList(4), capacity: 1, hedge: false }, () => good)
    const abort = new AbortController()
    const { signal } = abort
    const first = await scene.crawler.submit('http://target.test/1')
    const left = failureOf(scene.crawler.submit('http://target.test/2', { signal }))
    const next = scene.crawler.submit('http://target.test/3', { signal: new AbortController().signal })
    abort.abort()
    expect(await scene.until(left)).toMatchObject({ name: 'AbortError' })
    expect((await scene.until(first.response)).status).toBe(200)
    expect((await scene.until((await scene.until(next)).response)).status).toBe(200)
    expect(getEventListeners(signal, 'abort')).toEqual([])
    await scene.end()
  })
})

describe('submit', () => {
  it('sends its body; trySubmit sends one that is at hand and says which are not', async () => {
    const bodies: string[] = []
    const scene = await openScene({ proxies: proxyList(4) }, (call) => {
      bodies.push(Buffer.from(call.request.body as Uint8Array).toString())
      return good
    })
    const form = new Blob(['from a blob'])
    const handles = [
      await scene.crawler.submit('http://target.test/', { method: 'POST', body: 'text' }),
      await scene.crawler.submit('http://target.test/', { method: 'POST', body: form }),
      scene.crawler.trySubmit('http://target.test/', {
        method: 'POST',
        body: new URLSearchParams({ a: '1' }),
      }),
    ]
    await scene.until(Promise.all(handles.map(({ response }) => response)))
    expect(bodies.toSorted()).toEqual(['a=1', 'from a blob', 'text'])
    expect(() => scene.crawler.trySubmit('http://target.test/', { method: 'POST', body: form })).toThrow(
      /trySubmit\(\) takes a body that is at hand.*Use submit\(\)/,
    )
    await scene.end()
  })

  it('hears its signal', async () => {
    const scene = await openScene({ proxies: proxyList(4), hedge: false }, () => slow)
    const abort = new AbortController()
    const handle = await scene.crawler.submit('http://target.test/', { signal: abort.signal })
    await scene.clock.advance(50)
    abort.abort()
    expect(await scene.until(failureOf(handle.response))).toMatchObject({ name: 'AbortError' })
    expect(getEventListeners(abort.signal, 'abort')).toEqual([])
    await scene.end()
  })
})

describe('a signal', () => {
  it('that has aborted is granted no lease and no task', async () => {
    const scene = await openScene({ proxies: proxyList(4) }, () => good)
    const signal = AbortSignal.abort()
    await expect(scene.crawler.lease('target.test', { signal })).rejects.toMatchObject({ code: 'ABORTED' })
    expect(() => scene.crawler.trySubmit('http://target.test/', { signal })).toThrow()
    await expect(scene.crawler.submit('http://target.test/', { signal })).rejects.toThrow()
    expect(scene.attempts).toEqual([])
    await scene.end()
  })

  it('keeps no listener of a lease or a crawl that is over', async () => {
    const scene = await openScene({ proxies: proxyList(4) }, () => good)
    const { signal } = new AbortController()
    for (let n = 0; n < 3; n++) {
      const lease = await scene.until(scene.crawler.lease(`host-${n}.test`, { signal }))
      lease.succeed()
      await crawl(scene, { signal, robots: false })
    }
    expect(getEventListeners(signal, 'abort')).toEqual([])
    await scene.end()
  })
})

describe('drain', () => {
  it('takes no new work while it waits', async () => {
    const scene = await openScene({ proxies: proxyList(4), hedge: false }, () => good)
    const first = scene.crawler.fetch('http://target.test/')
    const drained = scene.crawler.drain()
    const stopped = { code: 'STOPPED' }
    await expect(scene.crawler.fetch('http://target.test/')).rejects.toMatchObject(stopped)
    await expect(scene.crawler.submit('http://target.test/')).rejects.toMatchObject(stopped)
    await expect(scene.crawler.lease('target.test')).rejects.toMatchObject(stopped)
    expect(() => scene.crawler.trySubmit('http://target.test/')).toThrow(expect.objectContaining(stopped))
    expect((await scene.until(first)).status).toBe(200)
    await scene.until(drained)
    await scene.end()
  })

  it('does not accept those that still wait for room', async () => {
    const scene = await openScene({ proxies: proxyList(4), capacity: 1, hedge: false }, () => good)
    const first = scene.crawler.fetch('http://target.test/')
    const waiting = failureOf(scene.crawler.fetch('http://target.test/waiting'))
    const drained = scene.crawler.drain()
    expect((await scene.until(first)).status).toBe(200)
    expect(await waiting).toMatchObject({ code: 'STOPPED' })
    await scene.until(drained)
    await scene.end()
  })

  it('gives what is left back after its timeout: a stuck task rejects, and a page is in its frontier again', async () => {
    const scene = await openScene({ proxies: proxyList(4), hedge: false }, () => refused)
    const stuck = failureOf(scene.crawler.fetch('http://target.test/stuck'))
    const run = scene.crawler.crawl(pages, {}).run()
    await scene.clock.advance(1_000)
    await scene.until(scene.crawler.drain({ timeout: 3_000 }))
    expect(scene.clock.now()).toBeLessThan(4_100)
    expect(await stuck).toMatchObject({ code: 'STOPPED' })
    expect(await run).toMatchObject({ ending: 'interrupted', failed: 0, queued: 3 })
    await scene.end()
  })

  it('of a crawl that waits for robots.txt leaves no request for it behind', async () => {
    const scene = await openScene({ proxies: proxyList(4) }, () => refused)
    const run = scene.crawler.crawl(pages, {}).run()
    await scene.clock.advance(1_000)
    await scene.until(scene.crawler.drain())
    expect(scene.clock.now()).toBeLessThan(2_000)
    await run
    await scene.end()
  })
})
