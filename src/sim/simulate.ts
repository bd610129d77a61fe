import { systemClock } from '../clock.ts'
import type { Crawler } from '../crawler.ts'
import { messageOf, RegattaError } from '../errors.ts'
import { pickHash } from '../lab/hash.ts'
import { type ParsedScenario, parseScenario, type Scenario } from '../lab/scenario.ts'
import { attachTrace } from '../observe/trace.ts'
import { type CrawlerOptions, type Options, parseOptions } from '../options.ts'
import { createRandom } from '../random.ts'
import { ChaosPlan } from './chaos.ts'
import { createVirtualClock, type VirtualClock } from './clock.ts'
import { Crawls } from './crawls.ts'
import { Invariants } from './invariants.ts'
import { beginLife, type Life } from './life.ts'
import { Pages } from './pages.ts'
import { quantileOf, type SimulationReport } from './report.ts'
import { ScenarioWorld } from './world.ts'

/**
 * The real crawler in a world of a scenario, on virtual time: hours pass in seconds, the same seed gives the same run
 * byte for byte, and the invariants are checked all the way.
 */
export interface SimulationSettings {
  /** Of world and crawler. Default: the scenario's. */
  readonly seed?: number
  /** Over those of the scenario's `work.options`. */
  readonly options?: CrawlerOptions
  /** Gets every line of the run's trace. */
  readonly trace?: (line: string) => void
  /** Told as soon as the world stands, to follow or change it. */
  readonly onWorld?: (world: ScenarioWorld, time: VirtualClock) => void
  readonly onCrawler?: (crawler: Crawler) => void
}

/**
 * Runs a scenario to its end. Throws SCENARIO_INVALID or OPTION_INVALID; what goes wrong inside is a violation in the
 * report.
 */
export async function simulate(
  scenario: Scenario,
  settings: SimulationSettings = {},
): Promise<SimulationReport> {
  const parsed = parseScenario(scenario)
  const seed = settings.seed ?? parsed.seed
  const run = new Simulation({ ...parsed, seed }, settings)
  return run.perform()
}

class Simulation {
  readonly #scenario: ParsedScenario
  readonly #settings: SimulationSettings
  readonly #input: CrawlerOptions
  readonly #options: Options
  readonly #time = createVirtualClock()
  readonly #world: ScenarioWorld
  readonly #invariants: Invariants
  readonly #work: Pages | Crawls
  readonly #chaos: ChaosPlan
  readonly #opened = { rightly: 0, wrongly: 0 }
  #lives = 0
  #died: () => void = () => {}
  #endTrace: () => void = () => {}

