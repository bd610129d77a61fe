import { type Admission, admitLinks, admitSeed } from '../admission/admission.ts'
import { createHostBlocks, type HostBlocks } from '../admission/host-blocks.ts'
import { createTraps, type Traps, type TrapVisit, type VisitedPage } from '../admission/traps.ts'
import type { CrawlOptions } from '../contracts/crawl.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { Discovered, Discovery, Frontier, Lease } from '../contracts/frontier.ts'
import type { CrawlRequest, RequestInput } from '../contracts/request.ts'
import type { Source, SourceLimits } from '../contracts/source.ts'
import type { CrawlWorld } from './world.ts'

/**
 * The way into the frontier of one crawl: what is too deep, blocked or looks like a trap stays outside. What was learnt
 * of traps is kept beside the requests, so that a crawl that goes on does not walk into them again.
 */
export interface DoorParts {
  readonly world: CrawlWorld
  readonly source: Source
  readonly options: CrawlOptions
  readonly limits: SourceLimits
  readonly frontier: Frontier
}

const trapsKey = 'traps'
const budgetKey = 'budget'

export class Door {
  readonly #parts: DoorParts
  readonly #deepest: number
  readonly #blocks: HostBlocks
  /** Hosts that were given their budget. */
  readonly #budgeted = new Set<string>()
  /** Requests a host may have; undefined when no run of this crawl has set a budget. */
  #perHost: number | undefined
  #traps: Traps | undefined
  /** Links to other hosts than may be asked, or more than they may have; of this run. */
  readonly #turnedAway = new Map<string, Rejection>()

  constructor(parts: DoorParts) {
    this.#parts = parts
    this.#deepest = Math.min(parts.options.maxDepth ?? Infinity, parts.limits.depth ?? Infinity)
    this.#blocks = createHostBlocks(parts.options.block ?? [])
  }

  /** Remembers. Throws OPTION_INVALID for a limit that is none. */
  async open(): Promise<void> {
    const { options, frontier, world } = this.#parts
    this.#perHost = await this.#budgetOf(options.maxPerHost)
    if (options.traps === false) return
    const saved = await frontier.side.get(trapsKey)
    this.#traps = createTraps(options.traps ?? {}, { clock: world.clock, saved: saved && readJson(saved) })
  }

  async save(): Promise<void> {
    if (!this.#traps) return
    await this.#parts.frontier.side.put(trapsKey, Buffer.from(JSON.stringify(this.#traps.save())))
  }

  /** Links that were not followed, by reason, most first. */
  rejected(): Rejection[] {
    const reasons: Rejection[] = [...(this.#traps?.rejected() ?? []), ...this.#turnedAway.values()]
    return reasons.sort((one, other) => other.count - one.count)
  }

  /** Throws OPTION_INVALID naming the URL, when its host is blocked: for what a source fetches by itself. */
  assertOpen(url: string): void {
    if (this.isOpen(url)) return
    throw new RegattaError('OPTION_INVALID', `${url} was not fetched: its host is blocked.`, {
      value: { path: 'block', value: url },
    })
  }

  isOpen(url: string): boolean {
    const parsed = URL.parse(url)
    return parsed === null || !this.#blocks.holds(parsed)
  }

  /** Why a request that waits in the frontier must not be sent after all. */
  refuses(request: CrawlRequest): string | undefined {
    if (this.#isBlocked(request)) return 'its host is blocked'
    const reason = this.#traps?.refuses(request)
    return reason && `it looks like a trap (${reason})`
  }

  /** Throws URL_INVALID naming the value. */
  seed(input: RequestInput | string): Discovered {
    return admitSeed(input, this.#admission())
  }

  /** Adds what is new, and tells how many that were. */
  async add(discovered: readonly Discovered[]): Promise<number> {
    return countOf(await this.#add(discovered))
  }

  /** A page has come; its links go through the visit, which ends when all of them have. */
  visit(lease: Lease, page: VisitedPage): DoorVisit {
    const trap = this.#traps?.visit(lease.request, { ...page, isAgain: lease.memo !== undefined })
    return {
      follow: (inputs) => this.#follow(inputs, lease, page.url, trap),
      end: (outputs, text) => trap?.end(outputs, text),
    }
  }

  /** Adds what may be added of the links of a page. */
  async #follow(
    inputs: readonly RequestInput[],
    lease: Lease,
    pageUrl: string,
    trap: TrapVisit | undefined,
  ): Promise<number> {
    if (lease.request.depth >= this.#deepest || inputs.length === 0) return 0
    const refuse = (request: CrawlRequest) => {
      if (!this.#isBlocked(request)) return trap?.refuses(request)
      this.#turnAway('blocked host', request.url)
      return 'blocked'
    }
    const admission = { ...this.#admission(), parent: lease.request, pageUrl, refuse }
    const { discovered } = admitLinks(inputs, admission)
    const answers = await this.#add(discovered)
    trap?.found(discovered, answers)
    return countOf(answers)
  }

  #isBlocked({ url }: CrawlRequest): boolean {
    return !this.#blocks.isEmpty && this.#blocks.holds(new URL(url))
  }

  async #add(discovered: readonly Discovered[]): Promise<Discovery[]> {
    if (discovered.length === 0) return []
    const { frontier } = this.#parts
    if (this.#perHost !== undefined) await this.#budget(discovered, this.#perHost)
    const answers = await frontier.discover(discovered)
    for (const [at, answer] of answers.entries()) {
      if (answer === 'rejected') this.#turnAway('limit per host', discovered[at]!.request.url)
    }
    return answers
  }

  #turnAway(reason: string, url: string): void {
    const known = this.#turnedAway.get(reason)
    this.#turnedAway.set(reason, { reason, count: (known?.count ?? 0) + 1, example: known?.example ?? url })
  }

  /** Hosts keep the budget of an earlier run; one without a budget lifts it. */
  async #budgetOf(asked: number | undefined): Promise<number | undefined> {
    const { side } = this.#parts.frontier
    if (asked !== undefined) await side.put(budgetKey, Buffer.from(String(asked)))
    else if (await side.get(budgetKey)) return Infinity
    return asked
  }

  async #budget(discovered: readonly Discovered[], budget: number): Promise<void> {
    const hosts = new Set(discovered.map(({ request }) => request.host))
    const fresh = [...hosts].filter((host) => !this.#budgeted.has(host))
    for (const host of fresh) this.#budgeted.add(host)
    await Promise.all(fresh.map((host) => this.#parts.frontier.setHost(host, { budget })))
  }

  #admission(): Admission {
    const { world, source } = this.#parts
    const hostKey = (url: URL) => world.hostKey(url)
    return { source: source.name, hostKey, now: world.clock.now() }
  }
}

/** Links that were not followed for one reason. */
export interface Rejection {
  readonly reason: string
  readonly count: number
  /** The first one. */
  readonly example: string
}

export interface DoorVisit {
  /** Adds what may be added of these links, and tells how many that were. */
  follow(inputs: readonly RequestInput[]): Promise<number>
  /** How many outputs the page gave, and its text, read only when in doubt. */
  end(outputs: number, text: () => string): void
}

function countOf(answers: readonly Discovery[]): number {
  return answers.reduce((sum, answer) => sum + (answer === 'added' ? 1 : 0), 0)
}

function readJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString())
  } catch {
    return undefined
  }
}
