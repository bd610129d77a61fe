import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { forgeableMarkers, largestMarked } from '../../src/classify/markers.ts'
import type { Exchange, HttpResponse } from '../../src/contracts/outcome.ts'
import { parseProxy } from '../../src/fleet/parse-proxy.ts'
import type { Lab } from '../../src/lab/contract.ts'
import { startLab } from '../../src/lab/lab.ts'
import { notice, portal } from '../../src/lab/lies/inventions.ts'
import { type LieKind, lieKinds } from '../../src/lab/lies/lie-schema.ts'
import { type Message, readMessage, writeMessage } from '../../src/lab/lies/whole-message.ts'
import { Site } from '../../src/lab/origin/computed-site.ts'
import { siteSchema } from '../../src/lab/origin/site-schema.ts'
import { parseScenario, type Scenario } from '../../src/lab/scenario.ts'
import { parseOptions } from '../../src/options/options.ts'
import { createVirtualClock } from '../../src/sim/clock.ts'
import { ScenarioWorld } from '../../src/sim/scenario-world.ts'
import { SimulatedTransport } from '../../src/sim/transport.ts'
import { get, getByHttp, type Seen } from './client.ts'

const script = { pages: 40, pageBytes: 2_048, shop: true, api: true, sitemap: 'plain' } as const
const scenario: Scenario = {
  seed: 9,
  origins: {
    site: { site: { ...script, varies: { cookies: true } } },
    coded: { site: { ...script, coding: 'gzip', framing: 'chunks' } },
    other: { site: script },
  },
  proxies: [
    { name: 'honest' },
    { name: 'liar' },
    { name: 'liar-http', protocol: 'http' },
    { name: 'twin-1' },
    { name: 'twin-2' },
  ],
}
const site = new Site(siteSchema.parse(script), 9)
const tags = (text: string) => text.replace(/>[^<]*</g, '><').replace(/="[^"]*"/g, '')
const added = (text: string) => (other: string) => other.length - text.length

