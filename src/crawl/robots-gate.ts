import { isHostGone, type RobotsUnreachable } from '../admission/robots.ts'
import type { Lease } from '../contracts/frontier.ts'
import type { Harvest } from './harvest.ts'
import type { Racing } from './racing.ts'
import type { CrawlWorld } from './world.ts'

/** What robots.txt says to a request before it is raced: yes and how often, no, or nothing yet. */
export interface RobotsGateParts {
  readonly world: CrawlWorld
  readonly harvest: Harvest
  readonly racing: Racing
}

/** Hosts whose pages wait for robots.txt that are told of: in a broad crawl there are thousands. */
const mostAwaitedTold = 10

export class RobotsGate {
  readonly #parts: RobotsGateParts
  /** Hosts that were told to wait. */
  readonly #awaited = new Set<string>()

  constructor(parts: RobotsGateParts) {
    this.#parts = parts
  }

  /** True when the request is settled: it is forbidden, or the file cannot be had. */
  async settles(lease: Lease): Promise<boolean> {
    const { world, harvest, racing } = this.#parts
    const { request } = lease
    const decision = await racing.unlessEnding(world.robots.decide(request.url))
    if (decision === undefined) return false
    if (decision.allowed) {
      const delay = await world.robots.crawlDelayMs(request.url)
      const pool = world.engine.router.pool(world.engine.hosts.keyOf(request.url))
      if (delay !== undefined && delay > pool.hostInterval) pool.hostInterval = delay
      return false
    }
    if (decision.reason === 'disallowed') await harvest.skip(lease, 'robots.txt disallows it')
    else await this.#wait(lease, decision)
    return true
  }

  async #wait(lease: Lease, { retryAt, failure }: RobotsUnreachable): Promise<void> {
    const { world, harvest } = this.#parts
    const { host } = lease.request
    const what = `robots.txt of ${host} could not be had`
    if (retryAt === undefined) {
      const code = isHostGone(failure) ? failure.code : 'robots-unreachable'
      return harvest.bury(lease, { code, detail: `${what}: ${failure.detail}` })
    }
    if (!this.#awaited.has(host) && this.#awaited.size < mostAwaitedTold) {
      this.#awaited.add(host)
      const seconds = Math.max(1, Math.round((retryAt - world.clock.now()) / 1_000))
      const message = `${what} (${failure.detail}); its pages wait, and it is asked again in ${seconds} s.`
      world.emit('alert', { code: 'ROBOTS_UNREACHABLE', message })
    }
    await harvest.retry(lease, retryAt)
  }
}
