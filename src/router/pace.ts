/**
 * How often one exit may visit a host, learned from the host's own limits. A host that bears one request a second from an
 * address refuses every other one that comes each half second: twice the requests, and no page sooner. So each refusal
 * for haste makes the pause longer at once, by a quarter, and each answer a little shorter, slowly where it was refused
 * before: multiplicative increase of the pause, as TCP cuts its rate, and CUBIC's care near the last loss (RFC 9438).
 */
const raise = 1.25
const longest = 60_000
/** Shares by which an answer shortens the pause, far from where it was refused and near it. */
const fast = 0.005
const slow = 0.0005
const near = 1.1

/** How often a service bears to be asked, as a source declares it for its crawl. Intervals in ms; undefined: nothing is said. */
export interface DeclaredRate {
  /** Between two requests of one exit. */
  readonly interval: number | undefined
  /** Between two requests, whatever the exit. */
  readonly hostInterval: number | undefined
  /** Its crawl has ended. */
  readonly isOver: boolean
}

/** Nothing that `other` asks for goes beyond it. */
export function isAsStrict(rate: DeclaredRate, other: DeclaredRate): boolean {
  return (
    (rate.interval ?? 0) >= (other.interval ?? 0) && (rate.hostInterval ?? 0) >= (other.hostInterval ?? 0)
  )
}

/** Intervals in ms, `raisedAt` in clock ms. */
export interface SavedPace {
  readonly interval: number
  readonly refused: number
  readonly raisedAt: number | undefined
}

export class Pace {
  /** Milliseconds between two requests of one exit. */
  interval: number
  #floor: number
  /** What another run learned, whatever the floor was then. */
  #restored = 0
  #raisedAt = Number.NEGATIVE_INFINITY
  #refused = 0

  /** `floor` is what politeness asks for; 0 turns learning off with the gate. */
  constructor(floor: number) {
    this.interval = floor
    this.#floor = floor
  }

  /** The pause that is asked for is another one from now on; what was learned beyond it stays. */
  setFloor(floor: number): void {
    const learned = this.interval === this.#floor ? this.#restored : this.interval
    this.#floor = floor
    this.interval = Math.max(floor, learned)
  }

  /** A wait up to this is the pause and nothing else, also when it began before the last change. */
  get usual(): number {
    return this.interval * raise ** 2
  }

  /** A request sent at `startedAt` was refused for haste. Those that were sent before the last raise say nothing new. */
  refused(startedAt: number, now: number): void {
    if (this.#floor === 0 || startedAt < this.#raisedAt) return
    this.#raisedAt = now
    this.#refused = this.interval
    this.interval = Math.max(this.#floor, Math.min(longest, this.interval * raise))
  }

  /** Undefined while nothing was learned. */
  toSaved(): SavedPace | undefined {
    if (this.interval === this.#floor) return undefined
    const raisedAt = this.#raisedAt === Number.NEGATIVE_INFINITY ? undefined : this.#raisedAt
    return { interval: this.interval, refused: this.#refused, raisedAt }
  }

  /** What another run learned; nothing but answers shortens it, as within a run. */
  restore({ interval, refused, raisedAt }: SavedPace): void {
    if (this.#floor === 0) return
    this.#restored = Math.min(longest, interval)
    this.interval = Math.max(this.#floor, this.#restored)
    this.#refused = refused
    this.#raisedAt = raisedAt ?? Number.NEGATIVE_INFINITY
  }

  /** An answer, of one of so many exits. */
  answered(exits: number): void {
    if (this.interval === this.#floor) return
    const share = this.interval > this.#refused * near ? fast : slow
    this.interval = Math.max(this.#floor, this.interval * (1 - (3 * share) / Math.max(3, exits)))
  }
}
