import type { Next } from '../../machines/task.ts'
import type { ParkReason } from '../contracts/events.ts'
import type { Exchange, FaultCause, HttpResponse, Verdict } from '../contracts/outcome.ts'
import type { FetchRequest } from '../contracts/request.ts'
import type { Trust } from '../contracts/trust.ts'
import { fellShort } from '../reputation/reach.ts'
import type { Pool } from '../router/pool.ts'
import type { SessionLife } from '../router/session-life.ts'
import type { Attempt } from './attempt.ts'
import { signOf } from './broken-answers.ts'
import type { Crew } from './crew.ts'
import type { JudgedAttempt } from './judge.ts'
import type { Race } from './race.ts'
import type { Heard } from './tally.ts'

/** What follows an attempt that has ended; race.ts carries it out when the chart says so. */
export type Decision =
  /** Also for a request that may have arrived and must not be sent twice: the answer is handed over as it is. */
  | ({ readonly kind: 'answer'; readonly response: HttpResponse; readonly verdict: Verdict } & Taken)
  | ({ readonly kind: 'fail'; readonly reason: string; readonly detail: string } & Partial<Taken>)
  /** The answer is a redirect: the task goes on with what it asks for. */
  | ({ readonly kind: 'redirect'; readonly request: FetchRequest } & Taken)
  | { readonly kind: 'solve challenge' }
  | { readonly kind: 'lose session' }
  /** Other attempts are still running, or the task is over. */
  | { readonly kind: 'carry on' }
  | { readonly kind: 'wait'; readonly ms: number }
  /** Another attempt at once, on another proxy. */
  | { readonly kind: 'next attempt' }
  /** The answer is held until its exit has been heard by another task. */
  | { readonly kind: 'hold' }

/** Which of the answers that have come. */
interface Taken {
  readonly judged: JudgedAttempt
  readonly trust: Trust
}

/** What the task's chart is told of it. */
export const nextAfter: Record<Decision['kind'], Next> = {
  answer: 'end',
  fail: 'end',
  'lose session': 'end',
  'solve challenge': 'solve',
  'carry on': 'carry on',
  wait: 'pause',
  'next attempt': 'try again',
  redirect: 'follow',
  hold: 'hold',
}

/** It has failed, and the task goes back to wait or to try another. */
export function triesAgain({ kind }: Decision): boolean {
  return kind === 'next attempt' || kind === 'wait' || kind === 'solve challenge'
}

