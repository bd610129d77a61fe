import type { Crawler } from '../../src/index.ts'
import { createCrawler } from '../../src/index.ts'
import { startLab } from '../../src/lab/index.ts'
import { parseScenario } from '../../src/lab/scenario.ts'
import { type CrawlerOptions, parseOptions } from '../../src/options/options.ts'
import { createVirtualClock, ScenarioWorld } from '../../src/sim/index.ts'
import { beginLife } from '../../src/sim/life.ts'
import { type LieCase, scenarioOf } from './case.ts'
import { Harvest, type Tally } from './tally.ts'

/** One case from one seed, on virtual time or through sockets. The crawler has its defaults, and an interval of 20 ms. */
const optionsOf = (each: LieCase, seed: number): CrawlerOptions => ({
  seed,
  politeness: { interval: 20 },
  ...each.options,
})

/** Virtual milliseconds after which a crawl is not waited for: what has come by then counts. */
const limitMs = 6 * 3_600_000

export async function runSimulated(each: LieCase, seed: number): Promise<Tally> {
  const time = createVirtualClock()
  const input = { refresh: 604_800_000, ...optionsOf(each, seed) }
  const world = new ScenarioWorld(parseScenario(scenarioOf(each, seed)), time, parseOptions(input))
  const harvest = new Harvest(each, seed)
  let requests = 0
  world.onArrival = ({ host, path }) => {
    if (host.name === 'site' && isPage(path)) requests++
  }
  const { crawler, transport } = await beginLife(world, time, input, (born) => {
    harvest.watch(born, (label) => world.proxyOf(label)?.role.name ?? label)
  })
  let isDone = false
  let failure: unknown
  harvest.bringIn(crawler).then(
    () => {
      isDone = true
    },
    (error: unknown) => {
      isDone = true
      failure = error
    },
  )
  await time.reaches(() => isDone, limitMs)
  if (failure !== undefined) throw failure
  const tally = harvest.tally(requests)
  const stopped = crawler.stop()
  await time.reaches(() => transport.running === 0, 600_000)
  await stopped
  world.close()
  return tally
}

export async function runInLab(each: LieCase, seed: number): Promise<Tally> {
  const scenario = scenarioOf(each, seed)
  await using lab = await startLab(scenario)
  const harvest = new Harvest(each, seed)
  const places = new Map(lab.proxyNames().map((name) => [place(lab.proxy(name)), name]))
  const countries = (scenario.proxies ?? []).map(({ country, countryListed }) =>
    country && countryListed ? ` country=${country}` : '',
  )
  const crawler: Crawler = await createCrawler({
    ...optionsOf(each, seed),
    proxies: lab.proxies.map((url, index) => url + countries[index]),
    ...(lab.ca !== '' && { ca: lab.ca }),
  })
  harvest.watch(crawler, (label) => places.get(/[\d.]+:\d+/.exec(label)?.[0] ?? '') ?? label)
  try {
    await harvest.bringIn(crawler)
    const { rows } = (await lab.books()).origins.site!
    return harvest.tally(rows.filter(({ path }) => isPage(path)).length)
  } finally {
    await crawler.stop()
  }
}

const place = ({ host, port }: { host: string; port: number }) => `${host}:${port}`

/** What is asked for once in a crawl in which nothing goes wrong; a redirect and a missing page are no more. */
function isPage(path: string): boolean {
  return path === '/' || path.startsWith('/page/') || path.startsWith('/api/items/')
}
