import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { SourceSessions } from '../../src/contracts/source-session.ts'
import type { TransportCall } from '../../src/contracts/transport.ts'
import type { CrawlerOptions } from '../../src/options/options.ts'
import type { SimulatedAttempt } from '../../src/sim/transport.ts'
import { defineSource } from '../../src/source/define-source.ts'
import { good, openScene, proxyList } from '../faults/simulation.ts'

const tokenUrl = 'https://shop.test/token'
type Answers = (call: TransportCall, now: number) => SimulatedAttempt
const json = (body: object, more: Partial<SimulatedAttempt> = {}): SimulatedAttempt => ({
  afterMs: 100,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
  ...more,
})
const refused: SimulatedAttempt = { afterMs: 100, status: 401, body: 'no' }

/** What the site saw: the path, the token and the exit. */
interface Seen {
  readonly path: string
  readonly token: string | undefined
  readonly exit: string
}

interface Wish {
  readonly session?: Partial<SourceSessions>
  readonly pages?: number
  readonly proxies?: number
  readonly options?: CrawlerOptions
}

/** Crawls a shop whose pages want the header that `acquire` fetches. */
async function crawlShop(answers: Answers, { session, pages = 6, proxies = 4, options }: Wish = {}) {
  const seen: Seen[] = []
  const scene = await openScene(
    { politeness: false, proxies: proxyList(proxies), ...options },
    (call, now) => {
      const { url, headers } = call.request
      seen.push({ path: new URL(url).pathname, token: headers['x-token'], exit: call.proxy.id })
      return answers(call, now)
    },
  )
  let tokens = 0
  const source = defineSource({
    name: 'shop',
    params: z.object({}),
    item: z.object({ url: z.string() }),
    robots: false,
    *seeds() {
      for (let n = 0; n < pages; n++) yield `https://shop.test/${n}`
    },
    *parse(page) {
      yield page.item({ url: page.url })
    },
    session: {
      size: 1,
      acquire: async (fetch) => {
        await fetch(tokenUrl)
        return { headers: { 'X-Token': `t${++tokens}` } }
      },
      ...session,
    },
  })
  const crawl = scene.crawler.crawl(source)
  const urls: string[] = []
  scene.crawler.on('item', ({ value }) => urls.push((value as { url: string }).url))
  const summary = await scene.until(crawl.run())
  const charged = scene.crawler.reputation().reduce((sum, { failure }) => sum + failure, 0)
  return { scene, seen, summary, urls, charged }
}

const fetches = (seen: readonly Seen[]) => seen.filter(({ path }) => path === '/token')
const asked = (seen: readonly Seen[]) => seen.filter(({ path }) => path !== '/token')

