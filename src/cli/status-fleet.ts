import { counted, formatBytes, formatCount, formatDuration } from '../base/format.ts'
import type { InspectedCrawl } from '../state/stored-crawls.ts'
import type { StoredFleet, StoredProxy } from '../state/stored-fleet.ts'
import type { HostRow, ProxyRow, RunRecord } from './report/run-record.ts'

/**
 * How the proxies and hosts of a crawl in a folder fare: what its state has learned, with what its last run has written down
 * of this run's attempts. Either may be missing; then its fields are null.
 */
export interface ProxyStatus {
  readonly proxy: string
  readonly state: StoredProxy['state']
  readonly reason: string
  /** When it may be probed, wall clock; null unless it is shut out for a while. */
  readonly until: number | null
  /** Share of attempts that succeeded, older ones counting less; null before the first. */
  readonly success: number | null
  readonly firstByteMs: number | null
  readonly lies: boolean
  /** Of the last run. */
  readonly attempts: number | null
  readonly good: number | null
  readonly bytes: number | null
}

export interface HostStatus {
  readonly host: string
  readonly state: string
  readonly reason: string
  /** When it is tried again, wall clock. */
  readonly until: number | null
  readonly left: number
  /** Ever added, and neither left nor given up; what is to be visited again is among them. */
  readonly done: number
  /** Kept as dead letters. */
  readonly failed: number
  /** Of the last run: answers that asked to slow down, and how long it was left alone, ms. */
  readonly throttled: number | null
  readonly pausedMs: number | null
}

/** Worst first: those that lie, those that are shut out, then by success. */
export function proxyStatus(fleet: StoredFleet | undefined, run: RunRecord | undefined): ProxyStatus[] {
  const rows = new Map(run?.proxies.map((row) => [row.proxy, row]))
  const known = new Set(fleet?.proxies.map(({ proxy }) => proxy))
  const stored = (fleet?.proxies ?? []).map((proxy) => ofStored(proxy, rows.get(proxy.proxy)))
  const others = [...rows.values()].filter(({ proxy }) => !known.has(proxy)).map(ofRun)
  return [...stored, ...others].sort(
    (a, b) =>
      Number(b.lies) - Number(a.lies) ||
      severity[a.state] - severity[b.state] ||
      (a.success ?? 2) - (b.success ?? 2) ||
      (b.attempts ?? 0) - (a.attempts ?? 0) ||
      a.proxy.localeCompare(b.proxy),
  )
}

const severity = { isolated: 0, retired: 1, open: 2, halfOpen: 3, closed: 4 } as const

function ofStored(stored: StoredProxy, row: ProxyRow | undefined): ProxyStatus {
  const { proxy, state, reason, until, success, firstByteMs, lies } = stored
  return {
    ...{ proxy, state, reason, lies },
    until: until ?? null,
    success: success ?? null,
    firstByteMs: firstByteMs ?? row?.firstByteMs ?? null,
    attempts: row?.attempts ?? null,
    good: row?.good ?? null,
    bytes: row?.bytes ?? null,
  }
}

function ofRun(row: ProxyRow): ProxyStatus {
  const { proxy, reason, until, firstByteMs, attempts, good, failed, bytes, trust } = row
  const state = row.state as StoredProxy['state']
  const success = good + failed > 0 ? good / (good + failed) : null
  return {
    ...{ proxy, state, until, success, firstByteMs, attempts, good, bytes },
    reason: state === 'closed' ? '' : reason,
    lies: trust === 'lies',
  }
}

/** Those with the most left first, then those that gave up most. */
export function hostStatus(
  { hosts }: InspectedCrawl,
  fleet: StoredFleet | undefined,
  run: RunRecord | undefined,
): HostStatus[] {
  const rows = new Map<string, HostRow>(run?.hosts.map((row) => [row.host, row]))
  return hosts.map(({ host, left, added, dead }) => {
    const known = fleet?.hosts.get(host)
    const row = rows.get(host)
    return {
      host,
      state: known?.state ?? row?.state ?? 'serving',
      reason: known?.reason ?? row?.reason ?? '',
      until: known?.until ?? null,
      left,
      done: Math.max(0, added - left - dead),
      failed: dead,
      throttled: row?.throttled ?? null,
      pausedMs: row?.pausedMs ?? null,
    }
  })
}

