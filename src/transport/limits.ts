import type { FaultCause, Phase } from '../contracts/outcome.ts'
import type { Timeouts } from '../options/options.ts'
import { Failure } from './step-failure.ts'

/**
 * The time limits of an attempt as arithmetic: the transport arms a timer by it, and the simulator asks it on virtual time.
 * Most phases have a limit of their own, and the body has two: silence, and after a while its rate. All together have one
 * as well, the total.
 */
interface Limit {
  readonly option: keyof Timeouts
  readonly cause: FaultCause
  says(ms: number): string
}

const limits: { readonly [Each in Phase]?: Limit } = {
  dial: { option: 'dial', cause: 'dial-timeout', says: (ms) => `No connection within ${ms} ms.` },
  handshake: {
    option: 'handshake',
    cause: 'handshake-timeout',
    says: (ms) => `No handshake within ${ms} ms.`,
  },
  tls: { option: 'tls', cause: 'tls-timeout', says: (ms) => `No TLS within ${ms} ms.` },
  headers: {
    option: 'firstByte',
    cause: 'headers-timeout',
    says: (ms) => `No response head within ${ms} ms.`,
  },
  body: { option: 'idle', cause: 'body-timeout', says: (ms) => `No byte of the body for ${ms} ms.` },
}

/** Milliseconds of silence that a phase allows; Infinity when only the total limits it. */
export function limitOf(phase: Phase, timeouts: Timeouts): number {
  const limit = limits[phase]
  return limit ? timeouts[limit.option] : Number.POSITIVE_INFINITY
}

/** How an attempt ends that has heard nothing for the limit of its phase. */
export function silenceIn(phase: Phase, timeouts: Timeouts): Failure {
  const limit = limits[phase]
  if (!limit) return totalOver(phase, timeouts)
  return new Failure(phase, limit.cause, limit.says(timeouts[limit.option]))
}

export function totalOver(phase: Phase, { total }: Timeouts): Failure {
  return new Failure(phase, 'total-timeout', `The attempt took more than ${total} ms.`)
}

/** The option whose limit ends an attempt with this cause. */
export function optionOf(cause: FaultCause): keyof Timeouts | undefined {
  if (cause === 'total-timeout') return 'total'
  return Object.values(limits).find((limit) => limit.cause === cause)?.option
}

/** Milliseconds of a body before its rate is judged, and between two judgements. */
export const judgedAfter = 5_000
const judgedEvery = 1_000

/** A body that is coming. Times in clock ms. */
export interface BodyProgress {
  readonly headAt: number
  /** Of the latest byte; of the head before there is one. */
  readonly lastByteAt: number
  /** Bytes so far. */
  readonly received: number
  /** The sender waits because our own disk is slow: silence and rate then say nothing about it. */
  readonly isHeld: boolean
  heldMs(now: number): number
}

/** When to judge a body next. */
export function bodyDue(body: BodyProgress, now: number, { idle, minRate }: Timeouts): number {
  const idleDue = (body.isHeld ? now : body.lastByteAt) + idle
  if (minRate === 0) return idleDue
  const judged = body.headAt + judgedAfter
  return Math.min(idleDue, now < judged ? judged : now + judgedEvery)
}

/** Whether a body has ended by silence or by its rate. */
export function judgeBody(body: BodyProgress, now: number, timeouts: Timeouts): Failure | undefined {
  if (!body.isHeld && now - body.lastByteAt >= timeouts.idle) return silenceIn('body', timeouts)
  const elapsed = now - body.headAt - body.heldMs(now)
  return isTooSlow(body.received, elapsed, timeouts) ? tooSlow(timeouts) : undefined
}

/** Whether so many bytes in so many milliseconds are less than the least rate. The first seconds are not judged. */
export function isTooSlow(bytes: number, ms: number, { minRate }: Timeouts): boolean {
  return ms >= judgedAfter && (bytes * 1_000) / ms < minRate
}

export function tooSlow({ minRate }: Timeouts): Failure {
  return new Failure('body', 'body-slow', `The body comes slower than ${minRate} bytes a second.`)
}
