import { createBusyMeter } from '../base/clock.ts'
import { counted, formatDuration } from '../base/format.ts'
import type { CrawlEnding } from '../contracts/crawl.ts'
import type { Crawl, Crawler, CrawlSummary } from '../face/crawler.ts'
import { regatta } from './called.ts'
import { openDisplay } from './display.ts'
import type { Interruption } from './interruption.ts'
import type { Io } from './io.ts'
import { withHint } from './next-step.ts'
import { showPageLines } from './page-lines.ts'
import { progressView, QueueTrend, RateTrend } from './progress.ts'
import type { RunLedger } from './report/run-ledger.ts'

/**
 * Follows one crawl to its end: draws progress, passes on alerts, turns the first Ctrl-C into a drain and the second
 * into a stop. Rejects with whatever made the crawl fail.
 */
export interface Following {
  readonly crawler: Crawler
  readonly crawl: Crawl<unknown>
  readonly io: Io
  readonly interruption: Interruption
  readonly quiet: boolean
  /** A line for each page. Default false. */
  readonly verbose?: boolean
  /** Pages at most, for the estimate. Default: no limit. */
  readonly maxPages?: number
  /** Keeps what went wrong; without it none of that is shown. */
  readonly ledger?: RunLedger | undefined
  /** Milliseconds after which it is drained. Default: never. */
  readonly maxDuration?: number
}

export interface Followed {
  readonly summary: CrawlSummary
  /** URLs whose giving up was told while it ran. */
  readonly told: ReadonlySet<string>
}

export async function followCrawl(following: Following): Promise<Followed> {
  const {
    crawler,
    crawl,
    io,
    interruption,
    quiet,
    verbose = false,
    maxPages,
    maxDuration,
    ledger,
  } = following
  let ending: CrawlEnding | undefined
  const queue = new QueueTrend()
  const rates = new RateTrend()
  const meter = createBusyMeter()
  let busy: number | undefined
  const display = openDisplay(io, quiet, () => {
    const progress = crawl.progress()
    const now = io.clock.now()
    busy = meter() ?? busy
    return progressView({
      progress,
      stats: crawler.stats(),
      now,
      growth: queue.growth(now, progress.queued),
      rates: rates.rates(now, progress.pages),
      busy,
      ledger,
      ...(maxPages === undefined ? {} : { maxPages }),
      ...(ending === undefined ? {} : { ending }),
    })
  })
  const onAlert = (alert: { code: string; message: string }) =>
    display.warn(`regatta: ${withHint(alert, regatta(io))} (${alert.code})`)
  const drain = () => {
    const { running } = crawl.progress()
    display.note(`Finishing ${counted(running, 'request')} under way; Ctrl-C again stops at once.`)
    crawl.drain().catch(ignore)
  }
  const endInTime = () => {
    display.note(`${formatDuration(maxDuration)} are over (--max-duration): finishing what is under way.`)
    crawl.drain().catch(ignore)
  }
  const stop = () => {
    display.note('Stopping.')
    crawl.stop().catch(ignore)
  }
  const lines = showPageLines(crawler, display, verbose)
  crawler.on('alert', onAlert)
  interruption.first.addEventListener('abort', drain)
  interruption.second.addEventListener('abort', stop)
  try {
    const ended = crawl.run()
    const forget = maxDuration === undefined ? ignore : io.clock.after(maxDuration, endInTime)
    // Signals that came while everything was being set up.
    if (interruption.first.aborted) drain()
    if (interruption.second.aborted) stop()
    const summary = await ended.finally(forget)
    ending = summary.ending
    return { summary, told: lines.told }
  } finally {
    lines.end()
    display.end()
    crawler.off('alert', onAlert)
    interruption.first.removeEventListener('abort', drain)
    interruption.second.removeEventListener('abort', stop)
  }
}

/** `run()` rejects with the same error; it is told once. */
function ignore(): void {}
