import type { Clock } from '../base/clock.ts'
import { Timer, type Wheel } from '../base/wheel.ts'
import type { Phase } from '../contracts/outcome.ts'
import type { TransportLimits } from '../contracts/transport.ts'
import type { HttpExchange } from './exchange.ts'
import { Failure } from './failure.ts'

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
  #exchange: HttpExchange | undefined

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

  /** Starts the limit of a phase that has one. */
  enter(phase: Phase, now: number): void {
    this.#phase = phase
    this.#exchange = undefined
    this.#phaseDue = now + this.#limitOf(phase)
    this.#arm(this.#phaseDue)
  }

  /** Watches a body: silence, and after a while the rate. */
  watchBody(exchange: HttpExchange): void {
    this.#phase = 'body'
    this.#exchange = exchange
    this.#arm(this.#bodyDue(exchange, exchange.headAt))
  }

  stop(): void {
    this.#wheel.disarm(this)
  }

  #limitOf(phase: Phase): number {
    switch (phase) {
      case 'dial':
        return this.#timeouts.dial
      case 'handshake':
        return this.#timeouts.handshake
      case 'tls':
        return this.#timeouts.tls
      case 'headers':
        return this.#timeouts.firstByte
      default:
        return Number.POSITIVE_INFINITY
    }
  }

  #arm(due: number): void {
    this.#wheel.arm(this, Math.min(due, this.#totalDue))
  }

  #bodyDue(exchange: HttpExchange, now: number): number {
    const idleDue = (exchange.isHeld ? now : exchange.lastByteAt) + this.#timeouts.idle
    if (this.#timeouts.minRate === 0) return idleDue
    const judged = exchange.headAt + judgedAfter
    return Math.min(idleDue, now < judged ? judged : now + judgedEvery)
  }

  #fire(): void {
    const now = this.#clock.now()
    const failure = this.#judge(now)
    if (failure) {
      this.#owner.onExpired(failure)
      return
    }
    this.#arm(this.#exchange ? this.#bodyDue(this.#exchange, now) : this.#phaseDue)
  }

  #judge(now: number): Failure | undefined {
    const phase = this.#phase
    if (now >= this.#totalDue) {
      return new Failure(phase, 'total-timeout', `The attempt took more than ${this.#timeouts.total} ms.`)
    }
    const exchange = this.#exchange
    if (exchange) {
      if (!exchange.isHeld && now - exchange.lastByteAt >= this.#timeouts.idle) {
        return new Failure('body', 'body-timeout', `No byte of the body for ${this.#timeouts.idle} ms.`)
      }
      const elapsed = now - exchange.headAt - exchange.heldMs(now)
      if (elapsed >= judgedAfter && (exchange.received * 1_000) / elapsed < this.#timeouts.minRate) {
        const detail = `The body comes slower than ${this.#timeouts.minRate} bytes a second.`
        return new Failure('body', 'body-slow', detail)
      }
      return undefined
    }
    if (now < this.#phaseDue) return undefined
    switch (phase) {
      case 'dial':
        return new Failure(phase, 'dial-timeout', `No connection within ${this.#timeouts.dial} ms.`)
      case 'handshake':
        return new Failure(phase, 'handshake-timeout', `No handshake within ${this.#timeouts.handshake} ms.`)
      case 'tls':
        return new Failure(phase, 'tls-timeout', `No TLS within ${this.#timeouts.tls} ms.`)
      default:
        return new Failure(
          phase,
          'headers-timeout',
          `No response head within ${this.#timeouts.firstByte} ms.`,
        )
    }
  }
}

export interface DeadlineWork {
  readonly clock: Clock
  readonly wheel: Wheel
}

export interface DeadlineOwner {
  onExpired(failure: Failure): void
}

/** Milliseconds of a body before its rate is judged, and between two judgements. */
const judgedAfter = 5_000
const judgedEvery = 1_000
