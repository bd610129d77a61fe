import { isDoubtfulReason } from '../classify/overruled.ts'
import type { Eligible } from '../contracts/lease.ts'
import type { Verdict } from '../contracts/outcome.ts'
import type { Pool } from '../router/pool.ts'
import { BrokenAnswers, type Suspect } from './broken-answers.ts'

/**
 * What has gone wrong for one task, and whether that is enough. Two budgets: faults of the target are limited, faults of
 * proxies are not (at 50 % dead proxies a shared budget loses 6 % of the pages). A refusal ends the task when five exits
 * have said so, or all that are usable where there are fewer; the only exit is asked again once. Where a host is known to
 * refuse exits at random, more must agree. An outage of the whole host costs no task anything, because then the pool
 * waits, not the task.
 */
/** Neutral ends in one task (stale sockets, unsupported addresses) after which it is not chance any more. */
const mostNeutrals = 50
/** Without a proxy: looks for a host that has not answered yet, while no name server or no route is there. */
const mostBlindLooks = 4
/** Exits whose own rules keep them from a host that has never answered, after which nobody more is asked. */
const mostDenials = 20
/** Before the last exit is asked again, ms. */
const pauseBeforeAgain = 2_000

const nobody: readonly Suspect[] = []

export class RaceTally {
  hasSolved = false
  /** Another page came while this one failed: the host is not to blame for it. */
  isHostAlive = false
  /** Every refusal so far was a guess, which the page may only look like. */
  #isDoubted = true
  #targetFaults = 0
  #pathFaults = 0
  #doubtfulFaults = 0
  #strangeAnswers = 0
  #neutrals = 0
  #hasAskedAgain = false
  #refusals = 0
  /** Every usable exit has been asked. */
  #isAlone = false
  #hasPaused = false
  /** Doubtful faults over proxies that had failed this task before. */
  #repeats = 0
  readonly #asked = new Set<number>()
  readonly #refusedBy = new Set<number>()
  readonly #strangeBy = new Set<number>()
  /** Exits that may not go to the host, by rules of their own. */
  readonly #deniedBy = new Set<number>()
  /** Exits over which plain HTTP led into a local network. */
  readonly #ledInsideBy = new Set<number>()
  #ledInside = 0
  /** Doubtful faults by proxy. */
  readonly #faultsOver = new Map<number, number>()
  /** Those that cannot be read, or break off. */
  #broken: BrokenAnswers | undefined
  /** What each refusal cost its pair, to be given back when it turns out to be the page. */
  readonly penalties: { proxy: number; pair: number; weight: number }[] = []

