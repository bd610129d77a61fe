import type { Crawler } from '../face/crawler.ts'
import { pickHash } from '../lab/hash.ts'
import { encodeText } from '../lab/origin/encode-text.ts'
import type { Work } from '../lab/work.ts'
import type { VirtualClock } from './clock.ts'
import type { SimulatedHost } from './simulated-host.ts'

/**
 * What is asked of a crawler in a simulation: numbered pages of every host in turn, `inFlight` at a time. It stands for
 * the user outside the process, so it knows what was answered even when the process dies, and asks again for the rest.
 */
export interface PageCounts {
  readonly asked: number
  succeeded: number
  failed: number
  /** Answers taken for good that were not the page asked for. */
  spoiled: number
}

export interface Page {
  readonly url: string
  /** Whether this is what the host sent. */
  isOwn(text: string): boolean
}

export class Pages {
  readonly counts: PageCounts
  /** Virtual ms from asking to answer, of those that succeeded, in order of their answers. */
  readonly latencies: number[] = []
  /** Virtual ms at which each answer came. */
  readonly answeredAt: number[] = []
  readonly #time: VirtualClock
  readonly #hosts: readonly SimulatedHost[]
  readonly #work: Work
  readonly #onAnswer: () => void
  readonly #pageOf: (page: number) => Page
  /** Numbers that were asked for and not answered. */
  readonly #open = new Set<number>()
  #again: number[] = []
  #next = 0

  /** `pageOf` says what the pages are, where it is not the hosts' own pages by number. */
  constructor(
    work: Work,
    hosts: readonly SimulatedHost[],
    time: VirtualClock,
    onAnswer: () => void,
    pageOf?: (page: number) => Page,
  ) {
    this.#work = work
    this.#hosts = hosts
    this.#time = time
    this.#onAnswer = onAnswer
    this.#pageOf = pageOf ?? ((page) => this.#numbered(page))
    this.counts = { asked: work.requests, succeeded: 0, failed: 0, spoiled: 0 }
  }

  get isDone(): boolean {
    return this.left === 0
  }

  /** Pages wanted and not answered. */
  get left(): number {
    return this.counts.asked - this.counts.succeeded - this.counts.failed
  }

  /** Hosts of the pages that are waited for now. */
  openHosts(): readonly SimulatedHost[] {
    const open = new Set([...this.#open].map((page) => page % this.#hosts.length))
    return [...open].map((index) => this.#hosts[index]!)
  }

  /** Asks `crawler` for all that is left; ends with the last answer, or never when its process dies. */
  async drive(fetch: Crawler['fetch']): Promise<void> {
    this.#again.push(...this.#open)
    this.#open.clear()
    const worker = async () => {
      for (let page = this.#take(); page !== undefined; page = this.#take()) await this.#ask(fetch, page)
    }
    await Promise.all(Array.from({ length: this.#work.inFlight }, worker))
  }

  #take(): number | undefined {
    const page = this.#again.shift() ?? (this.#next < this.counts.asked ? this.#next++ : undefined)
    if (page !== undefined) this.#open.add(page)
    return page
  }

  async #ask(fetch: Crawler['fetch'], page: number): Promise<void> {
    const { url, isOwn } = this.#pageOf(page)
    const asked = this.#time.now()
    try {
      const text = await (await fetch(url)).text()
      if (!isOwn(text)) this.counts.spoiled++
      this.counts.succeeded++
      this.latencies.push(this.#time.now() - asked)
    } catch {
      this.counts.failed++
    }
    this.#open.delete(page)
    this.answeredAt.push(this.#time.now())
    this.#onAnswer()
  }

  #numbered(page: number): Page {
    const host = this.#hosts[page % this.#hosts.length]!
    const site = host.manners.site
    const last = this.#work.pages ?? (site ? site.pages - 1 : 1_000)
    const number = 1 + (Math.floor(page / this.#hosts.length) % Math.max(1, last))
    const path = this.#work.path ?? (site ? '/page/{n}' : '/bytes/2048?n={n}')
    const url = this.#wayTo(host.url + path.replace('{n}', String(number)), page)
    const isOwn = (text: string) => {
      const known = path === '/page/{n}' ? host.reception.site : undefined
      return known?.isTrue(`/page/${number}`, encodeText(text, known.page(number).charset)) ?? true
    }
    return { url, isOwn }
  }

  /** The page itself, or an address of some origin that redirects there. */
  #wayTo(url: string, page: number): string {
    const luck = pickHash(page, 'redirected')
    if (luck >= this.#work.redirected) return url
    const isOther = luck < this.#work.redirected / 2
    const by = this.#hosts[(page + (isOther ? 1 : 0)) % this.#hosts.length]!
    return `${by.url}/redirect-to?url=${encodeURIComponent(url)}&n=${page}`
  }
}