/** For a task that has no result yet. All of it stands here, in order of precedence, and changes nothing but the tally. */
export function decide(race: Race, attempt: Attempt, judged: JudgedAttempt, crew: Crew): Decision {
  const { job, tally, pool, attempts, bound } = race
  const { exchange, verdict } = judged
  if (judged.isFinal || judged.next) return race.belief.consider(attempt, judged)
  if (attempt.isScout) {
    tally.heard(verdict)
    return attempts.running > 0 ? { kind: 'carry on' } : { kind: 'next attempt' }
  }
  if (race.belief.isHolding) return race.belief.lostWitness(judged)
  const jitter = crew.random()
  if (!job.request.idempotent && attempt.wasSent(exchange)) {
    if (exchange.kind === 'response') {
      const said = { kind: 'final', reason: verdict.reason } as const
      return { kind: 'answer', response: exchange, verdict: said, judged, trust: 'unchecked' }
    }
    const detail = `${job.request.method} may have arrived: ${exchange.detail}`
    return { kind: 'fail', reason: 'not-repeatable', detail }
  }
  if (judged.isSolvable) return { kind: 'solve challenge' }
  if (race.chain?.isCommitted) {
    const end = decideCommitted(race, judged)
    if (end) return end
  }
  const { life } = bound
  // A life that nobody has seen yet has moved instead, and its request goes on like any other.
  const isNobodyThere = isUnreached(pool) && verdict.kind !== 'dead' && isOutOfReach(exchange, pool)
  if (life && life.proxy === judged.lease.proxy && breaksSession(verdict) && !isNobodyThere) {
    return decideInSession(race, judged, life)
  }
  if (verdict.reason === 'host-not-found' && pool.record.health.isAbsent(pool.exits)) {
    return { kind: 'fail', ...notFound(pool) }
  }
  const now = crew.clock.now()
  if (verdict.kind === 'rate-limited' && now >= pool.record.health.limitEnds) {
    return { kind: 'fail', ...limitedTooLong(pool, now) }
  }
  const { proxy, endpoint } = judged.lease
  const asked = {
    proxy,
    heard: whoAnswered(attempt, exchange),
    isPinned: bound.pinned !== undefined,
    among: attempts.among,
    isDirect: endpoint.protocol === 'direct',
    sign: exchange.kind === 'fault' && verdict.reason === exchange.cause ? signOf(exchange) : undefined,
  }
  const reason =
    tally.count(verdict, asked, pool) ??
    (verdict.credential && isShutOut(pool, now, mostPerTask) ? verdict.reason : undefined)
  const said = exchange.kind === 'fault' ? exchange.detail : `status ${exchange.status}`
  const isLost = reason === 'path-faults' || reason === 'target-faults' || isUnreached(pool)
  if (isLost && verdict.kind !== 'dead' && isOutOfReach(exchange, pool)) {
    return { kind: 'fail', ...unreachable(pool, verdict.reason, said) }
  }
  if (reason) {
    // All that were asked refuse the credential, or the page says so: that is the reason.
    const slug = verdict.credential ? verdict.reason : reason
    const advice = verdict.credential ? '; is the password of the proxies right, and their account paid?' : ''
    return { kind: 'fail', reason: slug, detail: `${pool.host}: ${verdict.reason} (${said})${advice}` }
  }
  if (attempts.running > 0) return { kind: 'carry on' }
  const ms = tally.waitBefore(verdict, jitter)
  return ms > 0 ? { kind: 'wait', ms } : { kind: 'next attempt' }
}

/**
 * What must not be sent twice was answered, and has led here. Where cookies or a session hold it to one exit, nobody else can
 * go on. Undefined when this URL may be asked like any other.
 */
function decideCommitted({ chain, tally, bound }: Race, judged: JudgedAttempt): Decision | undefined {
  const { exchange, verdict } = judged
  const isHeld = chain!.isTied || bound.pinned !== undefined
  if (exchange.kind === 'response' || !isHeld || !breaksSession(verdict)) return undefined
  if (isBrokenOff(judged) && tally.mayAskAgain()) return { kind: 'wait', ms: secondTry }
  const detail = `${chain!.first.request.method} was answered, and where that led could not be had: ${exchange.detail}`
  return { kind: 'fail', reason: 'not-repeatable', detail }
}

/**
 * Its proxy cannot be exchanged. A connection that broke is tried once more there: one reset is no reason to log in again.
 * A page of a crawl that is refused although others came is given up alone, for it may not be for this account.
 */
function decideInSession({ job, tally, pool }: Race, judged: JudgedAttempt, life: SessionLife): Decision {
  const { exchange, verdict } = judged
  if (exchange.kind === 'fault') {
    return isBrokenOff(judged) && tally.mayAskAgain()
      ? { kind: 'wait', ms: secondTry }
      : { kind: 'lose session' }
  }
  const isRefused = verdict.kind === 'blocked' || verdict.kind === 'challenge'
  if (!isRefused || job.crawl === undefined || !life.hasAnswered) return { kind: 'lose session' }
  const detail = `${pool.host}: ${verdict.reason} (status ${exchange.status}), within a session`
  return { kind: 'fail', reason: verdict.reason, detail }
}

/** Milliseconds before a request whose connection broke is sent again in its session. */
const secondTry = 250
const brokenOff: ReadonlySet<FaultCause> = new Set<FaultCause>([
  'reset',
  'body-reset',
  'body-short',
  'tls-closed',
  'handshake-closed',
])

function isBrokenOff({ exchange, verdict }: JudgedAttempt): boolean {
  return verdict.kind === 'transient' && exchange.kind === 'fault' && brokenOff.has(exchange.cause)
}

