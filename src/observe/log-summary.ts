import { counted, formatBytes, formatCount, formatDuration } from '../base/format.ts'
import type { CrawlerStats, HostStats } from '../contracts/stats.ts'

/** What a log says from time to time: how it goes, in one line, and how it goes with the hosts that matter most. */

/** One line of totals. */
export function summaryLine(stats: CrawlerStats): string {
  const { tasks, attempts, hedges, bytes, latencyMs, hosts, proxies, trust } = stats
  const { successRate1m, requeues, sessions } = stats
  return [
    `${formatCount(tasks.succeeded)} succeeded`,
    `${formatCount(tasks.failed)} failed`,
    `${formatCount(tasks.racing)} racing`,
    `${formatCount(tasks.parked)} parked`,
    `${counted(attempts, 'attempt')} (${formatCount(hedges)} hedged)`,
    ...goodShare(successRate1m),
    ...(requeues > 0 ? [`${formatCount(requeues)} tried again`] : []),
    formatBytes(bytes),
    `p50 ${formatDuration(latencyMs.p50)}`,
    `p95 ${formatDuration(latencyMs.p95)}`,
    counted(Object.keys(hosts).length, 'host'),
    ...(sessions > 0 ? [counted(sessions, 'session')] : []),
    `${formatCount(proxies.healthy)} of ${counted(proxies.total, 'proxy', 'proxies')} healthy`,
    ...(proxies.failing > 0 ? [`${formatCount(proxies.failing)} failing`] : []),
    ...(proxies.open > 0 ? [`${formatCount(proxies.open)} open`] : []),
    ...(trust.comparisons > 0
      ? [`${counted(trust.comparisons, 'comparison')} (${formatBytes(trust.bytes)})`]
      : []),
    ...(trust.convictions > 0 ? [`${counted(trust.convictions, 'proxy', 'proxies')} found lying`] : []),
  ].join(', ')
}

/** One line of a host, and what it is about. */
interface HostLine {
  readonly fields: object
  readonly line: string
}

interface Active {
  readonly host: string
  readonly stats: HostStats
  /** Attempts since the summary before. */
  readonly recent: number
}

/** The lines of the hosts: those in trouble first, then the busiest, and how many more there are. */
export class HostLines {
  readonly #most: number
  /** Attempts by host at the summary before. */
  #before = new Map<string, number>()

  constructor(most: number) {
    this.#most = most
  }

  /** `now` in clock ms. A host at which nothing was tried or waits has no line. */
  of({ hosts }: CrawlerStats, now: number): HostLine[] {
    if (this.#most <= 0) return []
    const active: Active[] = []
    const attempts = new Map<string, number>()
    for (const [host, stats] of Object.entries(hosts)) {
      const recent = stats.attempts - (this.#before.get(host) ?? 0)
      attempts.set(host, stats.attempts)
      if (recent > 0 || stats.inFlight + stats.waiting > 0) active.push({ host, stats, recent })
    }
    this.#before = attempts
    active.sort((one, other) => trouble(other) - trouble(one) || other.recent - one.recent)
    const lines: HostLine[] = active.slice(0, this.#most).map((each) => lineOf(each, now))
    const more = active.length - lines.length
    if (more > 0) lines.push({ fields: { more }, line: `and ${counted(more, 'more host')}` })
    return lines
  }
}

const severity = { down: 3, starved: 2, throttled: 1, draining: 0, serving: 0 } as const

/** How much somebody should look: by its state, then by how much of the last minute failed. */
function trouble({ stats: { state, successRate1m = 1 } }: Active): number {
  return severity[state] + (successRate1m < 0.5 ? 1 - successRate1m : 0)
}

function lineOf({ host, stats, recent }: Active, now: number): HostLine {
  const { state, reason, until, inFlight, waiting, waitingFor, proxies, firstByteMs, successRate1m } = stats
  const why = state === 'serving' || reason === '' ? '' : ` (${reason})`
  const wait = until === undefined || until <= now ? '' : ` for ${formatDuration(until - now)}`
  const line = [
    `[${host}] ${state}${why}${wait}`,
    `${counted(recent, 'attempt')} since the last summary`,
    ...goodShare(successRate1m),
    `${formatCount(inFlight)} in flight`,
    ...(waiting > 0 ? [`${formatCount(waiting)} waiting${waitingFor ? ` (${waitingFor})` : ''}`] : []),
    `${formatCount(proxies.healthy)} of ${counted(proxies.total, 'proxy', 'proxies')} healthy`,
    `p50 ${formatDuration(firstByteMs.p50)}`,
  ].join(', ')
  return { fields: { host, state, recent, successRate1m, inFlight, waiting, waitingFor, proxies }, line }
}

function goodShare(rate: number | undefined): string[] {
  return rate === undefined ? [] : [`${Math.round(rate * 100)} % good in the last minute`]
}
