import { messageOf, RegattaError } from '../contracts/errors.ts'
import type { Discovered } from '../contracts/frontier.ts'
import { spotOf } from '../source/spot.ts'
import type { OpenCrawl } from './open-crawl.ts'
import { seedsOf } from './outputs.ts'

/**
 * Pulls a source's seeds into the frontier: one by one until the crawl has something to do, then in batches, and never
 * more than it can hold on to, because a source may yield without end.
 */
const batchSize = 100
const highWater = 1_000

export class Seeding {
  /** The source has no more. */
  isDone = false
  readonly #crawl: OpenCrawl

  constructor(crawl: OpenCrawl) {
    this.#crawl = crawl
  }

  /** Rejects with URL_INVALID, or SOURCE_FAILED naming the source; stops quietly when the crawl ends. */
  async run(): Promise<void> {
    const { source, params, door, bell, life } = this.#crawl
    const { context, hasRead } = this.#crawl.contextOfSeeds()
    let batch: Discovered[] = []
    const plant = async () => {
      await door.add(batch)
      batch = []
    }
    try {
      for await (const seed of seedsOf(source, params, context)) {
        if (life.isEnding) return
        const found = await door.seed(seed, hasRead())
        if (found) batch.push(found)
        if (this.#crawl.isIdle || batch.length >= batchSize) await plant()
        while (this.#isEnough() && !life.isEnding) await bell.after(bell.rings)
      }
      await plant()
      this.isDone = true
      bell.ring()
    } catch (error) {
      if (life.isEnding) return
      if (error instanceof RegattaError && error.code !== 'INTERNAL') throw error
      const spot = spotOf(error)
      const place = spot.where === undefined ? '' : ` at ${spot.where}`
      const sentence = `seeds() of source "${source.name}" failed${place}: ${messageOf(error)}`
      throw new RegattaError('SOURCE_FAILED', sentence, { value: spot, cause: error })
    }
  }

  /** While nothing can go out, as when a host is blocked for an hour, more seeds may find one that can. */
  #isEnough(): boolean {
    const { counting, visits, isIdle } = this.#crawl
    return counting.queued - visits.size > (isIdle ? 10 * highWater : highWater)
  }
}
