import { request } from 'undici'
import { describe, expect, it, test } from 'vitest'
import { parseProxy } from '../../src/fleet/parse-proxy.ts'
import { good, numberOf, openScene, proxyList, type Scene } from '../faults/simulation.ts'

/** Of so many proxies those of these numbers are in Germany, and all others in the USA. */
function fleet(count: number, ...german: number[]): string[] {
  return proxyList(count).map(
    (proxy, index) => `${proxy} country=${german.includes(index + 1) ? 'DE' : 'US'}`,
  )
}

function usedBy({ attempts }: Scene, host?: string): number[] {
  const numbers = attempts
    .filter((attempt) => host === undefined || attempt.host === host)
    .map(({ proxy }) => proxy.split(/[.:]/).slice(-3, -1).map(Number))
  return [...new Set(numbers.map(([high, low]) => high! * 256 + low!))].sort((one, other) => one - other)
}

const some = <Value>(count: number, make: (n: number) => Value) =>
  Array.from({ length: count }, (_, n) => make(n))

describe('the filter of a request', () => {
  it.each([
    ['a text', 'country=DE'],
    ['an object', { country: 'de' }],
    ['several', ['country=DE', { protocol: ['socks5' as const, 'socks5h' as const] }]],
  ])('as %s leaves only those that pass; a request without one takes any', async (_, use) => {
    const scene = await openScene({ proxies: fleet(20, 3, 9), politeness: false, trust: 'blind' }, () => good)
    const { crawler } = scene
    await scene.until(Promise.all(some(20, (n) => crawler.fetch(`http://own.test/${n}`, { use }))))
    const handles = [
      await crawler.submit('http://own.test/s', { use }),
      crawler.trySubmit('http://own.test/t', { use }),
    ]
    for await (const handle of crawler.submitBatch(['http://own.test/b'], { use })) handles.push(handle)
    await scene.until(Promise.all(handles.map(({ response }) => response)))
    await scene.until(crawler.session((session) => session.fetch('http://own.test/u', { use })))
    const lease = await scene.until(crawler.lease('own.test', { use }))
    expect(lease.endpoint.tags.country).toBe('DE')
    lease.succeed()
    expect(usedBy(scene)).toEqual([3, 9])
    await scene.until(Promise.all(some(40, (n) => crawler.fetch(`http://any.test/${n}`))))
    expect(usedBy(scene, 'any.test').length).toBeGreaterThan(10)
    await scene.end()
  })

  it('of a whole session holds for its fetches, for what they add, and for its dispatcher', async () => {
    const scene = await openScene({ proxies: fleet(20, 3, 9), politeness: false, trust: 'blind' }, () => good)
    const { crawler } = scene
    for (let n = 0; n < 10; n++) {
      const work = crawler.session(
        async (session) => {
          await session.fetch(`http://own.test/${n}`, { use: { protocol: ['socks5', 'socks5h'] } })
          const { statusCode } = await request(`http://other.test/${n}`, { dispatcher: session.dispatcher })
          expect(statusCode).toBe(200)
        },
        { use: 'country=DE' },
      )
      await scene.until(work)
    }
    const first = crawler.session(
      (session) => request('http://first.test/', { dispatcher: session.dispatcher }),
      { use: 'country=DE' },
    )
    await scene.until(first)
    expect(usedBy(scene).filter((proxy) => proxy !== 3 && proxy !== 9)).toEqual([])
    const none = crawler.session((session) => session.fetch('http://own.test/'), { use: 'country=FR' })
    await expect(scene.until(none)).rejects.toMatchObject({ code: 'NO_PROXY_PASSES' })
    // @ts-expect-error: misspelt
    const wrong = crawler.session((session) => session.fetch('http://own.test/'), { use: { land: 'DE' } })
    await expect(wrong).rejects.toMatchObject({ code: 'OPTION_INVALID' })
    await scene.end()
  })

  it('finds three of ten thousand, also while some of them are dead, and looks at the fleet once', async () => {
    const scene = await openScene(
      { proxies: fleet(10_000, 17, 4_000, 9_999), politeness: false, trust: 'blind' },
      (call) => (numberOf(call) === 17 ? { afterMs: 10, fault: { phase: 'dial', cause: 'reset' } } : good),
    )
    const pages = some(60, (n) => scene.crawler.fetch(`http://own.test/${n}`, { use: 'country=DE' }))
    expect((await scene.until(Promise.all(pages))).every(({ status }) => status === 200)).toBe(true)
    expect(usedBy(scene)).toEqual([17, 4_000, 9_999])
    await scene.end()
  })

  it('holds for hedges', async () => {
    const scene = await openScene(
      { proxies: fleet(50, 1, 2, 3), politeness: false, trust: 'blind', hedge: { max: 3 } },
      (call) => (call.request.url.endsWith('/slow') && numberOf(call) !== 3 ? { afterMs: 9_000 } : good),
    )
    const use = { country: 'DE' }
    await scene.until(Promise.all(some(30, (n) => scene.crawler.fetch(`http://own.test/${n}`, { use }))))
    for (let n = 0; n < 5; n++) await scene.until(scene.crawler.fetch('http://own.test/slow', { use }))
    expect(scene.attempts.filter(({ url }) => url.endsWith('/slow')).length).toBeGreaterThan(5)
    expect(usedBy(scene)).toEqual([1, 2, 3])
    await scene.end()
  })

  it('holds behind a redirect to another host, whose own filter is passed as well', async () => {
    const scene = await openScene(
      {
        proxies: fleet(40, 1, 2, 3, 4).map((line, index) => (index < 2 ? `${line} class=mobile` : line)),
        politeness: false,
        trust: 'blind',
        hosts: { 'there.test': { proxies: { class: 'mobile' } } },
      },
      (call) =>
        call.request.url.startsWith('http://here.test/')
          ? { afterMs: 10, status: 302, headers: { location: 'http://there.test/' } }
          : good,
    )
    const pages = some(30, () => scene.crawler.fetch('http://here.test/', { use: 'country=DE' }))
    await scene.until(Promise.all(pages))
    expect(usedBy(scene, 'here.test')).toEqual([1, 2, 3, 4])
    expect(usedBy(scene, 'there.test')).toEqual([1, 2])
    await scene.end()
  })

  it('holds for those who are asked whether an answer is true', async () => {
    const scene = await openScene(
      { proxies: fleet(60, 5, 6, 7, 8), politeness: false, trust: 'verify' },
      () => good,
    )
    const answers = await scene.until(
      Promise.all(
        some(10, (n) => scene.crawler.fetch(`http://own.test/${n}`, { use: 'country=DE', verify: 3 })),
      ),
    )
    expect(answers.every(({ status }) => status === 200)).toBe(true)
    expect(scene.attempts.length).toBeGreaterThanOrEqual(20)
    expect(usedBy(scene).every((proxy) => [5, 6, 7, 8].includes(proxy))).toBe(true)
    await scene.end()
  })

  it('and that of its host must both be passed', async () => {
    const proxies = fleet(12, 1, 2, 3, 4).map((line, index) =>
      index % 2 === 0 ? `${line} class=mobile` : line,
    )
    const hosts = { 'own.test': { proxies: { class: 'mobile' as const } } }
    const scene = await openScene({ proxies, politeness: false, trust: 'blind', hosts }, () => good)
    await scene.until(
      Promise.all(some(20, (n) => scene.crawler.fetch(`http://own.test/${n}`, { use: 'country=DE' }))),
    )
    expect(usedBy(scene)).toEqual([1, 3])
    const residential = scene.crawler.fetch('http://own.test/', { use: 'country=DE,class=residential' })
    await expect(residential).rejects.toThrow(/own\.test.*class=mobile.*class=residential.*none passes/s)
    await scene.end()
  })

  it('that no proxy passes is an error at once that names the values that there are', async () => {
    const scene = await openScene({ proxies: fleet(3, 1), politeness: false }, () => good)
    const { crawler } = scene
    const none = expect.objectContaining({
      code: 'NO_PROXY_PASSES',
      message: expect.stringMatching(/"use".*country=FR.*US \(2\), DE \(1\)/),
      value: { filter: 'country=FR', known: { country: ['US', 'DE'] } },
    })
    const use = 'country=FR'
    await expect(crawler.fetch('http://own.test/', { use })).rejects.toEqual(none)
    await expect(crawler.submit('http://own.test/', { use })).rejects.toEqual(none)
    await expect(crawler.lease('own.test', { use })).rejects.toEqual(none)
    expect(() => crawler.trySubmit('http://own.test/', { use })).toThrow(none)
    expect(scene.attempts).toEqual([])
    const [german] = crawler.proxies()
    await expect(
      crawler.fetch('http://own.test/', { use: 'country=US', proxy: german!.id }),
    ).rejects.toMatchObject({
      code: 'PROXY_UNKNOWN',
      message: expect.stringContaining('country=US'),
    })
    await scene.end()
  })

  it('follows proxies that join and leave', async () => {
    let list = fleet(4, 1)
    const provider = {
      name: 'own',
      trusted: true,
      load: async () => ({ proxies: list.map((line) => parseProxy(line)), rejected: [] }),
    }
    const scene = await openScene(
      { proxies: provider as never, politeness: false, trust: 'blind' },
      () => good,
    )
    const ask = () => scene.until(scene.crawler.fetch('http://own.test/', { use: 'country=DE' }))
    await ask()
    list = fleet(4, 2)
    await scene.crawler.refresh()
    await ask()
    expect(usedBy(scene)).toEqual([1, 2])
    expect(scene.attempts.at(-1)!.proxy).toContain('10.0.0.2:')
    await scene.end()
  })

  it('that the exit of a session does not pass ends that session', async () => {
    const scene = await openScene({ proxies: fleet(6, 1), politeness: false, trust: 'blind' }, () => good)
    const ask = (use: string) => scene.until(scene.crawler.fetch('http://own.test/', { session: 'a', use }))
    await ask('country=DE')
    await ask('protocol=socks5|socks5h')
    await expect(ask('country=US')).rejects.toMatchObject({ code: 'SESSION_LOST' })
    expect(usedBy(scene)).toEqual([1])
    await scene.end()
  })

  it('keeps nobody else waiting while its proxies are busy', async () => {
    const scene = await openScene(
      {
        proxies: fleet(30, 1),
        politeness: { proxyConcurrency: 1, interval: 0 },
        trust: 'blind',
        hedge: false,
      },
      () => ({ afterMs: 1_000 }),
    )
    const waiting = Promise.all(
      some(30, (n) => scene.crawler.fetch(`http://own.test/${n}`, { use: 'country=DE' })),
    )
    const startedAt = scene.clock.now()
    await scene.until(scene.crawler.fetch('http://own.test/other', { use: 'country=US' }))
    await scene.until(scene.crawler.fetch('http://own.test/any'))
    expect(scene.clock.now() - startedAt).toBeLessThan(8_000)
    await scene.until(waiting)
    await scene.end()
  })
})

test.each([
  ['country=Germany', 'use'],
  ['', 'use'],
  ['town=Rome', 'use'],
  [{ country: 'Germany' }, 'use.country'],
  [{ town: 'Rome' }, 'use.town'],
  [7, 'use'],
  [null, 'use'],
])('the filter %o is refused by the name of the argument', async (use, path) => {
  const scene = await openScene({ proxies: fleet(2, 1) }, () => good)
  const wrong = expect.objectContaining({
    code: 'OPTION_INVALID',
    value: expect.objectContaining({ path }),
    message: expect.stringContaining('Option "use'),
  })
  const given = { use } as never
  await expect(scene.crawler.fetch('http://own.test/', given)).rejects.toEqual(wrong)
  await expect(scene.crawler.submit('http://own.test/', given)).rejects.toEqual(wrong)
  await expect(scene.crawler.lease('own.test', given)).rejects.toEqual(wrong)
  expect(() => scene.crawler.trySubmit('http://own.test/', given)).toThrow(wrong)
  await scene.end()
})
