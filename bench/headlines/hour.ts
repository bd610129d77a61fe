import { createCrawler } from '../../src/index.ts'
import { startLabProcess } from '../../src/lab/index.ts'
import type { Report } from '../report.ts'

/**
 * A round-robin pool once showed 83 of its 100 proxies healthy after an hour. Here a hundred proxies, seventeen of them
 * bad in eight ways, and an hour that lasts `seconds`: cooldowns and half-lives are shortened by the same factor, so each
 * comes round as often as in an hour. What the crawler counts is held against the truth, once from its traffic alone and
 * once with background checks. Traffic alone cannot tell a proxy that hangs from a slow one: the first attempt over it loses to
 * a hedge, which is nobody's fault, and then it is not asked again.
 */
const inFlight = 40
const hour = 3_600

const badKinds = [
  { name: 'refusing', count: 4, fault: 'dead' },
  { name: 'hanging', count: 3, fault: 'blackhole' },
  { name: 'silent-tunnel', count: 2, fault: 'connect-then-silent' },
  { name: 'broken-reply', count: 1, fault: 'truncated-reply' },
  { name: 'wrong-protocol', count: 1, fault: 'wrong-protocol' },
  { name: 'injecting', count: 2, latency: 40, fault: { kind: 'inject', style: 'replace' } },
  { name: 'nearly-dead', count: 2, latency: 40, flaky: { request: 0.95 } },
  { name: 'refusing-host', count: 2, latency: 40, fault: 'ruleset-denied' },
] as const

export async function afterAnHour(
  report: Report,
  { seconds, isShort }: { seconds: number; isShort: boolean },
): Promise<void> {
  const [plain, checked] = await Promise.all([crawlAnHour(seconds, false), crawlAnHour(seconds, true)])
  report.table(
    `A hundred proxies, 83 of them good, after an hour of ${seconds} s (${plain.pages} and ${checked.pages} pages)`,
    [
      '',
      'there are',
      'counted healthy',
      'out for this host only',
      'with checks: healthy',
      'out for this host only',
    ],
    [...plain.kinds, ['all', plain.all] as const].map(([kind, row]) => {
      const other = kind === 'all' ? checked.all : checked.kinds.get(kind)!
      return [kind, ...[row.count, row.healthy, row.here, other.healthy, other.here].map(String)]
    }),
  )
  for (const [name, seen] of [['an hour', plain] as const, ['an hour with checks', checked] as const]) {
    report.atLeast(`${name}: good proxies in use, of 83`, seen.good.healthy - seen.good.here, 82)
    report.figure(`${name}: bad proxies neither out for all nor for this host, of 17`, inUse(seen.bad))
    report.atMost(`${name}: attempts that went to bad proxies`, seen.wasted, 0.05, percent)
    report.atMost(`${name}: pages lost`, seen.lost, 0)
  }
  // A proxy that hangs is out after eight checks at the earliest.
  if (!isShort) report.atMost('an hour with checks: bad proxies in use', inUse(checked.bad), 1)
}

interface Row {
  count: number
  /** Closed for the fleet: what stats() counts as healthy. */
  healthy: number
  /** Of those, out for the host that is crawled. */
  here: number
}

interface Hour {
  readonly kinds: ReadonlyMap<string, Row>
  readonly all: Row
  readonly good: Row
  readonly bad: Row
  readonly pages: number
  readonly lost: number
  /** Share of attempts that went to bad proxies. */
  readonly wasted: number
}

async function crawlAnHour(seconds: number, hasChecks: boolean): Promise<Hour> {
  const around = (medianMs: number) => ({ kind: 'lognormal' as const, medianMs, sigma: 0.3 })
  await using lab = await startLabProcess({
    seed: 8,
    origins: { site: { site: { pages: 2_000, pageBytes: 2_048 } }, 'echo-1': {}, 'echo-2': {} },
    proxies: [
      { name: 'quick', count: 60, latency: around(60) },
      { name: 'slow', count: 23, latency: around(250) },
      ...badKinds,
    ],
  })
  const factor = hour / seconds
  const scaled = (ms: number) => Math.max(1_000, ms / factor)
  const echoes = ['echo-1', 'echo-2'].map((name) => `${lab.origins[name]!.url}/echo`)
  await using crawler = await createCrawler({
    proxies: [...lab.proxies],
    politeness: { interval: 50 },
    seed: 8,
    breaker: { base: 30_000 / factor, cap: 1_800_000 / factor },
    posterior: { hostHalfLife: scaled(600_000), fleetHalfLife: scaled(3_600_000) },
    ...(hasChecks && { health: { echoes, interval: 1_000, timeout: 1_000 } }),
  })
  const isOutHere = new Map<string, boolean>()
  crawler.on('proxy.state', ({ proxy, host, to }) => {
    if (host !== undefined) isOutHere.set(proxy, to !== 'closed')
  })
  const { url } = lab.origins.site!
  const over = performance.now() + seconds * 1_000
  let pages = 0
  let lost = 0
  const worker = async () => {
    while (performance.now() < over) {
      const number = (++pages % 1_999) + 1
      const text = await crawler.fetch(`${url}/page/${number}`).then(
        (response) => response.text(),
        () => '',
      )
      if (!text.includes(`Page ${number}:`)) lost++
    }
  }
  await Promise.all(Array.from({ length: inFlight }, worker))
  const views = new Map(crawler.proxies().map((view) => [view.id, view]))
  const kinds = new Map<string, Row>()
  const [all, good, badOnes]: [Row, Row, Row] = [emptyRow(), emptyRow(), emptyRow()]
  let wasted = 0
  lab.proxyNames().forEach((name, index) => {
    const kind = name.replace(/-\d+$/, '')
    const view = views.get(lab.proxies[index]!)!
    const isGood = kind === 'quick' || kind === 'slow'
    const row = kinds.get(kind) ?? emptyRow()
    kinds.set(kind, row)
    if (!isGood) wasted += view.attempts
    for (const each of [row, all, isGood ? good : badOnes]) {
      each.count++
      if (view.state === 'closed') each.healthy++
      if (view.state === 'closed' && isOutHere.get(view.id)) each.here++
    }
  })
  return { kinds, all, good, bad: badOnes, pages, lost, wasted: wasted / crawler.stats().attempts }
}

const emptyRow = (): Row => ({ count: 0, healthy: 0, here: 0 })
const inUse = (row: Row) => row.healthy - row.here
const percent = (value: number) => `${(value * 100).toFixed(1)} %`
