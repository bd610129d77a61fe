import { describe, expect, it } from 'vitest'
import type { TransportCall } from '../../src/contracts/transport.ts'
import type { CrawlerOptions } from '../../src/options/options.ts'
import { good, openScene, proxyList } from '../faults/simulation.ts'

const challenge = {
  afterMs: 50,
  status: 403,
  headers: { 'cf-mitigated': 'challenge' },
  body: 'Just a moment',
}
const cookieOf = ({ request }: TransportCall) => request.headers.cookie ?? ''

/** A firewall that wants a cookie which names the exit that it was given to. */
async function openGuarded(
  options: CrawlerOptions = {},
  isGood = (call: TransportCall) => cookieOf(call).includes(`pass=${call.proxy.port}-${call.proxy.host}`),
) {
  const solved: string[] = []
  const calls: {
    readonly path: string
    readonly cookie: string
    readonly exit: string
    readonly agent: string
  }[] = []
  const scene = await openScene(
    {
      politeness: false,
      hedge: false,
      proxies: proxyList(1),
      resolveChallenge: async (_response, _request, proxy) => {
        solved.push(proxy.id)
        return { Cookie: `pass=${proxy.port}-${proxy.host}`, 'X-Proof': 'yes' }
      },
      ...options,
    },
    (call) => {
      const { url, headers } = call.request
      calls.push({
        path: new URL(url).pathname,
        cookie: cookieOf(call),
        exit: call.proxy.id,
        agent: headers['user-agent'] ?? '',
      })
      return isGood(call) ? good : challenge
    },
  )
  return { scene, solved, calls }
}

describe('a challenge that was solved', () => {
  it('is solved once for an exit: six pages cost one', async () => {
    const { scene, solved, calls } = await openGuarded()
    for (let n = 0; n < 6; n++) await scene.until(scene.crawler.fetch(`https://shop.test/${n}`))
    expect(solved).toHaveLength(1)
    expect(calls).toHaveLength(7)
    await scene.end()
  })

  it('is solved once also when six pages meet it at the same time', async () => {
    const { scene, solved } = await openGuarded()
    const all = Array.from({ length: 6 }, (_, n) => scene.crawler.fetch(`https://shop.test/${n}`))
    await scene.until(Promise.all(all))
    expect(solved).toHaveLength(1)
    await scene.end()
  })

  it('is for its exit alone: each one has its own, and none is shown from another', async () => {
    const { scene, solved, calls } = await openGuarded({ proxies: proxyList(3), strategy: 'round-robin' })
    for (let n = 0; n < 12; n++) await scene.until(scene.crawler.fetch(`https://shop.test/${n}`))
    expect(solved).toHaveLength(3)
    expect(new Set(solved).size).toBe(3)
    for (const { cookie, exit } of calls) if (cookie !== '') expect(exit).toContain(cookie.split('-')[1])
    await scene.end()
  })

  it('is for its site alone', async () => {
    const { scene, calls } = await openGuarded()
    await scene.until(scene.crawler.fetch('https://shop.test/'))
    await scene.until(scene.crawler.fetch('https://other.test/'))
    expect(calls.map(({ cookie }) => cookie === '')).toEqual([true, false, true, false])
    await scene.end()
  })

  it('is solved anew when the site wants it again', async () => {
    let era = 0
    const { scene, solved } = await openGuarded(
      {
        resolveChallenge: async () => {
          solved.push('again')
          return { cookie: `era=${era}` }
        },
      },
      (call) => cookieOf(call) === `era=${era}`,
    )
    await scene.until(scene.crawler.fetch('https://shop.test/1'))
    era++
    await scene.until(scene.crawler.fetch('https://shop.test/2'))
    await scene.until(scene.crawler.fetch('https://shop.test/3'))
    expect(solved).toHaveLength(2)
    await scene.end()
  })

  it('goes with the cookies that the site sets behind it', async () => {
    const seen: string[] = []
    const scene = await openScene(
      { politeness: false, proxies: proxyList(1), resolveChallenge: async () => ({ cookie: 'pass=1' }) },
      (call) => {
        seen.push(cookieOf(call))
        if (!cookieOf(call).includes('pass=1')) return challenge
        return { ...good, headers: { 'set-cookie': [`turn=${seen.length}; Path=/`] } }
      },
    )
    for (let n = 0; n < 3; n++) await scene.until(scene.crawler.fetch(`https://shop.test/${n}`))
    expect(seen).toEqual(['', 'pass=1', 'pass=1; turn=2', 'pass=1; turn=3'])
    await scene.end()
  })

  it('that does not help is forgotten, and the page asked for elsewhere', async () => {
    const { scene, solved } = await openGuarded(
      { proxies: proxyList(2) },
      ({ proxy }) => proxy.host === '10.0.0.2',
    )
    for (let n = 0; n < 3; n++) await scene.until(scene.crawler.fetch(`https://shop.test/${n}`))
    expect(solved.every((exit) => exit.includes('10.0.0.1'))).toBe(true)
    expect(solved.length).toBeLessThanOrEqual(3)
    await scene.end()
  })
})

describe('prepareRequest', () => {
  it('is asked for each attempt with its proxy, and what it returns is sent', async () => {
    const { scene, calls } = await openGuarded(
      {
        proxies: proxyList(2),
        strategy: 'round-robin',
        prepareRequest: (request, proxy) => ({
          'User-Agent': `${proxy.host} ${new URL(request.url).pathname}`,
        }),
      },
      () => true,
    )
    for (let n = 0; n < 4; n++) await scene.until(scene.crawler.fetch(`https://shop.test/${n}`))
    for (const { agent, exit, path } of calls) {
      const [host, asked] = agent.split(' ')
      expect(exit).toContain(host)
      expect(asked).toBe(path)
    }
    expect(new Set(calls.map(({ exit }) => exit)).size).toBe(2)
    await scene.end()
  })

  it.each<[string, unknown]>([
    [
      'throws',
      () => {
        throw new Error('a mistake')
      },
    ],
    ['returns no headers', () => 'nonsense'],
    ['returns what cannot be sent', () => ({ 'x-a': 'two\r\nlines' })],
  ])('that %s holds no request up', async (_, prepare) => {
    const { scene } = await openGuarded(
      { prepareRequest: prepare as NonNullable<CrawlerOptions['prepareRequest']> },
      () => true,
    )
    expect((await scene.until(scene.crawler.fetch('https://shop.test/'))).status).toBe(200)
    await scene.end()
  })
})
