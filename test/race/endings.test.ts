import { describe, expect, it } from 'vitest'
import type { SimulatedAttempt } from '../../src/sim/transport.ts'
import { good, numberOf, openScene, proxyList, type Scene } from '../faults/simulation.ts'

/** What the target says ends a page, in seconds, however few exits there are to ask. Politeness is the default. */
const html = { 'content-type': 'text/html' }
const form =
  '<html><form action="/login" method="post"><input name="user"><input type="password" name="pw"></form></html>'
const captcha =
  '<html><head><title>Robot Check</title></head><p>Please verify you are a human.</p><form action="/validatecaptcha"><input name="captcha"></form></html>'
const login = { url: 'http://site.test/login', redirects: ['http://site.test/page'] }
const refusals: Record<string, SimulatedAttempt> = {
  'status 403': { afterMs: 300, status: 403, headers: html, body: '<h1>Forbidden</h1>' },
  'a captcha': { afterMs: 300, status: 200, headers: html, body: captcha },
  'a redirect to a login': { afterMs: 300, status: 200, headers: html, body: form, facts: login },
  'a challenge': { afterMs: 300, status: 403, headers: { ...html, 'cf-mitigated': 'challenge' }, body: 'x' },
}
const fleets = [
  { name: 'no proxy', options: { direct: true }, attempts: 2 },
  { name: 'one proxy', options: { proxies: proxyList(1) }, attempts: 2 },
  { name: 'three proxies', options: { proxies: proxyList(3) }, attempts: 3 },
  { name: 'twelve proxies', options: { proxies: proxyList(12) }, attempts: 5 },
]

interface Ended {
  readonly seconds: number
  readonly error: {
    readonly message: string
    readonly value: { reason: string; attempts: number; status?: number }
  }
}

async function endOf(scene: Scene, url = 'http://site.test/page', within = 120_000): Promise<Ended> {
  const before = scene.clock.now()
  const error = await scene.until(
    scene.crawler.fetch(url).catch((each: unknown) => each),
    within,
  )
  return { seconds: (scene.clock.now() - before) / 1_000, error: error as Ended['error'] }
}

describe.each(fleets)('with $name', ({ options, attempts }) => {
  it.each(Object.entries(refusals))('%s ends a page when all that count have said it', async (_, answer) => {
    const scene = await openScene(options, () => answer)
    const { seconds, error } = await endOf(scene)
    expect(error.value).toMatchObject({ reason: 'blocked-everywhere', attempts, status: answer.status })
    expect(error.message).toContain(`status ${answer.status}`)
    expect(seconds).toBeLessThan(10)
    // It is the page, and nobody is shut out for it.
    expect(scene.crawler.proxies().filter(({ state }) => state !== 'closed')).toEqual([])
    await scene.end()
  })

  it('an empty page is the page when all that count bring it', async () => {
    const unasked = { ...options, trust: 'blind' } as const
    const scene = await openScene(unasked, () => ({ afterMs: 300, status: 200, headers: html, body: '' }))
    const answer = await scene.until(scene.crawler.fetch('http://site.test/page'))
    expect([answer.status, await answer.text()]).toEqual([200, ''])
    expect(scene.attempts).toHaveLength(attempts)
    expect(scene.clock.now()).toBeLessThan(10_000)
    expect(scene.crawler.proxies().filter(({ state }) => state !== 'closed')).toEqual([])
    await scene.end()
  })

  it.each(['the server is not running', 'it resets every connection'])(
    'a host that nobody reaches is said and given up: %s',
    async (why) => {
      const isReset = why.startsWith('it resets')
      const scene = await openScene(options, ({ proxy }) => {
        if (isReset) return { afterMs: 300, fault: { phase: 'headers', cause: 'reset' } }
        return proxy.protocol === 'direct'
          ? { afterMs: 5, fault: { phase: 'dial', cause: 'dial-refused' } }
          : { afterMs: 300, fault: { phase: 'handshake', cause: 'socks-connection-refused' } }
      })
      const { seconds, error } = await endOf(scene)
      expect(error.value).toMatchObject({ reason: 'host-unreachable' })
      expect(error.message).toMatch(isReset ? /reset/ : /refused/)
      expect(seconds).toBeLessThan('direct' in options ? 10 : 20)
      expect(scene.log.alerts.map(({ code }) => code)).toEqual(['HOST_UNREACHABLE'])
      // Those who come later hear it at once.
      const next = await endOf(scene, 'http://site.test/next')
      expect(next.error.value).toMatchObject({ reason: 'host-unreachable' })
      expect(next.seconds).toBeLessThan(2)
      await scene.end()
    },
  )

  it('a page that answers 500 while the others are good ends alone, and holds nobody up', async () => {
    const scene = await openScene(options, ({ request }) =>
      request.url.endsWith('/ill') ? { afterMs: 50, status: 500 } : { afterMs: 50 },
    )
    for (let n = 0; n < 30; n++) await scene.until(scene.crawler.fetch(`http://site.test/${n}`))
    const { seconds, error } = await endOf(scene, 'http://site.test/ill')
    expect(error.value).toMatchObject({ reason: 'target-faults', status: 500 })
    expect(seconds).toBeLessThan(10)
    const before = scene.clock.now()
    await scene.until(scene.crawler.fetch('http://site.test/after'))
    expect(scene.clock.now() - before).toBeLessThan(2_000)
    await scene.end()
  })
})

