import type { Verdict } from '../contracts/outcome.ts'
import type { Options } from '../options/options.ts'
import type { Pool } from '../router/pool.ts'

/**
 * What has gone wrong for one task, and whether that is enough. Two budgets: faults of the target are limited, faults of
 * proxies are not (at 50 % dead proxies a shared budget loses 6 % of the pages). A refusal ends the task only when so
 * many exits agree that chance is out of the question; an outage of the whole host costs no task anything, because then
 * the pool waits, not the task.
 */
/** Neutral ends in one task (stale sockets, unsupported addresses) after which it is not chance any more. */
const mostNeutrals = 50

export class RaceTally {
  hasSolved = false
  /** Another page came while this one failed: the host is not to blame for it. */
  isHostAlive = false
  #targetFaults = 0
  #pathFaults = 0
  #doubtfulFaults = 0
  #strangeAnswers = 0
  #neutrals = 0
  #hasAskedAgain = false
  #refusals = 0
  /** Doubtful faults over proxies that had failed this task before. */
  #repeats = 0
  readonly #refusedBy = new Set<number>()
  readonly #strangeBy = new Set<number>()
  /** Exits over which plain HTTP led into a local network. */
  readonly #ledInsideBy = new Set<number>()
  #ledInside = 0
  /** Doubtful faults by proxy. */
  readonly #faultsOver = new Map<number, number>()
  /** What each refusal cost its pair, to be given back when it turns out to be the page. */
  readonly penalties: { proxy: number; pair: number; weight: number }[] = []

  reset(): void {
    this.hasSolved = false
    this.isHostAlive = false
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
    this.#ledInsideBy.clear()
    this.#ledInside = 0
    if (this.#faultsOver.size > 0) this.#faultsOver.clear()
    this.penalties.length = 0
  }

  /**
   * A refusal counts in full for the first exit and ever less for the next ones of the same task: five good proxies that
   * are refused one bad page are not five bad proxies. So do answers that only a bad proxy would give. And a fault that
   * comes again over the same proxy says ever less about that proxy and more about the page: in a small fleet a single
   * page that hangs would take out everybody for the others.
   */
  discount(verdict: Verdict, proxy: number, pair: number, wasAnswered = false): Verdict {
    const { kind } = verdict
    if (kind === 'dead' && wasAnswered) {
      const weight = (verdict.weight ?? 1) / (this.#strangeBy.size + 1)
      this.#strangeBy.add(proxy)
      return { ...verdict, weight }
    }
    if (!isDoubtful(verdict)) return verdict
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
  count(
    verdict: Verdict,
    proxy: number,
    pool: Pool,
    fleetSize: number,
    budgets: Options['budgets'],
    /** Whether something answered the request itself, behind the handshake. */
    wasAnswered = false,
  ): string | undefined {
    switch (verdict.kind) {
      case 'target':
        if (pool.state !== 'down') this.#targetFaults++
        return this.#targetFaults >= budgets.target ? 'target-faults' : undefined
      case 'transient':
        // One may be a proxy's own portal; a second that says the same makes it the page.
        if (verdict.reason === 'private-target') {
          this.#ledInsideBy.add(proxy)
          const isSure = this.#ledInsideBy.size >= Math.min(2, fleetSize) || ++this.#ledInside > 2
          return isSure ? verdict.reason : undefined
        }
        // A path fault may be the target's: a page that no proxy ever brings home must end, however long the list.
        if (this.isHostAlive || (pool.state !== 'down' && pool.record.health.failures.weight < 1))
          this.#pathFaults++
        // Doubtful ones (the whole host may be ill, but nothing is sure) are forgiven longer, not for ever.
        else if (pool.state !== 'down') this.#doubtfulFaults++
        return this.#pathFaults >= enoughFor(budgets.target, budgets.target * 5, pool) ||
          this.#doubtfulFaults >= budgets.target * 20
          ? 'path-faults'
          : undefined
      case 'blocked':
      case 'challenge': {
        this.#refusals++
        this.#refusedBy.add(proxy)
        const needed = enoughFor(budgets.blocked, budgets.blocked * 4, pool)
        const isAgreed =
          this.#refusals >= needed && this.#refusedBy.size >= Math.min(budgets.blocked, fleetSize)
        // In a fleet that is half dead, the living proxies are enough, once they have refused often enough.
        return isAgreed || this.#refusals >= budgets.blocked * 20 ? 'blocked-everywhere' : undefined
      }
      case 'dead':
        // Dead proxies cost a task nothing. But when all that answer it answer garbage, the page itself may be garbage.
        if (wasAnswered) this.#strangeAnswers++
        return this.#strangeAnswers >= enoughFor(budgets.target * 5, budgets.target * 20, pool)
          ? 'path-faults'
          : undefined
      case 'neutral':
        this.#neutrals++
        return this.#neutrals >= mostNeutrals ? 'no-way-out' : undefined
      default:
        return undefined
    }
  }

  /** Milliseconds to wait before the next attempt; 0 goes on at once, on another proxy. */
  waitBefore(verdict: Verdict, jitter: number): number {
    if (verdict.kind === 'target') {
      const full = Math.min(30_000, 1_000 * 2 ** Math.min(10, this.#targetFaults - 1))
      return full / 2 + (jitter * full) / 2
    }
    // Everybody has failed already: going round at full speed would be a hot loop.
    if (isDoubtful(verdict) && this.#repeats > 0) {
      const full = Math.min(1_000, 250 * 2 ** Math.min(2, this.#repeats - 1))
      return full / 2 + (jitter * full) / 2
    }
    // Room on a disk does not come by itself within seconds, and each try brings megabytes.
    if (verdict.reason === 'local-disk') return Math.min(30_000, 1_000 * 2 ** Math.min(5, this.#neutrals - 1))
    // Stale sockets come in ones and twos; more than that is our own trouble, and haste makes it worse.
    return verdict.kind === 'neutral' && this.#neutrals > 3 ? 250 : 0
  }
}

/** It may be the page's doing, on every proxy. */
function isDoubtful({ kind }: Verdict): boolean {
  return kind === 'transient' || kind === 'blocked' || kind === 'challenge'
}

/** The more this host fails anyway, the more failures chance explains; `most` is enough for all. */
function enoughFor(least: number, most: number, pool: Pool): number {
  const share = Math.min(0.97, Math.max(0.03, pool.record.share.value))
  const byChance = Math.ceil(Math.log(1e-4) / Math.log(1 - share))
  return Math.min(most, Math.max(least, byChance))
}
