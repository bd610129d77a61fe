import type { Clock } from '../base/clock.ts'
import { Timer, type Wheel } from '../base/wheel.ts'
import type { Phase } from '../contracts/outcome.ts'
import type { TransportLimits } from '../contracts/transport.ts'
import { type BodyProgress, bodyDue, judgeBody, silenceIn, totalOver } from './limits.ts'
import type { Failure } from './step-failure.ts'

/**
 * The time limits of one attempt on one timer, which is armed for whatever is due first and looks again when it fires.
 * The bytes of a body only leave a date behind: a body of a thousand chunks arms it no more often than a short one.
 */
export class Deadline extends Timer {
  readonly #clock: Clock
  readonly #wheel: Wheel
  readonly #timeouts: TransportLimits['timeouts']
  readonly #owner: DeadlineOwner
  readonly #totalDue: number
  #phase: Phase = 'dial'
  #phaseDue = 0
  #body: BodyProgress | undefined

  constructor(
    work: DeadlineWork,
    timeouts: TransportLimits['timeouts'],
    owner: DeadlineOwner,
    startedAt: number,
  ) {
    super(() => this.#fire())
    this.#clock = work.clock
    this.#wheel = work.wheel
    this.#timeouts = timeouts
    this.#owner = owner
    this.#totalDue = startedAt + timeouts.total
  }

  /** A phase begins, which may last so many ms. */
  enter(phase: Phase, now: number, limit: number): void {
    this.#phase = phase
    this.#body = undefined
    this.#phaseDue = now + limit
    this.#arm(this.#phaseDue)
  }

  /** Watches a body: silence, and after a while the rate. */
  watchBody(body: BodyProgress): void {
    this.#phase = 'body'
    this.#body = body
    this.#arm(bodyDue(body, body.headAt, this.#timeouts))
  }

  stop(): void {
    this.#wheel.disarm(this)
  }

  #arm(due: number): void {
    this.#wheel.arm(this, Math.min(due, this.#totalDue))
  }

  #fire(): void {
    const now = this.#clock.now()
    const failure = this.#judge(now)
    if (failure) {
      this.#owner.onExpired(failure)
      return
    }
    this.#arm(this.#body ? bodyDue(this.#body, now, this.#timeouts) : this.#phaseDue)
  }

  #judge(now: number): Failure | undefined {
    if (now >= this.#totalDue) return totalOver(this.#phase, this.#timeouts)
    if (this.#body) return judgeBody(this.#body, now, this.#timeouts)
    return now < this.#phaseDue ? undefined : silenceIn(this.#phase, this.#timeouts)
  }
}

export interface DeadlineWork {
  readonly clock: Clock
  readonly wheel: Wheel
}

export interface DeadlineOwner {
  onExpired(failure: Failure): void
}