  reset(): void {
    this.#broken = undefined
    this.hasSolved = false
    this.isHostAlive = false
    this.#isDoubted = true
    this.#isAlone = false
    this.#hasPaused = false
    if (this.#asked.size > 0) this.#asked.clear()
    this.#repeats = 0
    this.#targetFaults = 0
    this.#pathFaults = 0
    this.#doubtfulFaults = 0
    this.#strangeAnswers = 0
    this.#neutrals = 0
    this.#hasAskedAgain = false
    this.#refusals = 0
    if (this.#refusedBy.size > 0) this.#refusedBy.clear()
    if (this.#strangeBy.size > 0) this.#strangeBy.clear()
    if (this.#deniedBy.size > 0) this.#deniedBy.clear()
    this.#ledInsideBy.clear()
    this.#ledInside = 0
    if (this.#faultsOver.size > 0) this.#faultsOver.clear()
    this.penalties.length = 0
  }

  /** What has come of it and cannot be read; few tasks meet any. */
  get broken(): BrokenAnswers {
    this.#broken ??= new BrokenAnswers()
    return this.#broken
  }

  /** Exits that may have spoilt it. */
  get suspects(): readonly Suspect[] {
    return this.#broken?.suspects ?? nobody
  }

  /** The page has come, or what leads on from it: what was held against exits is settled, should it be asked for again. */
  settle(): void {
    this.#broken = undefined
    this.penalties.length = 0
  }

  /**
   * A refusal counts in full for the first exit and ever less for the next ones of the same task: five good proxies that
   * are refused one bad page are not five bad proxies. So do answers that only a bad proxy would give. And a fault that
   * comes again over the same proxy says ever less about that proxy and more about the page: in a small fleet a single
   * page that hangs would take out everybody for the others.
   */
  discount(verdict: Verdict, proxy: number, pair: number, wasAnswered: boolean): Verdict {
    const { kind } = verdict
    if (kind === 'dead' && wasAnswered) {
      const weight = (verdict.weight ?? 1) / (this.#strangeBy.size + 1)
      this.#strangeBy.add(proxy)
      this.penalties.push({ proxy, pair, weight })
      return { ...verdict, weight }
    }
    // Its own rules keep it from the host: that is no word of the page.
    if (!isDoubtful(verdict) || (kind === 'blocked' && !wasAnswered)) return verdict
    const times = (this.#faultsOver.get(proxy) ?? 0) + 1
    this.#faultsOver.set(proxy, times)
    if (times > 1) this.#repeats++
    if (kind === 'transient') {
      return times === 1 ? verdict : { ...verdict, weight: (verdict.weight ?? 1) / times }
    }
    const weight = (verdict.weight ?? 1) / (this.#refusedBy.size + 1)
    this.penalties.push({ proxy, pair, weight })
    return { ...verdict, weight }
  }

  /** Once within a session whose connection broke. */
  mayAskAgain(): boolean {
    const isFirst = !this.#hasAskedAgain
    this.#hasAskedAgain = true
    return isFirst
  }

  /** A scout is back. */
  heard({ kind }: Verdict): void {
    this.isHostAlive ||= kind === 'success' || kind === 'final'
  }

  /** Whether something but a proxy has failed this task. */
  get hasFaulted(): boolean {
    return this.#targetFaults > 0 || this.#faultsOver.size > 0
  }

  /** Counts a failed attempt. Returns the reason to give up, or undefined. */
  count(verdict: Verdict, asked: Asked, pool: Pool): string | undefined {
    const { proxy, heard, sign } = asked
    const { budgets } = pool.settings
    this.#asked.add(proxy)
    const isAlone = asked.isPinned || !pool.hasOther((each) => this.#asked.has(each), asked.among)
    // A dead proxy says nothing of the page.
    this.#isAlone = isAlone && (verdict.kind !== 'dead' || heard !== 'nobody')
    if (sign !== undefined && this.broken.arePages(sign, pool.record.spoiling.value)) return verdict.reason
    switch (verdict.kind) {
      case 'target':
        return this.#countTarget(pool, budgets.target, heard)
      case 'transient':
        // One may be a proxy's own portal; a second that says the same makes it the page.
        if (verdict.reason === 'private-target') {
          this.#ledInsideBy.add(proxy)
          const isSure = this.#ledInsideBy.size >= 2 || isAlone || ++this.#ledInside > 2
          return isSure ? verdict.reason : undefined
        }
        // The host itself has said that it cannot now.
        return heard === 'host'
          ? this.#countTarget(pool, budgets.target, heard)
          : this.#countPath(pool, budgets.target)
      case 'blocked':
      case 'challenge':
        if (heard === 'nobody') return this.#countDenial(proxy, pool)
        this.#refusals++
        this.#refusedBy.add(proxy)
        this.#isDoubted &&= isDoubtfulReason(verdict.reason)
        return isRefused(pool, { exits: this.#refusedBy.size, times: this.#refusals, isAlone: this.#isAlone })
          ? 'blocked-everywhere'
          : undefined
      case 'dead':
        // Dead proxies cost a task nothing. But when all that answer it answer garbage, the page itself may be garbage.
        if (heard === 'nobody') return undefined
        this.#strangeAnswers++
        return this.#isStrange(pool, budgets.target) ? 'path-faults' : undefined
      case 'neutral': {
        this.#neutrals++
        const isBlind =
          verdict.reason === 'local-network' && asked.isDirect && !pool.record.health.hasAnswered
        return this.#neutrals >= (isBlind ? mostBlindLooks : mostNeutrals) ? 'no-way-out' : undefined
      }
      default:
        return undefined
    }
  }

  /** Milliseconds to wait before the next attempt; 0 goes on at once, on another proxy. */
  waitBefore(verdict: Verdict, jitter: number): number {
    const { kind, reason } = verdict
    // Nobody else is left to ask: asking the same again at once would bring the same answer.
    const saysSomething = kind !== 'neutral' || this.#broken !== undefined
    if (this.#isAlone && !this.#hasPaused && saysSomething && kind !== 'rate-limited') {
      this.#hasPaused = true
      return withJitter(pauseBeforeAgain, jitter)
    }
    if (kind === 'target') return withJitter(backoff(1_000, this.#targetFaults, 30_000, 1.25), jitter)
    // Everybody has failed already: going round at full speed would be a hot loop.
    if (isDoubtful(verdict) && this.#repeats > 0)
      return withJitter(backoff(250, this.#repeats, 1_000), jitter)
    // Room on a disk does not come by itself within seconds, and each try brings megabytes.
    if (reason === 'local-disk') return backoff(1_000, this.#neutrals, 30_000)
    // Stale sockets come in ones and twos; more than that is our own trouble, and haste makes it worse.
    return kind === 'neutral' && this.#neutrals > 3 ? 250 : 0
  }

  /**
   * Whether this answer, a guess of a rule like all refusals before it, is the page's own: all that count have brought it.
   */
  isPagesOwn(
    reason: string,
    { proxy, isPinned, among }: Pick<Asked, 'proxy' | 'isPinned' | 'among'>,
    pool: Pool,
  ): boolean {
    if (!this.#isDoubted || !isDoubtfulReason(reason)) return false
    const exits = this.#refusedBy.size + (this.#refusedBy.has(proxy) ? 0 : 1)
    const isAlone = isPinned || !pool.hasOther((each) => each === proxy || this.#asked.has(each), among)
    return isRefused(pool, { exits, times: this.#refusals + 1, isAlone })
  }

  /** How often an exit was refused the page. */
  get refusals(): number {
    return this.#refusals
  }

  /** The page may be had over an exit with other rules. Where nobody ever got an answer from the host, that ends. */
  #countDenial(proxy: number, pool: Pool): string | undefined {
    const isAgain = this.#deniedBy.has(proxy)
    this.#deniedBy.add(proxy)
    const isOver = (this.#isAlone && isAgain) || this.#deniedBy.size >= mostDenials
    return isOver && !pool.record.health.hasAnswered ? 'blocked-everywhere' : undefined
  }

  #countTarget({ state, record: { health } }: Pool, budget: number, heard: Heard): string | undefined {
    // It has answered, and now nobody is there: that is an outage, and no fault of the page.
    const isOutage = state === 'down' || (heard === 'nobody' && health.hasAnswered)
    if (!isOutage || this.isHostAlive) this.#targetFaults++
    return this.#targetFaults >= budget ? 'target-faults' : undefined
  }

  /** A path fault may be the target's: a page that no proxy ever brings home must end, however long the list. */
  #countPath(pool: Pool, budget: number): string | undefined {
    const { health } = pool.record
    if (this.isHostAlive || (pool.state !== 'down' && health.failures.weight < 1)) this.#pathFaults++
    // Doubtful ones (the whole host may be ill, but nothing is sure) are forgiven longer, not for ever.
    else if (pool.state !== 'down') this.#doubtfulFaults++
    const faults = this.#pathFaults + this.#doubtfulFaults
    if (this.#isAlone && !health.hasAnswered && faults >= Math.max(budget, this.#asked.size))
      return 'path-faults'
    return this.#pathFaults >= enoughFor(budget, budget * 5, pool.record.share.value) ||
      this.#doubtfulFaults >= budget * 20
      ? 'path-faults'
      : undefined
  }

  #isStrange(pool: Pool, budget: number): boolean {
    if (this.#isAlone && !rotates(pool)) return this.#strangeAnswers >= Math.max(2, this.#strangeBy.size)
    const isAgreed = this.#strangeBy.size >= budget
    return isAgreed && this.#strangeAnswers >= enoughFor(budget, budget * 20, pool.record.share.value)
  }
}

/** Who has answered the request itself, behind the handshake: nobody, the host or the proxy, or surely the host. */
export type Heard = 'nobody' | 'somebody' | 'host'

/** Of whom the attempt asked. */
export interface Asked {
  readonly proxy: number
  readonly heard: Heard
  /** No other exit may be asked: the session's, or the one that the caller has named. */
  readonly isPinned: boolean
  /** The exits that may be asked; undefined: all that may visit the host. */
  readonly among?: Eligible | undefined
  /** Nothing lies between us and the host. */
  readonly isDirect: boolean
  /** How its answer is broken, where it is. */
  readonly sign?: string | undefined
}

/** It may be the page's doing, on every proxy. */
function isDoubtful({ kind }: Verdict): boolean {
  return kind === 'transient' || kind === 'blocked' || kind === 'challenge'
}

/** Whether so many refusals, of so many exits, are the page's. `isAlone`: no other exit is left to ask. */
function isRefused(pool: Pool, said: { exits: number; times: number; isAlone: boolean }): boolean {
  const budget = pool.settings.budgets.blocked
  const { times } = said
  const isRotating = rotates(pool)
  // Behind a gateway each request has an exit of its own.
  const isAgreed = isRotating ? times >= budget : said.exits >= budget || said.isAlone
  const least = Math.min(budget, 2)
  const chance = pool.record.chance.value
  const needed = chance === 0 ? least : enoughFor(least, budget * 4, 1 - chance)
  return (isAgreed && times >= needed) || times >= budget * 20
}

/** The more attempts fail by chance, the more it takes until it is not chance any more; `most` is enough for all. */
function enoughFor(least: number, most: number, successShare: number): number {
  const share = Math.min(0.97, Math.max(0.03, successShare))
  const byChance = Math.ceil(Math.log(1e-4) / Math.log(1 - share))
  return Math.min(most, Math.max(least, byChance))
}

/** Behind a gateway each request has an exit of its own. */
function rotates({ settings }: Pool): boolean {
  return settings.limits.connections.rotation === 'request'
}

/** The n-th wait: growing from `first` to `most` ms. */
function backoff(first: number, n: number, most: number, growth = 2): number {
  return Math.min(most, first * growth ** Math.min(20, Math.max(0, n - 1)))
}

function withJitter(full: number, jitter: number): number {
  return full / 2 + (jitter * full) / 2
}
