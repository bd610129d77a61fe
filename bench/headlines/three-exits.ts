import { z } from 'zod'
import { type Crawler, createCrawler, defineSource } from '../../src/index.ts'
import { type Lab, type Scenario, startLabProcess } from '../../src/lab/index.ts'
import { median, type Report, share } from '../report.ts'

/**
 * A crawl of many partitions once drained in 17 minutes through three proxies, against 20 to 40 from one address, with a
 * tail that stuck. Here sixty hosts of different speed, each half a second per exit and visit as always, so that each
 * needs pages × ½ s ÷ exits at least, whatever the others do. Three of them are ill for a while: one answers 503, one
 * nothing, one limits hard. They may end later; nobody else may.
 */
const hosts = 60
const interval = 500
const ill = { failing: 'host-7', silent: 'host-23', limiting: 'host-41' } as const
const illFrom = 1_000

export interface Partitions {
  /** Per host. */
  readonly pages: number
  readonly illMs: number
  /** Whether to do the same through one exit, which takes three times as long. */
  readonly comparesOne: boolean
}

export async function threeExits(report: Report, { pages, illMs, comparesOne }: Partitions): Promise<void> {
  // Each has a lab of its own: what one address did may not be held against the other.
  const [three, one] = await Promise.all([
    drain(3, pages, illMs),
    comparesOne ? drain(1, pages, illMs) : undefined,
  ])
  const row = (name: string, { times, bound, failed }: Drained) => {
    const well = healthy(times)
    return [
      name,
      seconds(bound),
      seconds(median(well)),
      seconds(Math.max(...well)),
      ...Object.values(ill).map((host) => seconds(times.get(host) ?? Number.NaN)),
      String(failed),
    ]
  }
  report.table(
    `${hosts} hosts of ${pages} pages, three of them ill for ${seconds(illMs)} s: seconds until drained`,
    ['', 'possible', 'median host', 'last healthy host', ...Object.keys(ill), 'pages lost'],
    [row('three exits', three), ...(one ? [row('one exit', one)] : [])],
  )
  const well = healthy(three.times)
  const last = Math.max(...well)
  report.atMost('three exits: last healthy host, × the possible', last / three.bound, 1.3, share)
  report.atMost('three exits: last healthy host ÷ median host', last / median(well), 1.2, share)
  if (one) report.atLeast('one exit ÷ three exits', Math.max(...healthy(one.times)) / last, 2.3, share)
  const latest = Math.max(...three.times.values())
  report.figure('three exits: last host of all, × the possible', latest / three.bound, share)
  report.atMost('three exits: pages lost', three.failed, 0)
}

interface Drained {
  /** When each host's last page was home, ms since the start. */
  readonly times: ReadonlyMap<string, number>
  /** No host can be drained sooner, ms. */
  readonly bound: number
  readonly failed: number
}

async function drain(exits: number, pages: number, illMs: number): Promise<Drained> {
  await using lab = await startLabProcess(world(exits, pages))
  await using crawler = await createCrawler({
    proxies: [...lab.proxies],
    politeness: { interval, proxyConcurrency: 64 },
    seed: 9,
  })
  const times = new Map<string, number>()
  const start = performance.now()
  crawler.on('task.settled', ({ host, ok }) => {
    if (ok) times.set(host.replace('.lab', ''), performance.now() - start)
  })
  const [summary] = await Promise.all([crawlAll(crawler, lab, pages), spoil(lab, illMs)])
  return { times, bound: (pages * interval) / exits, failed: summary.failed }
}

function world(exits: number, pages: number): Scenario {
  const speeds = [20, 20, 80, 80, 250]
  const origins: Scenario['origins'] = {}
  for (let number = 1; number <= hosts; number++) {
    const medianMs = speeds[number % speeds.length]!
    origins[`host-${number}`] = {
      latency: { kind: 'lognormal', medianMs, sigma: 0.3 },
      site: { pages: pages + 1 },
    }
  }
  return { seed: 9, origins, proxies: [{ name: 'exit', count: exits, latency: 30 }] }
}

async function spoil(lab: Lab, illMs: number): Promise<void> {
  const { control } = lab
  await sleep(illFrom)
  await Promise.all([
    control.takeDown(ill.failing, 503),
    control.takeDown(ill.silent, 'silent'),
    control.set(ill.limiting, { limit: { perIp: { requests: 1, perMs: 3_000 } } }),
  ])
  await sleep(illMs)
  await Promise.all([
    control.bringUp(ill.failing),
    control.bringUp(ill.silent),
    control.set(ill.limiting, { limit: null }),
  ])
}

/** All pages of all hosts, host after host in turn, as partitions are read. */
function crawlAll(crawler: Crawler, lab: Lab, pages: number) {
  const source = defineSource({
    name: 'sixty-hosts',
    params: z.object({}),
    item: z.object({ url: z.string() }),
    robots: false,
    *seeds() {
      for (let page = 1; page <= pages; page++) {
        for (const { url } of Object.values(lab.origins)) yield `${url}/page/${page}`
      }
    },
    *parse(page) {
      yield page.item({ url: page.url })
    },
  })
  return crawler.crawl(source).run()
}

function healthy(times: ReadonlyMap<string, number>): number[] {
  const unwell: readonly string[] = Object.values(ill)
  return [...times].filter(([host]) => !unwell.includes(host)).map(([, at]) => at)
}

const seconds = (ms: number) => (ms / 1_000).toFixed(1)
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
