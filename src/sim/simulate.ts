import { systemClock } from '../base/clock.ts'
import { createRandom } from '../base/random.ts'
import { messageOf } from '../contracts/errors.ts'
import type { Crawler } from '../face/crawler.ts'
import { pickHash } from '../lab/hash.ts'
import { parseScenario, type Scenario } from '../lab/scenario.ts'
import { attachTrace } from '../observe/trace.ts'
import { type CrawlerOptions, type Options, parseOptions } from '../options/options.ts'
import { ChaosPlan } from './chaos.ts'
import { createVirtualClock, type VirtualClock } from './clock.ts'
import type { Crawls } from './crawls.ts'
import { Invariants } from './invariants.ts'
import { beginLife, type Life } from './life.ts'
import { type PageCounts, Pages } from './pages.ts'
import { quantileOf, type SimulationReport } from './report.ts'
import { scenarioVenue } from './scenario-venue.ts'
import { ScenarioWorld } from './scenario-world.ts'
import { RecordedTrace } from './trace-record.ts'
import { traceVenue } from './trace-venue.ts'
import type { RunWorld, Venue } from './venue.ts'

/**
 * The real crawler on virtual time, in the world of a scenario or of a recorded crawl: hours pass in seconds, the same
 * seed gives the same run byte for byte, and the invariants are checked all the way.
 */
export interface SimulationSettings {
  /** Of world and crawler. Default: the scenario's, or the recording's. */
  readonly seed?: number
  /** Over those of the scenario's `work.options`, or those that were recorded. */
  readonly options?: CrawlerOptions
  /** Pages to fetch, where that is not what the scenario or the recording says. */
  readonly requests?: number
  /** Requests that are waited for at once, likewise. */
  readonly inFlight?: number
  /** Gets every line of the run's trace. */
  readonly trace?: (line: string) => void
  /** Told after each answer. */
  readonly onAnswer?: (pages: PageCounts) => void
  /** Ends the run: it rejects with the signal's reason. */
  readonly signal?: AbortSignal
  /** Told as soon as the world of a scenario stands, to follow or change it. */
  readonly onWorld?: (world: ScenarioWorld, time: VirtualClock) => void
  readonly onCrawler?: (crawler: Crawler) => void
}

/**
 * Runs a scenario, or a recorded crawl, to its end. Throws SCENARIO_INVALID or OPTION_INVALID; what goes wrong inside is a
 * violation in the report.
 */
export async function simulate(
  subject: Scenario | RecordedTrace,
  settings: SimulationSettings = {},
): Promise<SimulationReport> {
  const venue =
    subject instanceof RecordedTrace
      ? traceVenue(subject, settings)
      : scenarioVenue(parseScenario(subject), settings)
  return new Simulation(venue, settings).perform()
}

class Simulation {
  readonly #venue: Venue
  readonly #settings: SimulationSettings
  readonly #input: CrawlerOptions
  readonly #options: Options
  readonly #time = createVirtualClock()
  readonly #world: RunWorld
  readonly #invariants: Invariants
  readonly #work: Pages | Crawls
  readonly #chaos: ChaosPlan
  readonly #opened = { rightly: 0, wrongly: 0 }
  #lives = 0
  #died: () => void = () => {}
  #endTrace: () => void = () => {}

  constructor(venue: Venue, settings: SimulationSettings) {
    const { seed, chaos, isCrawl } = venue
    this.#venue = venue
    this.#settings = settings
    // Nothing but chaos refreshes the list.
    this.#input = { refresh: 604_800_000, ...venue.options, seed, ...settings.options }
    this.#options = parseOptions(this.#input)
    const { world, work } = venue.open(this.#time, this.#options, () => this.#answered())
    this.#world = world
    this.#work = work
    this.#invariants = new Invariants(world, this.#time, this.#options, isCrawl)
    this.#chaos = new ChaosPlan({
      chaos,
      answers: work.counts.asked,
      time: this.#time,
      random: createRandom(Math.floor(pickHash(seed, 'chaos') * 2 ** 32)),
      proxies: world.proxies.map(({ url }) => url),
      die: () => this.#died(),
    })
    if (world instanceof ScenarioWorld) settings.onWorld?.(world, this.#time)
  }

  async perform(): Promise<SimulationReport> {
    const started = systemClock.now()
    this.#invariants.watch(() => this.#work.openHosts())
    const end = this.#time.now() + this.#venue.limitMs
    let isOver = false
    const { signal } = this.#settings
    while (!isOver && this.#time.now() < end && !signal?.aborted) isOver = await this.#live(end)
    this.#chaos.end()
    this.#invariants.end()
    this.#world.close()
    signal?.throwIfAborted()
    this.#checkResults(isOver)
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
    const { signal } = this.#settings
    const isEnded = () => isDone || isDead || signal?.aborted === true
    await this.#time.reaches(isEnded, end - this.#time.now())
    const isOver = isDone // stop() ends a crawl too
    if ((isDead || signal?.aborted) && !isOver) life.die()
    else await this.#rest(life, isOver)
    this.#endTrace()
    return isOver
  }

  /** Lets losers come home, stops, and looks for what is left. */
  async #rest({ crawler, clock, transport }: Life, isDone: boolean): Promise<void> {
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
    if (isDone) this.#invariants.checkLeftovers(life, before)
  }

  #follow(crawler: Crawler): void {
    crawler.on('proxy.state', ({ proxy: label, host: hostName, to, reason }) => {
      if (to !== 'open') return
      const isUsable = reason.startsWith('slow') ? undefined : this.#world.isUsable(label, hostName)
      if (isUsable !== undefined) this.#opened[isUsable ? 'wrongly' : 'rightly']++
    })
    if (this.#settings.trace)
      this.#endTrace = attachTrace(crawler, this.#time, this.#settings.trace, this.#input)
    this.#settings.onCrawler?.(crawler)
  }

  #answered(): void {
    this.#invariants.progressed()
    this.#chaos.answered()
    this.#settings.onAnswer?.(this.#work.counts)
  }

  #checkResults(isOver: boolean): void {
    const work = this.#work
    if (work instanceof Pages) return
    for (const [url, times] of work.items) {
      if (times > 1) this.#invariants.report('result-twice', `${url} came ${times} times`)
    }
    if (!isOver) return
    for (const url of work.missing())
      this.#invariants.report('result-lost', `${url} is neither an item nor dead`)
  }

  #report(realMs: number): SimulationReport {
    const { latencies, counts, answeredAt } = this.#work
    const { attempts, bytes } = this.#world.counts
    return {
      scenario: this.#venue.name,
      seed: this.#venue.seed,
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
