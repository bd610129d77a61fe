import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, vi } from 'vitest'
import type { Lab } from '../../src/lab/contract.ts'
import type { Scenario } from '../../src/lab/scenario.ts'
import type { CrawlerOptions } from '../../src/options/options.ts'
import { impatient, type LabScene, openLabScene } from '../faults/lab-scene.ts'
import { scriptedProvider } from '../faults/scripted-provider.ts'
import { expectBooks, expectCounts, truthOf } from './truth.ts'

/** What the crawler says of its proxies is what the lab's books say, over all hosts and at each. */
const sites = (...names: string[]): Scenario['origins'] => Object.fromEntries(names.map((name) => [name, {}]))
const five = ['a', 'b', 'c', 'd', 'e'] as const
const refuses = { kind: 'refuse' } as const

/** Nothing but faults differs: pages are not compared, and each proxy has its turn. */
const even: CrawlerOptions = {
  trust: 'blind',
  strategy: 'round-robin',
  budgets: { target: 100 },
  timeouts: { ...impatient },
}

/** `times` pages of each of these origins. */
async function ask({ crawler, lab }: LabScene, origins: readonly string[], times: number): Promise<void> {
  for (let n = 0; n < times; n++) {
    await Promise.all(origins.map((name) => crawler.fetch(`${lab.origins[name]!.url}/bytes/${100 + n}`)))
  }
}

const viewOf = ({ crawler, lab }: LabScene, name: string) => {
  const { host, port } = lab.proxy(name)
  return crawler.proxies().find(({ id }) => id.endsWith(`${host}:${port}`))!
}

async function end(scene: LabScene): Promise<void> {
  await vi.waitFor(() => expect(scene.crawler.stats().tasks).toMatchObject({ racing: 0, parked: 0 }))
  await scene.end()
}

