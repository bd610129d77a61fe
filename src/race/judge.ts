import { stoodStillSince } from '../base/clock.ts'
import { accepted } from '../classify/overruled.ts'
import type { TaskJob } from '../contracts/job.ts'
import type { ProxyLease } from '../contracts/lease.ts'
import { type Exchange, isUnreadable, type Outcome, type Verdict } from '../contracts/outcome.ts'
import type { FetchRequest } from '../contracts/request.ts'
import { type Blame, reconsider, standstill } from '../reputation/blame.ts'
import type { Attempt } from './attempt.ts'
import { signOf } from './broken-answers.ts'
import type { Crew } from './crew.ts'
import { ledTo } from './led.ts'
import type { Race } from './race.ts'
import type { Solution } from './solutions.ts'

/** An attempt that has come home and was judged; its lease is given back and everybody concerned has been told. */
export interface JudgedAttempt {
  /** The attempt's number within its task, from 1. */
  readonly number: number
  readonly exchange: Exchange
  readonly lease: ProxyLease
  readonly verdict: Verdict
  /** A resolver may try the challenge on the same proxy. */
  readonly isSolvable: boolean
  /** What was sent along for a challenge that this exit was given before. */
  readonly solution: Solution | undefined
  /** It is the task's answer, or the page's own failure on every proxy. */
  readonly isFinal: boolean
  /** It is the task's answer. */
  readonly isAnswer: boolean
  /** What its answer sends the task on to. */
  readonly next: FetchRequest | undefined
  /** Something on this machine failed, not the proxy. */
  readonly isOurs: boolean
  readonly outcome: Outcome
  readonly blame: Blame
}

/** `isOpen`: the task has no result yet, and asks for what this attempt has asked for. */
export function judgeAttempt(race: Race, attempt: Attempt, isOpen: boolean, crew: Crew): JudgedAttempt {
  const { tally } = race
  const { pool } = attempt
  const found = whatCame(race, attempt, isOpen, crew)
  const { exchange, verdict, next } = found
  const lease = attempt.lease!
  const isSolvable =
    !attempt.isLeft &&
    verdict.kind === 'challenge' &&
    crew.options.resolveChallenge !== undefined &&
    !tally.hasSolved
  const discounted = isSolvable
    ? ({ kind: 'neutral', reason: verdict.reason } as const)
    : // What the task counts now is another URL's.
      attempt.isLeft
      ? verdict
      : tally.discount(verdict, lease.proxy, lease.pair, attempt.wasSent(exchange))
  const outcome = { exchange, verdict, startedAt: attempt.startedAt, endedAt: crew.clock.now() }
  const judged = discounted === verdict ? outcome : { ...outcome, verdict: discounted }
  const blame = crew.feedback.apply(pool, lease, judged)
  if (attempt.isOverdue) pool.record.pairs.overdue[lease.pair]!--
  const hasReached = attempt.reachedHost(exchange)
  if (attempt.isExtra && hasReached) pool.hedges?.spent()
  // It was hedged and never arrived: the host has seen one attempt less than was paid for.
  else if (attempt.isOverdue && !hasReached) pool.hedges?.returned()
  const isFinal = isOpen && isGood(verdict) && !attempt.isScout && next === undefined
  const isAnswer = isFinal && exchange.kind === 'response'
  const isLocal = exchange.kind === 'fault' && exchange.phase === 'local'
  const isOurs = verdict === standstill || (verdict.kind === 'neutral' && isLocal)
  const { number, solution } = attempt
  const kinds = { isSolvable, isFinal, isAnswer, isOurs }
  return { number, exchange, lease, verdict, solution, ...kinds, next, outcome, blame }
}

interface Found {
  readonly exchange: Exchange
  readonly verdict: Verdict
  readonly next: FetchRequest | undefined
}

/** The exchange and what it means. A redirect that leads nowhere is a fault of the page, and one that leads on is no page. */
function whatCame(race: Race, attempt: Attempt, isOpen: boolean, crew: Crew): Found {
  const { job } = attempt
  const came = attempt.exchange!
  const { chain } = race
  const exchange =
    isOpen && chain && came.kind === 'response' && !attempt.isScout
      ? { ...came, redirects: [...chain.urls] }
      : came
  const led = exchange.kind === 'response' ? ledTo(attempt, exchange, crew) : undefined
  const isLost = led !== undefined && 'kind' in led
  const next = isLost ? undefined : led
  const seen = isLost ? led : exchange
  const verdict = verdictOf(race, attempt, { exchange: seen, leadsOn: next !== undefined, isOpen }, crew)
  // What must not be sent twice has its answer, whatever is thought of it.
  const isTaken = isGood(verdict) || !job.request.idempotent || chain?.isCommitted === true
  const leadsOn = isOpen && next !== undefined && !attempt.isScout && isTaken
  return leadsOn ? { exchange, verdict, next } : { exchange: seen, verdict, next: undefined }
}

