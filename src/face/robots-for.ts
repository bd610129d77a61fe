import { productToken } from '../admission/product-token.ts'
import { createRobots, isRobotsAnswer, type Robots } from '../admission/robots.ts'
import type { Clock } from '../base/clock.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { CrawlerEvents } from '../contracts/events.ts'
import type { Spent } from '../contracts/job.ts'
import type { Engine } from '../engine/engine.ts'
import type { FetchInit } from './fetch-request.ts'

/** robots.txt of every host, fetched like any request of this crawler, but for what it makes of the answers. */
export interface RobotsParts {
  readonly engine: Engine
  readonly clock: Clock
  readonly isOffline: boolean
  fetch(url: string, init: FetchInit, asker: Spent | undefined): Promise<Response>
  alert(alert: CrawlerEvents['alert'][0]): void
}

/** Of so many hosts it is told that their file is long in coming: in a broad crawl there are thousands. */
const mostLateTold = 10
/** Milliseconds of a try where there is one exit. With more of them, it is their number that ends it. */
const onlyExitTime = 30_000

export function robotsFor({ engine, clock, isOffline, fetch, alert }: RobotsParts): Robots {
  let told = 0
  return createRobots({
    clock,
    async fetch(url, asker) {
      const deadline = engine.fleet.size > 1 ? Number.POSITIVE_INFINITY : onlyExitTime
      for (;;) {
        try {
          const response = await fetch(url, { deadline, redirect: 'manual', accept: isRobotsAnswer }, asker)
          // Offline there is no later in which it could be had.
          return isOffline && isNotYet(response) ? new Response(null, { status: 404 }) : response
        } catch (error) {
          if (!hasOnlyWaited(error)) throw error
        }
      }
    },
    agent(url) {
      const { robotsAgent, headers } = engine.hosts.settingsFor(url)
      return robotsAgent ?? productToken(headers['user-agent'] ?? '')
    },
    hasAnswered: (url) =>
      engine.router.pools.get(engine.hosts.keyOf(url))?.record.health.hasAnswered ?? false,
    late(origin) {
      // A host that limits us, or that nobody reaches, was told already.
      const health = engine.router.pools.get(engine.hosts.keyOf(origin))?.record.health
      if (health?.isLimitTold || health?.isAwaited || ++told > mostLateTold) return
      const message = `robots.txt of ${new URL(origin).host} has not come yet; its pages wait for it.`
      alert({ code: 'ROBOTS_UNREACHABLE', message })
    },
  })
}

function isNotYet({ status }: Response): boolean {
  return status === 429 || status >= 500
}

/** Nobody could ask the host in its time, or it has asked for a pause: that says nothing of the file, which is waited for. */
function hasOnlyWaited(error: unknown): boolean {
  if (!(error instanceof RegattaError) || error.code !== 'DEADLINE') return false
  const { value } = error
  if (typeof value !== 'object' || value === null || !('verdict' in value)) return false
  const { verdict } = value
  return verdict === undefined || verdict === 'dead' || verdict === 'neutral' || verdict === 'rate-limited'
}
