import type { Clock } from '../base/clock.ts'
import { redact } from '../base/redact.ts'
import type { PoolState } from '../contracts/events.ts'
import type { RequestLife } from '../contracts/explanation.ts'
import { type VerdictKind, verdictKinds } from '../contracts/outcome.ts'
import type { ProxyCounts } from '../contracts/stats.ts'
import { countsOf } from '../crawl/counts.ts'
import { attentionFor } from '../dashboard/attention.ts'
import { endingWords } from '../dashboard/ending-words.ts'
import type { LetterGroups } from '../dashboard/letters.ts'
import type {
  CrawlerState,
  CrawlRow,
  HostRow,
  Overview,
  ProxyDetail,
  RequestRow,
  Series,
  StepCount,
} from '../dashboard/protocol.ts'
import { stepNames } from '../dashboard/protocol.ts'
import { hasFinished } from '../rules/over.ts'
import { ownerOf } from '../state/folder-lock.ts'
import { type InspectedCrawl, listCrawls, progressOf } from '../state/stored-crawls.ts'
import { readStoredFleet } from '../state/stored-fleet.ts'
import { findRecord } from './report/record-file.ts'
import type { RunRecord } from './report/run-record.ts'
import { type HostStatus, hostStatus, type ProxyStatus, proxyStatus } from './status-fleet.ts'

/** What a folder tells of a crawl, in the words of the dashboard. What only the process knew is null, or not there. */
export interface ReadFolder {
  /** The one that ran last comes first. */
  readonly crawls: readonly InspectedCrawl[]
  readonly pid: number | undefined
  /** What the last run has written down; undefined where it has written nothing. */
  readonly run: RunRecord | undefined
  readonly proxies: readonly ProxyStatus[]
  readonly hosts: readonly HostStatus[]
  readonly moreHosts: number
}

const mostHosts = 500

export async function readForDashboard(dir: string, clock: Clock): Promise<ReadFolder> {
  const found = await listCrawls(dir)
  const crawls = found.sort((a, b) => (b.record?.lastRunAt ?? 0) - (a.record?.lastRunAt ?? 0))
  const last = crawls[0]
  const record = last && (await findRecord(dir, last.name))
  const run = typeof record === 'string' ? undefined : record
  const fleet = await readStoredFleet(dir, clock)
  const hosts = last ? hostStatus(last, fleet, run) : []
  const pid = ownerOf(dir)?.pid
  const moreHosts = Math.max(0, (last?.counts.hosts ?? 0) - Math.min(hosts.length, mostHosts))
  return { crawls, pid, run, proxies: proxyStatus(fleet, run), hosts: hosts.slice(0, mostHosts), moreHosts }
}

export function folderOverview(
  folder: ReadFolder,
  dead: LetterGroups,
  now: number,
): Omit<Overview, 'series' | 'can'> {
  const { crawls, run, proxies, hosts } = folder
  const rows = crawls.map((crawl) => rowOfCrawl(crawl, folder))
  const state = stateOf(crawls[0], folder.pid)
  const record = crawls[0]?.record
  const sum = (name: 'pages' | 'items' | 'failed' | 'skipped' | 'queued') =>
    rows.reduce((total, row) => total + row[name], 0)
  const fleet = countProxies(proxies)
  const last = lastSpan(run, state)
  const ending = run?.error ?? (record?.ending === undefined ? undefined : endingWords[record.ending])
  return {
    at: now,
    state,
    held: null,
    startedAt: record?.startedAt ?? now,
    endedAt: record?.endedAt ?? null,
    ending: ending ?? null,
    crawls: rows,
    totals: {
      pages: sum('pages'),
      items: sum('items'),
      failed: sum('failed'),
      skipped: sum('skipped'),
      queued: sum('queued'),
      tasks: { accepted: sum('pages') + sum('failed'), succeeded: sum('pages'), failed: sum('failed') },
      attempts: run?.attempts ?? 0,
      hedges: run?.hedges ?? 0,
      bytes: run?.bytes ?? 0,
      requeues: 0,
      trust: {
        convictions: proxies.filter(({ lies }) => lies).length,
        contested: run?.counts.contested ?? 0,
        comparisons: run?.trust.comparisons ?? 0,
      },
    },
    now: { ...last, p99: null },
    steps: stepsOf(rows, run),
    attention: attentionFor({
      now,
      offset: 0,
      state,
      ending,
      held: null,
      fleet,
      success: undefined,
      hosts: hosts.map(({ host, state: is, reason, until }) => ({
        ...{ host, reason },
        state: is as PoolState,
        until: until ?? undefined,
        isPaused: false,
        waiting: 0,
        since: undefined,
      })),
      trust: {
        convictions: proxies.filter(({ lies }) => lies).length,
        contested: run?.counts.contested ?? 0,
      },
      dead,
      alerts: [],
    }),
    fleet,
    verdicts: verdictsOf(run),
  }
}

