import { FailureRun } from '../base/sequential.ts'
import { Reach } from './reach.ts'

/**
 * What a host's answers say about the host itself: whether it limits us (and which exits), and whether it is down. Limits begin
 * with one exit; when three exits are limited in a row and no answer comes in between, it is the account or the
 * fingerprint, and the whole host is paused. A limit per address must not pause the host, or the other exits' capacity
 * would be thrown away: that is why an answer in between clears the count.
 */
const exitsToPause = 3
const limitWindow = 60_000

/** Proxies that must say the same before it is believed that there is no such host. */
const exitsToBelieve = 3

/** Canaries: at most one each 5 s, at least one each 12 s, so that full speed is back within 15 s of the host's return. */
const firstCanary = 5_000
const lastCanary = 12_000

const stalledAfter = 900_000
/** A host that limits us and lets nothing through for so long is waited for no longer, ms. */
const longestLimit = 900_000
/** A limit that lasts so long is told, ms. */
const limitToTell = 3_000

/** Times in clock ms. */
export interface SavedHealth {
  readonly share: number
  readonly isProven: boolean
  readonly canaries: number
  readonly backoffs: number
  readonly isStalled: boolean
  readonly answeredAt: number | undefined
}

export class HostHealth {
  readonly failures = new FailureRun()
  /** Canaries that failed since it went down. */
  canaries = 0
  /** When the last answer came, clock ms. */
  answeredAt = Number.NEGATIVE_INFINITY
  /** Told that nothing gets through. */
  isStalled = false
  /** Proxies that were taken out for a bad certificate here, since the last answer. */
  readonly forgers: number[] = []
  /** It has answered something, good or bad. */
  isReached = false
  /** It has answered well, in this run: what happens from now on is an outage, and is waited for. */
  hasAnswered = false
  /** Who has not reached it, before it has answered. */
  readonly reach = new Reach()
  /** Its first refusal for haste since its last answer, clock ms; Infinity when there was none. */
  limitedSince = Number.POSITIVE_INFINITY
  /** When it has said that it will answer again, clock ms. */
  #promised = Number.NEGATIVE_INFINITY
  /** Told that it limits us. */
  isLimitTold = false
  /** Told that no proxy reaches it. */
  isAwaited = false
  /** The task whose failures have come in a row; undefined when there are none, `several` when it is not one alone. */
  #failing: object | 'several' | undefined
  /** Proxies that did not find the host's name, since the last answer. */
  readonly #lost = new Set<number>()
  /** What the word of each exit weighs that was limited lately. */
  readonly #limited = new Map<number, number>()
  #limitedSince = 0
  #backoffs = 0

  answered(now: number): void {
    this.answeredAt = now
    this.hasAnswered = true
    this.canaries = 0
    this.isStalled = false
    this.#limited.clear()
    this.limitedSince = Number.POSITIVE_INFINITY
    this.#promised = Number.NEGATIVE_INFINITY
    if (this.forgers.length > 0) this.forgers.length = 0
    this.found()
    this.#backoffs = 0
    this.failures.succeeded()
  }