describe('a session that acquires what its requests need', () => {
  it('acquires it once for all of them, and every request carries it', async () => {
    const { seen, summary, scene } = await crawlShop(() => good, { pages: 20 })
    expect(summary).toMatchObject({ items: 20, failed: 0 })
    expect(fetches(seen)).toHaveLength(1)
    expect(new Set(asked(seen).map(({ token }) => token))).toEqual(new Set(['t1']))
    expect(new Set(seen.map(({ exit }) => exit)).size).toBe(1)
    await scene.end()
  })

  it.each([401, 403])(
    'renews it once for many that are refused (%i), on the same exit, and blames nobody',
    async (status) => {
      const { seen, summary, charged, scene } = await crawlShop(
        ({ request }) => (request.headers['x-token'] === 't1' ? { ...refused, status } : good),
        { pages: 20, session: {} },
      )
      // Nothing came in the first life: the token was refused at once.
      expect(summary).toMatchObject({ items: 20, failed: 0 })
      expect(fetches(seen)).toHaveLength(2)
      expect(new Set(seen.map(({ exit }) => exit)).size).toBe(1)
      expect(charged).toBe(0)
      await scene.end()
    },
  )

  it('goes to another exit when the new token is refused there too', async () => {
    let bad = ''
    const { seen, summary, scene } = await crawlShop(({ proxy, request }) => {
      if (bad === '') bad = proxy.id
      return proxy.id === bad && request.url !== tokenUrl ? { ...refused, status: 403 } : good
    })
    expect(summary).toMatchObject({ items: 6, failed: 0 })
    expect(fetches(seen).map(({ exit }) => exit === bad)).toEqual([true, true, false])
    await scene.end()
  })

  it('begins anew elsewhere when its exit dies, and shows no token from two addresses', async () => {
    let dead = ''
    const { seen, summary, scene } = await crawlShop(
      ({ proxy, request }) => {
        if (request.url.endsWith('/3') && dead === '') dead = proxy.id
        return proxy.id === dead ? { afterMs: 10, fault: { phase: 'dial', cause: 'dial-refused' } } : good
      },
      { options: { concurrency: 1 } },
    )
    expect(summary).toMatchObject({ items: 6, failed: 0 })
    const exits = new Map<string, Set<string>>()
    for (const { token, exit } of asked(seen)) exits.set(token!, (exits.get(token!) ?? new Set()).add(exit))
    expect([...exits.values()].every(({ size }) => size === 1)).toBe(true)
    expect(exits.size).toBe(2)
    await scene.end()
  })

  it('is begun anew when its exit has left the list', async () => {
    let list = proxyList(3)
    let first = ''
    const provider = {
      name: 'own',
      trusted: true,
      load: async () => ({ proxies: list, duplicates: 0, rejected: [] }),
    }
    const seen: Seen[] = []
    const scene = await openScene(
      {
        politeness: false,
        concurrency: 1,
        proxies: {
          ...provider,
          load: async () => {
            const { parseProxy } = await import('../../src/fleet/parse-proxy.ts')
            return { proxies: list.map((each) => parseProxy(each)), duplicates: 0, rejected: [] }
          },
        },
      },
      ({ request, proxy }) => {
        first ||= proxy.id
        seen.push({ path: new URL(request.url).pathname, token: undefined, exit: proxy.id })
        return good
      },
    )
    const source = defineSource({
      name: 'shop',
      params: z.object({}),
      item: z.object({}),
      robots: false,
      *seeds() {
        for (let n = 0; n < 6; n++) yield `https://shop.test/${n}`
      },
      async *parse(page) {
        if (page.url.endsWith('/2')) {
          list = list.filter((each) => !first.includes(new URL(each).host))
          await scene.crawler.refresh({ believe: true })
        }
        yield page.item({})
      },
      session: { size: 1, acquire: async (fetch) => void (await fetch(tokenUrl)) },
    })
    expect(await scene.until(scene.crawler.crawl(source).run())).toMatchObject({ items: 6, failed: 0 })
    expect(fetches(seen)).toHaveLength(2)
    expect(seen.at(-1)!.exit).not.toBe(first)
    await scene.end()
  })
})

describe('acquire that does not go well', () => {
  it('and throws is called again over another exit', async () => {
    let calls = 0
    const { seen, summary, charged, scene } = await crawlShop(() => good, {
      session: {
        acquire: async (fetch) => {
          await fetch(tokenUrl)
          if (++calls < 3) throw new Error('no token in this page')
          return {}
        },
      },
    })
    expect(summary).toMatchObject({ items: 6, failed: 0 })
    const [one, two, three] = fetches(seen).map(({ exit }) => exit)
    expect(one).not.toBe(two)
    expect(two).not.toBe(three)
    expect(charged).toBe(0)
    await scene.end()
  })

  it('and always throws ends the pages with what it said', async () => {
    const { summary, scene } = await crawlShop(() => good, {
      pages: 3,
      session: {
        acquire: () => {
          throw new Error('the format has changed')
        },
      },
    })
    expect(summary).toMatchObject({ items: 0, failed: 3 })
    expect(summary.deadLetters[0]).toMatchObject({
      code: 'session-lost',
      detail: expect.stringMatching(/session\.acquire\(\) of source "shop" failed.*the format has changed/),
    })
    await scene.end()
  })

  it('and hangs is given up after two minutes, and called again', async () => {
    let calls = 0
    const { summary, scene } = await crawlShop(() => good, {
      session: { acquire: () => (++calls === 1 ? new Promise(() => {}) : { query: { crumb: 'c' } }) },
    })
    expect(summary).toMatchObject({ items: 6, failed: 0 })
    expect(scene.clock.now()).toBeGreaterThan(119_000)
    expect(scene.clock.now()).toBeLessThan(140_000)
    await scene.end()
  })

  it('and returns something that cannot be sent says what it should', async () => {
    const { summary, scene } = await crawlShop(() => good, {
      pages: 1,
      session: { acquire: (() => 'abc') as unknown as NonNullable<SourceSessions['acquire']> },
    })
    expect(summary.deadLetters[0]!.detail).toContain('returned a string. It returns { headers, query }')
    await scene.end()
  })

  it('and is answered with a challenge has it solved on its exit', async () => {
    let solved = 0
    const { seen, summary, scene } = await crawlShop(
      ({ request }) =>
        request.headers.cookie === 'pass=1'
          ? good
          : { afterMs: 100, status: 403, headers: { 'cf-mitigated': 'challenge' }, body: 'Just a moment' },
      {
        options: {
          resolveChallenge: async () => {
            solved++
            return { cookie: 'pass=1' }
          },
        },
      },
    )
    expect(summary).toMatchObject({ items: 6, failed: 0 })
    expect(new Set(seen.map(({ exit }) => exit)).size).toBe(1)
    expect(solved).toBe(1)
    await scene.end()
  })
})

