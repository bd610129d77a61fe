import { createCrawler } from '../../src/index.ts'
import { type Lab, type OriginDown, startLabProcess } from '../../src/lab/index.ts'
import type { Report } from '../report.ts'
import { Pace, sleep } from './pace.ts'

/**
 * The host itself goes down, for everybody, in each of three ways at once: three hosts, each with a crawler of its own
 * that knows nothing else. None of the proxies may be opened on account of it, hardly anything may be sent meanwhile, no
 * page may be lost. It comes back at the worst moment: just after a canary has left.
 */
const inFlight = 30
const proxies = 30
const latency = { kind: 'lognormal' as const, medianMs: 120, sigma: 0.3 }
const fullSpeed = 0.9

const ways = { refusing: 'refuse', failing: 503, silent: 'silent' } as const satisfies Record<
  string,
  OriginDown
>
type Way = keyof typeof ways

export interface Outage {
  /** How long at least. */
  readonly ms: number
  readonly hosts: readonly Way[]
  /** Goes on until a canary has just left, so that it misses the return. */
  readonly atWorst: boolean
}

export async function outage(report: Report, { ms, hosts, atWorst }: Outage) {
  const site = { site: { pages: 2_000, pageBytes: 2_048 } }
  await using lab = await startLabProcess({
    seed: 3,
    origins: Object.fromEntries(hosts.map((host) => [host, site])),
    proxies: [{ name: 'good', count: proxies, latency }],
  })
  const seen = await Promise.all(hosts.map((host) => watch(lab, host, ms, atWorst)))
  const seconds = (value: number) => (value / 1_000).toFixed(1)
  report.table(
    `Outage of the host for ${ms / 1_000} s${atWorst ? ' and until the next canary' : ''}: ${proxies} proxies, ${inFlight} requests at a time`,
    [
      '',
      'held down after s',
      'attempts till then',
      'canaries',
      'closest s',
      'others',
      'opened',
      'lost',
      'full speed after s',
    ],
    seen.map((each) => [
      each.host,
      seconds(each.noticed),
      String(each.wasted),
      String(each.canaries),
      each.canaries > 1 ? seconds(each.closest) : '–',
      String(each.others),
      String(each.opened),
      String(each.lost),
      seconds(each.back),
    ]),
  )
  const most = (pick: (each: Seen) => number) => Math.max(...seen.map(pick))
  report.atMost(
    'outage: proxies opened by it',
    most((each) => each.opened),
    0,
  )
  report.atMost(
    'outage: pages lost',
    most((each) => each.lost),
    0,
  )
  report.atMost(
    'outage: attempts besides canaries while it is down',
    most((each) => each.others),
    0,
  )
  const closest = Math.min(...seen.map((each) => each.closest))
  if (closest < Number.POSITIVE_INFINITY)
    report.atLeast('outage: between two canaries', closest, 4_900, (value) => `${seconds(value)} s`)
  for (const { host, back } of seen) {
    report.atMost(
      `outage: ${host}, full speed after its return`,
      back,
      15_000,
      (value) => `${seconds(value)} s`,
    )
  }
}

interface Seen {
  readonly host: Way
  /** Milliseconds until it was held to be down, and attempts until then. */
  readonly noticed: number
  readonly wasted: number
  readonly canaries: number
  /** Shortest time between two canaries, ms. */
  readonly closest: number
  /** Attempts that were started while it was down and were no canaries. */
  readonly others: number
  readonly opened: number
  readonly lost: number
  /** Milliseconds from its return to full speed. */
  readonly back: number
}

async function watch(lab: Lab, host: Way, ms: number, atWorst: boolean): Promise<Seen> {
  await using crawler = await createCrawler({
    proxies: [...lab.proxies],
    politeness: { interval: 20 },
    seed: 3,
  })
  const pace = new Pace(crawler, lab.origins[host]!.url, inFlight)
  const canaries: number[] = []
  const opened = new Set<string>()
  let isHeldDown = false
  let noticedAt = Number.NaN
  let wasted = 0
  let others = 0
  pace.start()
  await sleep(3_000)
  const before = pace.between(performance.now() - 2_000, performance.now())
  crawler.on('host.state', ({ to }) => {
    isHeldDown = to === 'down'
    if (isHeldDown && Number.isNaN(noticedAt)) noticedAt = performance.now()
  })
  crawler.on('attempt.started', ({ why }) => {
    if (why === 'canary') canaries.push(performance.now())
    else if (isHeldDown) others++
    else if (Number.isNaN(noticedAt)) wasted++
  })
  crawler.on('proxy.state', ({ proxy, to }) => {
    if (to === 'open') opened.add(proxy)
  })
  const downAt = performance.now()
  wasted = 0
  await lab.control.takeDown(host, ways[host])
  const isDue = () => performance.now() - downAt >= ms && (!atWorst || (canaries.at(-1) ?? 0) - downAt >= ms)
  while (!isDue() && performance.now() - downAt < ms + 25_000) await sleep(20)
  await sleep(300)
  await lab.control.bringUp(host)
  const upAt = performance.now()
  const sent = [...canaries]
  let back: number | undefined
  while (back === undefined && performance.now() - upAt < 40_000) {
    await sleep(100)
    back = pace.reached(before * fullSpeed, 1_000, upAt)
  }
  await pace.stop()
  const gaps = sent.slice(1).map((at, index) => at - sent[index]!)
  return {
    host,
    noticed: noticedAt - downAt,
    wasted,
    canaries: sent.length,
    closest: Math.min(...gaps, Number.POSITIVE_INFINITY),
    others,
    opened: opened.size,
    lost: pace.failed + pace.foreign,
    back: (back ?? Number.POSITIVE_INFINITY) - upAt,
  }
}
