import { describe, expect, it } from 'vitest'
import { good, numberOf, openScene, proxyList } from '../faults/simulation.ts'

const free = { politeness: false } as const

describe('submitted tasks', () => {
  it('submit waits for room, trySubmit does not', async () => {
    const scene = await openScene({ proxies: proxyList(2), capacity: 3, ...free, trust: 'blind' }, () => good)
    const handles = [1, 2, 3].map((n) => scene.crawler.trySubmit(`http://target.test/${n}`))
    expect(() => scene.crawler.trySubmit('http://target.test/4')).toThrow(
      expect.objectContaining({ code: 'POOL_FULL' }),
    )
    let accepted = false
    const fourth = scene.crawler.submit('http://target.test/4').then((handle) => {
      accepted = true
      return handle
    })
    await scene.clock.advance(50)
    expect(accepted).toBe(false)
    await scene.clock.advance(100)
    expect(accepted).toBe(true)
    for (const handle of [...handles, await fourth])
      expect((await scene.until(handle.response)).status).toBe(200)
    await scene.end()
  })

  it('submitBatch takes urls one by one, as there is room, and keeps their order', async () => {
    let pulled = 0
    function* urls() {
      for (let n = 0; n < 20; n++) {
        pulled++
        yield `http://target.test/${n}`
      }
    }
    const scene = await openScene({ proxies: proxyList(2), capacity: 4, ...free }, () => good)
    const seen: string[] = []
    const work = (async () => {
      for await (const handle of scene.crawler.submitBatch(urls())) seen.push(handle.url)
    })()
    await scene.clock.advance(10)
    expect(pulled).toBe(5)
    await scene.until(work)
    expect(seen).toEqual(Array.from({ length: 20 }, (_, n) => `http://target.test/${n}`))
    await scene.end()
  })

  it('a handle’s timeout ends the waiting, not the task; cancel ends the task', async () => {
    const scene = await openScene({ proxies: proxyList(2), ...free, hedge: false }, () => ({
      afterMs: 5_000,
    }))
    const handle = scene.crawler.trySubmit('http://target.test/')
    expect(await scene.until(handle.withTimeout(1_000).catch((each: unknown) => each))).toMatchObject({
      code: 'WAIT_TIMEOUT',
      value: { ms: 1_000 },
    })
    expect((await scene.until(handle.withTimeout(60_000))).status).toBe(200)
    const doomed = scene.crawler.trySubmit('http://target.test/doomed')
    const failed = doomed.response.catch((each: unknown) => each)
    await scene.clock.advance(100)
    doomed.cancel()
    doomed.cancel()
    expect(await scene.until(failed)).toMatchObject({ code: 'ABORTED' })
    await scene.end()
  })

  it('pause starts nothing new, resume goes on, drain waits for the last', async () => {
    const scene = await openScene({ proxies: proxyList(4), ...free, trust: 'blind' }, () => good)
    const first = scene.crawler.fetch('http://target.test/1')
    scene.crawler.pause()
    const second = scene.crawler.fetch('http://target.test/2')
    await scene.clock.advance(60_000)
    expect((await first).status).toBe(200)
    expect(scene.attempts).toHaveLength(1)
    expect(scene.log.parked.map(({ reason }) => reason)).toEqual(['paused'])
    scene.crawler.resume()
    await scene.until(scene.crawler.drain())
    expect((await second).status).toBe(200)
    await scene.end()
  })
})

