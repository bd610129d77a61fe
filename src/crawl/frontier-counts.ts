import type { FrontierCounts } from '../contracts/stats.ts'
import type { CrawlRun } from './run.ts'

/** The sums over crawls, for somebody who asks. A crawl that opens or closes its frontier just now has nothing to say. */
export async function frontierCounts(
  crawls: Iterable<Pick<CrawlRun<unknown>, 'frontierStats' | 'progress'>>,
  { now, mayRun }: { now(): number; readonly mayRun: boolean },
): Promise<FrontierCounts> {
  const sum = { hosts: 0, ready: 0, waiting: 0, leased: 0, done: 0, dead: 0, undelivered: 0 }
  const each = [...crawls]
  for (const crawl of each) sum.undelivered += crawl.progress().undelivered
  let oldest = Number.POSITIVE_INFINITY
  for (const stats of await Promise.all(each.map((crawl) => crawl.frontierStats()))) {
    if (!stats) continue
    for (const name of ['hosts', 'ready', 'waiting', 'leased', 'done', 'dead'] as const)
      sum[name] += stats[name]
    oldest = Math.min(oldest, stats.oldestDue ?? oldest)
  }
  const oldestDueMs = Number.isFinite(oldest) ? Math.max(0, now() - oldest) : 0
  return { ...sum, runnable: mayRun ? sum.ready : 0, oldestDueMs }
}