const mostShown = 5

/** Lines under the totals of a crawl: counts, then the worst, and how many more there are. */
export function fleetLines(
  proxies: readonly ProxyStatus[],
  hosts: readonly HostStatus[],
  now: number,
): string[] {
  return [...proxyLines(proxies, now), ...hostLines(hosts, now)]
}

function proxyLines(proxies: readonly ProxyStatus[], now: number): string[] {
  if (proxies.length === 0) return []
  const counts = (['closed', 'open', 'halfOpen', 'isolated', 'retired'] as const)
    .map((state) => [proxies.filter((proxy) => proxy.state === state).length, stateWords[state]] as const)
    .filter(([count]) => count > 0)
    .map(([count, word]) => `${formatCount(count)} ${word}`)
  const troubled = proxies.filter(
    ({ state, success, lies }) => lies || state !== 'closed' || (success ?? 1) < 0.5,
  )
  const shown = troubled.slice(0, mostShown).map((proxy) => `            ${describeProxy(proxy, now)}`)
  const more = troubled.length - shown.length
  return [
    `  proxies   ${counted(proxies.length, 'proxy', 'proxies')}: ${counts.join(', ')}`,
    ...shown,
    ...(more > 0 ? [`            and ${formatCount(more)} more that fail or are shut out: --json`] : []),
  ]
}

const stateWords = {
  closed: 'in use',
  open: 'shut out',
  halfOpen: 'under a probe',
  isolated: 'isolated',
  retired: 'retired',
}

function describeProxy(
  { proxy, state, reason, until, success, attempts, good, bytes, lies }: ProxyStatus,
  now: number,
): string {
  const parts = [lies ? 'found lying' : `${stateWords[state]}${reason === '' ? '' : ` (${reason})`}`]
  if (until !== null) parts.push(until > now ? `probed in ${formatDuration(until - now)}` : 'due for a probe')
  // What one that lies has brought counted as good until it was compared.
  if (success !== null && !lies) parts.push(`success ${Math.floor(success * 100)} %`)
  if (attempts !== null && good !== null) {
    const tried = counted(attempts, 'attempt')
    parts.push(lies ? tried : `${formatCount(good)} of ${tried} good`)
  }
  if (bytes !== null && bytes > 0) parts.push(formatBytes(bytes))
  return `${proxy}: ${parts.join(', ')}`
}

function hostLines(hosts: readonly HostStatus[], now: number): string[] {
  if (hosts.length === 0) return []
  const troubled = hosts.filter(
    ({ state, failed, throttled }) => state !== 'serving' || failed > 0 || (throttled ?? 0) > 0,
  )
  const first = [...new Set([...troubled.slice(0, mostShown), ...hosts])].slice(0, mostShown)
  const more = hosts.length - first.length
  return [
    ...first.map((host, at) => `${at === 0 ? '  hosts     ' : '            '}${describeHost(host, now)}`),
    ...(more > 0 ? [`            and ${counted(more, 'more host')}: --json`] : []),
  ]
}

function describeHost(
  { host, state, reason, until, left, done, failed, throttled, pausedMs }: HostStatus,
  now: number,
): string {
  const parts = [`${counted(left, 'request')} left`, `${formatCount(done)} done`]
  if (failed > 0) parts.push(`${formatCount(failed)} given up`)
  if (state !== 'serving') {
    const end = until !== null && until > now ? `, tried again in ${formatDuration(until - now)}` : ''
    parts.push(`${state}${reason === '' ? '' : ` (${reason})`}${end}`)
  }
  if (throttled !== null && throttled > 0)
    parts.push(
      `asked to slow down ${formatCount(throttled)}×, left alone for ${formatDuration(pausedMs ?? 0)}`,
    )
  return `${host}: ${parts.join(', ')}`
}
