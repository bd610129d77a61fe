import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { TransportCall } from '../../src/contracts/transport.ts'
import type { CrawlerOptions } from '../../src/options/options.ts'
import type { SimulatedAttempt } from '../../src/sim/transport.ts'
import { defineSource } from '../../src/source/define-source.ts'
import { openScene, proxyList, type Scene } from '../faults/simulation.ts'

/** Each hop of a redirect is a request of its own: what a user sees of that, on virtual time. */
const move = (location: string, headers: Record<string, string | string[]> = {}, status = 302) => ({
  afterMs: 50,
  status,
  headers: { location, ...headers },
})
const page: SimulatedAttempt = { afterMs: 50 }
const refused: SimulatedAttempt = { afterMs: 5, fault: { phase: 'dial', cause: 'dial-refused' } }
/** Requests are counted: exits that are compared would add to them. */
const free = { politeness: false, hedge: false, trust: 'blind' } as const

type World = Record<string, SimulatedAttempt | ((call: TransportCall, now: number) => SimulatedAttempt)>

const open = (world: World, options: CrawlerOptions = {}) =>
  openScene({ proxies: proxyList(4), ...free, ...options }, (call, now) => {
    const found = world[call.request.url] ?? page
    return typeof found === 'function' ? found(call, now) : found
  })

const asked = (scene: Scene) => scene.attempts.map(({ url }) => url.replace('http://', ''))
const exits = (scene: Scene) => new Set(scene.attempts.map(({ proxy }) => proxy))