  /**
   * An exit was limited. True when it is the host that limits us, whatever the exit. The word of one that is not `isBelieved` weighs
   * half: a few liars must not stop a host. When every exit of the fleet says so, it is the host.
   */
  limited(exit: number, now: number, fleetSize: number, isBelieved: boolean): boolean {
    if (now - this.#limitedSince > limitWindow) this.#limited.clear()
    if (this.#limited.size === 0) this.#limitedSince = now
    this.#limited.set(exit, isBelieved ? 1 : 0.5)
    let weight = 0
    for (const each of this.#limited.values()) weight += each
    return weight >= exitsToPause || this.#limited.size >= fleetSize
  }

  /**
   * When a limit that lets nothing through is waited for no longer, clock ms; Infinity without one. A host that has named
   * a later moment is asked then, once.
   */
  get limitEnds(): number {
    return Math.max(this.limitedSince + longestLimit, this.#promised)
  }

  /** It refuses for haste. `until` as it has named it, clock ms. */
  refusedForHaste(now: number, until: number | undefined): void {
    this.limitedSince = Math.min(this.limitedSince, now)
    if (until !== undefined && now < this.limitEnds) this.#promised = Math.max(this.#promised, until)
  }

  /** True once, when the user should know that the host limits us. `wait`: until it is asked again, ms. */
  isLimitNews(now: number, wait: number): boolean {
    const isLong = !this.hasAnswered || wait >= limitToTell || now - this.limitedSince >= limitToTell
    if (this.isLimitTold || !isLong) return false
    this.isLimitTold = true
    return true
  }

  /** How long to back off when the host did not say how long, in ms: 2 s doubling to 60 s with equal jitter. */
  backoff(jitter: number): number {
    const full = Math.min(60_000, 2_000 * 2 ** Math.min(10, this.#backoffs++))
    return full / 2 + (jitter * full) / 2
  }

  /** A task's attempt speaks for an outage. */
  failed(exit: number, reason: string, weight: number, now: number, task: object | undefined): void {
    const isFirst = this.failures.weight === 0
    this.failures.failed(exit, reason, weight, now)
    if (isFirst) this.#failing = task ?? 'several'
    else if (this.#failing !== task) this.#failing = 'several'
  }

  /** All failures in a row are of one task: it may be its page. */
  get isOneTask(): boolean {
    return this.#failing !== 'several'
  }

  /** Whether the failures in a row cannot be chance any more and come from enough exits. */
  isDown(fleetSize: number): boolean {
    const { failures } = this
    if (failures.exits < Math.min(3, fleetSize)) return false
    return failures.weight >= failures.needed && failures.isOneFamily()
  }

  /** Down, and not seen alive in this run: there is no reason to believe that it will come. */
  isHopeless(isAll: () => boolean): boolean {
    return !this.hasAnswered && (this.canaries > 5 || this.isLost(isAll))
  }

  /** Not seen alive in this run, and so many exits do not reach it that nobody is there. `isAll`: whether all that are usable have tried. */
  isLost(isAll: () => boolean): boolean {
    return !this.hasAnswered && !this.isReached && this.reach.isLost(isAll)
  }

  /** A proxy says that there is no such host. One resolver may be wrong. */
  notFound(exit: number): void {
    if (this.#lost.size < exitsToBelieve) this.#lost.add(exit)
  }

  /** Something answered that is not the proxy's own failure: there is such a host. */
  found(): void {
    if (!this.isReached) this.reach.reached()
    this.isReached = true
    if (this.#lost.size > 0) this.#lost.clear()
  }

  /** Not seen alive in this run, and so many proxies do not know its name that there is no such host. */
  isAbsent(fleetSize: number): boolean {
    return !this.hasAnswered && this.#lost.size >= Math.min(exitsToBelieve, Math.max(1, fleetSize))
  }

  /** True once, when so many have not reached it that the user should know, and none ever has. */
  isOutOfReach(fleetSize: number): boolean {
    if (this.isAwaited || this.isReached || this.hasAnswered || this.isAbsent(fleetSize)) return false
    if (this.reach.exits === 0 || !this.reach.isDoubtful(fleetSize)) return false
    this.isAwaited = true
    return true
  }

  /** True once, when nothing has got through for a quarter of an hour although it once did. */
  hasStalled(now: number): boolean {
    if (this.isStalled || !this.failures.proven || now - this.answeredAt < stalledAfter) return false
    this.isStalled = true
    return true
  }

  toSaved(): SavedHealth {
    const { failures, canaries, isStalled, answeredAt } = this
    const isAnswered = answeredAt > Number.NEGATIVE_INFINITY
    return {
      share: failures.share,
      isProven: failures.proven,
      canaries,
      backoffs: this.#backoffs,
      isStalled,
      answeredAt: isAnswered ? answeredAt : undefined,
    }
  }

  restore({ share, isProven, canaries, backoffs, isStalled, answeredAt }: SavedHealth): void {
    this.failures.share = share
    this.failures.proven = isProven
    this.canaries = canaries
    this.#backoffs = backoffs
    this.isStalled = isStalled
    this.answeredAt = answeredAt ?? Number.NEGATIVE_INFINITY
  }

  /** When the next canary may go, clock ms. */
  nextCanary(now: number): number {
    return now + Math.min(lastCanary, firstCanary * 1.5 ** this.canaries++)
  }
}