/** After this its session cannot go on over the same proxy. */
export function breaksSession({ kind }: Verdict): boolean {
  return kind === 'dead' || kind === 'blocked' || kind === 'challenge' || kind === 'transient'
}

/** Why no proxy will ever come: the crawler stops, the session's proxy is gone, or no proxy reaches the host. */
export function whyHopeless(
  { bound, pool }: Race,
  reason: ParkReason,
  { clock }: Crew,
): 'stopped' | 'session' | { reason: string; detail: string } | undefined {
  if (reason === 'stopped') return reason
  if (bound.life?.loss !== undefined) return 'session'
  if (reason === 'no-proxy' && bound.isGiven) return 'session'
  return whyLost(pool, reason, clock.now())
}

/** Why a task need not wait any more for what it was refused a lease for, if so. */
function whyLost(
  pool: Pool,
  waitsFor: ParkReason,
  now: number,
): { reason: string; detail: string } | undefined {
  const { health } = pool.record
  if ((waitsFor === 'proxy-limit' || waitsFor === 'no-proxy') && isShutOut(pool, now, mostPerHost))
    return accountRefused(pool)
  if (waitsFor === 'throttled' || waitsFor === 'no-proxy') {
    return now >= health.limitEnds ? limitedTooLong(pool, now) : undefined
  }
  if (waitsFor !== 'host-down') return undefined
  if (health.isAbsent(pool.exits)) return notFound(pool)
  if (!health.isHopeless(() => hasAskedAll(pool))) return undefined
  return health.isReached
    ? { reason: 'host-failing', detail: `${pool.host} has failed every task that asked (${pool.reason})` }
    : unreachable(pool, pool.reason)
}

/** After so many refusals of an account a task gives it up, so that another page may still show that it is the page. */
const mostPerTask = 2
/** After so many nothing is sent any more. */
const mostPerHost = 3

/** No exit is left but those whose account answers from this host say is refused, and that was never accepted anywhere. */
function isShutOut(pool: Pool, now: number, times: number): boolean {
  const { record } = pool
  return !record.accounts.isEmpty && !pool.hasOther((proxy) => record.isAccountRefused(proxy, now, times))
}

function accountRefused({ host }: Pool): { reason: string; detail: string } {
  const detail = `${host}: the proxies answer that their user or password is refused; is the password right, and the account paid?`
  return { reason: 'proxy-auth', detail }
}

/** Who has answered the request itself. What comes through an HTTP proxy over plain HTTP may be the proxy's own. */
function whoAnswered(attempt: Attempt, exchange: Exchange): Heard {
  if (!attempt.wasSent(exchange)) return 'nobody'
  return exchange.kind === 'response' && (exchange.verified || !exchange.forwarded) ? 'host' : 'somebody'
}

/** Nobody has got as far as the host in this run: it is not the page that fails. */
function isOutOfReach(exchange: Exchange, { record: { health } }: Pool): boolean {
  return fellShort(exchange) && !health.isReached && !health.hasAnswered
}

function isUnreached(pool: Pool): boolean {
  return pool.record.health.isLost(() => hasAskedAll(pool))
}

/** Every usable exit has tried to reach the host. */
function hasAskedAll(pool: Pool): boolean {
  const { reach } = pool.record.health
  return !pool.hasOther((proxy) => reach.has(proxy))
}

function unreachable({ host }: Pool, why: string, said?: string): { reason: string; detail: string } {
  const detail = said === undefined ? why : `${why}: ${said.replace(/\.$/, '')}`
  return { reason: 'host-unreachable', detail: `no exit reaches ${host} (${detail})` }
}

function limitedTooLong({ host, record }: Pool, now: number): { reason: string; detail: string } {
  const minutes = Math.floor((now - record.health.limitedSince) / 60_000)
  const detail = `${host} has refused every request for haste for ${minutes} min; ask it more slowly, or over other exits`
  return { reason: 'rate-limited', detail }
}

function notFound({ host }: Pool): { reason: string; detail: string } {
  return { reason: 'host-not-found', detail: `no proxy finds a host named ${host}` }
}
