import { RegattaError } from '../contracts/errors.ts'
import type { ParsedScenario } from '../lab/scenario.ts'
import type { CrawlerOptions } from '../options/options.ts'
import { Crawls } from './crawls.ts'
import { Pages } from './pages.ts'
import { ScenarioWorld } from './scenario-world.ts'
import type { SimulationSettings } from './simulate.ts'
import type { Venue } from './venue.ts'

/** A scenario as the place of a run: the lab's world without a socket, and the work that the scenario names. */
export function scenarioVenue(
  scenario: ParsedScenario,
  given: Pick<SimulationSettings, 'seed' | 'requests' | 'inFlight'>,
): Venue {
  const seed = given.seed ?? scenario.seed
  const { requests = scenario.work.requests, inFlight = scenario.work.inFlight } = given
  const work = { ...scenario.work, requests, inFlight }
  const { kind, limitMs, chaos } = work
  const isCrawl = kind === 'crawl'
  if (isCrawl && chaos.deaths > 0) {
    throw new RegattaError(
      'SCENARIO_INVALID',
      'Scenario "work.chaos.deaths": a crawl keeps its frontier in memory and would begin anew; use kind "fetch".',
    )
  }
  return {
    name: scenario.name,
    seed,
    options: work.options as CrawlerOptions,
    limitMs,
    chaos,
    isCrawl,
    open(time, options, onAnswer) {
      const world = new ScenarioWorld({ ...scenario, seed }, time, options)
      const Work = isCrawl ? Crawls : Pages
      return { world, work: new Work(work, world.hosts, time, onAnswer) }
    },
  }
}
