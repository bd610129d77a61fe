import { describe, expect, test } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import type { HttpResponse } from '../../src/contracts/outcome.ts'
import { harmlessKinds, type LieKind } from '../../src/lab/lies/lie-schema.ts'
import { lies } from '../../src/lab/lies/lies.ts'
import { type Message, readMessage } from '../../src/lab/lies/whole-message.ts'
import { Site } from '../../src/lab/origin/computed-site.ts'
import { siteSchema } from '../../src/lab/origin/site-schema.ts'
import type { Variation } from '../../src/lab/origin/variation.ts'
import { differenceOf } from '../../src/trust/difference.ts'
import { glanceAt } from '../../src/trust/glance.ts'
import { profileOf } from '../../src/trust/profile.ts'
import { answer } from './answers.ts'

/** Every lie of the lab against the true page, and every honest site that varies against itself. */
const base = 'http://shop.example'

function siteOf(varies?: Partial<Variation>, revision = 0): Site {
  const script = { pages: 300, shop: true, api: true, sitemap: 'plain', revision, ...(varies && { varies }) }
  return new Site(siteSchema.parse(script), 11)
}

function messageOf(site: Site, path: string, visit?: Parameters<Site['answer']>[3]): Message {
  return readMessage(site.answer(path, '', base, visit)!.wire)!
}

function responseOf({ status, headers, body }: Message, path: string): HttpResponse {
  const fields: Record<string, string | string[]> = {}
  for (const [name, value] of headers) {
    const key = name.toLowerCase()
    if (key !== 'set-cookie') fields[key] = value
    else fields[key] = [...(fields[key] ?? []), value]
  }
  return answer(body, { url: base + path, status, headers: fields, type: null })
}

const kinds = (Object.keys(lies) as LieKind[]).filter(
  (kind) => kind !== 'huge-length' && !harmlessKinds.has(kind),
)
const pathsOf: Partial<Record<LieKind, string>> = {
  'empty-json': '/api/items/',
  'robots-forbid': '/robots.txt',
  'robots-allow': '/robots.txt',
  'sitemap-empty': '/sitemap.xml',
}

test.each(kinds)('the lie "%s" differs from the truth, whatever its seed', (kind) => {
  const site = siteOf(kind === 'no-cookies' ? { cookies: true } : undefined)
  const older = siteOf(undefined, 1)
  let told = 0
  for (let seed = 1; seed <= 30; seed++) {
    const own = pathsOf[kind] ?? '/page/'
    const path = own.endsWith('/') ? own + seed : own
    const visit = { address: '192.0.2.1', country: 'US', atMs: 0 }
    const truth = messageOf(site, path, visit)
    const lie = lies[kind].tell({
      truth,
      asked: { host: 'shop.example', path },
      lieLuck: createRandom(seed),
      pageLuck: createRandom(seed * 77),
      memory: { firstPage: messageOf(site, '/page/90', visit) },
      to: undefined,
      older: () => messageOf(older, path),
      other: () => messageOf(site, `/page/${seed + 100}`, visit),
    })
    if (lie === undefined || Buffer.isBuffer(lie)) continue
    told++
    const { keys, likeness } = differenceOf(
      profileOf(responseOf(truth, path)),
      profileOf(responseOf(lie, path)),
    )
    expect(keys).not.toEqual([])
    if (/^(?:notice|portal|login|framed|parked)$/.test(kind)) {
      expect(likeness).toBeLessThan(0.3)
      expect(glanceAt(responseOf(lie, path)).skeleton).not.toBe(glanceAt(responseOf(truth, path)).skeleton)
    }
  }
  expect(told).toBeGreaterThan(0)
})

describe('an honest site that varies differs from visit to visit in the same few keys', () => {
  test.each<[what: string, varies: Partial<Variation>, keys: RegExp]>([
    ['a shell', { shell: true }, /^$/],
    [
      'nonces',
      { nonces: true },
      /^value:html>head>(?:meta\.(?:request@data-token|csrf@content)|script\.window\.token= text)$/,
    ],
    ['promotions', { ads: true }, /^size$|\bdiv\.promo\b/],
    ['prices of the country', { country: 'prices' }, /^value:.*p\.(?:region|price) text$/],
    [
      'the language of the country',
      { country: 'language' },
      /^value:html>(?:head>(?:title|meta\.description)|body>(?:h1|p|p\.region))(?: text|@content)$/,
    ],
    ['a greeting', { greeting: true }, /^value:.*p\.hello text$/],
    ['a counter', { counter: true }, /^value:.*p\.hits text$/],
    ['a clock', { clock: true }, /^value:.*p\.made(?: text|@data-made)$/],
    ['related pages', { related: true }, /^value:ol\.related>li>a(?: text|@href)$/],
    ['cookies', { cookies: true }, /^$/],
  ])('%s', (_, varies, expected) => {
    const site = siteOf(varies)
    const skeletons = new Set<number>()
    for (let page = 1; page <= 30; page++) {
      const path = `/page/${page}`
      const [one, other] = ['US', 'DE'].map((country, at) => {
        const visit = { address: `192.0.2.${page + at}`, country, atMs: at * 1_000 }
        return responseOf(messageOf(site, path, visit), path)
      })
      const { keys, likeness } = differenceOf(profileOf(one!), profileOf(other!))
      for (const key of keys) expect(key).toMatch(expected)
      expect(likeness).toBeGreaterThan(0.6)
      for (const each of [one!, other!]) skeletons.add(glanceAt(each).skeleton)
    }
    expect(skeletons.size).toBeLessThanOrEqual(2)
  })
})
