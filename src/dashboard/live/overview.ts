import { verdictKinds } from '../../contracts/outcome.ts'
import type { CrawlerStats } from '../../contracts/stats.ts'
import { FleetStandings } from '../../engine/proxy-counts.ts'
import { attentionFor } from '../attention.ts'
import {
  type CrawlerState,
  type Overview,
  type StepCount,
  type StepName,
  stepNames,
  type Totals,
} from '../protocol.ts'
import type { LiveParts } from './live-parts.ts'
import type { Recorder } from './recorder.ts'
import type { SeenCrawls } from './seen-crawls.ts'

/** The first view: what is known of all, without a row for each host or proxy. */
export interface OverviewParts extends LiveParts {
  readonly crawls: SeenCrawls
  readonly recorder: Recorder
  /** By reason, as far as they were counted last. */
  readonly dead: ReadonlyMap<string, { readonly count: number; readonly detail: string }>
}

export function overviewOf(parts: OverviewParts): Omit<Overview, 'series' | 'can'> {
  const { engine, clock, crawls, recorder, openedAt } = parts
  const now = clock.now()
  const offset = clock.wall() - now
  const { router, telling, trust, crew } = engine
  const state = stateOf(parts)
  const end = crawls.end
  const last = recorder.series.last(10_000, now)
  const perSecond = (count: Parameters<typeof last.of>[0]) => rounded(last.of(count) / last.seconds)
  const fleet = new FleetStandings(engine.fleet).counts
  const held = router.isBlackout ? 'blackout' : router.isPaused ? 'paused' : null
  const { attempts, hedges, bytes } = telling.counts
  const { accepted, succeeded, failed } = crew.counts
  const requeues = sum([...router.pools.values()].map(({ record }) => record.counts.requeues))
  const rows = crawls.rows
  const { totals: all } = crawls
  const { pages, items, skipped, queued } = all
  const { convictions, contested, comparisons } = trust.counts
  const totals: Totals = {
    ...{ pages, items, skipped, queued },
    failed: all.failed - all.gone,
    tasks: { accepted, succeeded, failed },
    ...{ attempts, hedges, bytes, requeues },
    trust: { convictions, contested, comparisons },
  }
  return {
    at: clock.wall(),
    state,
    held,
    startedAt: openedAt + offset,
    endedAt: end ? end.at + offset : null,
    ending: end?.sentence ?? null,
    crawls: rows,
    totals,
    now: {
      requestsPerSecond: perSecond('answered'),
      pagesPerSecond: rounded(sum(rows.map((row) => row.pagesPerSecond))),
      attemptsPerSecond: perSecond('attempts'),
      bytesPerSecond: perSecond('bytes'),
      success: last.of('judged') > 0 ? rounded(last.of('good') / last.of('judged')) : null,
      ...{ p50: last.p50, p95: last.p95, p99: last.p99 },
    },
    steps: stepsOf(parts),
    attention: attentionFor({
      now: clock.wall(),
      offset,
      state,
      ending: end?.sentence,
      held,
      fleet,
      success: last.of('judged') >= enoughJudged ? last.of('good') / last.of('judged') : undefined,
      hosts: [...router.pools.values()].map((pool) => ({
        host: pool.host,
        state: pool.state,
        reason: pool.reason,
        until: pool.until || undefined,
        isPaused: router.isHeld(pool.host),
        waiting: pool.waiting.size,
        since: recorder.hostsSince.get(pool.host),
      })),
      trust: { convictions, contested },
      dead: parts.dead,
      alerts: recorder.alerts,
    }),
    fleet,
    verdicts: verdictsOf(parts),
  }
}

/** Fewer say nothing. */
const enoughJudged = 20

function stateOf({ crawls, engine, recorder }: OverviewParts): CrawlerState {
  const state = crawls.state
  if (engine.router.isPaused && (state === undefined || state === 'running')) return 'paused'
  if (state !== undefined) return state
  return engine.crew.counts.accepted > 0 || recorder.held.size > 0 ? 'running' : 'idle'
}

function verdictsOf({ engine }: OverviewParts): CrawlerStats['verdicts'] {
  return Object.fromEntries(
    verdictKinds.map((kind) => [kind, engine.telling.verdicts.get(kind) ?? 0]),
  ) as CrawlerStats['verdicts']
}

/** How many requests are in each of the ten steps of ARCHITECTURE.md now. */
function stepsOf({ engine, crawls, recorder }: OverviewParts): StepCount[] {
  const { crew, router, telling } = engine
  const running = crawls.running
  const pools = [...router.pools.values()]
  const parked = sum(pools.map(({ waiting }) => waiting.size))
  const visits = sum(running.map(({ running, waiting }) => running + waiting))
  const waiting = sum(running.map((each) => each.waiting))
  const { pages, items, failed: lost, skipped, queued } = crawls.totals
  const known = pages + lost + skipped + queued
  const { accepted, succeeded, failed } = crew.counts
  const counts: Readonly<Record<StepName, Omit<StepCount, 'step'>>> = {
    source: { now: null, passed: known, what: 'requests that seeds and pages have named' },
    frontier: {
      now: Math.max(0, sum(running.map(({ queued }) => queued)) - visits),
      passed: known,
      what: 'requests that wait in the queue of their host',
    },
    router: {
      now: Math.max(0, waiting - parked),
      passed: accepted,
      what: 'requests that wait for something that is no proxy: robots.txt, a session, a place, a pause',
    },
    pool: { now: parked, passed: accepted, what: 'requests that wait for a proxy' },
    race: { now: crew.racing, passed: succeeded + failed, what: 'requests with an attempt under way' },
    transport: {
      now: sum(pools.map(({ inFlight }) => inFlight)),
      passed: telling.counts.attempts,
      what: 'attempts under way',
    },
    classify: {
      now: recorder.held.size,
      passed: telling.counts.attempts,
      what: 'answers that are held until other exits have been asked the same',
    },
    reputation: {
      now: null,
      passed: telling.counts.attempts,
      what: 'verdicts that were blamed and remembered',
    },
    parse: {
      now: sum(running.map(({ reading }) => reading)),
      passed: pages,
      what: 'pages that are being read, or wait for it',
    },
    sink: {
      now: sum(running.map(({ storing, undelivered }) => Math.max(storing, undelivered))),
      passed: items,
      what: 'pages and items on their way to the sinks',
    },
  }
  return stepNames.map((step) => ({ step, ...counts[step] }))
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000
}
