import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { site } from '../../plugins/site.ts'
import type { Account } from '../../src/contracts/spending.ts'
import { type Crawler, createCrawler } from '../../src/face/crawler.ts'
import type { Lab } from '../../src/lab/contract.ts'
import { startLab } from '../../src/lab/lab.ts'
import type { Scenario } from '../../src/lab/scenario.ts'
import type { CrawlerOptions } from '../../src/options/options.ts'

/** Caps on bytes and money, over real sockets. */

const wire = ({ sent, received }: Pick<Account, 'sent' | 'received'>) => sent + received
const shop: Scenario = { origins: { shop: { site: { pages: 60 } } }, proxies: [{ name: 'exit', count: 4 }] }

function crawlerFor(lab: Lab, options: CrawlerOptions): Promise<Crawler> {
  return createCrawler({
    proxies: [...lab.proxies],
    politeness: false,
    seed: 1,
    hedge: false,
    trust: 'blind',
    ...options,
  })
}

async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'regatta-spending-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

describe('a cap on bytes', () => {
  it('ends a crawl at the cap, and the next run goes on where the cap is raised', async () => {
    await using lab = await startLab(shop)
    const state = await folder()
    const start = `${lab.origins.shop!.url}/`
    let pages = 0
    {
      await using crawler = await crawlerFor(lab, { state, maxBytes: 40_000 })
      const summary = await crawler.crawl(site, { start }).run()
      expect(summary.ending).toBe('spent')
      expect(summary.spending.reached).toContain('maxBytes')
      expect(summary.failed).toBe(0)
      expect(summary.queued).toBeGreaterThan(0)
      const { total, bytesCap } = crawler.spending()
      expect(bytesCap).toEqual({ limit: 40_000, used: wire(total) })
      // No more than a page of a size that was not foreseen.
      expect(wire(total)).toBeLessThan(42_000)
      expect(wire(total)).toBeGreaterThan(30_000)
      await expect(crawler.fetch(start)).rejects.toMatchObject({ code: 'CAP_REACHED' })
      pages = summary.pages
      expect(pages).toBeGreaterThan(3)
    }
    {
      await using crawler = await crawlerFor(lab, { state, maxBytes: 40_000 })
      const summary = await crawler.crawl(site, { start }).run()
      expect(summary.ending).toBe('spent')
      // What fits is still fetched.
      expect(summary.pages).toBeLessThan(pages + 5)
      expect(wire(crawler.spending().total)).toBeLessThan(42_000)
    }
    await using crawler = await crawlerFor(lab, { state, maxBytes: 1_000_000 })
    const before = crawler.spending()
    expect(wire(before.total)).toBeGreaterThan(30_000)
    const summary = await crawler.crawl(site, { start }).run()
    expect(summary).toMatchObject({ ending: 'finished', failed: 0 })
    const { total } = crawler.spending()
    expect(total.goodPages).toBe(summary.pages)
    const books = Object.values((await lab.books()).proxies).reduce((sum, each) => sum + wire(each), 0)
    expect(Math.abs(wire(total) - books) / books).toBeLessThan(0.01)
    const served = (await lab.books()).origins.shop!.rows.filter(({ path }) => !path.includes('robots'))
    const twice = served.length - new Set(served.map(({ path }) => path)).size
    // What was under way at the cap.
    expect(twice).toBeLessThan(6)
  })

  it('cancels what would go far beyond it, whatever was foreseen', async () => {
    await using lab = await startLab({ origins: { big: {} }, proxies: [{ name: 'exit', count: 4 }] })
    await using crawler = await crawlerFor(lab, { maxBytes: 300_000 })
    const { url } = lab.origins.big!
    const large = Array.from({ length: 4 }, () => crawler.fetch(`${url}/bytes/4000000`))
    const ended = await Promise.allSettled(large)
    for (const each of ended)
      expect(each).toMatchObject({ status: 'rejected', reason: { code: 'CAP_REACHED' } })
    await vi.waitFor(() => expect(crawler.spending().total.requests).toBeGreaterThan(0))
    expect(wire(crawler.spending().total)).toBeLessThan(300_000 + 4 * 70_000)
  })

  it('stops every door, checks included', async () => {
    await using lab = await startLab(shop)
    await using crawler = await crawlerFor(lab, { maxBytes: 1_024 })
    const url = `${lab.origins.shop!.url}/`
    await Promise.allSettled(Array.from({ length: 8 }, () => crawler.fetch(url)))
    const refused = { code: 'CAP_REACHED' }
    await expect(crawler.fetch(url)).rejects.toMatchObject(refused)
    await expect(crawler.submit(url)).rejects.toMatchObject(refused)
    expect(() => crawler.trySubmit(url)).toThrow(expect.objectContaining(refused))
    await expect(crawler.lease(url)).rejects.toMatchObject(refused)
    await expect(crawler.session((session) => session.fetch(url))).rejects.toMatchObject(refused)
    expect(() => crawler.crawl(site, { start: url })).toThrow(expect.objectContaining(refused))
  })
})

describe('a cap on money', () => {
  it('counts each proxy at the price of its tags', async () => {
    await using lab = await startLab(shop)
    const proxies = lab.proxies.map(
      (url, n) => `${url} provider=${n < 2 ? 'cheap price=1' : 'dear price=99'}`,
    )
    await using crawler = await crawlerFor(lab, {
      proxies,
      strategy: 'round-robin',
      currency: 'USD',
      prices: [{ proxies: { provider: 'dear' }, perGB: 10, perRequest: 0.001, perMonth: 30 }],
      maxCost: 0.02,
    })
    const summary = await crawler.crawl(site, { start: `${lab.origins.shop!.url}/` }).run()
    expect(summary.ending).toBe('spent')
    const { providers, total, costCap, rent } = crawler.spending()
    const { cheap, dear } = providers
    expect(cheap!.cost).toBeCloseTo(wire(cheap!) / 1e9, 9)
    expect(dear!.cost).toBeCloseTo((wire(dear!) * 10) / 1e9 + dear!.requests / 1_000, 9)
    expect(total.cost).toBeCloseTo(cheap!.cost + dear!.cost, 9)
    expect(total.cost).toBeLessThanOrEqual(0.02)
    expect(total.cost).toBeGreaterThan(0.015)
    expect(costCap).toEqual({ limit: 0.02, used: total.cost })
    expect(rent).toBeGreaterThan(0)
  })
})

describe('the ledger with a state', () => {
  it('is on the disk within moments, so that a kill forgets no more than a second', async () => {
    await using lab = await startLab(shop)
    const state = await folder()
    await using crawler = await crawlerFor(lab, { state })
    await (await crawler.fetch(`${lab.origins.shop!.url}/`)).text()
    const { total } = crawler.spending()
    const kept = () => readFile(join(state, 'spending.json'), 'utf8')
    await vi.waitFor(async () => expect(JSON.parse(await kept())).toMatchObject({ total }), 5_000)
  })

  it('that cannot be read is set aside with a word, and the crawl goes on', async () => {
    await using lab = await startLab(shop)
    const state = await folder()
    const { writeFile } = await import('node:fs/promises')
    await writeFile(join(state, 'spending.json'), '{"version":1')
    await using crawler = await crawlerFor(lab, { state })
    expect((await crawler.fetch(`${lab.origins.shop!.url}/`)).status).toBe(200)
    expect(await readFile(join(state, 'spending.json.corrupt'), 'utf8')).toBe('{"version":1')
  })
})
