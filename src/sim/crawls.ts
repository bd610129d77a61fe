import { z } from 'zod'
import type { Crawler } from '../face/crawler.ts'
import type { Work } from '../lab/work.ts'
import { defineSource } from '../source/define-source.ts'
import type { VirtualClock } from './clock.ts'
import type { PageCounts } from './pages.ts'
import type { SimulatedHost } from './simulated-host.ts'

/** The other kind of work: every site is crawled by its links, through frontier, robots.txt and sinks. */
const wholeSite = defineSource({
  name: 'whole-site',
  params: z.object({ host: z.string() }),
  item: z.object({ url: z.string(), links: z.array(z.string()) }),
  *seeds({ host }) {
    yield `${host}/`
  },
  *parse(page) {
    const own = new URL(page.url).host
    const urls = page.links().links.map(({ url }) => url)
    const links = urls.filter((url) => new URL(url).host === own)
    yield page.item({ url: page.url, links })
    yield page.follow(links)
  },
})

export class Crawls {
  readonly counts: PageCounts
  readonly latencies: number[] = []
  readonly answeredAt: number[] = []
  /** Items by URL, and how often each came. */
  readonly items = new Map<string, number>()
  readonly dead = new Set<string>()
  readonly #linked = new Set<string>()
  readonly #time: VirtualClock
  readonly #hosts: readonly SimulatedHost[]
  readonly #work: Work
  readonly #onAnswer: () => void
  readonly #open: Set<SimulatedHost>
  #isDone = false

  constructor(work: Work, hosts: readonly SimulatedHost[], time: VirtualClock, onAnswer: () => void) {
    this.#work = work
    this.#time = time
    this.#onAnswer = onAnswer
    this.#hosts = hosts.filter(({ manners }) => manners.site !== undefined)
    this.#open = new Set(this.#hosts)
    const asked = this.#hosts.reduce((sum, { manners }) => sum + manners.site!.pages, 0)
    this.counts = { asked, succeeded: 0, failed: 0, spoiled: 0 }
  }

  get isDone(): boolean {
    return this.#isDone
  }

  get left(): number {
    return this.#isDone ? 0 : 1
  }

  /** Hosts whose crawl has not ended. */
  openHosts(): readonly SimulatedHost[] {
    return [...this.#open]
  }

  async drive(crawler: Crawler): Promise<void> {
    crawler.on('request.dead', ({ url }) => {
      this.dead.add(url)
      this.counts.failed++
    })
    // What a proxy brought that lies is put right: the item that comes behind takes its place.
    const urls = new Map<string, string>()
    crawler.on('item', ({ crawl, request, index, value }) => {
      urls.set(`${crawl} ${request} ${index}`, (value as { readonly url: string }).url)
    })
    crawler.on('item.retracted', ({ crawl, request, index }) => {
      const url = urls.get(`${crawl} ${request} ${index}`)
      if (url === undefined) return
      this.items.set(url, (this.items.get(url) ?? 0) - 1)
      this.counts.succeeded--
    })
    crawler.on('task.settled', ({ ok, elapsedMs }) => {
      if (ok) this.latencies.push(elapsedMs)
      this.answeredAt.push(this.#time.now())
      this.#onAnswer()
    })
    await Promise.all(this.#hosts.map((host) => this.#crawl(crawler, host)))
    this.#isDone = true
  }

  async #crawl(crawler: Crawler, host: SimulatedHost): Promise<void> {
    const options = { maxPages: this.#work.requests, concurrency: this.#work.inFlight }
    for await (const { url, links } of crawler.crawl(wholeSite, { host: host.url }, options)) {
      this.items.set(url, (this.items.get(url) ?? 0) + 1)
      for (const link of links) this.#linked.add(link)
      this.counts.succeeded++
    }
    this.#open.delete(host)
  }

  /** Pages of the sites that a page brought home links to, and that neither came nor were given up. */
  missing(): string[] {
    return this.#hosts.flatMap((host) => {
      const { pages, redirects, canonicals } = host.manners.site!
      if (pages > this.#work.requests || redirects > 0 || canonicals > 0) return []
      return [...host.reception.site!.pages()]
        .map(({ path }) => host.url + path)
        .filter((url) => this.#linked.has(url) && !this.items.get(url) && !this.dead.has(url))
    })
  }
}
