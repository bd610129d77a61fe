import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Classifier } from '../../src/contracts/classifier.ts'
import type { ProxyProvider } from '../../src/contracts/provider.ts'
import type { Sink } from '../../src/contracts/sink.ts'
import type { Strategy } from '../../src/contracts/strategy.ts'
import type { Transport } from '../../src/contracts/transport.ts'
import {
  createCrawler,
  createMemoryFrontier,
  defineSource,
  type Frontier,
  type HttpCache,
} from '../../src/index.ts'
import { good, openScene, proxyList, type Scene } from '../faults/simulation.ts'
import { simulatedSite } from './simulated-site.ts'

/** What a user brings may be wrong in any way: it is told once, by name, and the crawler works on. */
const boom = () => {
  throw new Error('boom')
}
const anything = (value: unknown) => value as never
const wrong: readonly [string, () => unknown][] = [
  ['throws', boom],
  ['returns null', () => null],
  ['returns a promise', async () => undefined],
  ['returns a promise that is rejected', async () => boom()],
  ['returns NaN', () => Number.NaN],
  ['returns −1', () => -1],
  ['returns 1.5', () => 1.5],
  ['returns 1,000', () => 1_000],
  ['returns a text', () => 'yes'],
  ['returns an empty object', () => ({})],
]
const withKey = (key: string, call: () => unknown) => anything({ name: 'mine', [key]: call })

async function fetchAll(scene: Scene, count = 8): Promise<Response[]> {
  const urls = Array.from({ length: count }, (_, n) => `http://target.test/${n}`)
  return scene.until(Promise.all(urls.map((url) => scene.crawler.fetch(url))))
}

function told(scene: Scene): string[] {
  return scene.log.alerts.filter(({ code }) => code === 'EXTENSION_FAILED').map(({ message }) => message)
}

/** Each page is asked for once. */
const base = { proxies: proxyList(4), politeness: false, hedge: false, trust: 'blind' } as const

describe.each(wrong)('where something of the user %s', (_, call) => {
  it('a classifier is told once and has said nothing', async () => {
    const classifiers: Classifier[] = [withKey('classify', call)]
    const scene = await openScene({ ...base, classifiers }, () => good)
    const answers = await fetchAll(scene)
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200))
    expect(scene.attempts).toHaveLength(8)
    expect(told(scene)).toEqual([expect.stringMatching(/^Classifier "mine" (threw|returned)/)])
    await scene.end()
  })

  it('a strategy is told once and the default picks', async () => {
    const strategy: Strategy = withKey('pick', call)
    const scene = await openScene(
      { ...base, strategy, hosts: { 'other.test': { strategy } }, concurrency: 2 },
      () => good,
    )
    expect(await fetchAll(scene, 20)).toHaveLength(20)
    await scene.until(scene.crawler.fetch('http://other.test/'))
    expect(told(scene)[0]).toMatch(/^Strategy "mine" (threw|returned).*The default strategy picks/)
    await scene.end()
  })

  it('a resolver of challenges is told once and has solved nothing', async () => {
    const scene = await openScene({ ...base, resolveChallenge: anything(call) }, ({ proxy }) =>
      proxy.host.endsWith('.1')
        ? { afterMs: 50, status: 403, headers: { 'cf-mitigated': 'challenge' } }
        : good,
    )
    expect(await fetchAll(scene, 20)).toHaveLength(20)
    expect(told(scene).length).toBeLessThanOrEqual(1)
    await scene.end()
  })

  it('a transport ends the attempt, never the process', async () => {
    const own: Transport = anything({ send: call, forget: call, close: call })
    const crawler = await createCrawler({ ...base, transport: own, deadline: 300 })
    const alerts: string[] = []
    crawler.on('alert', ({ message }) => alerts.push(message))
    await expect(crawler.fetch('http://target.test/')).rejects.toMatchObject({ code: 'DEADLINE' })
    await crawler.stop()
  })

  it('a provider of proxies gives an error with its name', async () => {
    const proxies: ProxyProvider = anything({ name: 'my list', trusted: true, load: call })
    const error: unknown = await createCrawler({ proxies }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({
      code: expect.stringMatching(/^(PROXY_LIST_UNREADABLE|EXTENSION_FAILED)$/),
      message: expect.stringContaining('my list'),
    })
  })

  it('a listener, an observer of machines and a watch are told and harm nobody', async () => {
    const list = { proxies: [], duplicates: 0, rejected: [] }
    const provider: ProxyProvider = anything({
      name: 'my list',
      trusted: true,
      load: async () => list,
      watch: call,
    })
    const scene = await openScene({ ...base, proxies: [provider], direct: true }, () => good)
    for (const event of ['task.accepted', 'outcome', 'alert'] as const)
      scene.crawler.on(event, anything(call))
    let heard = 0
    scene.crawler.on('outcome', () => heard++)
    scene.crawler.inspect(anything(call))
    expect(await fetchAll(scene)).toHaveLength(8)
    expect(heard).toBe(8)
    await scene.end()
  })
})

describe('what could never be called', () => {
  const functions = { now: () => 0, wall: () => 0, after() {}, soon() {} }
  it.each([
    ['strategy', { name: 'mine', pick: 4 }, 'a Strategy, with pick()'],
    ['classifiers.0', [{ name: 'mine' }], 'a Classifier, with classify()'],
    ['transport', {}, 'a Transport, with send()'],
    ['clock', { now: 5 }, 'a Clock, with now(), wall(), after(), soon()'],
    ['clock', { ...functions, now: () => Number.NaN }, 'now() and wall() return milliseconds'],
    ['clock', { ...functions, wall: boom }, 'now() and wall() return milliseconds'],
    ['hostKey', 5, ''],
    ['resolveChallenge', 'later', 'a function'],
  ])('is refused before anything begins: %s %j', async (path, value, expected) => {
    const options = anything({ direct: true, [path.split('.')[0]!]: value })
    await expect(createCrawler(options)).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringContaining(`"${path}"`),
    })
    await expect(createCrawler(options)).rejects.toThrow(expected)
  })
})