describe('the counts of proxies are those of the books', () => {
  it('when all are well', async () => {
    await using scene = await openLabScene({ origins: sites('a', 'b'), proxies: [{ count: 8 }] }, even)
    expect(scene.crawler.stats()).toMatchObject({
      proxies: {
        total: 8,
        healthy: 8,
        untried: 8,
        failing: 0,
        open: 0,
        halfOpen: 0,
        isolated: 0,
        retired: 0,
      },
      successRate1m: undefined,
      requeues: 0,
      skipped: {},
      sessions: 0,
    })
    await ask(scene, ['a'], 3)
    await expectBooks(scene.crawler, scene.lab)
    await ask(scene, ['a', 'b'], 10)
    await expectBooks(scene.crawler, scene.lab)
    expect(scene.crawler.stats()).toMatchObject({
      proxies: { healthy: 8, untried: 0 },
      successRate1m: 1,
      requeues: 0,
    })
    await end(scene)
  })

  it.each([
    ['refuse each tunnel', refuses],
    ['cut each page short', { kind: 'truncate' } as const],
    ['break off in the middle of each page', { kind: 'reset-mid-body' } as const],
  ])('when four of eight %s, at five hosts', async (_what, fault) => {
    const proxies: Scenario['proxies'] = [
      { name: 'good', count: 4 },
      { name: 'bad', count: 4, fault },
    ]
    const { strategy: _, ...usual } = even
    await using scene = await openLabScene({ origins: sites(...five), proxies }, usual)
    let pages = 0
    while (pages < 40 || scene.crawler.stats().proxies.untried > 0) {
      await ask(scene, five, 1)
      pages += five.length
    }
    const { proxies: counts, requeues, successRate1m } = scene.crawler.stats()
    expect(counts.healthy).toBe(4)
    expect(counts.failing + counts.open + counts.halfOpen).toBe(4)
    // The origin has sent whole what these have cut: its book knows nothing of it.
    if (fault.kind === 'refuse') await expectBooks(scene.crawler, scene.lab)
    for (const host of Object.values(scene.crawler.stats().hosts)) {
      expect(host.proxies.healthy, 'healthy at each host').toBe(4)
    }
    expect(requeues).toBeGreaterThan(0)
    expect(successRate1m).toBeCloseTo(pages / (pages + requeues), 1)
    const view = viewOf(scene, 'bad-1')
    expect(view).toMatchObject({ successes: 0, successRate1m: 0, lastReason: expect.any(String) })
    expect(view.failures).toBeGreaterThan(0)
    await end(scene)
  })

  it('when seventeen of a hundred are dead, each in its own way', async () => {
    await using scene = await openLabScene(
      {
        origins: sites('a', 'b', 'c'),
        proxies: [
          { name: 'good', count: 83 },
          { name: 'deaf', count: 5, fault: 'dead' },
          { name: 'refusing', count: 8, fault: refuses },
          { name: 'silent', count: 4, fault: 'greeting-then-silent' },
        ],
      },
      { ...even, hedge: false },
    )
    await Promise.all(Array.from({ length: 10 }, () => ask(scene, ['a', 'b', 'c'], 15)))
    expect(scene.crawler.stats().proxies).toMatchObject({ healthy: 83, untried: 0 })
    await expectBooks(scene.crawler, scene.lab, (proxy) => proxy.startsWith('deaf'))
    await end(scene)
  })

  it('when a host refuses four of eight, and no other does', async () => {
    await using lab = await startedPicky(4)
    const { scene, refused, url } = lab
    for (let n = 0; n < 60; n++) await scene.crawler.fetch(`${url}/${n}`)
    await ask(scene, ['a', 'b'], 16)
    expectCounts(scene.crawler.stats().proxies, await truthOf(scene.lab))
    expect(scene.crawler.stats().proxies).toMatchObject({ healthy: 8, failing: 0, open: 0 })
    const here = scene.crawler.hostStats(new URL(url).host)!.proxies
    expect(here).toMatchObject({ total: 8, healthy: 4 })
    expect(here.open + here.halfOpen + here.failing).toBe(4)
    for (const name of refused)
      expect(viewOf(scene, name)).toMatchObject({ openAt: [new URL(url).host], openAtCount: 1 })
    await end(scene)
  })

  it.concurrent.each(['refuse', 'silent', 503] as const)(
    'when a host is down (%s) and comes back, and no proxy is to blame',
    async (how) => {
      await using scene = await openLabScene({ origins: sites('a', 'b'), proxies: [{ count: 8 }] }, even)
      await ask(scene, ['a', 'b'], 4)
      await scene.lab.control.takeDown('a', how)
      const waiting = Array.from({ length: 12 }, (_, n) =>
        scene.crawler.submit(`${scene.lab.origins.a!.url}/bytes/${n}`),
      )
      await vi.waitFor(() => expect(scene.crawler.stats().hosts['a.lab']!.state).toBe('down'), {
        timeout: 8_000,
      })
      await ask(scene, ['b'], 8)
      expect(scene.crawler.stats().proxies).toMatchObject({ healthy: 8, untried: 0, failing: 0, open: 0 })
      await scene.lab.control.bringUp('a')
      await Promise.allSettled((await Promise.all(waiting)).map((handle) => handle.response))
      await ask(scene, ['a', 'b'], 8)
      expect(scene.crawler.stats().proxies).toMatchObject({ healthy: 8, failing: 0 })
      expect(scene.crawler.hostStats('a.lab')!.proxies).toMatchObject({ healthy: 8, failing: 0 })
      await end(scene)
    },
    30_000,
  )

  it('when a host limits each exit', async () => {
    const limit = { perIp: { requests: 1, perMs: 400 }, retryAfterSeconds: 1 }
    await using scene = await openLabScene(
      { origins: { a: { limit }, b: {} }, proxies: [{ count: 6 }] },
      even,
    )
    await Promise.all(
      Array.from({ length: 10 }, (_, n) => scene.crawler.fetch(`${scene.lab.origins.a!.url}/bytes/${n}`)),
    )
    const { exits } = (await scene.lab.books()).origins.a!
    expect(Object.values(exits).some(({ limited }) => limited > 0)).toBe(true)
    await expectBooks(scene.crawler, scene.lab)
    expect(scene.crawler.stats().hosts['a.lab']!.successRate1m).toBeLessThan(1)
    expect(scene.crawler.stats().proxies).toMatchObject({ healthy: 6, failing: 0 })
    await end(scene)
  })

  it('when some have spent their requests', async () => {
    await using scene = await openLabScene(
      { origins: sites('a'), proxies: [{ count: 5 }] },
      { ...even, maxRequestsPerProxy: 4 },
    )
    await ask(scene, ['a'], 17)
    const { exits } = (await scene.lab.books()).origins.a!
    const spent = Object.values(exits).filter(({ requests }) => requests >= 4).length
    expect(spent).toBeGreaterThanOrEqual(2)
    const counts = { total: 5, retired: spent, healthy: 5 - spent, open: 0, failing: 0 }
    expect(scene.crawler.stats().proxies).toMatchObject(counts)
    expect(scene.crawler.hostStats('a.lab')!.proxies).toMatchObject(counts)
    await end(scene)
  })

  it('when some are taken out by hand', async () => {
    await using scene = await openLabScene({ origins: sites('a'), proxies: [{ count: 6 }] }, even)
    for (const name of ['proxy-1', 'proxy-2']) scene.crawler.isolate(viewOf(scene, name).id)
    await ask(scene, ['a'], 12)
    const truth = await truthOf(scene.lab)
    expect(truth.untried).toHaveLength(2)
    const { proxies } = scene.crawler.stats()
    expect(proxies).toMatchObject({ total: 6, healthy: truth.working.length, untried: 0, isolated: 2 })
    expect(scene.crawler.hostStats('a.lab')!.proxies).toEqual(proxies)
    scene.crawler.readmit(viewOf(scene, 'proxy-1').id)
    expect(scene.crawler.stats().proxies).toMatchObject({ healthy: 5, untried: 1, isolated: 1 })
    await end(scene)
  })

  it('when credentials are refused', async () => {
    const auth = { username: 'ann', password: 'right' }
    const wrong = (lab: Lab) =>
      lab.proxies.map((url, n) => (n < 3 ? url.replace(':right@', `:wrong-${n}@`) : url))
    await using scene = await openLabScene(
      { origins: sites('a', 'b'), proxies: [{ count: 8, protocol: 'http', auth }] },
      (lab) => ({ ...even, proxies: wrong(lab) }),
    )
    await ask(scene, ['a', 'b'], 10)
    const { proxies: books } = await scene.lab.books()
    expect(Object.values(books).filter(({ authFailures }) => authFailures > 0)).toHaveLength(3)
    await expectBooks(scene.crawler, scene.lab)
    expect(scene.crawler.stats().proxies.healthy).toBe(5)
    expect(JSON.stringify([scene.crawler.stats(), scene.crawler.proxies()])).not.toContain('wrong-')
    await end(scene)
  })

  it('when the list is refreshed', async () => {
    const provider = scriptedProvider([])
    await using scene = await openLabScene({ origins: sites('a'), proxies: [{ count: 8 }] }, (lab) => {
      provider.current = lab.proxies.slice(0, 6)
      return { ...even, proxies: provider }
    })
    await ask(scene, ['a'], 12)
    expect(scene.crawler.stats().proxies).toMatchObject({ total: 6, healthy: 6, untried: 0 })
    provider.current = scene.lab.proxies.slice(2)
    await scene.crawler.refresh()
    expect(scene.crawler.stats().proxies).toMatchObject({ total: 6, healthy: 6, untried: 2 })
    expect(scene.crawler.hostStats('a.lab')!.proxies).toMatchObject({ total: 6, healthy: 6, untried: 2 })
    await ask(scene, ['a'], 12)
    expect((await truthOf(scene.lab)).working).toHaveLength(8)
    expect(scene.crawler.stats().proxies).toMatchObject({ total: 6, healthy: 6, untried: 0 })
    await end(scene)
  })

  it('at a host that only some proxies may visit', async () => {
    await using scene = await openLabScene({ origins: sites('a', 'b'), proxies: [{ count: 6 }] }, (lab) => ({
      ...even,
      proxies: lab.proxies.map((url, n) => `${url} country=${n < 2 ? 'DE' : 'US'}`),
      hosts: { 'b.lab': { proxies: { country: 'DE' } } },
    }))
    await ask(scene, ['a', 'b'], 12)
    await scene.lab.control.set('proxy-1', { fault: refuses })
    expect(scene.crawler.hostStats('b.lab')!.proxies).toMatchObject({ total: 2, healthy: 2, untried: 0 })
    expect(scene.crawler.hostStats('a.lab')!.proxies).toMatchObject({ total: 6, healthy: 6, untried: 0 })
    expect((await truthOf(scene.lab, { origin: 'b' })).working).toEqual(['proxy-1', 'proxy-2'])
    await end(scene)
  })
})