describe('a redirect', () => {
  it('is followed from host to host, and the answer knows the way', async () => {
    const scene = await open({
      'http://a.test/': move('/next'),
      'http://a.test/next': move('http://b.test/page#part', {}, 301),
    })
    const answer = await scene.until(scene.crawler.fetch('http://a.test/'))
    expect([answer.status, answer.url, answer.redirected]).toEqual([200, 'http://b.test/page', true])
    expect(asked(scene)).toEqual(['a.test/', 'a.test/next', 'b.test/page#part'])
    expect(exits(scene).size).toBe(1)
    expect(Object.keys(scene.crawler.stats().hosts)).toEqual(['a.test', 'b.test'])
    const steps = scene.crawler.explain('t1')!.timeline.map((step) => step.step)
    expect(steps).toEqual([
      'attempt',
      'outcome',
      'redirect',
      'attempt',
      'outcome',
      'redirect',
      'attempt',
      'outcome',
    ])
    await scene.end()
  })

  it('waits for the interval of the host that it leads to, and for its place there', async () => {
    const world: World = {}
    for (let n = 0; n < 6; n++) world[`http://a${n}.test/`] = move(`http://paced.test/${n}`)
    const hosts = { 'paced.test': { politeness: { hostInterval: 700 } } }
    const scene = await open(world, { politeness: { interval: 0 }, hosts })
    const all = Promise.all(Array.from({ length: 6 }, (_, n) => scene.crawler.fetch(`http://a${n}.test/`)))
    await scene.until(all)
    const arrivals = scene.attempts.filter(({ host }) => host === 'paced.test').map(({ at }) => at)
    const gaps = arrivals.slice(1).map((at, index) => at - arrivals[index]!)
    expect(gaps).toHaveLength(5)
    for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(700)
    await scene.end()
  })

  it('to a host that asks for a pause waits there, and nobody is asked meanwhile', async () => {
    let limited = 0
    const scene = await open(
      {
        'http://a.test/': move('http://b.test/'),
        'http://b.test/': () =>
          ++limited <= 4 ? { afterMs: 50, status: 429, headers: { 'retry-after': '20' } } : page,
      },
      { proxies: proxyList(3) },
    )
    const answer = await scene.until(scene.crawler.fetch('http://a.test/'))
    expect(answer.status).toBe(200)
    expect(asked(scene).filter((url) => url === 'a.test/')).toHaveLength(1)
    expect(scene.clock.now()).toBeGreaterThan(20_000)
    await scene.end()
  })

  it('blames each hop on its own host and exit', async () => {
    const scene = await open({
      'http://a.test/': move('http://b.test/'),
      'http://b.test/': ({ proxy }) =>
        proxy.id === scene.attempts[0]!.proxy ? { afterMs: 50, status: 403 } : page,
    })
    await scene.until(scene.crawler.fetch('http://a.test/'))
    const [first, second, third] = scene.attempts
    expect([second!.proxy, third!.proxy === first!.proxy]).toEqual([first!.proxy, false])
    const rows = scene.crawler.reputation().filter(({ proxy }) => proxy === first!.proxy)
    expect(rows.find(({ host }) => host === 'a.test')).toMatchObject({ failure: 0 })
    expect(rows.find(({ host }) => host === 'b.test')!.failure).toBeGreaterThan(0)
    expect(scene.log.outcomes.map(({ host, won }) => [host, won])).toEqual([
      ['a.test', false],
      ['b.test', false],
      ['b.test', true],
    ])
    await scene.end()
  })

  it('is hedged where the page behind it is late', async () => {
    let asks = 0
    const scene = await open(
      {
        'http://a.test/': move('http://b.test/'),
        'http://b.test/': () => (++asks === 1 ? { afterMs: 8_000 } : page),
      },
      { hedge: { minDelay: 100, coldDelay: 100 } },
    )
    const answer = await scene.until(scene.crawler.fetch('http://a.test/'))
    expect([answer.status, scene.clock.now() < 2_000]).toEqual([200, true])
    expect(scene.crawler.stats().hedges).toBe(1)
    await scene.end()
  })

  it('ends the other attempts of its page, and nobody is blamed for them', async () => {
    let asks = 0
    const scene = await open(
      { 'http://a.test/': () => (++asks === 1 ? { afterMs: 9_000 } : move('http://b.test/')) },
      { hedge: { minDelay: 100, coldDelay: 100 } },
    )
    await scene.until(scene.crawler.fetch('http://a.test/'))
    expect(scene.log.outcomes.map(({ verdict, reason }) => [verdict, reason])).toContainEqual([
      'neutral',
      'cancelled',
    ])
    expect(scene.clock.now()).toBeLessThan(1_000)
    await scene.end()
  })

  it('keeps its exit while that only has to wait a moment, and leaves it when it is gone', async () => {
    const world = { 'http://a.test/': move('/b'), 'http://a.test/b': move('/c') }
    const polite = await open(world, { politeness: { interval: 900 } })
    await polite.until(polite.crawler.fetch('http://a.test/'))
    expect(exits(polite).size).toBe(1)
    expect(polite.clock.now()).toBeGreaterThan(1_800)
    await polite.end()
    const broken = await open({
      'http://a.test/': move('/b'),
      'http://a.test/b': ({ proxy }) => (proxy.id === broken.attempts[0]!.proxy ? refused : page),
    })
    expect((await broken.until(broken.crawler.fetch('http://a.test/'))).status).toBe(200)
    expect(asked(broken)).toEqual(['a.test/', 'a.test/b', 'a.test/b'])
    await broken.end()
  })
})