function verdictOf(
  race: Race,
  attempt: Attempt,
  { exchange, leadsOn, isOpen }: { exchange: Exchange; leadsOn: boolean; isOpen: boolean },
  crew: Crew,
): Verdict {
  const { pool, job, lease } = attempt
  const { page, health } = pool.record
  const { endpoint } = lease!
  const said =
    leadsOn && exchange.kind === 'response'
      ? crew.jury.verdictOfRedirect(exchange, job, endpoint, page)
      : crew.jury.verdictOf(exchange, job, endpoint, page)
  if (isOpen && !leadsOn && exchange.kind === 'response' && job.isSessionOver?.(exchange, said)) {
    return sessionInvalid
  }
  const known = forOwner(reconsider(said, health), exchange, race, job)
  const believed = isOpen ? secondThoughts(known, exchange, race, attempt) : known
  const heldUp = wasHeldUp(exchange, attempt, crew) ? standstill : believed
  return race.record.result?.ok || attempt.isLeft ? heldUp : ofBroken(heldUp, race, attempt)
}

/** The answer is for the owner of the session, who begins it anew; the exit has done its part. */
const sessionInvalid: Verdict = { kind: 'final', reason: 'session-invalid' }

function isGood({ kind }: Verdict): boolean {
  return kind === 'success' || kind === 'final'
}

/**
 * What a session has posted is its owner's word, a password perhaps: a refusal is the answer to that, and not to the exit. So is
 * one at the end of the redirects that anything posted has led to.
 */
function forOwner(verdict: Verdict, exchange: Exchange, { chain }: Race, { request }: TaskJob): Verdict {
  const isPosted = (request.session !== undefined && !request.idempotent) || chain?.isCommitted === true
  if (
    !isPosted ||
    exchange.kind !== 'response' ||
    (verdict.kind !== 'blocked' && verdict.kind !== 'challenge')
  )
    return verdict
  return { kind: 'final', reason: verdict.reason }
}

/** This process stood still while it was under way: who should have heard from it, or it from them, is not to blame. */
function wasHeldUp(exchange: Exchange, { startedAt }: Attempt, { clock }: Crew): boolean {
  if (exchange.kind === 'response' || exchange.phase === 'local' || isUnreadable(exchange.cause)) return false
  return stoodStillSince(clock, startedAt)
}

/** An answer that is broken says nothing of its exit before others have said what they were given (broken-answers.ts). */
function ofBroken(verdict: Verdict, { tally }: Race, { exchange, lease, isScout }: Attempt): Verdict {
  if (exchange?.kind !== 'fault' || isScout || verdict.reason !== exchange.cause) return verdict
  const sign = signOf(exchange)
  if (sign === undefined) return verdict
  const times = tally.broken.hear(sign)
  if (!isUnreadable(exchange.cause))
    return times === 1 ? verdict : { kind: 'neutral', reason: verdict.reason }
  const { proxy, pair } = lease!
  if (verdict.kind === 'dead') {
    tally.broken.suspects.push({ proxy, pair, weight: verdict.weight ?? 1, reason: verdict.reason })
  }
  return { kind: 'neutral', reason: verdict.reason }
}

/** What the other answers make of this one: a guess of a rule that all exits bear out is no guess any more. The page is like that. */
function secondThoughts(verdict: Verdict, exchange: Exchange, race: Race, attempt: Attempt): Verdict {
  if (exchange.kind !== 'response' || attempt.isScout || verdict.kind !== 'blocked') return verdict
  const { tally, pool, attempts, bound } = race
  const { proxy } = attempt.lease!
  const asked = { proxy, isPinned: bound.pinned !== undefined, among: attempts.among }
  const isOwn = tally.isPagesOwn(verdict.reason, asked, pool)
  return isOwn ? accepted(exchange) : verdict
}

/** Nobody wants what it has brought: a large body goes with it. */
export function letGo({ exchange }: JudgedAttempt): void {
  if (exchange.kind === 'response' && exchange.file) void exchange.file.remove()
}
