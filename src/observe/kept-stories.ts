import type { Story } from './story.ts'

/**
 * Stories that are over. The latest are all here; of those that leave, the ones that are kept go to a ring of their own, so that a
 * flood of slow ones does not wash away the failures.
 */
export class KeptStories {
  readonly #recent: Ring
  readonly #failed: Ring
  readonly #others: Ring

  /** `recycle` gets those that nobody remembers any more. */
  constructor(recent: number, keep: number, recycle: (story: Story) => void) {
    const forOthers = Math.floor(keep / 4)
    this.#failed = new Ring(keep - forOthers, recycle)
    this.#others = new Ring(forOthers, recycle)
    this.#recent = new Ring(recent, (story) => {
      if (story.kept === 'recent') recycle(story)
      else this.#ringOf(story).add(story)
    })
  }

  add(story: Story): void {
    this.#recent.add(story)
  }

  find(task: string): Story | undefined {
    return this.#recent.find(task)
  }

  /** Oldest first, as far as the rings are. */
  *all(): Generator<Story> {
    yield* this.#failed
    yield* this.#others
    yield* this.#recent
  }

  #ringOf({ kept }: Story): Ring {
    return kept === 'failed' ? this.#failed : this.#others
  }
}

/** The newest overwrites the oldest. Looked through only when somebody asks. */
class Ring {
  readonly #stories: (Story | undefined)[] = []
  readonly #size: number
  readonly #pushedOut: (story: Story) => void
  #next = 0

  constructor(size: number, pushedOut: (story: Story) => void) {
    this.#size = size
    this.#pushedOut = pushedOut
  }

  add(story: Story): void {
    if (this.#size === 0) return this.#pushedOut(story)
    const before = this.#stories[this.#next]
    this.#stories[this.#next] = story
    this.#next = (this.#next + 1) % this.#size
    if (before) this.#pushedOut(before)
  }

  find(task: string): Story | undefined {
    return this.#stories.find((story) => story?.task === task)
  }

  *[Symbol.iterator](): Generator<Story> {
    for (let n = 0; n < this.#stories.length; n++) {
      const story = this.#stories[(this.#next + n) % this.#stories.length]
      if (story) yield story
    }
  }
}