describe('its end', () => {
  const endOf = async (world: World, init: object = {}, options: CrawlerOptions = {}) => {
    const scene = await open(world, options)
    const error = await scene.until(
      scene.crawler.fetch('http://a.test/', init).catch((each: unknown) => each),
    )
    const urls = asked(scene)
    await scene.end()
    return { error: error as { code: string; message: string; value: { reason: string } }, urls }
  }

  it('comes after as many as allowed, and twenty by default', async () => {
    const world: World = { 'http://a.test/': move('/0') }
    for (let n = 0; n < 30; n++) world[`http://a.test/${n}`] = move(`/${n + 1}`)
    const { error, urls } = await endOf(world)
    expect([error.value.reason, urls.length]).toEqual(['redirect-limit', 21])
    const short = await endOf(world, {}, { maxRedirects: 2 })
    expect([short.error.value.reason, short.urls.length]).toEqual(['redirect-limit', 3])
    world['http://a.test/19'] = page
    const scene = await open(world)
    expect((await scene.until(scene.crawler.fetch('http://a.test/'))).status).toBe(200)
    await scene.end()
  })

  it.each([
    ['to itself', { 'http://a.test/': move('/') }, 2],
    ['round and round', { 'http://a.test/': move('/b'), 'http://a.test/b': move('/') }, 4],
  ])('comes when it leads %s', async (_, world, requests) => {
    const { error, urls } = await endOf(world)
    expect([error.code, error.value.reason, urls.length]).toEqual(['TASK_FAILED', 'redirect-limit', requests])
  })

  it('comes at the first one for a caller who wants none', async () => {
    const { error, urls } = await endOf(
      { 'http://a.test/': move('http://b.test/x?key=1') },
      { redirect: 'error' },
    )
    expect([error.code, error.value.reason, urls]).toEqual(['TASK_FAILED', 'redirect-refused', ['a.test/']])
    expect(error.message).toContain('http://b.test/x')
  })

  it('is the redirect itself for a caller who looks at them, a login too', async () => {
    const scene = await open({ 'http://a.test/': move('/login?next=/', { 'set-cookie': ['c=1'] }, 303) })
    const answer = await scene.until(scene.crawler.fetch('http://a.test/', { redirect: 'manual' }))
    expect([answer.status, answer.headers.get('location'), answer.redirected]).toEqual([
      303,
      '/login?next=/',
      false,
    ])
    expect([answer.url, asked(scene)]).toEqual(['http://a.test/', ['a.test/']])
    await scene.end()
  })

  it.each([
    ['a login', '/login?next=/', 'redirect-login'],
    ['a captcha', '/sorry/index', 'redirect-block'],
  ])('is a refusal where it leads to %s, which is not asked for', async (_, to, reason) => {
    let asks = 0
    const scene = await open({ 'http://a.test/': () => (++asks < 3 ? move(to) : page) })
    expect((await scene.until(scene.crawler.fetch('http://a.test/'))).url).toBe('http://a.test/')
    expect(asked(scene)).toEqual(['a.test/', 'a.test/', 'a.test/'])
    expect(scene.log.outcomes.map((each) => each.reason)).toEqual([reason, reason, 'ok'])
    await scene.end()
  })

  it('comes at its deadline, and when its caller has no use for it any more, at any moment of the way', async () => {
    for (let at = 10; at < 400; at += 30) {
      for (const how of ['deadline', 'abort', 'stop'] as const) {
        const scene = await open(
          { 'http://a.test/': move('http://b.test/'), 'http://b.test/': move('http://c.test/') },
          {
            politeness: { interval: 100, hostInterval: 60 },
            proxies: proxyList(2),
            hedge: { minDelay: 20, coldDelay: 20 },
          },
        )
        const controller = new AbortController()
        const init = how === 'deadline' ? { deadline: at } : { signal: controller.signal }
        const ended = scene.crawler.fetch('http://a.test/', init).then(
          () => 'ok',
          () => 'failed',
        )
        await scene.clock.advance(at)
        if (how === 'abort') controller.abort()
        if (how === 'stop') await scene.crawler.stop()
        expect(['ok', 'failed']).toContain(await scene.until(ended, 1_000))
        await scene.end()
      }
    }
  })
})

