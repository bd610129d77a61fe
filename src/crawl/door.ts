import { type Admission, admitLinks, admitSeed } from '../admission/admission.ts'
import { fetchableUrl, fingerprint } from '../admission/canonical-url.ts'
import { createHostBlocks, type HostBlocks } from '../admission/host-blocks.ts'
import { createTraps, type Traps, type TrapVisit, type VisitedPage } from '../admission/traps.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { Discovered, Discovery, Lease } from '../contracts/frontier.ts'
import type { HopRefusal } from '../contracts/job.ts'
import type { CrawlRequest, RequestInput } from '../contracts/request.ts'
import { mostLinks } from '../source/page-budget.ts'
import { Reach } from './local-reach.ts'
import type { OpenCrawl } from './open-crawl.ts'
import type { Skip } from './page-report.ts'
import { Reasons, type Rejection } from './reasons.ts'

/**
 * The way into the frontier of one crawl: what is too deep, blocked or looks like a trap stays outside. What was learnt
 * of traps is kept beside the requests, so that a crawl that goes on does not walk into them again.
 */
const trapsKey = 'traps'
const budgetKey = 'budget'
/** Why links are turned away that lead into a local network. */
const localNetwork = 'local network'
/** Requests after which what was learnt of traps is kept. */
const saveEvery = 500
/** Links of one page that are added at a time. */
const linksAtOnce = 1_000

export class Door {
  readonly #crawl: OpenCrawl
  readonly #deepest: number
  readonly #blocks: HostBlocks
  readonly #reach: Reach
  /** Hosts that were given their budget. */
  readonly #budgeted = new Set<string>()
  /** Requests a host may have; undefined when no run of this crawl has set a budget. */
  #perHost: number | undefined
  #traps: Traps | undefined
  /** Links to other hosts than may be asked, or more than they may have; of this run. */
  readonly #turnedAway = new Reasons()
  #unsaved = 0

  constructor(crawl: OpenCrawl) {
    this.#crawl = crawl
    const { source, params, options } = crawl
    const limits = source.limits?.(params, { env: crawl.world.options.env ?? {} }) ?? {}
    this.#deepest = Math.min(options.maxDepth ?? Infinity, limits.depth ?? Infinity)
    this.#blocks = createHostBlocks(options.block ?? [])
    this.#reach = new Reach(crawl.world.options.allowPrivateTargets, crawl.frontier)
  }

  /** Remembers. Throws OPTION_INVALID for a limit that is none. */
  async open(): Promise<void> {
    const { options, frontier, world } = this.#crawl
    await this.#reach.open()
    this.#perHost = await this.#budgetOf(options.maxPerHost)
    if (options.traps === false) return
    const saved = await frontier.side.get(trapsKey)
    this.#traps = createTraps(options.traps ?? {}, { clock: world.clock, saved: saved && readJson(saved) })
  }