it('a fleet of which most are dead waits for the living alone', async () => {
  const scene = await openScene({ proxies: proxyList(6), hedge: false }, ({ proxy }) =>
    proxy.host.endsWith('.1') || proxy.host.endsWith('.2')
      ? refusals['status 403']!
      : { afterMs: 5, fault: { phase: 'dial', cause: 'dial-refused' } },
  )
  const { seconds, error } = await endOf(scene)
  expect(error.value).toMatchObject({ reason: 'blocked-everywhere', status: 403 })
  expect(seconds).toBeLessThan(10)
  await scene.end()
})

it('a proxy that the caller has named is asked twice, and no other', async () => {
  const scene = await openScene({ proxies: proxyList(12) }, () => refusals['status 403']!)
  const { id } = scene.crawler.proxies()[0]!
  const answer = scene.crawler.fetch('http://site.test/page', { proxy: id }).catch((each: unknown) => each)
  expect(await scene.until(answer)).toMatchObject({ value: { reason: 'blocked-everywhere', attempts: 2 } })
  expect(new Set(scene.attempts.map(({ proxy }) => proxy))).toEqual(new Set([id]))
  await scene.end()
})

it('where exits are refused at random, no page is given up for it', async () => {
  let luck = 0
  const scene = await openScene({ proxies: proxyList(20), politeness: { interval: 100 } }, () => {
    luck = (luck * 1_103_515_245 + 12_345) % 2_147_483_648
    return luck % 10_000 < 4_500 ? refusals['status 403']! : good
  })
  const pages = Array.from({ length: 300 }, (_, n) => scene.crawler.fetch(`http://site.test/${n}`))
  const ends = await scene.until(Promise.allSettled(pages), 3_600_000)
  expect(ends.filter(({ status }) => status === 'rejected').length).toBeLessThanOrEqual(3)
  await scene.end()
})

it('a server that has answered and is gone is waited for', async () => {
  let isOut = false
  const scene = await openScene({ direct: true }, () =>
    isOut ? { afterMs: 5, fault: { phase: 'dial', cause: 'dial-refused' } } : good,
  )
  for (let n = 0; n < 3; n++) await scene.until(scene.crawler.fetch(`http://site.test/${n}`))
  isOut = true
  const late = scene.crawler.fetch('http://site.test/late')
  await scene.clock.advance(300_000)
  isOut = false
  expect((await scene.until(late)).status).toBe(200)
  await scene.end()
})

describe.each(fleets)('a host that answers 429 to all, with $name', ({ options }) => {
  it.each([undefined, '1', '3600'])(
    'is said at once, and given up after a quarter of an hour, or when it has named a later time (Retry-After %s)',
    async (wait) => {
      const scene = await openScene(options, () => ({
        afterMs: 100,
        status: 429,
        headers: wait === undefined ? html : { ...html, 'retry-after': wait },
      }))
      const ended = endOf(scene, 'http://site.test/page', 24 * 3_600_000)
      await scene.clock.advance(10_000)
      expect(scene.log.alerts).toMatchObject([
        { code: 'HOST_LIMITED', message: expect.stringMatching(/^site\.test limits us \(status-429\)/) },
      ])
      const { seconds, error } = await scene.until(ended, 3_600_000)
      expect(error.value.reason).toBe('rate-limited')
      const least = wait === '3600' ? 3_600 : 900
      expect(seconds).toBeGreaterThanOrEqual(least)
      expect(seconds).toBeLessThan(least + 100)
      await scene.end()
    },
  )
})

it('a limit that lets a page through now and then is waited for', async () => {
  const scene = await openScene({ direct: true }, (_call, now) =>
    now % 600_000 < 90_000 ? good : { afterMs: 100, status: 429, headers: html },
  )
  const pages = Array.from({ length: 120 }, (_, n) => scene.crawler.fetch(`http://site.test/${n}`))
  const ends = await scene.until(Promise.allSettled(pages), 24 * 3_600_000)
  expect(ends.filter(({ status }) => status === 'rejected')).toEqual([])
  await scene.end()
})

describe('proxies whose own rules keep them from a host', () => {
  const denied: SimulatedAttempt = { afterMs: 30, fault: { phase: 'handshake', cause: 'socks-not-allowed' } }

  it('are no word of its pages: of twenty the one that may go there brings each of them', async () => {
    const scene = await openScene({ proxies: proxyList(20) }, (call) =>
      numberOf(call) === 20 ? good : denied,
    )
    for (let page = 0; page < 10; page++) {
      const answer = await scene.until(scene.crawler.fetch(`http://site.test/${page}`))
      expect(answer.status).toBe(200)
    }
    // Each is asked once, and then left alone.
    expect(scene.attempts.length).toBeLessThan(10 + 25)
    await scene.end()
  })

  it('when all of them change their rules for a while, its pages wait', async () => {
    const scene = await openScene({ proxies: proxyList(6) }, (_, now) =>
      now > 5_000 && now < 100_000 ? denied : good,
    )
    expect((await scene.until(scene.crawler.fetch('http://site.test/before'))).status).toBe(200)
    await scene.clock.advance(10_000)
    const answer = await scene.until(scene.crawler.fetch('http://site.test/meanwhile'), 600_000)
    expect(answer.status).toBe(200)
    expect(scene.clock.now()).toBeGreaterThan(100_000)
    expect(scene.attempts.length).toBeLessThan(60)
    await scene.end()
  })

  it.each([1, 3, 100])('end a page of a host that has never answered: all of %s', async (count) => {
    const scene = await openScene({ proxies: proxyList(count) }, () => denied)
    const { seconds, error } = await endOf(scene)
    expect(error.value.reason).toBe('blocked-everywhere')
    expect(error.value.attempts).toBeLessThanOrEqual(20)
    expect(seconds).toBeLessThan(20)
    await scene.end()
  })
})
