import { expect, test } from 'vitest'
import { createRobots, isRobotsAnswer, type RobotsOptions } from '../../src/admission/robots.ts'
import type { Clock } from '../../src/base/clock.ts'
import { RegattaError } from '../../src/contracts/errors.ts'
import { ManualClock } from '../manual-clock.ts'

const minute = 60_000
const day = 24 * 60 * minute

/** One origin whose answer can change, with a clock that is set by hand. */
function world(answer: () => Response | Promise<Response>, options: Partial<RobotsOptions> = {}) {
  let now = 0
  const asked: string[] = []
  const clock: Clock = { now: () => now, wall: () => now, after: () => () => undefined, soon() {} }
  const robots = createRobots({
    clock,
    agent: () => 'regatta',
    async fetch(url) {
      asked.push(url)
      return answer()
    },
    ...options,
  })
  return { robots, asked, clock, pass: (ms: number) => (now += ms) }
}

const file = (text: string, init?: ResponseInit) => () => new Response(text, init)

test('the group that names us is obeyed, and otherwise the one for all', async () => {
  const text = 'User-agent: *\nDisallow: /\n\nUser-agent: Regatta\nDisallow: /private\nAllow: /private/open\n'
  const { robots } = world(file(text))
  expect(await robots.allows('http://a.example/x')).toBe(true)
  expect(await robots.allows('http://a.example/private/x')).toBe(false)
  expect(await robots.allows('http://a.example/private/open?x=1')).toBe(true)
  const other = world(file(text), { agent: () => 'somebody' })
  expect(await other.robots.decide('http://a.example/x')).toEqual({ allowed: false, reason: 'disallowed' })
})

test('an origin is asked once, however many want to know, and again after a day', async () => {
  let text = ''
  const { robots, asked, pass } = world(() => new Response(text))
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, n) => robots.allows(`http://a.example/${n}`)),
  )
  expect(answers.every(Boolean)).toBe(true)
  expect(await robots.allows('https://a.example/')).toBe(true)
  expect(asked).toEqual(['http://a.example/robots.txt', 'https://a.example/robots.txt'])
  text = 'User-agent: *\nDisallow: /'
  pass(day - 1)
  expect(await robots.allows('http://a.example/')).toBe(true)
  pass(1)
  expect(await robots.allows('http://a.example/')).toBe(false)
})

test.each([401, 403, 404, 410])('a %d allows everything', async (status) => {
  const { robots } = world(file('User-agent: *\nDisallow: /', { status }))
  expect(await robots.allows('http://a.example/')).toBe(true)
})

test.each([
  ['500', file('', { status: 500 })],
  ['429', file('', { status: 429 })],
  ['no connection', () => Promise.reject(new Error('refused'))],
])('while there is only %s nothing is allowed, and the file is asked for again later', async (_, failure) => {
  let answer: () => Response | Promise<Response> = failure
  const { robots, asked, pass } = world(() => answer())
  expect(await robots.decide('http://a.example/')).toMatchObject({
    allowed: false,
    reason: 'unreachable',
    retryAt: 5_000,
  })
  pass(4_999)
  expect(await robots.allows('http://a.example/')).toBe(false)
  expect(asked).toHaveLength(1)
  answer = file('')
  pass(1)
  expect(await robots.allows('http://a.example/')).toBe(true)
})

/** Asks whenever it makes sense, and gives the times of asking, in seconds, until the file is given up. */
async function insist(hasAnswered: boolean) {
  const { robots, asked, pass, clock } = world(file('', { status: 503 }), { hasAnswered: () => hasAnswered })
  const times = [0]
  for (;;) {
    const decision = await robots.decide('http://a.example/')
    if (decision.allowed || decision.reason !== 'unreachable') throw new Error('It was never there.')
    if (decision.retryAt === undefined) return { robots, asked, pass, times }
    pass(decision.retryAt - clock.now())
    times.push(clock.now() / 1_000)
  }
}

