import { describe, expect, it, onTestFinished } from 'vitest'
import type { HttpResponse } from '../../src/contracts/outcome.ts'
import { parseProxy } from '../../src/fleet/parse-proxy.ts'
import { startLab } from '../../src/lab/lab.ts'
import { Site } from '../../src/lab/origin/computed-site.ts'
import { siteSchema } from '../../src/lab/origin/site-schema.ts'
import { parseScenario, type Scenario } from '../../src/lab/scenario.ts'
import { parseOptions } from '../../src/options/options.ts'
import { createVirtualClock } from '../../src/sim/clock.ts'
import { ScenarioWorld } from '../../src/sim/scenario-world.ts'
import { SimulatedTransport } from '../../src/sim/transport.ts'
import { get } from './client.ts'

const base = { pages: 40, pageBytes: 2_048, shop: true, api: true, sitemap: 'plain' as const, seed: 6 }
type Varies = NonNullable<NonNullable<NonNullable<Scenario['origins'][string]>['site']>['varies']>

async function open(varies: Varies) {
  const scenario: Scenario = {
    seed: 6,
    origins: { site: { site: { ...base, varies } } },
    proxies: [
      { name: 'one', country: 'de' },
      { name: 'two', country: 'jp' },
      { name: 'three', country: 'jp' },
    ],
  }
  const lab = await startLab(scenario)
  onTestFinished(() => lab.close())
  const site = new Site(siteSchema.parse({ ...base, varies }), 6)
  const texts = async (count: number, path = '/page/7', proxies = ['one']) => {
    const all: string[] = []
    for (let n = 0; n < count; n++) all.push((await get(lab, proxies[n % proxies.length]!, path)).text)
    return all
  }
  return { lab, site, scenario, texts }
}

const distinct = (texts: readonly string[]) => new Set(texts).size
/** Tags without what stands in and between them. */
const skeleton = (text: string) => text.replace(/>[^<]*/g, '>').replace(/\s[\w-]+="[^"]*"/g, '')