/** Below 0: so many of the last rows. */
export function folderSeries(run: RunRecord | undefined, first: number): Series {
  const { spanMs, spans } = run?.series ?? { spanMs: 1_000, spans: [] }
  const from = first < 0 ? Math.max(0, spans.length + first) : first
  const rows = spans.slice(from)
  const seconds = spanMs / 1_000
  const total = (attempts: readonly number[]) => attempts.reduce((sum, each) => sum + each, 0)
  return {
    spanMs,
    from,
    at: rows.map(({ at }) => (run?.begunAt ?? 0) + at),
    answered: rows.map(({ pages }) => pages / seconds),
    failed: rows.map(() => 0),
    attempts: rows.map(({ attempts }) => total(attempts) / seconds),
    success: rows.map(({ attempts }) => (total(attempts) > 0 ? (attempts[0] ?? 0) / total(attempts) : null)),
    p50: rows.map(({ p50 }) => p50),
    p95: rows.map(({ p95 }) => p95),
    p99: rows.map(() => null),
    bytes: rows.map(({ bytes }) => bytes / seconds),
    healthy: rows.map(() => 0),
  }
}

export function hostRowOf(
  { host, state, reason, until, left, done, failed }: HostStatus,
  run: RunRecord | undefined,
): HostRow {
  const row = run?.hosts.find((each) => each.host === host)
  return {
    ...{ host, reason, failed },
    state: state as PoolState,
    until,
    isPaused: false,
    inFlight: 0,
    limit: null,
    intervalMs: 0,
    waiting: 0,
    waitingFor: null,
    queued: left,
    succeeded: done,
    attempts: row?.attempts ?? 0,
    bytes: row?.bytes ?? 0,
    verdicts: row && row.throttled > 0 ? { 'rate-limited': row.throttled } : {},
    success: null,
    p50: row?.p50 ?? null,
    p95: row?.p95 ?? null,
    requestsPerSecond: 0,
    proxies: { working: 0, shut: 0, total: 0 },
  }
}

export function proxyDetailOf(proxy: ProxyStatus, run: RunRecord | undefined, at: number): ProxyDetail {
  const { proxy: id, state, reason, until, success, firstByteMs, lies, attempts, good, bytes } = proxy
  const all = run?.attempts ?? 0
  const evidence = lies
    ? [{ at, sentence: 'It was found lying, by comparison, and is believed in nothing.' }]
    : []
  return {
    ...{ at, id, state, reason, until, firstByteMs, evidence },
    tags: {},
    failures: null,
    reopened: null,
    trust: { standing: lies ? 'lies' : 'unproven', evidence },
    posterior: null,
    attempts: attempts ?? 0,
    successes: good ?? Math.round((success ?? 0) * (attempts ?? 0)),
    failuresCount: Math.max(0, (attempts ?? 0) - (good ?? attempts ?? 0)),
    share: all > 0 ? Math.min(1, (attempts ?? 0) / all) : 0,
    inFlight: 0,
    bytes: bytes ?? 0,
    lastReason: reason === '' ? null : reason,
    transitions: [],
    hosts: [],
    moreHosts: 0,
    outcomes: [],
  }
}

