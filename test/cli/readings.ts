import { EventEmitter } from 'eventemitter3'
import { summarySoFar } from '../../src/cli/summary.ts'
import type { CrawlerEvents } from '../../src/contracts/events.ts'
import type { CrawlerStats, HostStats } from '../../src/contracts/stats.ts'
import type { CrawlProgress } from '../../src/face/crawler.ts'
import type { Observed } from '../../src/observe/observed.ts'

/** Nothing was compared, and no proxy is counted: as of a crawl that never began. */
export const { trust: noTrust, proxies: noProxies } = summarySoFar('failed')

/** Readings as a crawler gives them, with what a test wants changed. */
export function progressReading(change: Partial<CrawlProgress> = {}): CrawlProgress {
  return {
    state: 'running',
    pages: 10,
    items: 9,
    edges: 0,
    unchanged: 0,
    askedAgain: 0,
    corrected: 0,
    contested: 0,
    marked: 0,
    empty: 0,
    earlier: 0,
    failed: 0,
    gone: 0,
    setAside: 0,
    skipped: 0,
    queued: 50,
    running: 4,
    waiting: 0,
    reading: 0,
    storing: 0,
    undelivered: 0,
    rate: 5,
    ...change,
  }
}

export function hostReading(change: Partial<HostStats> = {}): HostStats {
  return {
    state: 'serving',
    reason: '',
    until: undefined,
    isPaused: false,
    succeeded: 0,
    failed: 0,
    attempts: 0,
    hedges: 0,
    bytes: 0,
    inFlight: 0,
    limit: undefined,
    waiting: 0,
    waitingFor: undefined,
    intervalMs: 500,
    firstByteMs: { p50: undefined, p95: undefined, p99: undefined },
    proxies: { ...noProxies, total: 20, healthy: 20 },
    successRate1m: undefined,
    requeues: 0,
    skipped: {},
    sessions: 0,
    ...change,
  }
}

const noSpending: CrawlerStats['spending'] = {
  total: { requests: 0, goodPages: 0, sent: 0, received: 0, cost: 0 },
  providers: {},
  currency: '',
  rent: 0,
  perPage: undefined,
  bytesCap: undefined,
  costCap: undefined,
  reached: undefined,
}

export function statsReading(change: Partial<CrawlerStats> = {}): CrawlerStats {
  return {
    seed: 1,
    wallMs: 2_000,
    tasks: { accepted: 14, racing: 3, limit: 100, parked: 1, succeeded: 10, failed: 0 },
    attempts: 15,
    hedges: 2,
    bytes: 20_480,
    spending: noSpending,
    trust: noTrust,
    latencyMs: { p50: 120, p95: 900, p99: 1_500 },
    verdicts: {
      success: 10,
      final: 0,
      blocked: 0,
      challenge: 0,
      dead: 3,
      target: 0,
      'rate-limited': 0,
      transient: 0,
      neutral: 2,
    },
    hosts: {},
    successRate1m: 0.75,
    requeues: 0,
    skipped: {},
    sessions: 0,
    proxies: { ...noProxies, total: 20, healthy: 17, open: 2, retired: 1 },
    ...change,
  }
}

/** Something to observe whose events a test emits itself. */
export class ObservedStation implements Observed {
  readonly events = new EventEmitter<CrawlerEvents>()
  reading = statsReading()

  on<E extends keyof CrawlerEvents>(event: E, listener: (...event: CrawlerEvents[E]) => void) {
    this.events.on(event, listener as never)
  }

  off<E extends keyof CrawlerEvents>(event: E, listener: (...event: CrawlerEvents[E]) => void) {
    this.events.off(event, listener as never)
  }

  emit<E extends keyof CrawlerEvents>(event: E, ...args: CrawlerEvents[E]) {
    this.events.emit(event, ...(args as never))
  }

  stats() {
    return this.reading
  }
}
