import { get as httpGet } from 'node:http'
import { text } from 'node:stream/consumers'
import { fetch as undiciFetch, request as undiciRequest } from 'undici'
import { describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import type { Source } from '../../src/contracts/source.ts'
import { createCrawler } from '../../src/face/crawler.ts'
import type { CrawlerOptions } from '../../src/options/options.ts'
import { defineSource } from '../../src/source/define-source.ts'
import { type LabScene, openLabScene } from '../faults/lab-scene.ts'
import { startOrigin } from '../transport/world.ts'

/** What is set for one host, at each way of asking it: `own.lab` has an entry in `hosts`, `other.lab` has none. */

/** What a caller gets: a page, or the error that came instead. */
interface Answer {
  readonly status?: number
  readonly body?: string
  readonly error?: unknown
}

type Door = (scene: LabScene, url: string) => Promise<Answer>

async function read(response: Response): Promise<Answer> {
  return { status: response.status, body: await response.text() }
}

/** A source of what `seeds` yields; of each page it gives what came. */
function sourceOf(seeds: Source['seeds']): Source {
  return defineSource({
    name: 'one',
    params: z.unknown(),
    item: z.unknown(),
    robots: false,
    parsesErrors: true,
    seeds,
    *parse(page) {
      yield page.item({ status: page.status, body: page.text() })
    },
  })
}

const doors: Readonly<Record<string, Door>> = {
  fetch: async ({ crawler }, url) => read(await crawler.fetch(url)),
  'fetch with a Request': async ({ crawler }, url) => read(await crawler.fetch(new Request(url))),
  submit: async ({ crawler }, url) => read(await (await crawler.submit(url)).response),
  trySubmit: async ({ crawler }, url) => read(await crawler.trySubmit(url).response),
  submitBatch: async ({ crawler }, url) => {
    for await (const handle of crawler.submitBatch([url])) return read(await handle.response)
    throw new Error('nothing was submitted')
  },
  session: ({ crawler }, url) =>
    crawler.session(async (session) => read(await session.fetch(url)), { tries: 1 }),
  dispatcher: async ({ crawler }, url) => {
    const { statusCode, body } = await undiciRequest(url, { dispatcher: crawler.dispatcher })
    return { status: statusCode, body: await body.text() }
  },
  'fetch of undici': async ({ crawler }, url) => {
    const response = await undiciFetch(url, { dispatcher: crawler.dispatcher, redirect: 'manual' })
    return { status: response.status, body: await response.text() }
  },
  crawl: async ({ crawler }, url) => {
    const crawl = crawler.crawl(
      sourceOf(function* () {
        yield url
      }),
    )
    for await (const item of crawl) return item as Answer
    return { error: (await crawl.done).deadLetters[0] }
  },
  'fetch of a source': async ({ crawler }, url) => {
    const { promise, resolve } = Promise.withResolvers<Answer>()
    const source = sourceOf(async function* (_, context) {
      resolve(context.fetch(url).then(read, (error: unknown) => ({ error })))
    })
    await crawler.crawl(source).run()
    return promise
  },
}

/** The way of a client of one's own: only what decides who goes where and with which headers is the crawler's. */
const lease: Door = async ({ crawler }, url) => {
  await using held = await crawler.lease(url)
  const { agent, headers } = held
  const answer = await new Promise<Parameters<typeof text>[0] & { statusCode?: number }>((resolve, reject) =>
    httpGet(url, { agent, headers }, resolve as never).on('error', reject),
  )
  const body = await text(answer)
  held.succeed()
  return { status: answer.statusCode!, body }
}

interface Seen {
  readonly answer: Answer
  /** Which proxies of the lab were sent there, counting from 0. */
  readonly proxies: readonly number[]
  /** Why each attempt ended. */
  readonly reasons: readonly string[]
}

interface Kind {
  readonly entry: NonNullable<CrawlerOptions['hosts']>[string]
  readonly path: string
  /** For all hosts. */
  readonly options?: CrawlerOptions
  /** Pages that are asked for, one after the other. Default 1. */
  readonly times?: number
  /** It shows at a lease too. */
  readonly isLeased?: boolean
  own(seen: Seen): void
  other(seen: Seen): void
}

const headersIn = ({ answer }: Seen) =>
  (JSON.parse(answer.body ?? '{}') as { headers: Record<string, string> }).headers

const isGood = ({ answer }: Seen) => expect(answer).toMatchObject({ status: 200 })

const failsFor =
  (...expected: string[]) =>
  ({ answer, reasons }: Seen) => {
    expect(answer.error).toBeDefined()
    expect(reasons).toEqual(expected)
  }

const goesBy =
  (proxy: number) =>
  ({ proxies }: Seen) => {
    expect(proxies.length).toBeGreaterThan(5)
    expect(new Set(proxies)).toEqual(new Set([proxy]))
  }

const calm = { hedge: false } as const

const kinds: Readonly<Record<string, Kind>> = {
  headers: {
    entry: { headers: { 'X-Key': 'k', 'x-all': 'one' } },
    options: { headers: { 'X-All': 'all' } },
    path: '/echo',
    isLeased: true,
    own: (seen) => expect(headersIn(seen)).toMatchObject({ 'x-key': 'k', 'x-all': 'one' }),
    other: (seen) => {
      expect(headersIn(seen)).toMatchObject({ 'x-all': 'all' })
      expect(headersIn(seen)).not.toHaveProperty('x-key')
    },
  },
  userAgent: {
    entry: { userAgent: 'one/1' },
    options: { userAgent: 'all/1' },
    path: '/echo',
    isLeased: true,
    own: (seen) => expect(headersIn(seen)['user-agent']).toBe('one/1'),
    other: (seen) => expect(headersIn(seen)['user-agent']).toBe('all/1'),
  },
  proxies: {
    entry: { proxies: { class: 'residential', country: ['FR', 'de'] } },
    path: '/bytes/10',
    times: 6,
    isLeased: true,
    own: goesBy(2),
    other: isGood,
  },
  strategy: {
    entry: {
      strategy: {
        name: 'always the fourth',
        pick: (view) => [...Array(view.size).keys()].find((position) => view.proxy(position) === 3) ?? 0,
      },
    },
    path: '/bytes/10',
    times: 6,
    isLeased: true,
    own: goesBy(3),
    other: isGood,
  },
  timeouts: {
    entry: { timeouts: { firstByte: 60 }, budgets: { target: 1 }, deadline: 250 },
    options: calm,
    path: '/delay/400',
    own: ({ answer, reasons }) => {
      expect(answer.error).toBeDefined()
      expect(reasons).toContain('headers-timeout')
    },
    other: isGood,
  },
  budgets: {
    entry: { budgets: { target: 1 } },
    options: { ...calm, budgets: { target: 2 } },
    path: '/status/500',
    own: failsFor('status-500'),
    other: failsFor('status-500', 'status-500'),
  },
  deadline: {
    entry: { deadline: 60 },
    options: calm,
    path: '/delay/250',
    own: failsFor('cancelled'),
    other: isGood,
  },
  maxBody: {
    entry: { maxBody: 1_024 },
    path: '/bytes/2000',
    own: failsFor('body-too-large'),
    other: ({ answer }) => expect(answer.body).toHaveLength(2_000),
  },
  maxRedirects: {
    entry: { maxRedirects: 1 },
    path: '/redirect/2',
    own: ({ reasons }) => expect(reasons).toEqual(['ok', 'redirect-limit']),
    other: isGood,
  },
  hedge: {
    entry: { hedge: false },
    options: { hedge: { minDelay: 5, coldDelay: 5, share: 1 } },
    path: '/delay/120',
    own: ({ proxies }) => expect(proxies).toHaveLength(1),
    other: ({ proxies }) => expect(proxies.length).toBeGreaterThan(1),
  },
}

/** Four proxies, of which only the third has tags that pass the filter. */
const tags = [
  'class=residential country=US',
  'class=datacenter country=DE',
  'class=residential country=DE',
  '',
]

function openWorld(
  hosts: CrawlerOptions['hosts'],
  options: CrawlerOptions = {},
  proxies: readonly string[] = tags,
): Promise<LabScene> {
  const world = { origins: { own: {}, other: {} }, proxies: [{ name: 'exit', count: proxies.length }] }
  return openLabScene(world, (lab) => ({
    hosts: hosts ?? {},
    // Requests are counted: comparing exits would add to them.
    trust: 'blind',
    ...options,
    proxies: lab.proxies.map((url, index) => `${url} ${proxies[index]}`.trim()),
  }))
}

/** Asks as often as the kind wants, and tells what came of it and which way it went. */
async function visit(scene: LabScene, door: Door, kind: Kind, host: 'own' | 'other'): Promise<Seen> {
  const { lab, crawler, log } = scene
  const { url, host: name } = lab.origins[host]!
  let answer: Answer = {}
  for (let n = 0; n < (kind.times ?? 1); n++) {
    answer = await door(scene, `${url}${kind.path}`).catch((error: unknown) => ({ error }))
  }
  const labels = crawler.proxies().map(({ id }) => id)
  await vi.waitFor(() => expect(crawler.stats().hosts[name]!.inFlight).toBe(0), { interval: 5 })
  const { requests, exits } = (await lab.books()).origins[host]!
  const started = log.started.filter((each) => each.host === name).map(({ proxy }) => labels.indexOf(proxy))
  const leased = lab.proxyNames().map((each) => exits[lab.proxy(each).exitIp]?.requests ?? 0)
  return {
    answer,
    proxies:
      started.length > 0 ? started : leased.flatMap((times, proxy) => Array<number>(times).fill(proxy)),
    reasons:
      requests === 0 ? [] : log.outcomes.filter((each) => each.host === name).map(({ reason }) => reason),
  }
}

describe.each(Object.entries(doors))('%s honours what is set for one host', (name, door) => {
  // Requests of a session are never hedged, and a fetch of undici follows redirects itself.
  const excepted: Readonly<Record<string, string>> = { session: 'hedge', 'fetch of undici': 'maxRedirects' }
  it.each(Object.entries(kinds).filter(([kind]) => excepted[name] !== kind))('%s', async (_, kind) => {
    await using scene = await openWorld({ 'own.lab': kind.entry }, kind.options)
    kind.own(await visit(scene, door, kind, 'own'))
    kind.other(await visit(scene, door, kind, 'other'))
    await scene.end()
  })
})

describe('a lease honours what is set for one host', () => {
  it.each(Object.entries(kinds).filter(([, { isLeased }]) => isLeased))('%s', async (_, kind) => {
    await using scene = await openWorld({ 'own.lab': kind.entry }, kind.options)
    kind.own(await visit(scene, lease, kind, 'own'))
    kind.other(await visit(scene, lease, kind, 'other'))
    await scene.end()
  })
})

describe('what shows over several requests only', () => {
  const pages = (scene: LabScene, origin: 'own' | 'other', count: number, path: string) =>
    Promise.all(
      Array.from({ length: count }, (_, n) =>
        scene.crawler.fetch(`${scene.lab.origins[origin]!.url}${path}?${n}`).catch((error: unknown) => error),
      ),
    )

  it('concurrency: so many requests are in flight to the host, over all callers', async () => {
    await using scene = await openWorld({ 'own.lab': { concurrency: 2 } }, calm)
    await Promise.all([pages(scene, 'own', 8, '/delay/30'), pages(scene, 'other', 8, '/delay/30')])
    const { own, other } = (await scene.lab.books()).origins
    expect(own!.peakInFlight).toBe(2)
    expect(other!.peakInFlight).toBeGreaterThan(4)
    await scene.end()
  })

  it('connections: a new one for each request to the host, kept ones for the others', async () => {
    const entry = { connections: { rotation: 'request' } } as const
    await using scene = await openWorld({ 'own.lab': entry }, calm, [''])
    for (const origin of ['own', 'other'] as const) {
      for (let n = 0; n < 4; n++) await pages(scene, origin, 1, '/bytes/10')
    }
    const { own, other } = (await scene.lab.books()).origins
    expect([own!.connections, other!.connections]).toEqual([4, 1])
    await scene.end()
  })

  it('breaker: a proxy is kept from the host for as long as was said of the host', async () => {
    const entry = { breaker: { base: 3_600_000, cap: 3_600_000, run: 1 } }
    await using scene = await openWorld({ 'own.lab': entry }, { ...calm, breaker: { run: 100 } })
    await Promise.all([pages(scene, 'own', 1, '/status/403'), pages(scene, 'other', 1, '/status/403')])
    const opened = scene.log.proxyStates.filter(({ to }) => to === 'open')
    expect(opened.length).toBeGreaterThan(0)
    for (const { host, until } of opened) {
      expect(host).toBe('own.lab')
      expect(until! - scene.clock.now()).toBeGreaterThan(1_700_000)
    }
    await scene.end()
  })

  it('politeness: robots.txt is asked about the host’s own user agent, and only where it is obeyed', async () => {
    const site = { site: { pages: 3, disallow: ['/page/2'] } }
    await using scene = await openLabScene(
      { origins: { own: site, other: site }, proxies: [{ count: 2 }] },
      {
        trust: 'blind',
        politeness: { interval: 0 },
        hosts: { 'own.lab': { politeness: { robots: false } } },
      },
    )
    const source = defineSource({
      name: 'two',
      params: z.unknown(),
      item: z.string(),
      *seeds() {
        for (const { url } of Object.values(scene.lab.origins)) yield `${url}/page/2`
      },
      *parse(page) {
        yield page.item(page.url)
      },
    })
    const seen: string[] = []
    for await (const url of scene.crawler.crawl(source, {})) seen.push(url)
    expect(seen).toEqual([`${scene.lab.origins.own!.url}/page/2`])
    const asked = async (origin: string) =>
      (await scene.lab.books()).origins[origin]!.rows.map(({ path }) => path)
    expect(await asked('own')).toEqual(['/page/2'])
    expect(await asked('other')).toEqual(['/robots.txt'])
    await scene.end()
  })
})

describe('headers', () => {
  it.each([
    [
      'a caller’s own go over the host’s',
      'own',
      { 'x-key': 'mine' },
      { 'x-key': 'mine', 'user-agent': 'one/1' },
    ],
    ['another name does not disturb them', 'own', { 'x-new': 'n' }, { 'x-key': 'k', 'x-new': 'n' }],
  ] as const)('%s', async (_, origin, headers, expected) => {
    await using scene = await openWorld({ 'own.lab': { headers: { 'x-key': 'k' }, userAgent: 'one/1' } })
    const url = `${scene.lab.origins[origin]!.url}/echo`
    const { dispatcher } = scene.crawler
    const asked: Promise<unknown>[] = [
      scene.crawler.fetch(url, { headers }).then((each) => each.json()),
      undiciRequest(url, { dispatcher, headers }).then(({ body }) => body.json()),
    ]
    for (const answer of await Promise.all(asked)) expect(answer).toMatchObject({ headers: expected })
    await scene.end()
  })

  it('of one host do not travel to another by a redirect: that one gets its own, or what every host gets', async () => {
    await using scene = await openWorld(
      { 'own.lab': { headers: { 'x-key': 'k', 'x-all': 'one' }, userAgent: 'one/1' } },
      { headers: { 'x-all': 'all' }, userAgent: 'all/1' },
    )
    const { own, other } = scene.lab.origins
    const by = (from: string, to: string) => `${from}/redirect-to?url=${encodeURIComponent(to)}`
    const echoOf = async (url: string, headers = {}) => {
      const response = await scene.crawler.fetch(url, { headers })
      return ((await response.json()) as { headers: Record<string, string> }).headers
    }
    const away = await echoOf(by(own!.url, `${other!.url}/echo`))
    expect(away).toMatchObject({ 'x-all': 'all', 'user-agent': 'all/1' })
    expect(away).not.toHaveProperty('x-key')
    const round = await echoOf(by(own!.url, by(other!.url, `${own!.url}/echo`)))
    expect(round).toMatchObject({ 'x-key': 'k', 'user-agent': 'one/1' })
    const there = await echoOf(by(other!.url, `${own!.url}/echo`))
    expect(there).toMatchObject({ 'x-key': 'k', 'x-all': 'one', 'user-agent': 'one/1' })
    expect(await echoOf(by(own!.url, `${own!.url}/echo`))).toMatchObject({ 'x-key': 'k', 'x-all': 'one' })
    // What the caller sets is the caller's, as with any fetch.
    expect(await echoOf(by(own!.url, `${other!.url}/echo`), { 'x-all': 'mine' })).toMatchObject({
      'x-all': 'mine',
    })
    await scene.end()
  })

  it('of a host are what an echo target of the health checks is sent; those of all hosts are not', async () => {
    const seen = new Map<string, NodeJS.Dict<string | string[]>>()
    const echo = async (name: string) => {
      const { port } = await startOrigin((request, answer) => {
        seen.set(name, request.headers)
        answer.setHeader('content-type', 'application/json')
        answer.end(JSON.stringify({ ip: '192.0.2.1', headers: request.headers }))
      })
      return `127.0.0.1:${port}`
    }
    const [one, two] = [await echo('one'), await echo('two')]
    await using crawler = await createCrawler({
      direct: true,
      userAgent: 'all/1',
      headers: { authorization: 'secret' },
      hosts: { [one]: { headers: { 'x-key': 'k' } } },
      health: { echoes: [`http://${one}/`, `http://${two}/`] },
    })
    // Each round asks the next target.
    for (let round = 0; round < 2; round++) expect(await crawler.checkOnce()).toMatchObject({ alive: 1 })
    expect(seen.get('one')).toMatchObject({ 'x-key': 'k', 'user-agent': 'all/1' })
    expect(seen.get('two')).toMatchObject({ 'user-agent': 'all/1' })
    expect(seen.get('two')).not.toHaveProperty('x-key')
    for (const headers of seen.values()) expect(headers).not.toHaveProperty('authorization')
  })
})
