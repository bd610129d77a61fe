import { describe, expect, it } from 'vitest'
import type { Cookies } from '../../src/contracts/cookies.ts'
import { openLabScene } from '../faults/lab-scene.ts'
import { good, openScene, proxyList } from '../faults/simulation.ts'
import { openLoginSite } from './login-site.ts'

const day = 86_400_000

/** The jar of a session, and its clock. */
async function withJar(work: (jar: Cookies, pass: (ms: number) => Promise<void>) => unknown): Promise<void> {
  const scene = await openScene({ politeness: false, proxies: proxyList(1) }, () => good)
  await scene.crawler.session(async ({ cookies }) => work(cookies, (ms) => scene.clock.advance(ms)))
  await scene.end()
}

const long = 'x'.repeat(4_097)

describe('which cookie goes where (RFC 6265bis)', () => {
  it.each<[what: string, from: string, line: string, to: string, header: string | undefined]>([
    ['to the host that set it', 'http://a.test/', 'c=1', 'http://a.test/x', 'c=1'],
    ['also on another port', 'http://a.test/', 'c=1', 'http://a.test:81/', 'c=1'],
    ['not to another host', 'http://a.test/', 'c=1', 'http://b.test/', undefined],
    ['without a domain not to a subdomain', 'http://shop.com/', 'c=1', 'http://www.shop.com/', undefined],
    [
      'with a domain also to a subdomain',
      'http://shop.com/',
      'c=1; Domain=.shop.com',
      'http://www.shop.com/',
      'c=1',
    ],
    [
      'set by a subdomain for the whole domain',
      'http://www.shop.com/',
      'c=1; Domain=shop.com',
      'http://shop.com/',
      'c=1',
    ],
    ['never for a foreign domain', 'http://shop.com/', 'c=1; Domain=bank.com', 'http://bank.com/', undefined],
    [
      'never for a name that only ends alike',
      'http://notshop.com/',
      'c=1; Domain=shop.com',
      'http://shop.com/',
      undefined,
    ],
    ['never for a public suffix', 'http://shop.co.uk/', 'c=1; Domain=co.uk', 'http://bank.co.uk/', undefined],
    [
      'never for a private suffix',
      'http://ann.github.io/',
      'c=1; Domain=github.io',
      'http://bob.github.io/',
      undefined,
    ],
    [
      'from a suffix that is a site, to itself',
      'http://github.io/',
      'c=1; Domain=github.io',
      'http://github.io/',
      'c=1',
    ],
    [
      'from such a suffix not to those below',
      'http://github.io/',
      'c=1; Domain=github.io',
      'http://ann.github.io/',
      undefined,
    ],
    ['from an address to that address', 'http://127.0.0.1:8080/', 'c=1', 'http://127.0.0.1/', 'c=1'],
    [
      'not from an address to another',
      'http://10.0.0.1/',
      'c=1; Domain=0.0.1',
      'http://11.0.0.1/',
      undefined,
    ],
    ['below its path', 'http://a.test/', 'c=1; Path=/shop', 'http://a.test/shop/cart', 'c=1'],
    ['not beside its path', 'http://a.test/', 'c=1; Path=/shop', 'http://a.test/shopping', undefined],
    [
      'by the folder of the page without a path',
      'http://a.test/shop/cart',
      'c=1',
      'http://a.test/shop/pay',
      'c=1',
    ],
    ['not above that folder', 'http://a.test/shop/cart', 'c=1', 'http://a.test/', undefined],
    ['secure: not over plain HTTP', 'https://a.test/', 'c=1; Secure', 'http://a.test/', undefined],
    ['secure: over TLS', 'https://a.test/', 'c=1; Secure', 'https://a.test/', 'c=1'],
    ['secure: not even to loopback', 'https://127.0.0.1/', 'c=1; Secure', 'http://127.0.0.1/', undefined],
    ['secure: plain HTTP cannot set it', 'http://a.test/', 'c=1; Secure', 'https://a.test/', undefined],
    [
      'HttpOnly and SameSite are no matter here',
      'http://a.test/',
      'c=1; HttpOnly; SameSite=Strict',
      'http://a.test/',
      'c=1',
    ],
    [
      '__Host- without Secure is refused',
      'https://a.test/',
      '__Host-c=1; Path=/',
      'https://a.test/',
      undefined,
    ],
    ['a name is not needed', 'http://a.test/', 'alone', 'http://a.test/', 'alone'],
    ['one that is too long is ignored', 'http://a.test/', `c=${long}`, 'http://a.test/', undefined],
    ['one that no header can hold is ignored', 'http://a.test/', 'c=\u4f60', 'http://a.test/', undefined],
    ['expired when it comes', 'http://a.test/', 'c=1; Max-Age=0', 'http://a.test/', undefined],
    [
      'Max-Age goes before Expires',
      'http://a.test/',
      'c=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT',
      'http://a.test/',
      'c=1',
    ],
  ])('%s', (_, from, line, to, header) =>
    withJar((jar) => {
      jar.take(from, [line])
      expect(jar.headerFor(to)).toBe(header)
    }),
  )

  it('goes with its time, however often it is used meanwhile', () =>
    withJar(async (jar, pass) => {
      jar.take('http://a.test/', ['short=1; Max-Age=60', 'session=1', 'ever=1; Max-Age=99999999999'])
      await pass(40_000)
      expect(jar.headerFor('http://a.test/')).toBe('short=1; session=1; ever=1')
      await pass(40_000)
      expect(jar.headerFor('http://a.test/')).toBe('session=1; ever=1')
      await pass(401 * day)
      expect(jar.headerFor('http://a.test/')).toBe('session=1')
    }))

  it('is replaced, and taken back by a date in the past', () =>
    withJar((jar) => {
      expect(jar.take('http://a.test/', ['c=1'])).toBe(true)
      expect(jar.take('http://a.test/', ['c=1'])).toBe(false)
      expect(jar.take('http://a.test/', ['c=2'])).toBe(true)
      expect(jar.headerFor('http://a.test/')).toBe('c=2')
      expect(jar.take('http://a.test/', ['c=; Expires=Thu, 01 Jan 1970 00:00:00 GMT'])).toBe(true)
      expect(jar.headerFor('http://a.test/')).toBeUndefined()
    }))

  it('the longer path first, and one over plain HTTP never hides one that came over TLS', () =>
    withJar((jar) => {
      jar.take('https://a.test/', ['c=root; Path=/', 'd=deep; Path=/x', 'key=true; Secure'])
      jar.take('http://a.test/', ['key=forged'])
      expect(jar.headerFor('https://a.test/x')).toBe('d=deep; c=root; key=true')
    }))

  it('a site that sets cookies without end fills no memory', () =>
    withJar((jar) => {
      for (let n = 0; n < 30; n++) {
        jar.take(
          `http://h${n}.test/`,
          Array.from({ length: 80 }, (_, m) => `c${m}=1`),
        )
      }
      const sizes = Array.from(
        { length: 30 },
        (_, n) => jar.headerFor(`http://h${n}.test/`)?.split('; ').length ?? 0,
      )
      expect(sizes.reduce((sum, size) => sum + size)).toBeLessThanOrEqual(1_000)
      expect(sizes.at(-1)).toBe(80)
    }))
})

