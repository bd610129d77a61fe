import { parseScenario, type Scenario } from '../lab/scenario.ts'
import { fitLatency, isCarried, type Likeness, likenessOf, medianOf, round } from './trace-fit.ts'
import { isGood, TraceHistory } from './trace-history.ts'
import type { RecordedAttempt, RecordedTrace } from './trace-record.ts'

/**
 * A scenario that resembles a recorded crawl: proxies in groups of like behaviour, hosts with the limits, blocks and
 * outages that were seen. It can be read, changed and shared, which a trace cannot; in return it forgets which proxy was
 * which, and every drift.
 */
export function traceToScenario(trace: RecordedTrace): Scenario {
  const names = new Map(
    [...new Set(trace.tasks.map(({ host }) => host))].map((host, index) => [host, `site-${index + 1}`]),
  )
  const origins = Object.fromEntries([...names].map(([host, name]) => [name, originOf(trace, host)]))
  const scenario: Scenario = {
    name: 'from-a-trace',
    seed: trace.seed,
    origins,
    proxies: groupsOf(trace),
    work: {
      requests: trace.tasks.length,
      inFlight: trace.peakInFlight,
      options: { ...trace.options } as Record<string, unknown>,
    },
  }
  parseScenario(scenario)
  return scenario
}

type ProxyGroup = NonNullable<Scenario['proxies']>[number]

function groupsOf({ attempts, proxies }: RecordedTrace): ProxyGroup[] {
  const byProxy = Map.groupBy(attempts, ({ proxy }) => proxy)
  const groups = new Map<string, { likeness: Likeness; count: number; attempts: RecordedAttempt[] }>()
  let unknown = 0
  for (const proxy of proxies) {
    if (proxy === 'direct') continue
    const likeness = likenessOf(byProxy.get(proxy) ?? [])
    if (!likeness) {
      unknown++
      continue
    }
    const group = groups.get(likeness.kind) ?? { likeness, count: 0, attempts: [] }
    group.count++
    group.attempts.push(...likeness.attempts)
    groups.set(likeness.kind, group)
  }
  // Those that nothing is known of are taken to be as the others are.
  const sorted = [...groups.values()].sort((one, other) => other.count - one.count)
  const known = sorted.reduce((sum, { count }) => sum + count, 0)
  for (const group of sorted.toReversed()) {
    const more = group === sorted[0] ? unknown : Math.round((unknown * group.count) / known)
    group.count += more
    unknown -= more
  }
  return sorted.map(({ likeness, count, attempts: own }, index) => ({
    name: `${likeness.fault ?? (likeness.failures > 0 ? 'flaky' : 'steady')}-${index + 1}`,
    count,
    ...(likeness.fault === undefined ? workingScript(likeness, own) : { fault: faultOf(likeness.fault) }),
  }))
}

function workingScript({ failures }: Likeness, attempts: readonly RecordedAttempt[]): Partial<ProxyGroup> {
  const { medianMs, sigma } = fitLatency(
    attempts.filter((attempt) => attempt.isCensored || isCarried(attempt)),
  )
  const share = failures > 0 ? shareOf(attempts, (attempt) => !isCarried(attempt)) : 0
  return {
    latency: { kind: 'lognormal', medianMs, sigma },
    ...(share > 0 && { flaky: { request: share } }),
  }
}

function faultOf(name: string): NonNullable<ProxyGroup['fault']> {
  if (name === 'inject') return { kind: 'inject', style: 'replace' }
  return name === 'refuse' ? { kind: 'refuse' } : (name as Exclude<NonNullable<ProxyGroup['fault']>, object>)
}

type OriginScript = Scenario['origins'][string]

function originOf(trace: RecordedTrace, host: string): OriginScript {
  const { tasks, attempts } = trace
  const own = attempts.filter((attempt) => attempt.host === host)
  const name = hostNameOf(host)
  const isSecure = tasks.some((task) => task.host === host && task.url.startsWith('https:'))
  const limited = own.filter(({ verdict }) => verdict.kind === 'rate-limited' && verdict.limiter !== 'proxy')
  const blocked = shareOf(
    own.filter(isCarried),
    ({ verdict: { kind } }) => kind === 'blocked' || kind === 'challenge',
  )
  const pages = tasks.filter((task) => task.host === host).length
  const bytes = Math.round(medianOf(own.filter(isGood).map((attempt) => attempt.bytes)))
  const history = new TraceHistory(trace, () => 0)
  const last = attempts.at(-1)!.startedAt
  const windows = history.illnessesOf(host).map(({ from, until, attempts: ill }) => ({
    fromMs: Math.round(from),
    toMs: Math.round(Math.min(until, last + 60_000)),
    status: Math.max(500, ill.find(({ status }) => status !== undefined)?.status ?? 503),
  }))
  return {
    ...(name !== undefined && { host: name }),
    ...(isSecure && { tls: true }),
    site: {
      pages: Math.min(2_000, Math.max(10, pages)),
      pageBytes: Math.min(1_000_000, Math.max(512, bytes)),
    },
    ...(limited.length > 0 && { limit: limitOf(own, limited) }),
    ...(blocked >= 0.01 && { softBlock: { share: blocked } }),
    ...(windows.length > 0 && { windows: windows.slice(0, 1_000) }),
  }
}

/**
 * A bucket that lets through what those who were limited got through at best: in a short while (mostly the burst) and in a
 * long one (mostly the rate).
 */
function limitOf(
  attempts: readonly RecordedAttempt[],
  limited: readonly RecordedAttempt[],
): NonNullable<OriginScript['limit']> {
  const proxies = new Set(limited.map(({ proxy }) => proxy))
  const passed = Map.groupBy(
    attempts.filter((attempt) => isGood(attempt) && proxies.has(attempt.proxy)),
    ({ proxy }) => proxy,
  )
  const starts = [...passed.values()].map((of) => of.map(({ startedAt }) => startedAt))
  const recorded = attempts.at(-1)!.startedAt - attempts[0]!.startedAt
  const [short, long] = [1_000, Math.max(2_000, Math.min(60_000, recorded / 2))]
  const [few, many] = [mostWithin(starts, short), mostWithin(starts, long)]
  const perSecond = Math.max(0.01, ((many - few) * 1_000) / (long - short))
  const waits = limited.flatMap(({ verdict }) => verdict.retryAfterMs ?? [])
  return {
    perIp: {
      requests: round(perSecond * 10),
      perMs: 10_000,
      burst: Math.max(1, few - Math.round(perSecond) + 1),
    },
    ...(waits.length === 0
      ? { retryAfter: 'none' }
      : { retryAfterSeconds: Math.round(medianOf(waits) / 1_000) }),
    ...(limited.filter(({ status }) => status === 503).length * 2 > limited.length && { status: 503 }),
  }
}

/** Most moments of one list within a span. */
function mostWithin(lists: readonly (readonly number[])[], span: number): number {
  let most = 1
  for (const list of lists) {
    let first = 0
    for (const [index, at] of list.entries()) {
      while (list[first]! <= at - span) first++
      most = Math.max(most, index - first + 1)
    }
  }
  return most
}

/** A name that a lab can give to an origin; an address gets the lab's own. */
function hostNameOf(host: string): string | undefined {
  const name = host.replace(/:\d+$/, '').toLowerCase()
  return /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(name) && /[a-z]/.test(name) ? name : undefined
}

function shareOf(attempts: readonly RecordedAttempt[], holds: (attempt: RecordedAttempt) => boolean): number {
  const ended = attempts.filter(({ isCensored }) => !isCensored)
  return ended.length === 0 ? 0 : round(ended.filter(holds).length / ended.length)
}