test('a host that has answered nothing well is given up after two minutes, and asked again after an hour', async () => {
  const { robots, asked, pass, times } = await insist(false)
  expect(times).toEqual([0, 5, 15, 35, 75])
  pass(60 * minute - 1)
  expect(await robots.decide('http://a.example/')).toMatchObject({ retryAt: undefined })
  expect(asked).toHaveLength(5)
  pass(1)
  expect(await robots.decide('http://a.example/')).toMatchObject({
    reason: 'unreachable',
    retryAt: undefined,
  })
  expect(asked).toHaveLength(6)
})

test('a host that has answered other requests is waited for a quarter of an hour', async () => {
  const { times } = await insist(true)
  expect(times).toEqual([0, 5, 15, 35, 75, 155, 315, 615])
})

test('a file that is long in coming is told, once', async () => {
  const clock = new ManualClock()
  const late: string[] = []
  const { robots } = world(() => new Promise(() => {}), { clock, late: (origin) => void late.push(origin) })
  void robots.decide('http://a.example:8080/')
  void robots.decide('http://a.example:8080/2')
  await clock.advance(7_999)
  expect(late).toEqual([])
  await clock.advance(60_000)
  expect(late).toEqual(['http://a.example:8080'])
})

test.each(['host-not-found', 'host-unreachable'])(
  'where there is no host at all (%s) nobody waits for the file',
  async (reason) => {
    const error = new RegattaError('TASK_FAILED', 'No such host.', {
      value: { reason, verdict: undefined, status: undefined, attempts: 1 },
    })
    const { robots } = world(() => Promise.reject(error))
    expect(await robots.decide('http://a.example/')).toEqual({
      allowed: false,
      reason: 'unreachable',
      retryAt: undefined,
      failure: { code: reason, detail: 'No such host.' },
    })
  },
)

test('an old file outlives a renewal that fails', async () => {
  let answer = file('User-agent: *\nDisallow: /private')
  const { robots, pass } = world(() => answer())
  await robots.allows('http://a.example/')
  answer = file('', { status: 500 })
  pass(day)
  expect(await robots.allows('http://a.example/open')).toBe(true)
  expect(await robots.allows('http://a.example/private')).toBe(false)
})

test('redirects are followed five times, and a longer chain counts as no file', async () => {
  const chain = (length: number) => {
    let hops = 0
    return world(() =>
      hops++ < length
        ? new Response('', { status: 301, headers: { location: `http://b.example/${hops}` } })
        : new Response('User-agent: *\nDisallow: /'),
    )
  }
  const five = chain(5)
  expect(await five.robots.allows('http://a.example/')).toBe(false)
  expect(five.asked[5]).toBe('http://b.example/5')
  expect(await chain(6).robots.allows('http://a.example/')).toBe(true)
})

test('only the first 500 KiB are read', async () => {
  let sent = 0
  const endless = () =>
    new Response(
      new ReadableStream({
        pull(controller) {
          const text = sent === 0 ? 'User-agent: *\nDisallow: /private\n' : '#'.repeat(65_536)
          sent += text.length
          controller.enqueue(new TextEncoder().encode(text))
        },
      }),
    )
  const { robots } = world(endless)
  expect(await robots.allows('http://a.example/private')).toBe(false)
  expect(sent).toBeLessThan(1024 * 1024)
})

test('crawl-delay is told in milliseconds, and nonsense is not', async () => {
  const delayOf = (value: string) =>
    world(file(`User-agent: *\nCrawl-delay: ${value}`)).robots.crawlDelayMs('http://a.example/')
  expect(await delayOf('2.5')).toBe(2_500)
  expect(await delayOf('10 s')).toBe(10_000)
  expect(await delayOf('.5')).toBe(500)
  expect(await delayOf('0')).toBe(0)
  expect(await delayOf('soon')).toBeUndefined()
  expect(await delayOf('-1')).toBeUndefined()
  expect(await delayOf('Infinity')).toBeUndefined()
})