describe('a function of the user', () => {
  it('for the pool of a host is an error where it throws, and is replaced where it gives no name', async () => {
    const scene = await openScene({ ...base, hostKey: boom }, () => good)
    await expect(scene.crawler.fetch('http://target.test/')).rejects.toMatchObject({
      code: 'EXTENSION_FAILED',
      message: expect.stringContaining('hostKey threw for http://target.test: boom'),
    })
    await expect(scene.crawler.lease('target.test')).rejects.toMatchObject({ code: 'EXTENSION_FAILED' })
    await scene.end()
    const other = await openScene({ ...base, hostKey: anything(async () => boom()) }, () => good)
    expect(await fetchAll(other)).toHaveLength(8)
    expect(told(other)).toEqual([expect.stringContaining('hostKey returned a promise')])
    expect(Object.keys(other.crawler.stats().hosts)).toEqual(['target.test'])
    await other.end()
  })

  it('that listens is told by the name of its event, once, and those behind it hear the event', async () => {
    const scene = await openScene(base, () => good)
    let heard = 0
    scene.crawler.on('outcome', boom).on('outcome', () => heard++)
    scene.crawler.on(
      'task.settled',
      anything(async () => boom()),
    )
    await fetchAll(scene)
    expect(heard).toBe(8)
    expect(told(scene)).toEqual([
      'A listener of "outcome" threw: boom. The crawler goes on.',
      'A listener of "task.settled" threw: boom. The crawler goes on.',
    ])
    scene.crawler.off('outcome', boom)
    await scene.end()
  })

  it('in a source is told: its classifier, what it admits, its limits', async () => {
    const site = await simulatedSite({ pages: 6 })
    const plain = { name: 'mine', params: z.object({}), item: z.object({ url: z.string() }) }
    const source = (more: object) =>
      defineSource({
        ...plain,
        *seeds() {
          yield* site.urls
        },
        *parse(page) {
          yield page.item({ url: page.url })
        },
        ...more,
      })
    const classified = await site.run(source({ classifier: { name: 'own', classify: boom } }))
    expect(classified).toMatchObject({ pages: 6, failed: 0 })
    const admitted = await site.run(source({ admit: async () => boom() }))
    expect(admitted).toMatchObject({ pages: 6, skipped: 0 })
    const broken = await site.run(source({ admit: boom }))
    expect(broken).toMatchObject({ pages: 0, failed: 6 })
    expect(site.told()).toEqual([
      expect.stringContaining('The classifier of source "mine" threw: boom'),
      expect.stringContaining('admit() of source "mine" returned a promise'),
    ])
    for (const limits of [boom, () => null, async () => ({ pages: 1 }), () => ({ pages: '5' })]) {
      await expect(site.run(source({ limits }))).rejects.toMatchObject({
        code: 'SOURCE_FAILED',
        message: expect.stringContaining('limits() of source "mine"'),
      })
    }
    await site.end()
  })
})

describe('a crawl with a part of the user that fails', () => {
  const everything = defineSource({
    name: 'all',
    params: z.object({ urls: z.array(z.string()) }),
    item: z.object({ url: z.string() }),
    *seeds({ urls }) {
      yield* urls
    },
    *parse(page) {
      yield page.item({ url: page.url })
    },
  })

  it.each(wrong)('asks for the page where its cache %s', async (_, call) => {
    const site = await simulatedSite({ pages: 4 })
    const cache: HttpCache = anything({ get: call, put: call, close: call })
    const summary = await site.run(everything, { urls: site.urls }, { cache })
    expect(summary).toMatchObject({ pages: 4, failed: 0 })
    await site.end()
  })

  it('ends with the name of a sink that throws, at once', async () => {
    const site = await simulatedSite({ pages: 4 })
    for (const method of ['open', 'write', 'close']) {
      const sink: Sink = anything({ name: 'my sink', open() {}, write() {}, close() {}, [method]: boom })
      await expect(site.run(everything, { urls: site.urls }, { sinks: [sink] })).rejects.toMatchObject({
        code: 'SINK_FAILED',
        message: expect.stringContaining('my sink: boom'),
      })
    }
    expect(site.clock.now()).toBeLessThan(10_000)
    await site.end()
  })

  it('ends with the method of a frontier that throws or returns what is no answer', async () => {
    const site = await simulatedSite({ pages: 4 })
    for (const [method, answer] of [
      ['discover', boom],
      ['discover', async () => []],
      ['take', async () => null],
      ['settle', boom],
      ['nextDue', async () => 'soon'],
    ] as const) {
      const memory = createMemoryFrontier({ clock: site.clock })
      const frontier: Frontier = anything(
        new Proxy(memory, {
          get: (_, key) => {
            if (key === method) return answer
            const value: unknown = memory[key as keyof Frontier]
            return typeof value === 'function' ? value.bind(memory) : value
          },
        }),
      )
      await expect(site.run(everything, { urls: site.urls }, { frontier }), method).rejects.toMatchObject({
        code: 'EXTENSION_FAILED',
        message: expect.stringContaining(`${method}() of the frontier`),
      })
    }
    await site.end()
  })
})
