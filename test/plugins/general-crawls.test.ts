import { describe, expect, it, onTestFinished } from 'vitest'
import { defineJsonApi, jsonApi } from '../../plugins/json-api.ts'
import { list } from '../../plugins/list.ts'
import { site } from '../../plugins/site.ts'
import type { CrawlSummary } from '../../src/contracts/crawl.ts'
import type { Source } from '../../src/contracts/source.ts'
import { createCrawler } from '../../src/face/crawler.ts'
import { apiItems, commentsOf, labKey } from '../../src/lab/emulations/paged-api.ts'
import { startLab } from '../../src/lab/lab.ts'
import type { Scenario } from '../../src/lab/scenario.ts'

/** The general sources through a mixed fleet in small: proxies that are slow, break off, refuse, hang and lie. */
const around = (medianMs: number) => ({ kind: 'lognormal' as const, medianMs, sigma: 0.3 })
const mixed: Scenario['proxies'] = [
  { name: 'fast', count: 8, latency: around(10) },
  { name: 'slow', count: 2, latency: around(60) },
  { name: 'flaky', count: 2, latency: around(10), flaky: { request: 0.5, failures: ['reset', 'mid-body'] } },
  { name: 'refusing', count: 2, fault: 'dead' },
  { name: 'hanging', count: 1, fault: 'blackhole' },
  { name: 'injecting', count: 1, latency: around(10), fault: { kind: 'inject', style: 'replace' } },
]
const setup = { seed: 7, size: undefined }

/** Crawls one origin with one source after the other; what came of each, and all statuses that the origin answered. */
async function crawlAll(
  sources: (base: string) => readonly [source: unknown, params: object][],
  origin: Scenario['origins'][string],
) {
  const lab = await startLab({ origins: { service: origin }, proxies: mixed })
  onTestFinished(() => lab.close())
  const crawler = await createCrawler({
    proxies: [...lab.proxies],
    politeness: { interval: 5, hostInterval: 1 },
    timeouts: { dial: 1_500, handshake: 1_500 },
    env: { LAB_KEY: labKey },
  })
  onTestFinished(() => crawler.stop())
  let items: Record<string, unknown>[] = []
  crawler.on('item', ({ value }) => items.push(value as Record<string, unknown>))
  const all: { items: Record<string, unknown>[]; summary: CrawlSummary }[] = []
  for (const [source, params] of sources(lab.origins.service!.url)) {
    items = []
    const summary = await crawler.crawl(source as Source, params).run()
    all.push({ items, summary })
  }
  const { rows } = (await lab.books()).origins.service!
  return { all, statuses: new Set(rows.map(({ status }) => status)) }
}

const emulated = { emulates: { service: 'json-api' as const, scale: 0.02, seed: setup.seed } }
const ids = (items: readonly Record<string, unknown>[]) =>
  items.map(({ id }) => id).toSorted((a, b) => Number(a) - Number(b))
const known = apiItems(setup)

describe('through a mixed fleet nothing is lost', () => {
  it('of an interface, in whichever way it pages', async () => {
    const { all } = await crawlAll(
      (base) => [
        [jsonApi, { url: `${base}/link` }],
        [jsonApi, { url: `${base}/pages?page={page}`, pages: 'header:X-Total-Pages' }],
        [jsonApi, { url: `${base}/offset?offset={offset}&limit={limit}`, items: '/rows', total: '/total' }],
        [jsonApi, { url: `${base}/cursor?after={cursor}`, items: '/data', next: '/next', more: '/has_more' }],
        // biome-ignore lint/suspicious/noTemplateCurlyInString: this is how a variable is written.
        [jsonApi, { url: `${base}/private`, auth: 'bearer ${LAB_KEY}' }],
      ],
      emulated,
    )
    for (const { items, summary } of all) {
      expect(summary).toMatchObject({ failed: 0, ending: 'finished' })
      expect(items.toSorted((one, two) => Number(one.id) - Number(two.id))).toEqual(known)
    }
  })

  it('of an interface whose items have lists of their own, and whose limit was met', async () => {
    const api = (base: string) =>
      defineJsonApi({
        name: 'lab-api',
        url: `${base}/next`,
        items: '/results',
        next: '/next',
        children: { comment: { url: `${base}/items/{/id}/comments?page={page}`, keep: { item: '/id' } } },
      })
    const limit = { perIp: { requests: 40, perMs: 1_000, burst: 2 } }
    const emulates = { ...emulated.emulates, size: 12 }
    const { all, statuses } = await crawlAll((base) => [[api(base), {}]], { emulates, limit })
    const some = apiItems({ ...setup, size: 12 })
    const { items, summary } = all[0]!
    expect(summary).toMatchObject({ failed: 0, ending: 'finished' })
    const isComment = ({ text }: Record<string, unknown>) => text !== undefined
    expect(ids(items.filter((each) => !isComment(each)))).toEqual(some.map(({ id }) => id))
    const comments = some.flatMap(({ id }) =>
      Array.from({ length: commentsOf(setup.seed, id) }, (_, at) => `${id}-${at + 1}`),
    )
    expect(
      items
        .filter(isComment)
        .map(({ id }) => String(id))
        .toSorted(),
    ).toEqual(comments.toSorted())
    expect(statuses).toContain(429)
  })

  it('of a list of pages, and of a site', async () => {
    const pages = Array.from({ length: 12 }, (_, at) => String(at + 1))
    const { all } = await crawlAll(
      (base) => [
        [list, { items: pages, url: `${base}/page/{item}`, fields: ['title=h1'] }],
        [site, { start: `${base}/` }],
      ],
      { site: { pages: 15 } },
    )
    const [listed, whole] = all
    expect(listed!.summary).toMatchObject({ failed: 0, items: 12 })
    expect(listed!.items.filter(({ title }) => title === null)).toEqual([])
    expect(whole!.summary).toMatchObject({ failed: 0, ending: 'finished' })
    expect(new Set(whole!.items.map(({ url }) => url)).size).toBeGreaterThanOrEqual(15)
  })
})
