import { describe, expect, it, vi } from 'vitest'
import { openLabScene } from '../faults/lab-scene.ts'
import { good, openScene, proxyList } from '../faults/simulation.ts'

const world = { origins: { site: {} }, proxies: [{ name: 'exit', count: 3 }] }
const eager = { minDelay: 5, coldDelay: 5, share: 1, tokens: 1_000 }

describe('crawler.fetch answers as fetch does', () => {
  it('with url, redirected, status, headers and body', async () => {
    await using scene = await openLabScene(world)
    const { url } = scene.lab.origins.site!
    const plain = await scene.crawler.fetch(`${url}/bytes/10`)
    expect(plain).toMatchObject({ url: `${url}/bytes/10`, redirected: false, status: 200, ok: true })
    expect(plain.headers.get('content-type')).toContain('text/plain')
    expect((await plain.text()).length).toBe(10)

    const moved = await scene.crawler.fetch(new URL(`${url}/redirect/2`))
    expect(moved).toMatchObject({ url: `${url}/redirect/0`, redirected: true, status: 200 })

    const missing = await scene.crawler.fetch(new Request(`${url}/nowhere`))
    expect(missing).toMatchObject({ status: 404, ok: false })

    const nothing = await scene.crawler.fetch(`${url}/status/204`)
    expect(nothing.status).toBe(204)
    expect(nothing.body).toBeNull()

    const cookie = await scene.crawler.fetch(`${url}/cookie?name=a&value=b`)
    expect(cookie.headers.getSetCookie()).toEqual(['a=b; Path=/'])

    const packed = await scene.crawler.fetch(`${url}/encoded/gzip/500`)
    expect(packed.headers.get('content-encoding')).toBe('gzip')
    expect((await packed.arrayBuffer()).byteLength).toBe(500)

    const echo = await scene.crawler.fetch(`${url}/echo`, {
      method: 'POST',
      body: 'hello',
      headers: { 'X-Own': 'yes' },
    })
    expect(await echo.json()).toMatchObject({ method: 'POST', body: 'hello', headers: { 'x-own': 'yes' } })

    const head = await scene.crawler.fetch(`${url}/bytes/10`, { method: 'HEAD' })
    expect({ status: head.status, text: await head.text() }).toEqual({ status: 200, text: '' })
    await scene.end()
  })

  it.each([['ftp://x.test/'], ['not a url'], ['/relative'], ['http://user:hidden-word@'], ['']])(
    '%j is no URL to fetch',
    async (url) => {
      const scene = await openScene({ proxies: proxyList(1) }, () => good)
      const error = await scene.crawler.fetch(url).catch((each: unknown) => each)
      expect(error).toMatchObject({ name: 'RegattaError', code: 'URL_INVALID' })
      expect(String(error)).not.toContain('hidden-word')
      expect(() => scene.crawler.trySubmit(url)).toThrow(expect.objectContaining({ code: 'URL_INVALID' }))
      await scene.end()
    },
  )

  it('an abort reaches every attempt, and the caller gets its own reason', async () => {
    await using scene = await openLabScene(world, { hedge: eager })
    const abort = new AbortController()
    const answer = scene.crawler
      .fetch(`${scene.lab.origins.site!.url}/hang`, { signal: abort.signal })
      .catch((each: unknown) => each)
    await vi.waitFor(() => expect(scene.log.started).toHaveLength(3), { interval: 5 })
    const reason = new Error('changed my mind')
    abort.abort(reason)
    expect(await answer).toBe(reason)
    expect(
      await scene.crawler
        .fetch('http://site.lab/', { signal: AbortSignal.abort(reason) })
        .catch((each: unknown) => each),
    ).toBe(reason)
    await scene.end()
    expect(scene.log.accepted).toHaveLength(1)
    expect(scene.log.outcomes.map(({ reason }) => reason)).toEqual(['cancelled', 'cancelled', 'cancelled'])
  })

  it('a deadline ends a task wherever it is: racing, waiting for its turn, or for a host that is down', async () => {
    const scene = await openScene({ proxies: proxyList(1), politeness: { interval: 10_000 } }, () => ({
      afterMs: 3_000,
    }))
    const racing = scene.crawler
      .fetch('http://target.test/1', { deadline: 1_000 })
      .catch((each: unknown) => each)
    const waiting = scene.crawler
      .fetch('http://target.test/2', { deadline: 2_000 })
      .catch((each: unknown) => each)
    expect(await scene.until(racing)).toMatchObject({ code: 'DEADLINE', value: { attempts: 1 } })
    expect(scene.clock.now()).toBeLessThan(1_010)
    expect(await scene.until(waiting)).toMatchObject({ code: 'DEADLINE', value: { attempts: 0 } })
    expect(scene.clock.now()).toBeLessThan(2_010)
    await scene.end()
  })

  it('a POST is never hedged, and never sent again once it may have arrived', async () => {
    await using scene = await openLabScene(
      {
        origins: { site: { latency: 60 } },
        proxies: [{ name: 'exit', count: 4, flaky: { request: 0.5, failures: ['reset'] } }],
      },
      { hedge: eager },
    )
    const { url } = scene.lab.origins.site!
    const results = await Promise.allSettled(
      Array.from({ length: 40 }, (_, n) =>
        scene.crawler.fetch(`${url}/echo?${n}`, { method: 'POST', body: `order ${n}` }),
      ),
    )
    const failed = results.filter((result) => result.status === 'rejected')
    expect(failed.length).toBeGreaterThan(3)
    for (const { reason } of failed)
      expect(reason).toMatchObject({ code: 'TASK_FAILED', value: { reason: 'not-repeatable' } })
    const { rows } = (await scene.lab.books()).origins.site!
    for (const [path, arrived] of Map.groupBy(rows, (row) => row.path)) expect(arrived.length, path).toBe(1)
    expect(scene.crawler.stats().hedges).toBe(0)
    await scene.end()
  })

  it('a POST that did not leave yet goes through another proxy', async () => {
    await using scene = await openLabScene(
      { origins: { site: {} }, proxies: [{ name: 'dead', count: 4, fault: 'dead' }, { name: 'sound' }] },
      { breaker: { base: 60_000 } },
    )
    const { url } = scene.lab.origins.site!
    for (let n = 0; n < 10; n++)
      expect((await scene.crawler.fetch(`${url}/echo`, { method: 'POST', body: 'x' })).status).toBe(200)
    expect((await scene.lab.books()).origins.site!.requests).toBe(10)
    expect(scene.log.outcomes.some(({ reason }) => reason === 'dial-refused')).toBe(true)
    await scene.end()
  })
})
