import type { CrawlEnding, CrawlSummary, GivenUp, RunSpending } from '../contracts/crawl.ts'
import type { TrustCounts } from '../contracts/trust.ts'
import { proxyCounts, quantiles, statsOf } from '../engine/stats.ts'
import { LatencyHistogram } from '../reputation/latency.ts'
import { countsOf } from './counts.ts'
import type { CrawlWorld } from './crawl-world.ts'
import type { OpenCrawl } from './open-crawl.ts'

const mostDeadLetters = 100

/** Outputs that some sink lacks: at least so many, 0 when there are none. */
export async function undeliveredOf(crawl: OpenCrawl | undefined): Promise<number> {
  return ((await crawl?.frontier.outputs?.read(0, 1)) ?? []).length
}

/** What a run of a crawl tells at its end. `crawl` is undefined when it never opened, `since.startedAt` when it never began. */
export async function summarize(
  { engine, clock }: CrawlWorld,
  crawl: OpenCrawl | undefined,
  ending: CrawlEnding,
  since: {
    readonly startedAt: number | undefined
    readonly bytes: number
    readonly trust: TrustCounts | undefined
    readonly spending: RunSpending | undefined
  },
): Promise<CrawlSummary> {
  const counting = crawl?.counting
  const stats = await crawl?.frontier.stats()
  return {
    ...(counting?.total ?? countsOf({})),
    earlier: counting === undefined || counting.isFirstRun ? undefined : counting.earlier,
    ending,
    queued: stats ? stats.ready + stats.waiting + stats.leased : 0,
    attempts: counting?.attempts ?? 0,
    hedges: counting?.hedges ?? 0,
    bytes: since.startedAt === undefined ? 0 : engine.telling.counts.bytes - since.bytes,
    spending: spentSince(since.spending, spendingOf(engine)),
    trust: trustSince(since.trust, engine.trust.counts),
    wallMs: since.startedAt === undefined ? 0 : clock.now() - since.startedAt,
    latencyMs: quantiles(counting?.latency ?? new LatencyHistogram()),
    hosts: statsOf(engine, 0, clock.now(), 0).hosts,
    proxies: proxyCounts(engine),
    trapped: crawl?.door.rejected() ?? [],
    leftOut: crawl?.reporter.leftOut() ?? [],
    emptyPages: crawl?.reporter.empty ?? [],
    deadLetters: await firstDeadLetters(crawl),
  }
}

/** What the crawler has spent so far. */
export function spendingOf({ spending, fleet }: CrawlWorld['engine']): RunSpending {
  const { total, currency, rent } = spending.totals(fleet.members.map((proxy) => fleet.endpoints[proxy]!))
  const { requests, sent, received, cost } = total
  return { requests, sent, received, cost, currency, rent, reached: spending.refusal()?.message }
}

function spentSince(before: RunSpending | undefined, now: RunSpending): RunSpending {
  const from = before ?? now
  return {
    ...now,
    requests: now.requests - from.requests,
    sent: now.sent - from.sent,
    received: now.received - from.received,
    cost: now.cost - from.cost,
    rent: now.rent - from.rent,
  }
}

/** `before` is undefined for a run that never began. */
function trustSince(before: TrustCounts | undefined, now: TrustCounts): TrustCounts {
  const from = before ?? now
  return {
    comparisons: now.comparisons - from.comparisons,
    bytes: now.bytes - from.bytes,
    audits: now.audits - from.audits,
    deviations: now.deviations - from.deviations,
    convictions: now.convictions - from.convictions,
    contested: now.contested - from.contested,
    askedAgain: now.askedAgain - from.askedAgain,
    corrected: now.corrected - from.corrected,
  }
}

async function firstDeadLetters(crawl: OpenCrawl | undefined): Promise<CrawlSummary['deadLetters']> {
  const first: GivenUp[] = []
  for await (const { request, reason } of crawl?.frontier.deadLetters() ?? []) {
    if (first.length === mostDeadLetters) break
    first.push({ url: request.url, ...reason })
  }
  return first
}