describe('the jar of a session on the wire', () => {
  const scenario = { origins: { spare: {} }, proxies: [{ name: 'exit', count: 3 }] }

  it('keeps what a hop of a redirect sets, also when it leads back to the same address', async () => {
    await using site = await openLoginSite()
    site.instead = ({ path, cookies }, answer) => {
      if (path === '/' && cookies.seen === undefined) {
        answer.writeHead(302, { location: '/', 'set-cookie': 'seen=yes' }).end()
      } else if (path === '/') {
        answer.writeHead(302, { location: '/shop', 'set-cookie': ['cart=7', 'seen=yes'] }).end()
      } else {
        answer
          .writeHead(200, { 'content-type': 'text/html' })
          .end('<html><title>Shop</title><a href="/">x</a></html>')
      }
      return true
    }
    await using scene = await openLabScene(scenario)
    await scene.crawler.session(async (session) => {
      const answer = await session.fetch(`${site.url}/`)
      expect(new URL(answer.url).pathname).toBe('/shop')
      expect(session.cookies.headerFor(`${site.url}/`)).toBe('seen=yes; cart=7')
      await session.fetch(`${site.url}/next`, { headers: { cookie: 'seen=mine; own=1' } })
    })
    expect(site.visits.map(({ path, cookies }) => [path, cookies])).toEqual([
      ['/', {}],
      ['/', { seen: 'yes' }],
      ['/shop', { seen: 'yes', cart: '7' }],
      ['/next', { seen: 'mine', own: '1', cart: '7' }],
    ])
    await scene.end()
  })

  it('a circle of redirects with a new cookie each time ends all the same', async () => {
    await using site = await openLoginSite()
    site.instead = (_, answer) => {
      answer.writeHead(302, { location: '/', 'set-cookie': `n=${site.visits.length}` }).end()
      return true
    }
    await using scene = await openLabScene(scenario)
    const lost = scene.crawler.fetch(`${site.url}/`, { session: 'a' })
    await expect(lost).rejects.toMatchObject({ value: { reason: 'redirect-limit' } })
    await scene.end()
  })

  it('no cookie of one session is ever sent by another, or without a session', async () => {
    await using site = await openLoginSite()
    site.instead = ({ path }, answer) => {
      answer.writeHead(200, { 'content-type': 'text/html', 'set-cookie': `who=${path.slice(1)}` })
      answer.end('<html><title>Shop</title><a href="/">x</a></html>')
      return true
    }
    await using scene = await openLabScene(scenario)
    const names = ['ann', 'bob', undefined]
    for (let round = 0; round < 3; round++) {
      const all = names.map((session) =>
        scene.crawler.fetch(`${site.url}/${session}`, session === undefined ? {} : { session }),
      )
      await Promise.all(all)
    }
    for (const { path, cookies } of site.visits) {
      expect([path.slice(1), undefined]).toContain(cookies.who)
      if (path === '/undefined') expect(cookies.who).toBeUndefined()
    }
    await scene.end()
  })

  it('goes with the requests of its dispatcher too', async () => {
    await using site = await openLoginSite()
    site.instead = (_, answer) => {
      answer.writeHead(200, { 'content-type': 'application/json', 'set-cookie': 'c=1' }).end('{"ok":true}')
      return true
    }
    await using scene = await openLabScene(scenario)
    await scene.crawler.session(async ({ fetch, dispatcher }) => {
      await fetch(`${site.url}/1`)
      const answer = await dispatcher.request({ origin: site.url, path: '/2', method: 'GET' })
      expect(await answer.body.json()).toEqual({ ok: true })
    })
    expect(site.visits.map(({ cookies }) => cookies.c)).toEqual([undefined, '1'])
    expect(new Set(site.visits.map(({ exit }) => exit)).size).toBe(1)
    await scene.end()
  })
})
