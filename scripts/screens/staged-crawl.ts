import { z } from 'zod'
import { type ProgressView, progressView, QueueTrend, RateTrend } from '../../src/cli/progress.ts'
import { RunLedger } from '../../src/cli/report/run-ledger.ts'
import { type RunRecord, takeRecord } from '../../src/cli/report/run-record.ts'
import { summarySoFar } from '../../src/cli/summary.ts'
import type { CrawlOptions } from '../../src/contracts/crawl.ts'
import { parseScenario, type Scenario } from '../../src/lab/scenario.ts'
import { type CrawlerOptions, parseOptions } from '../../src/options/options.ts'
import { createVirtualClock } from '../../src/sim/clock.ts'
import { beginLife } from '../../src/sim/life.ts'
import { ScenarioWorld } from '../../src/sim/scenario-world.ts'
import { defineSource } from '../../src/source/define-source.ts'

/** A crawl on virtual time, looked at four times a second as the command line does: the same for ever. */
const everything = defineSource({
  name: 'site',
  params: z.object({ start: z.array(z.string()) }),
  item: z.object({ url: z.string() }),
  *seeds({ start }) {
    yield* start
  },
  *parse(page) {
    yield page.item({ url: page.url })
    const own = new URL(page.url).host
    yield page.follow(
      page
        .links()
        .links.map(({ url }) => url)
        .filter((url) => new URL(url).host === own),
    )
  },
})

export interface Staged {
  /** At the moment that was asked for. */
  readonly view: ProgressView
  readonly record: RunRecord
}

export async function stage(
  scenario: Scenario,
  options: CrawlerOptions,
  crawlOptions: CrawlOptions,
  atMs: number,
): Promise<Staged> {
  const time = createVirtualClock()
  const parsed = parseScenario(scenario)
  const input = { refresh: 604_800_000, seed: parsed.seed, ...options }
  const world = new ScenarioWorld(parsed, time, parseOptions(input))
  let ledger: RunLedger | undefined
  const life = await beginLife(world, time, input, (crawler) => {
    ledger = new RunLedger(crawler, time)
  })
  const { crawler } = life
  const crawl = crawler.crawl(everything, { start: world.hosts.map(({ url }) => `${url}/`) }, crawlOptions)
  const run = crawl.run().catch(() => undefined)
  const [queue, rates] = [new QueueTrend(), new RateTrend()]
  let view: ProgressView | undefined
  while (time.now() < atMs) {
    await time.advance(250)
    const progress = crawl.progress()
    view = progressView({
      progress,
      stats: crawler.stats(),
      now: time.now(),
      growth: queue.growth(time.now(), progress.queued),
      rates: rates.rates(time.now(), progress.pages),
      ledger,
      ...(crawlOptions.maxPages === undefined ? {} : { maxPages: crawlOptions.maxPages }),
    })
  }
  const stats = crawler.stats()
  const record = takeRecord({
    ledger: ledger!,
    summary: summarySoFar('interrupted', crawl.progress(), stats),
    stats,
    proxies: crawler.proxies(),
    name: 'staged',
    source: 'site',
    target: world.hosts.map(({ url }) => url).join(', '),
    now: time.now(),
    wall: time.wall(),
    isOver: true,
    called: 'regatta',
    folder: '.regatta/shop.lab-1a2b3c4d',
  })
  life.die()
  void run
  world.close()
  return { view: view!, record }
}
