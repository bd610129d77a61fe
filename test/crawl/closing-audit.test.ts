import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { runSimulated } from '../../bench/lies/run.ts'
import type { CrawlOptions } from '../../src/contracts/crawl.ts'
import type { CrawlerOptions } from '../../src/options/options.ts'
import { defineSource } from '../../src/source/define-source.ts'
import { numberOf, openScene, proxyList } from '../faults/simulation.ts'
import { until } from './lying-exit.ts'

/** What an exit brings after the last comparison is judged before its crawl ends. */
const titleOf = (path: string) => `All about ${path}`
const documentOf = (title: string, links: readonly string[] = []) =>
  `<html><head><title>${title}</title></head><body><h1>${title}</h1><p>${title} and more.</p>${links
    .map((link) => `<a href="${link}">${link}</a>`)
    .join('')}</body></html>`

const site = defineSource({
  name: 'site',
  params: z.object({ pages: z.number() }),
  item: z.object({ path: z.string(), title: z.string() }),
  robots: false,
  *seeds() {
    yield 'http://site.test/'
  },
  *parse(page) {
    const title = /<title>(.*)<\/title>/.exec(page.text())?.[1] ?? ''
    yield page.item({ path: new URL(page.url).pathname, title })
    yield page.follow(page.links().links.map(({ url }) => url))
  },
})

interface Given {
  readonly exits: number
  readonly pages: number
  /** Whether this exit lies with its answer of this number. */
  lies(exit: number, answer: number): boolean
  readonly options?: Partial<CrawlerOptions>
  readonly crawl?: CrawlOptions
}

async function crawl({ exits, pages, lies, options, crawl: own }: Given) {
  const answers = new Map<number, number>()
  const scene = await openScene(
    {
      ...{ proxies: proxyList(exits), hedge: false, politeness: { interval: 5 }, strategy: 'round-robin' },
      ...options,
    },
    (call) => {
      const exit = numberOf(call)
      const { pathname } = new URL(call.request.url)
      const answer = (answers.get(exit) ?? 0) + 1
      answers.set(exit, answer)
      const links = pathname === '/' ? Array.from({ length: pages - 1 }, (_, n) => `/page/${n + 1}`) : []
      const truth = documentOf(titleOf(pathname), links)
      const body = lies(exit, answer) ? documentOf('Another page', []) : truth
      return { afterMs: 40, headers: { 'content-type': 'text/html' }, body, facts: { forwarded: true } }
    },
  )
  onTestFinished(() => scene.crawler.stop())
  const items = new Map<string, { path: string; title: string }>()
  scene.crawler.on('item.retracted', ({ request, index }) => items.delete(`${request} ${index}`))
  scene.crawler.on('item', ({ request, index, value }) =>
    items.set(`${request} ${index}`, value as { path: string; title: string }),
  )
  const summary = await until(scene, scene.crawler.crawl(site, { pages }, own).run())
  const right = [...items.values()].filter(({ path, title }) => title === titleOf(path))
  return { summary, items: items.size, right: right.length, requests: scene.attempts.length }
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'regatta-audit-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}

describe('before a crawl ends, exits that nobody has judged since are judged', () => {
  it.each(['memory', 'a state'])(
    'one that turned after its last comparison leaves no lie behind (%s)',
    async (kind) => {
      const options = kind === 'memory' ? {} : { state: await folder() }
      const lies = (exit: number, answer: number) => exit === 3 && answer > 8
      const found = await crawl({ exits: 10, pages: 150, lies, options })
      expect(found).toMatchObject({ items: 150, right: 150 })
      expect(found.summary).toMatchObject({ ending: 'finished', pages: 150, failed: 0, queued: 0 })
      expect(found.summary.trust.audits).toBeGreaterThan(0)
      expect(found.summary.corrected).toBeGreaterThan(0)
    },
  )

  it('four of one mind that are asked first do not end it', async () => {
    const found = await crawl({ exits: 24, pages: 40, lies: (exit) => exit <= 4 })
    expect(found).toMatchObject({ items: 40, right: 40 })
  })

  it('a crawl that ends at its limit of pages is audited, too, and gets no page more for it', async () => {
    const lies = () => false
    const found = await crawl({ exits: 10, pages: 150, lies, crawl: { maxPages: 100 } })
    expect(found.summary).toMatchObject({ ending: 'limit', pages: 100 })
    expect(found.summary.trust.audits).toBeGreaterThan(0)
    expect(found.right).toBe(found.items)
  })

  it('honest ones cost less than one request each at the end', async () => {
    const { summary, right } = await crawl({ exits: 20, pages: 200, lies: () => false })
    expect(right).toBe(200)
    expect(summary.trust.audits).toBeLessThanOrEqual(14)
    expect(summary.askedAgain).toBe(0)
  })

  it.each([
    ['nothing is compared', 8, { trust: 'blind' }],
    ['there is one exit', 1, {}],
  ] as const)('none is where %s', async (_, exits, options) => {
    const { summary } = await crawl({ exits, pages: 30, lies: () => false, options })
    expect(summary.trust.audits).toBe(0)
    expect(summary.attempts).toBe(30)
  })
})

describe('a crawl that would end after very few pages asks many about them', () => {
  const fleet = { proxies: 20, liars: 4, protocol: 'http' } as const

  it.each([
    ['notice', 7],
    ['notice', 22],
    ['notice', 24],
    ['not-found', 1],
    ['not-found', 12],
  ] as const)('two of a few colluders are asked first for the start page: %s, seed %i', async (how, seed) => {
    const lie = { how, band: 'north' }
    const { wrong, missing } = await runSimulated({ name: how, pages: 40, fleet, lie }, seed)
    expect({ wrong, missing }).toEqual({ wrong: 0, missing: 0 })
  })

  // One question convicts nobody, and the same ones are asked for it each time it is recalled.
  it.each([
    ['not-found', 13],
    ['not-found', 24],
    ['redirect-away', 8],
  ] as const)('five that were found wrong do not confirm each other: %s, seed %i', async (how, seed) => {
    const lie = { how, band: 'north' }
    const five = { name: how, pages: 40, fleet: { ...fleet, liars: 5 }, lie }
    const { wrong, missing } = await runSimulated(five, seed)
    expect({ wrong, missing }).toEqual({ wrong: 0, missing: 0 })
  })

  // Where 2 are asked about each, it is 3, 6, 9 and 19.
  it.each([
    [1, 8],
    [2, 10],
    [3, 13],
    [7, 21],
  ])('honest ones: %i pages take at most %i requests', async (pages, most) => {
    for (const seed of [1, 2, 3]) {
      const honest = { name: 'honest', pages, fleet: { ...fleet, proxies: 30, liars: 0 } }
      const { right, extra } = await runSimulated(honest, seed)
      expect(right).toBe(pages)
      expect(Math.round(pages * (1 + extra))).toBeLessThanOrEqual(most)
    }
  })
})
