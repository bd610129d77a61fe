/**
 * Between the clock of this process and the wall-clock times in the file: one whole number of milliseconds, taken when
 * the file is opened, so that no jump of the wall clock moves what is queued.
 */
export class WallTime {
  readonly #offset: number

  constructor(offset: number) {
    this.#offset = Math.round(offset)
  }

  /** Whole milliseconds, never earlier than `due`. */
  readonly toFile = (due: number): number => {
    const wall = Math.ceil(due) + this.#offset
    return Math.max(-farthest, Math.min(farthest, wall))
  }

  readonly toClock = (wall: number): number =>
    wall >= farthest ? Number.POSITIVE_INFINITY : wall - this.#offset

  /** As it will come back from the file. */
  readonly rounded = (due: number): number => this.toClock(this.toFile(due))
}

/** The range of a Date; its end stands for never. */
const farthest = 8.64e15
