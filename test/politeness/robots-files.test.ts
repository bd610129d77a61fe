import { describe, expect, it } from 'vitest'
import { site } from '../../plugins/site.ts'
import { mustContain } from '../../src/classify/expectations.ts'
import type { SimulatedStep } from '../../src/sim/transport.ts'
import { openScene, proxyList } from '../faults/simulation.ts'

const host = 'http://target.test'
const html = { 'content-type': 'text/html' }
const plain = { 'content-type': 'text/plain' }
const rules = 'User-agent: *\nDisallow: /closed\n'
const home: SimulatedStep = {
  afterMs: 20,
  headers: html,
  body: '<!doctype html><title>Home</title><p>Welcome to our shop.</p><a href="/open">open</a> <a href="/closed">closed</a>',
}
const page: SimulatedStep = {
  afterMs: 20,
  headers: html,
  body: '<!doctype html><title>Page</title><p>A page of the shop.</p>',
}
const missing: SimulatedStep = { afterMs: 20, status: 404, headers: plain, body: 'nothing here' }
const login =
  '<!doctype html><title>Log in</title><form method=post action=/login><input name=user><input type=password name=pw></form>'

type Answer = (path: string, asked: number) => SimulatedStep | undefined
type Options = Parameters<typeof openScene>[0]

/** Crawls a site of three pages whose robots.txt (and what that leads to) `answer` is; gives the paths in the order of the requests. */
async function crawl(answer: Answer, options: Options = { direct: true }, rest = true) {
  const asked: string[] = []
  const scene = await openScene({ politeness: { interval: 0 }, ...options }, ({ request }) => {
    const { pathname, host } = new URL(request.url)
    asked.push(host === 'target.test' ? pathname : request.url)
    const own = answer(pathname, asked.filter((each) => each === pathname).length)
    if (own) return own
    if (!rest) return { afterMs: 20, status: 500, headers: plain, body: 'no' }
    return pathname === '/' ? home : pathname === '/open' || pathname === '/closed' ? page : missing
  })
  const begun = scene.clock.now()
  const summary = await scene.until(scene.crawler.crawl(site, { start: `${host}/` }).run())
  const seconds = (scene.clock.now() - begun) / 1_000
  const told = scene.log.alerts
    .filter(({ code }) => code === 'ROBOTS_UNREACHABLE')
    .map(({ message }) => message)
  await scene.end()
  return { asked, summary, seconds, told }
}

const robots =
  (step: SimulatedStep): Answer =>
  (path) =>
    path === '/robots.txt' ? step : undefined
const to = (location: string, status = 302): SimulatedStep => ({ afterMs: 20, status, headers: { location } })
const text = (body: string | Uint8Array): SimulatedStep => ({
  afterMs: 20,
  headers: plain,
  body: body as string,
})
const everything = ['/', '/open', '/closed']

describe('an answer that is no robots.txt has no rules, and says so in seconds', () => {
  it.each([400, 401, 402, 403, 404, 405, 407, 408, 410, 418, 421, 425, 451])('status %d', async (status) => {
    const { asked, seconds } = await crawl(
      robots({ afterMs: 20, status, headers: plain, body: 'User-agent: *\nDisallow: /' }),
    )
    expect(asked).toEqual(expect.arrayContaining(everything))
    expect(seconds).toBeLessThan(10)
  })

  it.each<[string, Answer]>([
    ['a redirect to itself', robots(to('/robots.txt'))],
    [
      'a redirect to a login page',
      (path) =>
        path === '/robots.txt'
          ? to('/login?next=/robots.txt')
          : path === '/login'
            ? { afterMs: 20, headers: html, body: login }
            : undefined,
    ],
    ['a redirect to a page that is not there', robots(to('/nothing'))],
    ['a redirect to nowhere', robots({ afterMs: 20, status: 302 })],
    ['a redirect out of the web', robots(to('mailto:a@b.example'))],
    [
      'a page with rules in it',
      robots({
        afterMs: 20,
        headers: html,
        body: `<!doctype html><html><body>\nUser-agent: *\nDisallow: /\n</body></html>`,
      }),
    ],
    ['a page that calls itself text', robots(text('<!doctype html><html><body>Not found</body></html>'))],
    [
      'JSON',
      robots({ afterMs: 20, headers: { 'content-type': 'application/json' }, body: '{"error":"no"}' }),
    ],
    ['nothing', robots(text(''))],
    ['no content', robots({ afterMs: 20, status: 204 })],
  ])('%s', async (_, answer) => {
    const { asked, seconds } = await crawl(answer)
    expect(asked).toEqual(expect.arrayContaining(everything))
    expect(seconds).toBeLessThan(10)
  })

  it('a sixth redirect; five are followed', async () => {
    const chain =
      (length: number): Answer =>
      (path) => {
        const hop = path === '/robots.txt' ? 0 : Number(/^\/hop-(\d+)$/.exec(path)?.[1])
        if (Number.isNaN(hop)) return undefined
        return hop < length ? to(`/hop-${hop + 1}`, 301) : text('User-agent: *\nDisallow: /')
      }
    expect((await crawl(chain(5))).asked).not.toContain('/')
    const six = await crawl(chain(6))
    expect(six.asked).toEqual(expect.arrayContaining(everything))
    expect(six.asked).not.toContain('/hop-6')
  })

  it('a page that all exits of a fleet are refused', async () => {
    const { asked, seconds } = await crawl(
      robots({ afterMs: 20, status: 403, headers: html, body: '<h1>Forbidden</h1>' }),
      { proxies: proxyList(20) },
    )
    expect(asked).toEqual(expect.arrayContaining(everything))
    expect(seconds).toBeLessThan(15)
  })
})