  constructor(scenario: ParsedScenario, settings: SimulationSettings) {
    const { work, seed } = scenario
    this.#scenario = scenario
    this.#settings = settings
    // Nothing but chaos refreshes the list.
    this.#input = { seed, refresh: 604_800_000, ...(work.options as CrawlerOptions), ...settings.options }
    this.#options = parseOptions(this.#input)
    if (work.kind === 'crawl' && work.chaos.deaths > 0) {
      throw new RegattaError(
        'SCENARIO_INVALID',
        'Scenario "work.chaos.deaths": a crawl keeps its frontier in memory and would begin anew; use kind "fetch".',
      )
    }
    this.#world = new ScenarioWorld(scenario, this.#time, this.#options)
    this.#invariants = new Invariants(this.#world, this.#time, this.#options, work.kind === 'crawl')
    const Work = work.kind === 'crawl' ? Crawls : Pages
    this.#work = new Work(work, this.#world.hosts, this.#time, () => {
      this.#invariants.progressed()
      this.#chaos.answered()
    })
    this.#chaos = new ChaosPlan({
      chaos: work.chaos,
      answers: this.#work.counts.asked,
      time: this.#time,
      random: createRandom(Math.floor(pickHash(seed, 'chaos') * 2 ** 32)),
      proxies: this.#world.proxies.map(({ url }) => url),
      die: () => this.#died(),
    })
    settings.onWorld?.(this.#world, this.#time)
  }

  async perform(): Promise<SimulationReport> {
    const started = systemClock.now()
    this.#invariants.watch(() => this.#work.left)
    const end = this.#time.now() + this.#scenario.work.limitMs
    let isOver = false
    while (!isOver && this.#time.now() < end) isOver = await this.#live(end)
    if (!isOver) {
      const minutes = Math.round(this.#scenario.work.limitMs / 60_000)
      this.#invariants.report('progress', `${this.#work.left} pages are wanting after ${minutes} min`)
    }
    this.#checkResults()
    this.#chaos.end()
    this.#invariants.end()
    this.#world.close()
    return this.#report(systemClock.now() - started)
  }

  /** One process, from start to end or death. True when the work is done. */
  async #live(end: number): Promise<boolean> {
    this.#lives++
    const life = await beginLife(this.#world, this.#time, this.#input, (crawler) => this.#follow(crawler))
    let isDead = false
    this.#died = () => {
      isDead = true
    }
    this.#invariants.follow(life)
    this.#chaos.aim(life)
    let isDone = false
    const driven =
      this.#work instanceof Pages ? this.#work.drive(fetchOf(life)) : this.#work.drive(life.crawler)
    driven.then(
      () => {
        isDone = true
      },
      (error: unknown) => {
        isDone = true
        this.#invariants.report('internal', messageOf(error))
      },
    )
    await this.#time.reaches(() => isDone || isDead, end - this.#time.now())
    this.#endTrace()
    if (isDead && !isDone) life.die()
    else await this.#rest(life)
    return isDone
  }

  /** Lets losers come home, stops, and looks for what is left. */
  async #rest({ crawler, clock, transport }: Life): Promise<void> {
    const life = { crawler, clock, transport } as Life
    const isQuiet = () => {
      const { tasks, hosts } = crawler.stats()
      const isIdle = tasks.racing === 0 && Object.values(hosts).every(({ inFlight }) => inFlight === 0)
      return isIdle && transport.running === 0
    }
    await this.#time.reaches(isQuiet, 600_000)
    const before = crawler.stats()
    await crawler.stop()
    await this.#time.advance(0)
    if (this.#work.isDone) this.#invariants.checkLeftovers(life, before)
  }

  #follow(crawler: Crawler): void {
    crawler.on('proxy.state', ({ proxy: label, host: hostName, to, reason }) => {
      if (to !== 'open') return
      const proxy = this.#world.proxyOf(label)
      const host = hostName === undefined ? undefined : this.#world.hostOf(hostName)
      if (!proxy || reason.startsWith('slow')) return
      const isUsable = host ? this.#world.serves(proxy, host) : this.#world.isSound(proxy)
      this.#opened[isUsable ? 'wrongly' : 'rightly']++
    })
    if (this.#settings.trace) this.#endTrace = attachTrace(crawler, this.#time, this.#settings.trace)
    this.#settings.onCrawler?.(crawler)
  }

  #checkResults(): void {
    const work = this.#work
    if (work instanceof Pages) return
    for (const [url, times] of work.items) {
      if (times > 1) this.#invariants.report('result-twice', `${url} came ${times} times`)
    }
    if (!work.isDone) return
    for (const url of work.missing())
      this.#invariants.report('result-lost', `${url} is neither an item nor dead`)
  }

  #report(realMs: number): SimulationReport {
    const { latencies, counts, answeredAt } = this.#work
    const { attempts, bytes } = this.#world.counts
    return {
      scenario: this.#scenario.name,
      seed: this.#scenario.seed,
      pages: counts,
      virtualMs: answeredAt.at(-1) ?? this.#time.now(),
      realMs,
      latencyMs: {
        p50: quantileOf(latencies, 0.5),
        p95: quantileOf(latencies, 0.95),
        p99: quantileOf(latencies, 0.99),
      },
      attempts,
      bytes,
      opened: this.#opened,
      lives: this.#lives,
      violations: this.#invariants.violations,
    }
  }
}

function fetchOf({ crawler }: Life): Crawler['fetch'] {
  return (input, init) => crawler.fetch(input, init)
}
