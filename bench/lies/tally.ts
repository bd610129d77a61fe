import { z } from 'zod'
import { type Crawler, defineSource } from '../../src/index.ts'
import { Site, siteSchema } from '../../src/lab/index.ts'
import { encodeText } from '../../src/lab/origin/encode-text.ts'
import { addressOf, host, isLiar, type LieCase, otherAddress, pagesOf, siteOf } from './case.ts'

/** What a crawl brought, held against what the site can have sent, and what it said of its proxies. */
export interface Tally {
  /** Pages of the site that are there as they should be at the end. */
  readonly right: number
  /** Items that the site never sent for their URL, or that are of another type; and those of them that are marked. */
  readonly wrong: number
  readonly marked: number
  readonly missing: number
  readonly found: number
  readonly liars: number
  /** Most answers that a liar gave before it was found; Infinity when one gave more than it may, and was not. */
  readonly slowest: number
  readonly convictedHonest: number
  /** Requests at the origin beyond one a page, as a share of the pages. */
  readonly extra: number
  /** Attempts that began as a second voice. */
  readonly checks: number
  /** Codes of alerts, each once. */
  readonly alerts: readonly string[]
}

interface Found {
  readonly href: string
  readonly text: string
  readonly type: string
  readonly trust?: string | undefined
}

/** Answers within which a liar is to be found. */
export const inTime = 12

/** Marks of an answer to `fetch` that says of itself that it may be wrong. A crawl has to mark its items. */
const marks = new Set(['unproven', 'contested'])

/** Brings in one case's pages and keeps what is not taken back. */
export class Harvest {
  readonly #case: LieCase
  readonly #site: Site
  /** What each crawl has put out and not taken back, by request and place. */
  readonly #outputs = new Map<string, Map<string, Found>>()
  readonly #fetched: Found[] = []
  #crawlId = ''
  readonly #answers = new Map<string, number>()
  /** Answers of each convicted proxy at that moment. */
  readonly #found = new Map<string, number>()
  readonly #alerts = new Set<string>()
  #checks = 0

  constructor(each: LieCase, seed: number) {
    this.#case = each
    this.#site = new Site(siteSchema.parse(siteOf(each, seed)), seed)
  }