describe('an honest site that', () => {
  it('does not vary is the same for everybody', async () => {
    const { texts, site } = await open({})
    const seen = await texts(4, '/page/7', ['one', 'two'])
    expect(distinct(seen)).toBe(1)
    expect(site.isTrue('/page/7', Buffer.from(seen[0]!))).toBe(true)
  })

  it('is made by a script sends one page for every URL, and what it shows as JSON', async () => {
    const { lab, texts } = await open({ shell: true })
    const pages = [...(await texts(1, '/')), ...(await texts(1, '/page/7')), ...(await texts(1, '/nowhere'))]
    expect(distinct(pages)).toBe(1)
    const item = JSON.parse((await get(lab, 'one', '/api/items/7')).text)
    expect(item).toMatchObject({ id: 7, path: '/page/7', currency: 'USD' })
    expect((await get(lab, 'one', '/api/items/40')).text).toBe(pages[0])
  })

  it('has soft 404s says with 200 that nothing is there, in its own or always the same words', async () => {
    for (const softMissing of ['plain', 'named'] as const) {
      const { lab, texts, site } = await open({ softMissing })
      expect((await get(lab, 'one', '/nowhere')).status).toBe(200)
      const seen = [...(await texts(1, '/nowhere')), ...(await texts(1, '/page/9999'))]
      expect(distinct(seen)).toBe(softMissing === 'named' ? 2 : 1)
      expect(site.isTrue('/nowhere', Buffer.from(seen[0]!))).toBe(true)
      expect(site.isTrue('/page/7', Buffer.from(seen[0]!))).toBe(false)
    }
  })

  it('tries two variants shows both to one visitor, or each visitor always the same', async () => {
    const mixed = await open({ experiment: 'request' })
    expect(distinct(await mixed.texts(20))).toBe(2)
    const { texts } = await open({ experiment: 'address' })
    expect(distinct(await texts(6))).toBe(1)
    expect(distinct(await texts(6, '/page/7', ['one', 'two', 'three']))).toBe(2)
  })

  it('has nonces differs in nothing else', async () => {
    const { texts } = await open({ nonces: true })
    const seen = await texts(4)
    expect(distinct(seen)).toBe(4)
    expect(distinct(seen.map((text) => text.replace(/[0-9a-f]{8}(?="|\))/g, '')))).toBe(1)
  })

  it('has promotions shows others each time, and not as many', async () => {
    const { texts } = await open({ ads: true })
    const seen = await texts(30)
    expect(distinct(seen.map((text) => String(text.split('class="promo"').length)))).toBeGreaterThan(3)
    expect(distinct(seen.map((text) => text.replace(/<div class="promo">.*?<\/div>/g, '')))).toBe(1)
  })

  it('asks for prices of the country, or speaks its language, tells each country one thing', async () => {
    const prices = await open({ country: 'prices' })
    const [de, jp, again] = await prices.texts(3, '/page/7', ['one', 'two', 'three'])
    expect(again).toBe(jp)
    expect(de).toMatch(/class="price">[\d.]+ EUR/)
    expect(jp).toMatch(/class="price">[\d.]+ JPY/)
    const { texts } = await open({ country: 'language' })
    const spoken = await texts(3, '/page/7', ['one', 'two', 'three'])
    expect(spoken[1]).toBe(spoken[2])
    expect(skeleton(spoken[0]!)).toBe(skeleton(spoken[1]!))
    expect(/<h1>(.*)<\/h1>/.exec(spoken[0]!)![1]).not.toBe(/<h1>(.*)<\/h1>/.exec(spoken[1]!)![1])
  })

  it('leads each country to its own pages says the same there', async () => {
    const { lab, site } = await open({ country: 'redirect' })
    for (const [proxy, country] of [
      ['one', 'de'],
      ['two', 'jp'],
    ] as const) {
      const { status, headers } = await get(lab, proxy, '/page/7')
      expect([status, headers.location]).toEqual([302, `/${country}/page/7`])
      expect(site.isTrue('/page/7', Buffer.alloc(0))).toBe(false)
      const { bytes } = await get(lab, proxy, `/${country}/page/7`)
      expect(site.isTrue('/de/page/7', bytes)).toBe(true)
      expect(site.isTrue('/de/page/8', bytes)).toBe(false)
    }
  })

  it('greets, counts, and says when the page was made', async () => {
    const { lab, texts } = await open({ greeting: true, counter: true, clock: true })
    const [first, second] = await texts(2, '/page/7', ['one', 'two'])
    expect(first).toContain(`Hello, ${lab.proxy('one').exitIp}!`)
    expect(second).toContain(`Hello, ${lab.proxy('two').exitIp}!`)
    expect([first, second].map((text) => /Visit number (\d+)/.exec(text!)![1])).toEqual(['1', '2'])
    expect(first).toMatch(/Made at 2025-01-01T00:00:\d\d/)
  })

  it('shuffles what is related', async () => {
    const { texts } = await open({ related: true })
    const seen = await texts(8)
    expect(distinct(seen)).toBeGreaterThan(5)
    expect(distinct(seen.map(skeleton))).toBe(1)
  })

  it('is random has the same links and shape, and no other word in common', async () => {
    const { texts } = await open({ random: true })
    const seen = await texts(5)
    expect(distinct(seen.map((text) => /<h1>(.*)<\/h1>/.exec(text)![1]!))).toBe(5)
    expect(distinct(seen.map(skeleton))).toBe(1)
  })

  it('sets a cookie sets another one each time', async () => {
    const { lab } = await open({ cookies: true })
    const seen = await Promise.all([1, 2].map(async () => (await get(lab, 'one', '/')).headers['set-cookie']))
    expect(String(seen[0])).toMatch(/^visit=[0-9a-f]{8}; Path=\/$/)
    expect(seen[0]).not.toEqual(seen[1])
  })

  it('is redesigned has another template from then on, and the same to say', async () => {
    const before = await (await open({ redesignAtMs: 1e9 })).texts(1)
    const after = await (await open({ redesignAtMs: 0 })).texts(1)
    expect(skeleton(after[0]!)).not.toBe(skeleton(before[0]!))
    for (const part of [/<h1>.*?<\/h1>/, /<p class="price">.*?<\/p>/, /class="nonce">.*?</]) {
      expect(part.exec(after[0]!)![0]).toBe(part.exec(before[0]!)![0])
    }
  })

  it('is revised changes a few words, prices and stock', async () => {
    const old = new Site(siteSchema.parse({ ...base, revision: 2 }), 6)
    const young = new Site(siteSchema.parse({ ...base, revision: 3 }), 6)
    const pageOf = (site: Site) => site.answer('/page/7', '', 'http://x')!.wire.toString()
    expect(young.older('/page/7')!.toString()).toBe(pageOf(old))
    expect(pageOf(young)).not.toBe(pageOf(old))
    const words = (text: string) => /<\/time>.*?<p>(.*?)<\/p>/s.exec(text)![1]!.split(' ')
    const same = words(pageOf(young)).filter((word, at) => word === words(pageOf(old))[at])
    expect(same.length).toBeGreaterThan(20)
    expect(same.length).toBeLessThan(40)
  })
})

const everything: Varies = {
  experiment: 'request',
  nonces: true,
  ads: true,
  country: 'prices',
  greeting: true,
  counter: true,
  clock: true,
  related: true,
  random: true,
  redesignAtMs: 100,
}

describe('a site', () => {
  it('knows what it could have sent, whatever varies', async () => {
    const single = Object.entries(everything).map(([name, value]): Varies => ({ [name]: value }))
    for (const varies of [
      ...single,
      everything,
      { shell: true, nonces: true },
      { country: 'language' },
    ] as Varies[]) {
      const { texts, site } = await open(varies)
      for (const path of ['/page/7', '/', '/api/items/7', '/page/7?print=1']) {
        for (const text of await texts(3, path, ['one', 'two', 'three'])) {
          expect(site.isTrue(path, Buffer.from(text))).toBe(true)
          expect(site.isTrue(path, Buffer.from(text.replace(/[a-z](?=[a-z]+ )/, 'x')))).toBe(false)
          if (!('shell' in varies)) expect(site.isTrue('/page/8', Buffer.from(text))).toBe(false)
        }
      }
    }
  })

  it('varies alike in the lab and in the simulator', async () => {
    const { scenario, texts } = await open({ ...everything, clock: false, redesignAtMs: 0 })
    const real = await texts(9, '/page/7', ['one', 'two', 'three'])
    expect(await simulatedTexts(scenario, 9)).toEqual(real)
  })
})

async function simulatedTexts(scenario: Scenario, count: number): Promise<string[]> {
  const clock = createVirtualClock()
  const world = new ScenarioWorld(parseScenario(scenario), clock, parseOptions({ direct: true }))
  const transport = new SimulatedTransport(clock, world)
  const texts: string[] = []
  for (let n = 0; n < count; n++) {
    transport.send({
      request: { url: 'http://site.lab/page/7', method: 'GET', headers: {}, idempotent: true },
      proxy: parseProxy(world.proxies[n % 3]!.url).endpoint,
      deliver: (exchange) => void texts.push(Buffer.from((exchange as HttpResponse).body).toString()),
    })
    await clock.advance(1_000)
  }
  return texts
}