export function requestRowOf(life: RequestLife, now: number): RequestRow {
  const { task, request, url, host, begunAt, acceptedAt, settledAt, end, verdict, reason, kept, timeline } =
    life
  const attempts = timeline.filter((step) => step.step === 'attempt')
  const elapsedMs = settledAt === undefined ? now - begunAt : settledAt - acceptedAt
  return {
    ...{ task, host, begunAt, end, kept },
    request: request ?? null,
    url: redact(url),
    elapsedMs: Math.max(0, Math.round(elapsedMs)),
    verdict: verdict ?? null,
    reason: reason ?? null,
    attempts: attempts.length,
    via: attempts.find(({ attempt }) => attempt === life.answeredBy)?.proxy ?? null,
  }
}

function rowOfCrawl(crawl: InspectedCrawl, { pid, crawls }: ReadFolder): CrawlRow {
  const { name, record, counts } = crawl
  const { pages, items, failed, gone, skipped } = countsOf(counts.tally)
  const isRunning = crawl === crawls[0] && stateOf(crawl, pid) === 'running'
  return {
    id: name,
    source: record?.source ?? name,
    state: isRunning ? 'running' : (record?.ending ?? 'stopped'),
    startedAt: record?.startedAt ?? null,
    ...{ pages, items, skipped },
    failed: failed - gone,
    queued: counts.left,
    pagesPerSecond: 0,
  }
}

function stateOf(crawl: InspectedCrawl | undefined, pid: number | undefined): CrawlerState {
  if (!crawl) return 'idle'
  if (crawl.record?.ending === 'failed') return 'failed'
  if (crawl.record?.ending !== undefined || hasFinished(progressOf(crawl))) return 'ended'
  return pid === undefined ? 'died' : 'running'
}

function countProxies(proxies: readonly ProxyStatus[]): ProxyCounts {
  const of = (state: ProxyStatus['state']) => proxies.filter((proxy) => proxy.state === state).length
  return {
    total: proxies.length,
    healthy: of('closed'),
    untried: proxies.filter(({ state, attempts }) => state === 'closed' && !attempts).length,
    failing: 0,
    open: of('open'),
    halfOpen: of('halfOpen'),
    isolated: of('isolated'),
    retired: of('retired'),
  }
}

/** Of the last span that is written down, while it runs. */
function lastSpan(run: RunRecord | undefined, state: CrawlerState) {
  const span = state === 'running' ? run?.series.spans.at(-1) : undefined
  const seconds = (run?.series.spanMs ?? 1_000) / 1_000
  const attempts = span?.attempts.reduce((sum, each) => sum + each, 0) ?? 0
  return {
    requestsPerSecond: (span?.pages ?? 0) / seconds,
    pagesPerSecond: (span?.pages ?? 0) / seconds,
    attemptsPerSecond: attempts / seconds,
    bytesPerSecond: (span?.bytes ?? 0) / seconds,
    success: span && attempts > 0 ? (span.attempts[0] ?? 0) / attempts : null,
    p50: span?.p50 ?? run?.latencyMs.p50 ?? null,
    p95: span?.p95 ?? run?.latencyMs.p95 ?? null,
  }
}

function stepsOf(rows: readonly CrawlRow[], run: RunRecord | undefined): StepCount[] {
  const sum = (name: 'pages' | 'items' | 'queued') => rows.reduce((total, row) => total + row[name], 0)
  const counts: Partial<Record<string, Omit<StepCount, 'step'>>> = {
    frontier: { now: sum('queued'), passed: null, what: 'requests that are left, those under way included' },
    transport: { now: null, passed: run?.attempts ?? null, what: 'attempts' },
    parse: { now: null, passed: sum('pages'), what: 'pages that were read' },
    sink: { now: null, passed: sum('items'), what: 'items that were stored' },
  }
  return stepNames.map((step) => ({
    step,
    ...(counts[step] ?? { now: null, passed: null, what: 'only the process knows' }),
  }))
}

/** What failed is written down by reason; the rest was good. */
function verdictsOf(run: RunRecord | undefined): Overview['verdicts'] {
  const counts = Object.fromEntries(verdictKinds.map((kind) => [kind, 0])) as Record<VerdictKind, number>
  let failures = 0
  for (const { verdict, count } of run?.failures ?? []) {
    counts[verdict as VerdictKind] += count
    failures += count
  }
  counts.success = Math.max(0, (run?.attempts ?? 0) - failures)
  return counts
}