describe('rules are rules, whatever a judge of pages would say', () => {
  it.each<[string, Answer]>([
    ['text', robots(text(rules))],
    ['text that calls itself HTML', robots({ afterMs: 20, headers: html, body: rules })],
    [
      'on another host',
      (path) =>
        path === '/robots.txt' ? to('http://cdn.test/r.txt') : path === '/r.txt' ? text(rules) : undefined,
    ],
    [
      'behind what looks like a login',
      (path) =>
        path === '/robots.txt' ? to('/login/robots') : path === '/login/robots' ? text(rules) : undefined,
    ],
    ['five megabytes', robots(text(`${rules}${'# and so on\n'.repeat(440_000)}`))],
  ])('%s', async (_, answer) => {
    const { asked } = await crawl(answer)
    expect(asked).toContain('/open')
    expect(asked).not.toContain('/closed')
  })

  it('a rule of the user that is meant for pages does not refuse them', async () => {
    const { asked } = await crawl(robots(text(rules)), { direct: true, classifiers: [mustContain('shop')] })
    expect(asked).toContain('/open')
    expect(asked).not.toContain('/closed')
  })

  it('where everything is disallowed nothing is asked, not even for a sitemap', async () => {
    expect((await crawl(robots(text('User-agent: *\nDisallow: /')))).asked).toEqual(['/robots.txt'])
  })
})

describe('a robots.txt that cannot be had', () => {
  it('of a host that fails everything is told within ten seconds and given up within two minutes', async () => {
    const { asked, summary, seconds, told } = await crawl(
      robots({ afterMs: 20, status: 500, headers: plain, body: 'no' }),
      undefined,
      false,
    )
    expect(new Set(asked)).toEqual(new Set(['/robots.txt']))
    expect(summary).toMatchObject({ pages: 0, failed: 1 })
    expect(summary.deadLetters[0]).toMatchObject({ code: 'robots-unreachable' })
    expect(seconds).toBeGreaterThan(30)
    expect(seconds).toBeLessThan(130)
    expect(told[0]).toMatch(/robots\.txt of target\.test could not be had .*status-500.* asked again in 5 s/)
  })

  it('of a host that never answers is told within ten seconds and given up within two minutes', async () => {
    const silent: SimulatedStep = {
      afterMs: 10_000,
      phase: 'headers',
      fault: { phase: 'headers', cause: 'headers-timeout' },
    }
    const { summary, seconds, told } = await crawl(() => silent)
    expect(told[0]).toBe('robots.txt of target.test has not come yet; its pages wait for it.')
    expect(summary).toMatchObject({ pages: 0, failed: 1 })
    expect(seconds).toBeLessThan(150)
  })

  it('and is redirected to where it fails is given up within two minutes, too', async () => {
    const { asked, summary, seconds } = await crawl((path) =>
      path === '/robots.txt' ? to('/moved.txt', 301) : { afterMs: 20, status: 503 },
    )
    expect(asked).not.toContain('/')
    expect(summary.deadLetters[0]).toMatchObject({ code: 'robots-unreachable' })
    expect(seconds).toBeLessThan(150)
  })

  it('for some seconds costs seconds', async () => {
    const { asked, seconds } = await crawl((path, times) =>
      path === '/robots.txt' ? (times <= 6 ? { afterMs: 20, status: 503 } : text(rules)) : undefined,
    )
    expect(asked).toContain('/open')
    expect(asked).not.toContain('/closed')
    expect(seconds).toBeLessThan(30)
  })
})

describe('the name that robots.txt is read under', () => {
  const answer = robots(
    text(
      'User-agent: AcmeBot\nDisallow: /closed\n\nUser-agent: other\nDisallow: /open\n\nUser-agent: *\nDisallow: /',
    ),
  )
  it.each<[string, Options, string]>([
    ['is in a plain user agent', { userAgent: 'AcmeBot/1.2' }, '/closed'],
    [
      'is in a browser’s coat',
      { userAgent: 'Mozilla/5.0 (compatible; AcmeBot/1.2; +http://acme.example/)' },
      '/closed',
    ],
    ['is in a header of the caller', { headers: { 'User-Agent': 'AcmeBot' } }, '/closed'],
    ['is an option of its own', { robotsAgent: 'Other', userAgent: 'AcmeBot/1.2' }, '/open'],
    [
      'may differ for one host',
      { userAgent: 'AcmeBot/1', hosts: { 'target.test': { robotsAgent: 'other' } } },
      '/open',
    ],
  ])('%s', async (_, options, left) => {
    const { asked } = await crawl(answer, { direct: true, ...options })
    expect(everything.filter((path) => !asked.includes(path))).toEqual([left])
  })

  it.each(['AcmeBot/1.2', 'Acme Bot', 'бот', ''])('is refused as "%s"', async (robotsAgent) => {
    await expect(openScene({ direct: true, robotsAgent }, () => page)).rejects.toMatchObject({
      code: 'OPTION_INVALID',
    })
  })
})