describe('what says that a session is not accepted', () => {
  it('is the source, where it says how: also an answer with status 200', async () => {
    const { seen, summary, charged, scene } = await crawlShop(
      ({ request }) =>
        request.headers['x-token'] === 't1' ? json({ error: 'expired' }) : json({ ok: true }),
      { session: { invalid: ({ body }) => Buffer.from(body).includes('expired') } },
    )
    expect(summary).toMatchObject({ items: 6, failed: 0 })
    expect(fetches(seen)).toHaveLength(2)
    expect(charged).toBe(0)
    await scene.end()
  })

  it('and when that throws, the answer is read as it is, and the crawl says so once', async () => {
    const { summary, scene } = await crawlShop(() => good, {
      session: {
        invalid: () => {
          throw new Error('a mistake')
        },
      },
    })
    expect(summary).toMatchObject({ items: 6, failed: 0 })
    await scene.end()
  })

  it('a page that is refused whatever the token is given up alone', async () => {
    const { summary, scene } = await crawlShop(({ request }) => (request.url.endsWith('/3') ? refused : good))
    expect(summary).toMatchObject({ items: 5, failed: 1 })
    expect(summary.deadLetters[0]).toMatchObject({ url: 'https://shop.test/3', code: 'status-401' })
    await scene.end()
  })
})

describe('what a session adds to its requests', () => {
  it('goes to no other site that a redirect leads to, and is no part of the address of a page', async () => {
    const seen: string[] = []
    const { urls, scene } = await crawlShop(
      ({ request }) => {
        seen.push(`${request.url} ${request.headers['x-own'] ?? '-'}`)
        if (!request.url.startsWith('https://shop.test/0')) return good
        return { afterMs: 10, status: 302, headers: { location: 'https://other.test/landed' }, body: '' }
      },
      { pages: 2, session: { acquire: () => ({ headers: { 'x-own': 'secret' }, query: { crumb: 'a b' } }) } },
    )
    expect(seen.sort()).toEqual([
      'https://other.test/landed -',
      'https://shop.test/0?crumb=a+b secret',
      'https://shop.test/1?crumb=a+b secret',
    ])
    expect(urls.sort()).toEqual(['https://other.test/landed', 'https://shop.test/1'])
    await scene.end()
  })
})

describe('a definition that is wrong', () => {
  it.each([
    ['neither', {}],
    ['both', { begin: () => {}, acquire: () => {} }],
    ['a size of none', { acquire: () => {}, size: 0 }],
    ['a name that is none', { acquire: () => {}, maxuses: 3 }],
  ])('%s is told when the source is defined', (_, session) => {
    const define = () =>
      defineSource({
        name: 'wrong',
        params: z.object({}),
        item: z.object({}),
        *seeds() {},
        *parse() {},
        session: session as SourceSessions,
      })
    expect(define).toThrow(/session.*begin\(session, params, context\) or acquire\(fetch/s)
  })
})
