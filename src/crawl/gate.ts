import { isHostGone, type RobotsDecision, type RobotsUnreachable } from '../admission/robots.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { Lease } from '../contracts/frontier.ts'
import type { CrawlRequest } from '../contracts/request.ts'
import type { OpenCrawl } from './open-crawl.ts'
import { dead, type Ended, skipped } from './settle.ts'
import type { Visit } from './visit.ts'

/** So many hosts are told of when their pages wait for robots.txt: in a broad crawl there are thousands. */
const mostAwaitedTold = 10

/** The way out of the frontier: why a request must not be sent, or not yet. Undefined where nothing is against it. */
export class Gate {
  readonly #crawl: OpenCrawl
  /** Hosts that were told of because their pages wait for robots.txt. */
  readonly #awaited = new Set<string>()

  constructor(crawl: OpenCrawl) {
    this.#crawl = crawl
  }

  /** What can be said at once: the source does not want it, its host is blocked, it looks like a trap. */
  refuse({ lease }: Visit): Ended | undefined {
    return this.#refuse(lease, lease.request, undefined)
  }

  /**
   * A redirect leads a visit to another URL: whether that may be asked, as if it were a request of its own. One that is known
   * by itself need not be; not so on a way with cookies, where it may only send us back with them. The race ends it from
   * outside, or lets it go on in a drain because what it has sent must not be sent twice.
   */
  async refuseHop(visit: Visit, url: string, hasCookies: boolean): Promise<Ended | undefined> {
    const { lease } = visit
    const { world, door, pace } = this.#crawl
    const request = { ...lease.request, url, host: world.hostKey(new URL(url)) }
    const refused = this.#refuse(lease, request, lease.request)
    if (!refused) pace.hold(url)
    const end = refused ?? (await this.#askRobotsOfHop(visit, url))
    if (end?.skip) return skipped(lease, { ...end.skip, detail: `it leads to ${url}: ${end.skip.detail}` })
    const comesAgain = end?.kind === 'retry' || end?.kind === 'release'
    if (comesAgain && !lease.request.idempotent) {
      const why = `${lease.request.method} was answered, and robots.txt does not say whether it may go on to ${url}`
      return dead(lease, { code: 'not-repeatable', detail: why })
    }
    if (end) return end
    if (hasCookies || !(await door.isDiscovered(lease, url))) return undefined
    return skipped(lease, { reason: 'duplicate', detail: `it leads to ${url}, which is known by itself` })
  }

  #refuse(lease: Lease, request: CrawlRequest, from: CrawlRequest | undefined): Ended | undefined {
    const { source, params, door } = this.#crawl
    try {
      const unwanted = source.admit?.(request, params, from)
      const own = typeof unwanted === 'string' ? { reason: 'source', detail: unwanted } : unwanted
      const skip = own ?? door.refuses(request)
      return skip && skipped(lease, skip)
    } catch (error) {
      if (!(error instanceof RegattaError) || error.code !== 'SOURCE_FAILED') throw error
      return dead(lease, { code: 'source-failed', detail: error.message })
    }
  }

  /** What robots.txt says: no, or nothing yet. */
  async askRobots(visit: Visit): Promise<Ended | undefined> {
    const { url } = visit.lease.request
    if (!this.#crawl.obeysRobots(url)) return undefined
    this.#crawl.world.engine.telling.waits(visit, 'robots')
    const decision = await visit.unlessOver(this.#decide(url))
    return decision === undefined
      ? visit.endWaiting('for the robots.txt of its host')
      : this.#heed(visit, url, decision)
  }

  async #askRobotsOfHop(visit: Visit, url: string): Promise<Ended | undefined> {
    return this.#crawl.obeysRobots(url) ? this.#heed(visit, url, await this.#decide(url)) : undefined
  }

  #decide(url: string): Promise<RobotsDecision> {
    return this.#crawl.world.robots.decide(url, this.#crawl.counting)
  }

  /** When it says yes and how often, the host's interval follows it. */
  async #heed(visit: Visit, url: string, decision: RobotsDecision): Promise<Ended | undefined> {
    const { world } = this.#crawl
    const { lease } = visit
    if (decision.allowed) {
      const delay = world.options.offline ? undefined : await world.robots.crawlDelayMs(url)
      if (delay !== undefined)
        world.engine.router.pool(world.engine.hosts.keyOf(url)).spacing.heedCrawlDelay(delay)
      return undefined
    }
    if (decision.reason === 'disallowed')
      return skipped(lease, { reason: 'robots', detail: 'robots.txt disallows it' })
    return this.#wait(visit, world.hostKey(new URL(url)), decision)
  }

  async #wait(visit: Visit, host: string, { retryAt, failure }: RobotsUnreachable): Promise<Ended> {
    const { world } = this.#crawl
    const { lease } = visit
    const what = `robots.txt of ${host} could not be had`
    if (retryAt === undefined) {
      const code = isHostGone(failure) ? failure.code : 'robots-unreachable'
      return dead(lease, { code, detail: `${what}: ${failure.detail}` })
    }
    // In the frontier nobody would end it in time: it waits here, and holds a place, so that its host's other pages wait.
    if (visit.isDueBefore(retryAt)) {
      await visit.unlessOver(new Promise(() => {}))
      return visit.endWaiting(`for the robots.txt of its host (${failure.detail})`)
    }
    if (!this.#awaited.has(host) && this.#awaited.size < mostAwaitedTold) {
      this.#awaited.add(host)
      const seconds = Math.max(1, Math.round((retryAt - world.clock.now()) / 1_000))
      const message = `${what} (${failure.detail.replace(/\.$/, '')}); its pages wait, and it is asked again in ${seconds} s.`
      world.emit('alert', { code: 'ROBOTS_UNREACHABLE', message })
    }
    return { lease, kind: 'retry', notBefore: retryAt, targetFault: false }
  }
}