  /** `nameOf`: a proxy's name in the scenario, by its label. */
  watch(crawler: Crawler, nameOf: (label: string) => string): void {
    crawler.on('attempt.started', ({ why }) => {
      if (String(why) === 'witness') this.#checks++
    })
    crawler.on('outcome', ({ proxy, status, fault }) => {
      if (status === undefined && fault?.phase !== 'body') return
      const name = nameOf(proxy)
      this.#answers.set(name, (this.#answers.get(name) ?? 0) + 1)
    })
    crawler.on('proxy.state', ({ proxy, to, reason }) => {
      if (to !== 'isolated' || !reason.includes('lies')) return
      const name = nameOf(proxy)
      if (!this.#found.has(name)) this.#found.set(name, this.#answers.get(name) ?? 0)
    })
    crawler.on('item', ({ crawl, request, index, value, trust }) => {
      this.#outputsOf(crawl).set(`${request} ${index}`, { ...(value as Found), trust })
    })
    crawler.on('item.retracted', ({ crawl, request, index }) => {
      this.#outputsOf(crawl).delete(`${request} ${index}`)
    })
    crawler.on('alert', ({ code }) => void this.#alerts.add(code))
  }

  async bringIn(crawler: Crawler): Promise<void> {
    const { hasPast, walk = 'links' } = this.#case
    if (hasPast) await this.#crawl(crawler, otherAddress, 'links', 200)
    const pages = pagesOf(this.#case)
    const origin = addressOf(this.#case)
    if (walk === 'fetch' || walk === 'fetch-items') {
      await this.#fetch(crawler, addresses(origin, walk === 'fetch' ? 'list' : 'items', pages))
      return
    }
    this.#crawlId = await this.#crawl(crawler, origin, walk, pages)
  }

  /** Its id. */
  async #crawl(crawler: Crawler, origin: string, walk: Walk, pages: number): Promise<string> {
    const crawl = crawler.crawl(lyingSite, { origin, walk, pages }, { maxPages: pages * 2 + 200 })
    await crawl.run()
    return crawl.id
  }

  async #fetch(crawler: Crawler, urls: readonly string[]): Promise<void> {
    const left = urls.values()
    const worker = async () => {
      for (const href of left) {
        try {
          const response: Response & { readonly trust?: string } = await crawler.fetch(href)
          const text = await response.text()
          const type = (response.headers.get('content-type') ?? '').split(';')[0]!.trim()
          const { trust } = response
          this.#fetched.push({ href: response.url, text, type, ...(trust !== undefined && { trust }) })
        } catch {
          // Missing at the end.
        }
      }
    }
    await Promise.all(Array.from({ length: 20 }, worker))
  }

  /** `requests`: at the origin, for pages. */
  tally(requests: number): Tally {
    const pages = pagesOf(this.#case)
    const isJson = this.#isJson
    const wanted = new Set(
      [...this.#site.pages()].map(({ path }, index) => (isJson ? `/api/items/${index}` : path)),
    )
    let right = 0
    let wrong = 0
    let marked = 0
    for (const item of [...this.#fetched, ...this.#outputsOf(this.#crawlId).values()]) {
      const at = new URL(item.href)
      // Where a site leads each country to its own pages, any country's will do.
      const path = at.pathname.replace(/^\/[a-z]{2}(?=\/)/, '') + at.search
      const isTrue =
        at.hostname === host &&
        !path.startsWith('/disallowed/') &&
        this.#isTrue(at.pathname + at.search, item)
      if (isTrue && wanted.delete(path)) right++
      if (isTrue) continue
      wrong++
      if (marks.has(item.trust ?? '')) marked++
    }
    const { liars } = this.#case.fleet
    const found = [...this.#found].filter(([name]) => isLiar(name))
    return {
      right,
      wrong,
      marked,
      missing: pages - right,
      found: found.length,
      liars,
      slowest: Math.max(
        0,
        ...found.map(([, count]) => count),
        this.#isLateFor ? Number.POSITIVE_INFINITY : 0,
      ),
      convictedHonest: this.#found.size - found.length,
      extra: (requests - pages) / pages,
      checks: this.#checks,
      alerts: [...this.#alerts],
    }
  }

  /** A liar that was not found has given more answers than it takes. One that was hardly asked has done no harm. */
  get #isLateFor(): boolean {
    return [...this.#answers].some(
      ([name, count]) => isLiar(name) && !this.#found.has(name) && count > inTime,
    )
  }

  #outputsOf(crawl: string): Map<string, Found> {
    let outputs = this.#outputs.get(crawl)
    if (!outputs) {
      outputs = new Map()
      this.#outputs.set(crawl, outputs)
    }
    return outputs
  }

  get #isJson(): boolean {
    return this.#case.walk === 'items' || this.#case.walk === 'fetch-items'
  }

  #isTrue(path: string, { text, type }: Found): boolean {
    const expected = this.#isJson ? 'application/json' : 'text/html'
    if (type !== expected) return false
    const index = Number(/\/page\/(\d+)/.exec(path)?.[1] ?? 0)
    const { charset } = this.#site.page(index)
    return this.#site.isTrue(path, encodeText(text, charset))
  }
}

type Walk = 'links' | 'list' | 'items' | 'sitemap'

function addresses(origin: string, walk: 'list' | 'items', pages: number): string[] {
  const pathOf = (index: number) =>
    walk === 'items' ? `/api/items/${index}` : index === 0 ? '/' : `/page/${index}`
  return Array.from({ length: pages }, (_, index) => origin + pathOf(index))
}

const lyingSite = defineSource({
  name: 'lying-site',
  params: z.object({
    origin: z.string(),
    walk: z.enum(['links', 'list', 'items', 'sitemap']),
    pages: z.number(),
  }),
  item: z.object({ href: z.string(), text: z.string(), type: z.string(), trust: z.string().optional() }),
  *seeds({ origin, walk, pages }) {
    if (walk === 'links') yield `${origin}/`
    else if (walk === 'sitemap') yield `${origin}/sitemap.xml`
    else yield* addresses(origin, walk, pages)
  },
  *parse(page) {
    if (new URL(page.url).pathname.startsWith('/sitemap')) {
      yield page.follow([...page.text().matchAll(/<loc>([^<]*)/g)].map((found) => found[1]!))
      return
    }
    const { trust } = page as { trust?: string }
    yield page.item({
      href: page.url,
      text: page.text(),
      type: page.mimeType,
      ...(trust !== undefined && { trust }),
    })
    const { walk, origin } = page.params
    if (walk !== 'links') return
    const own = page.links().links.map(({ url }) => url)
    yield page.follow(own.filter((link) => new URL(link).origin === origin))
  },
})