test('a crawl-delay of more than an hour is an hour', async () => {
  for (const value of ['3601', '86400', '999999999999999999999999']) {
    const { robots } = world(file(`User-agent: *\nCrawl-delay: ${value}`))
    expect(await robots.crawlDelayMs('http://a.example/')).toBe(3_600_000)
  }
})

test('a crawl-delay is for those that its group names', async () => {
  const text = `User-agent: *\nCrawl-delay: 1\n\nUser-agent: other\nCrawl-delay: 2\n
User-agent: one\nUser-agent: regatta\nDisallow: /x\nCrawl-delay: 3\nUser-agent: last\nCrawl-delay: 4`
  const delayFor = (agent: string) =>
    world(file(text), { agent: () => agent }).robots.crawlDelayMs('http://a.example/')
  expect(await Promise.all(['nobody', 'other', 'one', 'regatta', 'last'].map(delayFor))).toEqual([
    1_000, 2_000, 3_000, 3_000, 4_000,
  ])
})

test('sitemaps are absolute, each once', async () => {
  const { robots } = world(
    file(
      'Sitemap: http://a.example/s.xml\nSitemap: /t.xml\nsitemap: http://a.example/s.xml\nSitemap: mailto:x',
    ),
  )
  expect(await robots.sitemaps('http://a.example')).toEqual([
    'http://a.example/s.xml',
    'http://a.example/t.xml',
  ])
})

test('a blank that does not break belongs to no address of a sitemap', async () => {
  const { robots } = world(file('Sitemap: \u00a0https://a.example/s.xml\u00a0\nSitemap: \u00a0\n'))
  expect(await robots.sitemaps('https://a.example')).toEqual(['https://a.example/s.xml'])
})

/** As version control writes them into a file whose name it does not know. */
const stamped = (rest: string) =>
  `<!-- Id = $Id: robots.txt 3287 $ -->\r\n<!-- URL = $URL: https://a.example/robots.txt $ -->\r\n${rest}`

test('comments of HTML make no page of a robots.txt', async () => {
  const text = stamped('\r\nUser-agent: *\r\nDisallow: /x\r\nSitemap: https://a.example/s.xml\r\n')
  const { robots } = world(file(text))
  expect(await robots.allows('https://a.example/x')).toBe(false)
  expect(await robots.allows('https://a.example/y')).toBe(true)
  expect(await robots.sitemaps('https://a.example')).toEqual(['https://a.example/s.xml'])
})

test.each([
  ['a file behind comments', stamped('User-agent: *\nDisallow: /'), true],
  ['a page behind comments', stamped('<html><p>User-agent: *\nDisallow: /'), false],
  ['a page behind a comment that is empty', '<!--><html>', false],
])('%s: whether it is taken for the file', (_, text, isFile) => {
  const answer = { kind: 'response', url: 'https://a.example/robots.txt', status: 200, headers: {} } as const
  const rest = { redirects: [], forwarded: true, connectMs: 0, firstByteMs: 0, totalMs: 0, bytes: 0 } as const
  const body = Buffer.from(text)
  expect(isRobotsAnswer({ ...answer, ...rest, reused: false, verified: false, body })).toBe(isFile)
})

test.each([
  { status: 403, decision: { allowed: true } },
  { status: 200, decision: { allowed: true } },
  { status: undefined, decision: { allowed: false, reason: 'unreachable', retryAt: undefined } },
])(
  'a file that every exit is refused with status $status is not waited for',
  async ({ status, decision }) => {
    const refused = new RegattaError('TASK_FAILED', 'refused', {
      value: { reason: 'blocked-everywhere', verdict: 'blocked', status, attempts: 2 },
    })
    const { robots } = world(() => Promise.reject(refused))
    expect(await robots.decide('https://site.example/page')).toMatchObject(decision)
  },
)