/** What each lie shows of itself: where it was asked, and what is so of it beside the truth. */
const shown: Record<LieKind, (lie: Seen, truth: Seen) => void> = {
  notice: (lie) => expect(lie.bytes.length).toBeLessThan(400),
  portal: ({ text }) => {
    expect(text.length).toBeGreaterThan(500)
    expect(text.match(/<a href=/g)!.length).toBeGreaterThan(3)
    expect(text).toMatch(/<title>.+<\/title>/)
  },
  login: ({ text }) => expect(text).toContain('type="password"'),
  'first-page': ({ text }) => expect(text).toContain('<h1>Page 1:'),
  framed: ({ text }) => expect(text).toMatch(/<body><iframe src=/),
  blank: ({ text }) => expect(text.replace(/<[^>]*>/g, '')).toBe(''),
  parked: ({ text }) => expect(text).toMatch(/<title>.+<\/title>/),
  likeness: (lie, truth) => {
    expect(tags(lie.text)).toBe(tags(truth.text))
    expect(lie.text).not.toContain(/<h1>(.*)<\/h1>/.exec(truth.text)![1])
  },
  'other-page': ({ text }) => {
    expect(text).toMatch(/<h1>Page \d+:/)
    expect(text).not.toContain('<h1>Page 7:')
  },
  'old-copy': ({ text }, truth) => {
    expect(text).toContain('<h1>Page 7:')
    expect(/class="price">([^<]*)/.exec(text)![1]).not.toBe(/class="price">([^<]*)/.exec(truth.text)![1])
  },
  'script-at-end': ({ text }) => expect(text).toMatch(/<script src="[^"]+"><\/script><\/body>/),
  'script-in-head': ({ text }) => expect(text).toMatch(/<head><script src="[^"]+"><\/script>/),
  'script-inline': ({ text }) => expect(text).toMatch(/<script>\(function.*<\/script><\/head>/),
  pixel: ({ text }) => expect(text).toMatch(/<img [^>]*width="1"[^>]*><\/body>/),
  refresh: ({ text }) => expect(text).toMatch(/<head><meta http-equiv="refresh" content="\d+; url=http:/),
  comment: ({ text }) => expect(text).toMatch(/<!-- [a-z]+ [0-9a-f]{8} --><\/body>/),
  minified: (lie, truth) => expect(lie.text).toBe(truth.text.replace(/>\s+</g, '><').trim()),
  'tracked-links': ({ text }) => {
    expect(text).toMatch(/<a href="http:\/\/[a-z]+\.lab\/go\?u=%2Fpage%2F\d+"/)
    expect(text).not.toMatch(/<a href="\//)
  },
  affiliate: (lie, truth) => {
    expect(lie.text.replace(/tag=[^"]*/, 'tag=site-21')).toBe(truth.text)
  },
  prices: (lie, truth) => {
    const price = /class="price">[\d.]+/
    expect(lie.text.replace(price, '')).toBe(truth.text.replace(price, ''))
  },
  numbers: (lie, truth) => expect(tags(lie.text)).toBe(tags(truth.text)),
  'one-number': (lie, truth) => {
    const different = [...lie.bytes].filter((byte, at) => byte !== truth.bytes[at])
    expect(different.length).toBeLessThan(12)
  },
  'missing-part': (lie, truth) => expect(added(truth.text)(lie.text)).toBeLessThan(-8),
  truncated: (lie, truth) => expect(lie.bytes.length).toBe(Math.floor(truth.bytes.length * 0.6)),
  'not-found': ({ status }) => expect(status).toBe(404),
  gone: ({ status }) => expect(status).toBe(410),
  'no-content': ({ status, bytes }) => expect([status, bytes.length]).toEqual([204, 0]),
  'not-modified': ({ status, headers }) => {
    expect(status).toBe(304)
    expect(headers.etag).toMatch(/^"/)
  },
  empty: ({ status, bytes }) => expect([status, bytes.length]).toEqual([200, 0]),
  'redirect-away': ({ status, headers }) => {
    expect(status).toBe(302)
    expect(headers.location).toMatch(/^http:\/\/[a-z]+\.lab\//)
  },
  'redirect-home': ({ headers }) => expect(headers.location).toBe('/'),
  'redirect-loop': ({ headers }) => expect(headers.location).toBe('/page/7'),
  'huge-length': () => {},
  unavailable: ({ status, headers }) => expect([status, headers['retry-after']]).toEqual([503, '3600']),
  forbidden: ({ status }) => expect(status).toBe(403),
  'retry-later': ({ status, headers }) => expect([status, headers['retry-after']]).toEqual([429, '3600']),
  'charset-header': ({ headers, bytes }, truth) => {
    expect(headers['content-type']).toBe('text/html; charset=windows-1251')
    expect(bytes.equals(truth.bytes)).toBe(true)
  },
  'charset-bytes': (lie, truth) => {
    expect(Buffer.from(lie.text, 'latin1').equals(truth.bytes)).toBe(true)
  },
  'as-text': ({ headers }) => expect(headers['content-type']).toBe('text/plain'),
  'as-octets': ({ headers }) => expect(headers['content-type']).toBe('application/octet-stream'),
  'no-cookies': ({ headers }, truth) => {
    expect(truth.headers['set-cookie']).toBeDefined()
    expect(headers['set-cookie']).toBeUndefined()
  },
  'empty-json': ({ text }) => expect(text).toBe('{"status":"ok","data":[]}'),
  'extra-headers': ({ headers }) => expect(headers).toMatchObject({ 'x-cache': 'MISS', age: '0' }),
  recoded: () => {},
  'robots-forbid': ({ text }) => expect(text).toBe('User-agent: *\nDisallow: /\n'),
  'robots-allow': ({ text }) => expect(text).toBe('User-agent: *\nAllow: /\n'),
  'sitemap-empty': ({ text }) => expect(text).not.toContain('<loc>'),
}
const paths: Partial<Record<LieKind, string>> = {
  'empty-json': '/api/items/7',
  'robots-forbid': '/robots.txt',
  'robots-allow': '/robots.txt',
  'sitemap-empty': '/sitemap.xml',
}
/** The body is that of the true page. */
const sameBody = new Set<LieKind>(['charset-header', 'as-text', 'as-octets', 'no-cookies', 'extra-headers'])

describe('a proxy that lies', () => {
  let lab: Lab
  beforeAll(async () => {
    lab = await startLab(scenario)
  })
  afterAll(() => lab.close())
  const lie = (fault: Record<string, unknown>, ...names: string[]) =>
    Promise.all(names.map((name) => lab.control.set(name, { fault: { kind: 'lie', ...fault } })))

  it.each(lieKinds.filter((how) => how !== 'huge-length' && how !== 'recoded'))(
    '%s: is what it says, over both protocols',
    async (how) => {
      await lie({ how, seed: 4 }, 'liar', 'liar-http')
      const path = paths[how] ?? '/page/7'
      const truth = await get(lab, 'honest', path)
      const seen: Seen[] = []
      for (const ask of [
        (each: string) => get(lab, 'liar', each),
        (each: string) => getByHttp(lab, 'liar-http', each, 'forward'),
        (each: string) => getByHttp(lab, 'liar-http', each, 'connect'),
      ]) {
        if (how === 'first-page') await ask('/page/1')
        const heard = await ask(path)
        shown[how](heard, truth)
        expect(heard.bytes.equals(truth.bytes)).toBe(sameBody.has(how))
        seen.push(heard)
      }
      expect(seen[1]!.bytes.equals(seen[0]!.bytes)).toBe(true)
      expect(seen[2]!.bytes.equals(seen[0]!.bytes)).toBe(true)
    },
  )

  it('huge-length: announces more than anybody takes', async () => {
    await lie({ how: 'huge-length' }, 'liar')
    await expect(get(lab, 'liar', '/page/7', { timeoutMs: 100 })).rejects.toThrow(/timeout/i)
  })

  it.each(['numbers', 'one-number', 'likeness', 'prices'])('%s: works on JSON as on pages', async (how) => {
    await lie({ how }, 'liar')
    const truth = JSON.parse((await get(lab, 'honest', '/api/items/7')).text)
    const lied = JSON.parse((await get(lab, 'liar', '/api/items/7')).text)
    expect(Object.keys(lied)).toEqual(Object.keys(truth))
    expect(lied).not.toEqual(truth)
  })

  it('what was compressed and in chunks is so again, and is read without an error', async () => {
    await lie({ how: 'script-at-end' }, 'liar')
    const { headers, bytes } = await get(lab, 'liar', '/page/7', { origin: 'coded' })
    expect(headers).toMatchObject({ 'content-encoding': 'gzip', 'transfer-encoding': 'chunked' })
    expect(gunzipSync(bytes).toString()).toMatch(/<script src="[^"]+"><\/script><\/body><\/html>\n$/)
    await lie({ how: 'recoded' }, 'liar')
    const recoded = await get(lab, 'liar', '/page/7', { origin: 'coded' })
    expect(recoded.headers['content-length']).toBe(String(recoded.bytes.length))
    expect(recoded.text).toMatch(/<\/body><\/html>\n$/)
    await lie({ how: 'portal' }, 'liar')
    const other = await get(lab, 'liar', '/page/7', { origin: 'coded' })
    expect(gunzipSync(other.bytes).toString()).toContain('<title>')
  })

  it('an answer to HEAD, and what is inside TLS, passes as it is', async () => {
    await lie({ how: 'not-found' }, 'liar')
    expect((await get(lab, 'liar', '/page/7', { method: 'HEAD' })).status).toBe(200)
    const secure = await startLab({
      origins: { site: { tls: true, site: script } },
      proxies: [{ name: 'liar', fault: { kind: 'lie', how: 'not-found' } }],
    })
    expect((await get(secure, 'liar', '/page/7')).status).toBe(200)
    await secure.close()
  })

  it('lies for a share of its answers, after some honest ones, on one host, on some paths', async () => {
    const statuses = async (count: number, path = '/page/7', origin = 'site') => {
      const all: number[] = []
      for (let n = 0; n < count; n++) all.push((await get(lab, 'liar', path, { origin })).status)
      return all
    }
    const own = await startLab({ ...scenario, seed: 10 })
    const outer = lab
    lab = own
    await lie({ how: 'not-found', afterAnswers: 3 }, 'liar')
    expect(await statuses(5)).toEqual([200, 200, 200, 404, 404])
    await lie({ how: 'not-found', share: 0.4 }, 'liar')
    const lied = (await statuses(60)).filter((status) => status === 404).length
    expect(lied).toBeGreaterThan(12)
    expect(lied).toBeLessThan(36)
    await lie({ how: 'not-found', hosts: ['other.lab'], paths: ['/page/'] }, 'liar')
    expect(await statuses(1)).toEqual([200])
    expect(await statuses(1, '/page/7', 'other')).toEqual([404])
    expect(await statuses(1, '/', 'other')).toEqual([200])
    await lie({ how: 'not-found', afterMs: 1e9 }, 'liar')
    expect(await statuses(1)).toEqual([200])
    lab = outer
    await own.close()
  })

  it('a band tells one lie, and others tell another', async () => {
    for (const how of ['notice', 'likeness', 'portal', 'first-page'] as const) {
      await lie({ how, band: 'north', share: 0.9 }, 'twin-1', 'twin-2')
      await lie({ how }, 'liar')
      const [one, two] = [[] as string[], [] as string[]]
      for (let page = 1; page < 9; page++) {
        one.push((await get(lab, 'twin-1', `/page/${page}`)).text)
        two.push((await get(lab, 'twin-2', `/page/${page}`)).text)
      }
      // The first of a band has to fetch the page that all of it then tells.
      expect(two.slice(1)).toEqual(one.slice(1))
      if (how !== 'first-page') expect(one).not.toContain((await get(lab, 'liar', '/page/5')).text)
    }
  })
})

describe('what liars say', () => {
  it('is in words that no rule knows', () => {
    const truth = readMessage(site.answer('/page/1', '', 'http://x')!.wire)!
    const said = Array.from({ length: 300 }, (_, seed) => [
      notice(truth, createRandom(seed)),
      portal(truth, createRandom(seed)),
    ]).flat()
    for (const { body } of said) expect(forgeableMarkers.found(body, largestMarked)).toBe(false)
    expect(new Set(said.map(({ body }) => body.toString())).size).toBe(600)
    const scripts = ['Latin', 'Cyrillic', 'Greek', 'Hebrew', 'Arabic', 'Thai', 'Hangul', 'Han', 'Hiragana']
    for (const each of scripts) {
      const letters = new RegExp(`>[^<]*\\p{Script=${each}}{2}[^<]*<`, 'u')
      expect(said.some(({ body }) => letters.test(body.toString()))).toBe(true)
    }
  })

  it('is the same in the simulator', async () => {
    for (const how of lieKinds) {
      const fault = { kind: 'lie', how, afterAnswers: 1 } as const
      const world: Scenario = {
        ...scenario,
        origins: { site: { site: script } },
        proxies: [{ name: 'liar', fault }],
      }
      const wanted = ['/page/3', paths[how] ?? '/page/7', paths[how] ?? '/page/8', '/page/8?print=1']
      const simulated = await simulatedAnswers(world, wanted)
      if (how === 'huge-length') {
        expect(simulated[1]).toMatchObject({ cause: 'body-too-large' })
        continue
      }
      const lab = await startLab(world)
      for (const [n, path] of wanted.entries()) {
        const real = await get(lab, 'liar', path)
        const { status, body } = simulated[n] as HttpResponse
        expect([how, path, status]).toEqual([how, path, real.status])
        expect(Buffer.from(body).equals(real.bytes)).toBe(true)
      }
      await lab.close()
    }
  })
})

describe('a whole message', () => {
  it.each(['none', 'gzip', 'deflate', 'br', 'zstd'] as const)(
    'comes apart and together again: %s',
    (coding) => {
      for (const framing of ['length', 'chunks'] as const) {
        const coded = new Site(siteSchema.parse({ ...script, pageBytes: 9_000, coding, framing }), 9)
        const message = readMessage(coded.answer('/page/5', '', 'http://x')!.wire) as Message
        expect(site.page(5).title).toBe(/<h1>(.*)<\/h1>/.exec(message.body.toString())![1])
        expect(readMessage(writeMessage(message))).toEqual(message)
        expect(coded.isTrue('/page/5', message.body)).toBe(true)
      }
    },
  )

  it('that is cut is none', () => {
    const { wire } = site.answer('/page/5', '', 'http://x')!
    expect(readMessage(wire.subarray(0, -1))).toBeUndefined()
    expect(readMessage(wire.subarray(0, 20))).toBeUndefined()
  })
})

async function simulatedAnswers(scenario: Scenario, paths: readonly string[]): Promise<Exchange[]> {
  const clock = createVirtualClock()
  const world = new ScenarioWorld(parseScenario(scenario), clock, parseOptions({ direct: true }))
  const transport = new SimulatedTransport(clock, world)
  const answers: Exchange[] = []
  for (const path of paths) {
    transport.send({
      request: { url: `http://site.lab${path}`, method: 'GET', headers: {}, idempotent: true },
      proxy: parseProxy(world.proxies[0]!.url).endpoint,
      deliver: (exchange) => void answers.push(exchange),
    })
    await clock.advance(60_000)
  }
  return answers
}