it('sessions are counted while they live, at the hosts they have asked', async () => {
  await using scene = await openLabScene({ origins: sites('a', 'b'), proxies: [{ count: 4 }] }, even)
  const { crawler, lab } = scene
  const [a, b] = [lab.origins.a!, lab.origins.b!]
  const open = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  const own = crawler.session(async (session) => {
    await session.fetch(`${a.url}/bytes/1`)
    begun.resolve()
    await open.promise
  })
  await begun.promise
  await crawler.fetch(`${a.url}/bytes/2`, { session: 'basket' })
  await crawler.fetch(`${b.url}/bytes/3`, { session: 'basket' })
  const counts = () => {
    const { sessions, hosts } = crawler.stats()
    return [sessions, hosts[a.host]!.sessions, hosts[b.host]!.sessions]
  }
  expect(counts()).toEqual([2, 2, 1])
  open.resolve()
  await own
  expect(counts()).toEqual([1, 1, 1])
  await end(scene)
})

/** A host of its own that answers 403 to so many of eight exits. */
async function startedPicky(count: number) {
  const refused = new Set<string>()
  const server = createServer((request, answer) => {
    answer.writeHead(refused.has(request.socket.remoteAddress!.replace('::ffff:', '')) ? 403 : 200)
    answer.end('x'.repeat(2_000))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const scene = await openLabScene({ origins: sites('a', 'b'), proxies: [{ count: 8 }] }, even)
  const names = scene.lab.proxyNames().slice(0, count)
  for (const name of names) refused.add(scene.lab.proxy(name).exitIp)
  return {
    scene,
    refused: names,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      await scene[Symbol.asyncDispose]()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