  async save(): Promise<void> {
    this.#unsaved = 0
    if (!this.#traps) return
    await this.#crawl.frontier.side.put(trapsKey, Buffer.from(JSON.stringify(this.#traps.save())))
  }

  /** A request has ended: every now and then, what was learnt is kept. */
  saveSometimes(): void {
    if (++this.#unsaved >= saveEvery) this.save().catch(() => {}) // it is saved again
  }

  /** Links that were not followed, by reason, most first. */
  rejected(): Rejection[] {
    const reasons: Rejection[] = [...(this.#traps?.rejected() ?? []), ...this.#turnedAway.list()]
    return reasons.sort((one, other) => other.count - one.count)
  }

  /**
   * For what a source fetches by itself. Throws OPTION_INVALID naming the URL when its host is blocked, or when it lies in
   * a local network where this crawl may not go. `isFound`: the source has read something before.
   */
  async assertOpen(url: string, isFound: boolean): Promise<void> {
    if (!this.isOpen(url)) {
      throw new RegattaError('OPTION_INVALID', `${url} was not fetched: its host is blocked.`, {
        value: { path: 'block', value: url },
      })
    }
    if (await this.#reach.admits(url, isFound)) return
    this.#turnedAway.add(localNetwork, url)
    const message = `${url} was not fetched: it lies in a local network, where this crawl may not go; allowPrivateTargets: true (--allow-private) lets it.`
    throw new RegattaError('OPTION_INVALID', message, { value: { path: 'allowPrivateTargets', value: url } })
  }

  /** Where what a source fetches by itself must not be led by a redirect. */
  refusesFetch(url: string): HopRefusal | undefined {
    return this.isOpen(url)
      ? undefined
      : { reason: 'blocked', detail: `it leads to ${url}: its host is blocked` }
  }

  isOpen(url: string): boolean {
    const parsed = URL.parse(url)
    return parsed === null || !this.#blocks.holds(parsed)
  }

  /** Why a request that waits in the frontier must not be sent after all. */
  refuses(request: CrawlRequest): Skip | undefined {
    if (this.#isBlocked(request)) return { reason: 'blocked', detail: 'its host is blocked' }
    if (!this.#reach.holds(request.url)) {
      return { reason: 'local network', detail: 'it lies in a local network, where this crawl may not go' }
    }
    const trap = this.#traps?.refuses(request)
    return trap && { reason: 'trap', detail: `it looks like a trap (${trap})` }
  }

  /** The source does not follow these links. */
  leave(links: readonly string[], reason: string): void {
    for (const url of links) this.#turnAway(reason, url, undefined)
  }

  /** Its requests may go into the local network. */
  get isReachOpen(): boolean {
    return this.#reach.isOpen
  }

  /**
   * Undefined when it may not be asked for. `isFound`: the source has read something to find it. Throws URL_INVALID naming
   * the value.
   */
  async seed(input: RequestInput | string, isFound: boolean): Promise<Discovered | undefined> {
    const found = admitSeed(input, this.#admission())
    if (await this.#reach.admits(found.request.url, isFound)) return found
    this.#turnAway(localNetwork, found.request.url, undefined)
    return undefined
  }

  /** Adds what is new. */
  async add(discovered: readonly Discovered[]): Promise<readonly Discovery[]> {
    if (discovered.length === 0) return []
    const { frontier, counting, bell, world } = this.#crawl
    if (this.#perHost !== undefined) await this.#budget(discovered, this.#perHost)
    const answers = await frontier.discover(discovered)
    for (const [at, answer] of answers.entries()) {
      if (answer === 'added') {
        counting.queued++
        world.engine.telling.found(this.#crawl.id, discovered[at]!.request)
      } else if (answer === 'rejected') {
        const { url, referrer } = discovered[at]!.request
        this.#turnAway('limit per host', url, referrer)
      }
    }
    bell.ring()
    return answers
  }

  /** A redirect has led to a page that is known under its own URL: its items come, or have come, from there. */
  async isKnown({ request }: Lease, answered: string): Promise<boolean> {
    const { frontier, world } = this.#crawl
    const page = pageOf(request, answered)
    if (page === undefined) return false
    const claim = { page, host: world.hostKey(new URL(answered)), by: request.id }
    return (await frontier.claim?.(claim)) === false
  }

  /** A redirect leads to a page that was found under its own URL: it need not be asked for here. */
  async isDiscovered({ request }: Lease, url: string): Promise<boolean> {
    // What is said with a request is for its own page: nobody else would read that with it.
    if (request.label !== undefined || request.data !== undefined) return false
    const { frontier, world } = this.#crawl
    const page = pageOf(request, url)
    if (page === undefined) return false
    return (await frontier.isDiscovered?.({ page, host: world.hostKey(new URL(url)) })) === true
  }

  /** A page has come: what its links and its outputs say of traps. Undefined when nobody looks for traps. */
  watch(lease: Lease, page: VisitedPage): TrapVisit | undefined {
    return this.#traps?.visit(lease.request, {
      ...page,
      isAgain: lease.memo !== undefined || lease.correction !== undefined,
    })
  }

  /** Adds what may be added of the links of a page. */
  async follow(
    inputs: readonly RequestInput[],
    lease: Lease,
    pageUrl: string,
    trap: TrapVisit | undefined,
  ): Promise<void> {
    if (inputs.length === 0) return
    if (lease.request.depth >= this.#deepest) {
      for (const { url } of inputs) this.#turnAway('limit of depth', String(url), pageUrl)
      return
    }
    const refuse = (request: CrawlRequest) => {
      if (!this.#isBlocked(request) && this.#reach.holds(request.url)) return trap?.refuses(request)
      const reason = this.#isBlocked(request) ? 'blocked host' : localNetwork
      this.#turnAway(reason, request.url, pageUrl)
      return reason
    }
    const admission = { ...this.#admission(), parent: lease.request, pageUrl, refuse }
    const taken = inputs.slice(0, mostLinks)
    for (const { url } of inputs.slice(mostLinks))
      this.#turnAway('links of one page', String(url).slice(0, 200), pageUrl)
    // In parts, so that others have their turn meanwhile: a page may name as many as it likes.
    for (let from = 0; from < taken.length; from += linksAtOnce) {
      const { discovered } = admitLinks(taken.slice(from, from + linksAtOnce), admission)
      const answers = await this.add(discovered)
      trap?.found(discovered, answers)
    }
  }

  #turnAway(reason: string, url: string, foundOn: string | undefined): void {
    this.#turnedAway.add(reason, url)
    const whole = foundOn === undefined ? url : (URL.parse(url, foundOn)?.href ?? url)
    this.#crawl.world.engine.telling.turnedAway(this.#crawl.id, whole, reason, foundOn)
  }

  #isBlocked({ url }: CrawlRequest): boolean {
    return !this.#blocks.isEmpty && this.#blocks.holds(new URL(url))
  }

  /** Hosts keep the budget of an earlier run; one without a budget lifts it. */
  async #budgetOf(asked: number | undefined): Promise<number | undefined> {
    const { side } = this.#crawl.frontier
    if (asked !== undefined) await side.put(budgetKey, Buffer.from(String(asked)))
    else if (await side.get(budgetKey)) return Infinity
    return asked
  }

  async #budget(discovered: readonly Discovered[], budget: number): Promise<void> {
    const hosts = new Set(discovered.map(({ request }) => request.host))
    const fresh = [...hosts].filter((host) => !this.#budgeted.has(host))
    for (const host of fresh) this.#budgeted.add(host)
    await Promise.all(fresh.map((host) => this.#crawl.frontier.setHost(host, { budget })))
  }

  #admission(): Admission {
    const { world, source } = this.#crawl
    const hostKey = (url: URL) => world.hostKey(url)
    return { source: source.name, hostKey, now: world.clock.now() }
  }
}

/** The identity of the page that a redirect leads a request to; undefined where it has none of its own. */
function pageOf({ id, url, method }: CrawlRequest, answered: string): string | undefined {
  const to = fetchableUrl(answered)
  if (to === undefined || to === url || method !== 'GET') return undefined
  const page = fingerprint({ url: to })
  // One with a key of its own has no identity by its URL.
  return page === id || fingerprint({ url }) !== id ? undefined : page
}

function readJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString())
  } catch {
    return undefined
  }
}
