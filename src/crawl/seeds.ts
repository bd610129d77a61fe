import { messageOf, RegattaError } from '../contracts/errors.ts'
import type { Discovered } from '../contracts/frontier.ts'
import type { Source, SourceContext } from '../contracts/source.ts'
import type { Door } from './door.ts'

/**
 * Pulls a source's seeds into the frontier: one by one until the crawl has something to do, then in batches, and never
 * more than it can hold on to, because a source may yield without end.
 */
const batchSize = 100
const highWater = 1_000

export interface SeedingParts {
  readonly source: Source
  readonly params: unknown
  readonly context: SourceContext
  readonly door: Door
  /** Nothing is under way: the first seed is wanted now. */
  isIdle(): boolean
  /** Requests that wait in the frontier. */
  waiting(): number
  /** The crawl wants no more. */
  isOver(): boolean
  /** So many were new. */
  planted(added: number): void
}

export class Seeding {
  isDone = false
  readonly #parts: SeedingParts
  #fell: (() => void) | undefined

  constructor(parts: SeedingParts) {
    this.#parts = parts
  }

  /** Rejects with URL_INVALID, or SOURCE_FAILED naming the source; stops quietly when the crawl is over. */
  async run(): Promise<void> {
    const { source, params, context, door } = this.#parts
    let batch: Discovered[] = []
    const plant = async () => {
      const added = await door.add(batch)
      batch = []
      this.#parts.planted(added)
    }
    try {
      for await (const seed of source.seeds(params, context)) {
        if (this.#parts.isOver()) return
        batch.push(door.seed(seed))
        if (this.#parts.isIdle() || batch.length >= batchSize) await plant()
        while (this.#isEnough() && !this.#parts.isOver()) await this.#untilQueueFalls()
      }
      await plant()
      this.isDone = true
      this.#parts.planted(0)
    } catch (error) {
      if (this.#parts.isOver()) return
      if (error instanceof RegattaError && error.code !== 'INTERNAL') throw error
      const sentence = `seeds() of source "${source.name}" failed: ${messageOf(error)}`
      throw new RegattaError('SOURCE_FAILED', sentence, { cause: error })
    }
  }

  /** While nothing can go out, as when a host is blocked for an hour, more seeds may find one that can. */
  #isEnough(): boolean {
    return this.#parts.waiting() > (this.#parts.isIdle() ? 10 * highWater : highWater)
  }

  /** Requests have left the frontier, or the crawl is over: look again. */
  queueFell(): void {
    this.#fell?.()
  }

  #untilQueueFalls(): Promise<void> {
    return new Promise((resolve) => {
      this.#fell = resolve
    })
  }
}
