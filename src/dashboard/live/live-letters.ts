import type { Clock } from '../../base/clock.ts'
import { redact } from '../../base/redact.ts'
import type { RequestDead } from '../../contracts/crawl-events.ts'
import { RegattaError } from '../../contracts/errors.ts'
import type { DeadLetter } from '../../contracts/frontier.ts'
import { listen } from '../../observe/observed.ts'
import type { DeadQuery } from '../dashboard-view.ts'
import { countLetter, groupsOf, type LetterGroups, rowOfLetter } from '../letters.ts'
import type { Action, DeadGroups, DeadPage } from '../protocol.ts'
import type { LiveParts, WatchedCrawl } from './live-parts.ts'
import type { SeenCrawls } from './seen-crawls.ts'

/**
 * What the crawls of a live crawler gave up. Their frontiers have it all, and are asked when somebody looks: after a change at
 * most so often that reading takes a small share of the time.
 */
const shareOfTime = 50

export class LiveLetters {
  version = 0
  #groups: LetterGroups = new Map()
  readonly #crawls: SeenCrawls
  readonly #clock: Clock
  readonly #stop: () => void
  #readVersion = -1
  #readAgainAt = 0
  #reading: Promise<void> | undefined

  constructor({ crawler, clock }: LiveParts, crawls: SeenCrawls) {
    this.#crawls = crawls
    this.#clock = clock
    this.#stop = listen(crawler, 'request.dead', (dead) => this.#died(dead))
  }

  close(): void {
    this.#stop()
  }

  /** As they were counted last. */
  get known(): LetterGroups {
    return this.#groups
  }

  async groups(): Promise<DeadGroups> {
    await this.#read()
    return groupsOf(this.#groups, this.#clock.wall(), true)
  }

  async page({ reason, crawl, offset, limit }: DeadQuery): Promise<DeadPage> {
    const letters: { crawl: string; letter: DeadLetter }[] = []
    for await (const found of this.#letters(crawl)) {
      if (reason === undefined || found.letter.reason.code === reason) letters.push(found)
    }
    letters.reverse()
    return {
      reason: reason ?? null,
      offset,
      total: letters.length,
      letters: letters
        .slice(offset, offset + limit)
        .map(({ crawl: name, letter }) => rowOfLetter(name, letter)),
    }
  }

  /** Tells how many. */
  async retry(action: Extract<Action, { action: 'retryDead' }>): Promise<number> {
    let done = 0
    const which = {
      ...('reason' in action && { reason: action.reason }),
      ...('ids' in action && { ids: action.ids }),
    }
    for (const crawl of this.#of(action.crawl)) done += await crawl.retryDead(which)
    this.version++
    this.#readAgainAt = 0
    return done
  }

  get canRetry(): boolean {
    return this.#crawls.withLetters.length > 0
  }

  /** Told before the letter is read: a count that is right at once. */
  #died({ code, detail, url }: RequestDead): void {
    this.version++
    countLetter(this.#groups, code, redact(detail), redact(url))
  }

  async #read(): Promise<void> {
    const version = this.version + this.#crawls.changes
    const now = this.#clock.now()
    if (this.#reading) return this.#reading
    if (version === this.#readVersion || now < this.#readAgainAt) return
    this.#reading = this.#count().finally(() => {
      this.#readVersion = version
      this.#readAgainAt = this.#clock.now() + (this.#clock.now() - now) * shareOfTime
      this.#reading = undefined
    })
    return this.#reading
  }

  async #count(): Promise<void> {
    const groups: LetterGroups = new Map()
    for await (const { letter } of this.#letters(undefined)) {
      const { code, detail } = letter.reason
      countLetter(groups, code, redact(detail), redact(letter.request.url))
    }
    this.#groups = groups
  }

  async *#letters(crawl: string | undefined): AsyncGenerator<{ crawl: string; letter: DeadLetter }> {
    for (const each of this.#of(crawl)) {
      try {
        for await (const letter of each.deadLetters()) yield { crawl: each.id, letter }
      } catch (error) {
        // One that is being closed is read a moment later; one that kept nothing has nothing to show.
        if (!(error instanceof RegattaError)) throw error
      }
    }
  }

  #of(crawl: string | undefined): readonly WatchedCrawl[] {
    return this.#crawls.withLetters.filter(({ id }) => crawl === undefined || id === crawl)
  }
}
