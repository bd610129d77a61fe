import type { CrawlEnding } from '../contracts/crawl.ts'
import { messageOf, RegattaError } from '../contracts/errors.ts'
import type { CrawlerStats } from '../contracts/stats.ts'
import type { CrawlProgress, CrawlSummary } from '../face/crawler.ts'
import type { Checked } from './expect.ts'

/** What `--summary` writes: totals for programs. Written however the crawl ended, so that nobody reads yesterday's file. */

/** The file's text: JSON with `null` where nothing was measured. */
export function summaryText(summary: CrawlSummary, error?: unknown, expect?: readonly Checked[]): string {
  const { ending, pages, items, edges, failed, gone, setAside, skipped, unchanged, empty } = summary
  const { askedAgain, corrected, contested, marked } = summary
  const { earlier, queued } = summary
  const { attempts, hedges, bytes, spending, trust, latencyMs, hosts, proxies } = summary
  const body = {
    ending,
    ...(error === undefined ? {} : { error: describeError(error) }),
    pages,
    items,
    edges,
    failed,
    gone,
    setAside,
    skipped,
    unchanged,
    empty,
    askedAgain,
    corrected,
    contested,
    marked,
    earlier,
    queued,
    attempts,
    hedges,
    bytes,
    spending,
    trust,
    wallMs: Math.round(summary.wallMs),
    latencyMs: { p50: latencyMs.p50, p95: latencyMs.p95, p99: latencyMs.p99 },
    hosts,
    proxies,
    trapped: summary.trapped,
    leftOut: summary.leftOut,
    emptyPages: summary.emptyPages,
    ...(expect !== undefined && { expect }),
  }
  return `${JSON.stringify(body, (_, value) => (value === undefined ? null : value), 2)}\n`
}

const nothingCompared: CrawlSummary['trust'] = {
  comparisons: 0,
  bytes: 0,
  audits: 0,
  deviations: 0,
  convictions: 0,
  contested: 0,
  askedAgain: 0,
  corrected: 0,
}

const noProxies: CrawlSummary['proxies'] = {
  total: 0,
  healthy: 0,
  untried: 0,
  failing: 0,
  open: 0,
  halfOpen: 0,
  isolated: 0,
  retired: 0,
}

const nothingSpent: CrawlSummary['spending'] = {
  requests: 0,
  sent: 0,
  received: 0,
  cost: 0,
  currency: '',
  rent: 0,
  reached: undefined,
}

function spentOf({ total, currency, rent }: CrawlerStats['spending']): Partial<CrawlSummary['spending']> {
  const { requests, sent, received, cost } = total
  return { requests, sent, received, cost, currency, rent }
}

/** The summary of a crawl that cannot give one itself, because it failed or never began. */
export function summarySoFar(
  ending: CrawlEnding,
  progress?: CrawlProgress,
  stats?: CrawlerStats,
): CrawlSummary {
  return {
    pages: progress?.pages ?? 0,
    items: progress?.items ?? 0,
    edges: progress?.edges ?? 0,
    failed: progress?.failed ?? 0,
    gone: progress?.gone ?? 0,
    setAside: progress?.setAside ?? 0,
    skipped: progress?.skipped ?? 0,
    unchanged: progress?.unchanged ?? 0,
    empty: progress?.empty ?? 0,
    askedAgain: progress?.askedAgain ?? 0,
    corrected: progress?.corrected ?? 0,
    contested: progress?.contested ?? 0,
    marked: progress?.marked ?? 0,
    earlier: undefined,
    ending,
    queued: progress?.queued ?? 0,
    attempts: stats?.attempts ?? 0,
    hedges: stats?.hedges ?? 0,
    bytes: stats?.bytes ?? 0,
    spending: { ...nothingSpent, ...(stats && spentOf(stats.spending)) },
    trust: stats?.trust ?? nothingCompared,
    wallMs: stats?.wallMs ?? 0,
    latencyMs: stats?.latencyMs ?? { p50: undefined, p95: undefined, p99: undefined },
    hosts: stats?.hosts ?? {},
    proxies: stats?.proxies ?? noProxies,
    trapped: [],
    leftOut: [],
    emptyPages: [],
    deadLetters: [],
  }
}

function describeError(error: unknown): { code: string; message: string } {
  return { code: error instanceof RegattaError ? error.code : 'INTERNAL', message: messageOf(error) }
}
