import { workSchema } from '../lab/work.ts'
import { Pages } from './pages.ts'
import type { SimulationSettings } from './simulate.ts'
import type { RecordedTrace } from './trace-record.ts'
import { recordedVerdicts, TraceWorld } from './trace-world.ts'
import type { Venue } from './venue.ts'

/**
 * A recorded crawl as the place of a run. Its pages are asked for again in their order, as many at once as were under way
 * at the busiest moment: a closed loop. Arrival times were rejected, because a crawl asks for its next pages when it has
 * the last ones: a better setting would seem to change nothing, and a worse one to pile up pages that were never asked for.
 */
export function traceVenue(
  trace: RecordedTrace,
  given: Pick<SimulationSettings, 'seed' | 'requests' | 'inFlight'>,
): Venue {
  const { tasks } = trace
  const { seed = trace.seed, requests = tasks.length, inFlight = trace.peakInFlight } = given
  const work = { ...workSchema.parse({ inFlight }), requests }
  const pageOf = (page: number) => ({ url: tasks[page % tasks.length]!.url, isOwn: () => true })
  // One that goes out alone needs no list.
  const direct = trace.proxies.includes('direct')
  return {
    name: trace.name,
    seed,
    options: { ...trace.options, classifiers: [recordedVerdicts], ...(direct && { direct }) },
    limitMs: work.limitMs,
    chaos: work.chaos,
    isCrawl: false,
    open(time, options, onAnswer) {
      const world = new TraceWorld(trace, time, options, seed)
      return { world, work: new Pages(work, [], time, onAnswer, pageOf) }
    },
  }
}
