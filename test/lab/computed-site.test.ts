import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Lab } from '../../src/lab/contract.ts'
import { startLab } from '../../src/lab/lab.ts'
import { Site } from '../../src/lab/origin/computed-site.ts'
import { siteSchema } from '../../src/lab/origin/site-schema.ts'
import { getDirect } from './client.ts'

async function start(site: Record<string, unknown>): Promise<Lab> {
  const lab = await startLab({ origins: { site: { site: { pages: 30, ...site } } } })
  onTestFinished(() => lab.close())
  return lab
}

function hrefs(html: string): string[] {
  return [...html.matchAll(/href="([^"]+)"/g)].map((match) => match[1]!)
}

describe('a made-up site', () => {
  it('reaches every page by links, at the depth it says', () => {
    const shape = fc.record({
      pages: fc.integer({ min: 1, max: 150 }),
      linksPerPage: fc.integer({ min: 1, max: 12 }),
      depth: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
      redirects: fc.constantFrom(0, 0.5),
    })
    fc.assert(
      fc.property(shape, fc.nat(1_000), ({ depth, ...shape_ }, seed) => {
        const site = new Site(siteSchema.parse(depth === undefined ? shape_ : { ...shape_, depth }), seed)
        const pages = [...site.pages()]
        const found = new Map([['/', 0]])
        for (const [path, clicks] of found) {
          const html = site.answer(path, '', 'http://x')!.wire.toString()
          for (const href of hrefs(html)) {
            const target = href.replace(/^\/moved\/0$/, '/').replace('/moved/', '/page/')
            if (!found.has(target)) found.set(target, clicks + 1)
          }
        }
        expect([...found.keys()].sort()).toEqual(pages.map((page) => page.path).sort())
        for (const page of pages) expect(found.get(page.path)).toBeLessThanOrEqual(page.depth)
        if (depth !== undefined)
          expect(Math.max(...pages.map((page) => page.depth))).toBeLessThanOrEqual(depth)
      }),
      { numRuns: 40 },
    )
  })

  it('is the same site for the same seed, and another for another', async () => {
    const script = siteSchema.parse({ pages: 50 })
    const nonces = (seed: number) => [...new Site(script, seed).pages()].map((page) => page.nonce)
    expect(nonces(1)).toEqual(nonces(1))
    expect(nonces(2)).not.toEqual(nonces(1))
    expect(new Set(nonces(1)).size).toBe(50)
  })

  it('serves what its description says', async () => {
    const lab = await start({ pageBytes: 2_048 })
    const { bytes, text } = await getDirect(lab, '/page/7')
    expect(text).toMatch(/<title>Page 7: \w+ \w+<\/title>/)
    expect(Math.abs(bytes.length - 2_048)).toBeLessThan(20)
    expect((await getDirect(lab, '/page/30')).status).toBe(404)
  })

  it('has robots.txt with what is forbidden and how fast', async () => {
    const lab = await start({ crawlDelay: 2, disallow: ['/disallowed/', '/x'], sitemap: 'plain' })
    const { text } = await getDirect(lab, '/robots.txt')
    expect(text).toContain('Disallow: /disallowed/\nDisallow: /x\nCrawl-delay: 2\n')
    const address = /Sitemap: (.*)/.exec(text)![1]!
    expect(address).toBe(`${lab.origins.site!.direct}/sitemap.xml`)
    const sitemap = await getDirect(lab, '/sitemap.xml')
    expect(sitemap.text.match(/<loc>/g)).toHaveLength(30)
  })

  it('has a sitemap index with a plain and a gzipped part, and orphans only there', async () => {
    const lab = await start({ sitemap: 'index', orphans: 4 })
    const index = await getDirect(lab, '/sitemap.xml')
    expect(index.text.match(/<sitemap>/g)).toHaveLength(2)
    const plain = (await getDirect(lab, '/sitemap-1.xml')).text
    const zipped = gunzipSync((await getDirect(lab, '/sitemap-2.xml.gz')).bytes).toString()
    expect((plain + zipped).match(/<loc>/g)).toHaveLength(34)
    expect(zipped).toContain('/orphan/3</loc>')
    expect((await getDirect(lab, '/orphan/3')).status).toBe(200)
  })

  it('has moved, missing, hidden, duplicate and print pages', async () => {
    const lab = await start({
      redirects: 1,
      missing: 1,
      nofollow: 1,
      disallowed: 1,
      duplicates: 1,
      canonicals: 1,
    })
    const links = hrefs((await getDirect(lab, '/')).text)
    expect(links).toEqual(
      expect.arrayContaining([
        '/moved/1',
        '/missing/0',
        '/hidden/1',
        '/disallowed/0',
        '/page/1?print=1',
        '/page/1?utm_source=lab&amp;utm_medium=link#top',
      ]),
    )
    const moved = await getDirect(lab, '/moved/1')
    expect([moved.status, moved.headers.location]).toEqual([301, '/page/1'])
    expect((await getDirect(lab, '/missing/0')).status).toBe(404)
    const print = (await getDirect(lab, '/page/1?print=1')).text
    expect(print).toContain('<link rel="canonical" href="/page/1">')
    expect(print).not.toBe((await getDirect(lab, '/page/1')).text)
  })

  it('writes pages in other charsets, declared in the header or in the page alone', async () => {
    const lab = await start({ pages: 60, charsets: 1 })
    const seen = new Set<string>()
    for (let i = 1; i < 60; i++) {
      const { bytes, headers } = await getDirect(lab, `/page/${i}`)
      const inHeader = /charset=(\S+)/.exec(String(headers['content-type']))?.[1]
      const charset = inHeader ?? /<meta charset="([^"]+)"/.exec(bytes.toString('latin1'))![1]!
      const text = new TextDecoder(charset, { fatal: true }).decode(bytes)
      expect(text).toContain(charset === 'shift_jis' ? 'こんにちは、みなと' : 'Crème brûlée à Zürich – 5 €')
      seen.add(`${charset} ${inHeader ? 'header' : 'meta'}`)
    }
    expect(seen.size).toBe(4)
  })
})