describe('leases', () => {
  it('hold the permits of an attempt until they end, by word, by disposal or by time', async () => {
    const scene = await openScene(
      { proxies: proxyList(1), politeness: { interval: 0, proxyConcurrency: 1 } },
      () => good,
    )
    const inFlight = () => scene.crawler.proxies()[0]!.inFlight
    const lease = await scene.until(scene.crawler.lease('target.test'))
    expect(inFlight()).toBe(1)
    expect(lease.url).toBe('socks5://10.0.0.1:1080')
    expect(lease.agent).toBeDefined()
    let next: unknown
    const waiting = scene.crawler.lease('http://target.test/page').then((each) => {
      next = each
      return each
    })
    await scene.clock.advance(10_000)
    expect(next).toBeUndefined()
    lease.succeed(120)
    lease.fail('dead') // it has ended
    const second = await scene.until(waiting)
    expect(inFlight()).toBe(1)
    await second[Symbol.asyncDispose]()
    expect(inFlight()).toBe(0)
    await scene.until(scene.crawler.lease('target.test', { expiresMs: 5_000 }))
    await scene.clock.advance(5_100)
    expect(inFlight()).toBe(0)
    expect(scene.crawler.proxies()[0]!.state).toBe('closed')
    await scene.end()
  })

  it('three dead ones open the proxy; a wait can be aborted', async () => {
    const scene = await openScene({ proxies: proxyList(1), politeness: false }, () => good)
    for (let n = 0; n < 3; n++) {
      const lease = await scene.until(scene.crawler.lease('target.test'))
      lease.fail({ kind: 'dead', reason: 'own-client', hard: true })
    }
    expect(scene.crawler.proxies()[0]!.state).toBe('open')
    const abort = new AbortController()
    const waiting = scene.crawler
      .lease('target.test', { signal: abort.signal })
      .catch((each: unknown) => each)
    await scene.clock.advance(1_000)
    abort.abort()
    expect(await waiting).toMatchObject({ code: 'ABORTED' })
    await scene.end()
  })
})

describe('by hand', () => {
  it('an isolated proxy is not used until it is readmitted', async () => {
    const scene = await openScene({ proxies: proxyList(3), ...free }, () => good)
    const [one, two] = scene.crawler.proxies().map(({ id }) => id)
    scene.crawler.isolate(one!, 'maintenance')
    scene.crawler.isolate(two!)
    await scene.until(
      Promise.all(Array.from({ length: 30 }, (_, n) => scene.crawler.fetch(`http://target.test/${n}`))),
    )
    expect(new Set(scene.attempts.map(({ proxy }) => proxy)).size).toBe(1)
    expect(scene.crawler.proxies()[0]).toMatchObject({ state: 'isolated', reason: 'maintenance' })
    expect(scene.crawler.stats().proxies).toMatchObject({ total: 3, healthy: 1, isolated: 2 })
    await scene.clock.advance(7_200_000)
    expect(scene.crawler.proxies()[0]!.state).toBe('isolated')
    scene.crawler.readmit(one!)
    const from = scene.attempts.length
    await scene.until(
      Promise.all(Array.from({ length: 60 }, (_, n) => scene.crawler.fetch(`http://target.test/again/${n}`))),
    )
    expect(new Set(scene.attempts.slice(from).map(({ proxy }) => proxy))).toContain(one)
    expect(() => scene.crawler.isolate('socks5://nobody:1')).toThrow(
      expect.objectContaining({ code: 'PROXY_UNKNOWN' }),
    )
    await scene.end()
  })

  it('what is known from elsewhere sends the first requests to the good ones', async () => {
    const scene = await openScene({ proxies: proxyList(20), ...free }, (call) =>
      numberOf(call) === 7 ? good : { afterMs: 900 },
    )
    for (const [index, { id }] of scene.crawler.proxies().entries())
      scene.crawler.warmup(id, index === 6 ? 1 : 0.05)
    for (let n = 0; n < 20; n++) await scene.until(scene.crawler.fetch(`http://target.test/${n}`))
    expect(scene.attempts.filter(({ proxy }) => proxy.includes('10.0.0.7:')).length).toBeGreaterThan(12)
    await scene.end()
  })

  it('a request pinned to a proxy uses that one, or fails saying so', async () => {
    const scene = await openScene({ proxies: proxyList(5), ...free }, () => good)
    const third = scene.crawler.proxies()[2]!.id
    for (let n = 0; n < 10; n++)
      await scene.until(scene.crawler.fetch(`http://target.test/${n}`, { proxy: third }))
    expect(new Set(scene.attempts.map(({ proxy }) => proxy))).toEqual(new Set([third]))
    await expect(scene.crawler.fetch('http://target.test/', { proxy: 'nobody' })).rejects.toMatchObject({
      code: 'PROXY_UNKNOWN',
    })
    await scene.end()
  })
})
