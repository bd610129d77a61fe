import type { CrawlEnding, CrawlSummary, GivenUp } from '../contracts/crawl.ts'
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
  since: { readonly startedAt: number | undefined; readonly bytes: number },
): Promise<CrawlSummary> {
  const counting = crawl?.counting
  const stats = await crawl?.frontier.stats()
  const { total, healthy, open, retired } = proxyCounts(engine)
  return {
    ...(counting?.total ?? countsOf({})),
    earlier: counting === undefined || counting.isFirstRun ? undefined : counting.earlier,
    ending,
    queued: stats ? stats.ready + stats.waiting + stats.leased : 0,
    attempts: counting?.attempts ?? 0,
    hedges: counting?.hedges ?? 0,
    bytes: since.startedAt === undefined ? 0 : engine.telling.counts.bytes - since.bytes,
    wallMs: since.startedAt === undefined ? 0 : clock.now() - since.startedAt,
    latencyMs: quantiles(counting?.latency ?? new LatencyHistogram()),
    hosts: statsOf(engine, 0, 0).hosts,
    proxies: { total, healthy, open, retired },
    trapped: crawl?.door.rejected() ?? [],
    leftOut: crawl?.reporter.leftOut() ?? [],
    emptyPages: crawl?.reporter.empty ?? [],
    deadLetters: await firstDeadLetters(crawl),
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