describe('cookies on the way', () => {
  const cookie = (call: TransportCall) => call.cookies?.headerFor(call.request.url)

  it('let a page through that asks for them, over one exit', async () => {
    const scene = await open(
      {
        'http://a.test/': (call) =>
          cookie(call) === 'seen=1' ? page : move('/', { 'set-cookie': ['seen=1'] }),
      },
      { politeness: { interval: 500 } },
    )
    const answer = await scene.until(scene.crawler.fetch('http://a.test/'))
    expect([answer.status, answer.url]).toEqual([200, 'http://a.test/'])
    expect([asked(scene), exits(scene).size]).toEqual([['a.test/', 'a.test/'], 1])
    // They are the way's, and not the next request's.
    await scene.until(scene.crawler.fetch('http://a.test/'))
    expect(asked(scene)).toHaveLength(4)
    await scene.end()
  })

  it('are shown to whom they belong to, and to nobody else', async () => {
    const seen: (string | undefined)[] = []
    const scene = await open({
      'http://shop.test/': move('http://other.test/', { 'set-cookie': ['a=1', 'deep=1; Path=/x'] }),
      'http://other.test/': (call) => {
        seen.push(cookie(call))
        return move('http://shop.test/x/page', { 'set-cookie': ['b=2'] })
      },
      'http://shop.test/x/page': (call) => {
        seen.push(cookie(call))
        return page
      },
    })
    await scene.until(scene.crawler.fetch('http://shop.test/'))
    expect(seen).toEqual([undefined, 'deep=1; a=1'])
    await scene.end()
  })

  it('begin anew at the first URL when their exit is lost', async () => {
    const scene = await open({
      'http://a.test/': move('/b', { 'set-cookie': ['id=1'] }),
      'http://a.test/b': ({ proxy }) => (proxy.id === scene.attempts[0]!.proxy ? refused : page),
    })
    expect((await scene.until(scene.crawler.fetch('http://a.test/'))).url).toBe('http://a.test/b')
    expect(asked(scene)).toEqual(['a.test/', 'a.test/b', 'a.test/', 'a.test/b'])
    const [first, second, third, fourth] = scene.attempts.map(({ proxy }) => proxy)
    expect([second === first, third === first, fourth === third]).toEqual([true, false, true])
    await scene.end()
  })

  it('do not begin anew for ever: what every exit is refused is the page’s', async () => {
    const scene = await open(
      {
        'http://a.test/': move('/b', { 'set-cookie': ['id=1'] }),
        'http://a.test/b': { afterMs: 50, status: 403 },
      },
      { proxies: proxyList(12) },
    )
    const error = await scene.until(scene.crawler.fetch('http://a.test/').catch((each: unknown) => each))
    expect(error).toMatchObject({ value: { reason: 'blocked-everywhere', status: 403, attempts: 10 } })
    await scene.end()
  })
})

describe('what must not be sent twice', () => {
  const form = { method: 'POST', body: 'user=ann' }

  it('is not, and the page that it leads to is asked for like any other', async () => {
    let asks = 0
    const scene = await open({
      'http://a.test/': move('/done'),
      'http://a.test/done': () => (++asks < 3 ? refused : page),
    })
    const answer = await scene.until(scene.crawler.fetch('http://a.test/', form))
    expect([answer.status, answer.url]).toEqual([200, 'http://a.test/done'])
    expect(asked(scene)).toEqual(['a.test/', 'a.test/done', 'a.test/done', 'a.test/done'])
    await scene.end()
  })

  it('ends when its cookies are lost with their exit', async () => {
    const scene = await open({
      'http://a.test/': move('/done', { 'set-cookie': ['member=1'] }),
      'http://a.test/done': refused,
    })
    const error = await scene.until(
      scene.crawler.fetch('http://a.test/', form).catch((each: unknown) => each),
    )
    expect(error).toMatchObject({ code: 'TASK_FAILED', value: { reason: 'not-repeatable' } })
    expect(asked(scene)).toEqual(['a.test/', 'a.test/done'])
    await scene.end()
  })

  it('has the refusal behind it for an answer', async () => {
    const scene = await open({
      'http://a.test/': move('/sign-in?wrong'),
      'http://a.test/sign-in?wrong': page,
    })
    const answer = await scene.until(scene.crawler.fetch('http://a.test/', form))
    expect([answer.status, answer.url]).toEqual([200, 'http://a.test/sign-in?wrong'])
    expect(asked(scene)).toHaveLength(2)
    await scene.end()
  })

  it('goes on to its end while its crawl drains', async () => {
    const source = defineSource({
      name: 'orders',
      params: z.object({}),
      item: z.string(),
      robots: false,
      *seeds() {
        yield { url: 'http://a.test/', ...form }
      },
      *parse(found) {
        yield found.item(found.url)
      },
    })
    const scene = await open({ 'http://a.test/': move('/done') })
    const crawl = scene.crawler.crawl(source, {})
    const done = crawl.run()
    await scene.clock.advance(20)
    void crawl.drain()
    expect(await scene.until(done)).toMatchObject({ items: 1, pages: 1 })
    expect(asked(scene)).toEqual(['a.test/', 'a.test/done'])
    await scene.end()
  })
})
