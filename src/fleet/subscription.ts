import type { Clock } from '../base/clock.ts'
import { formatDuration } from '../base/format.ts'
import { type Random, uniform } from '../base/random.ts'
import type { ParsedProxy } from '../contracts/endpoint.ts'
import { messageOf, RegattaError } from '../contracts/errors.ts'
import type { Alert } from '../contracts/events.ts'
import type { ProxyList, ProxyProvider } from '../contracts/provider.ts'
import { beliefAfter, doubtList } from './believe.ts'

/**
 * One provider's list over time: the last one believed, and how often in a row a new one was not. Loads of one provider
 * never overlap; a wish that comes while one runs is granted by one more run after it, so a change is never missed.
 *
 * A provider that fails is asked again soon, then ever later, up to the usual interval; one that says when it wants to be
 * asked again is left alone until then.
 */
export interface SubscriptionEvents {
  /** A list was believed: `proxies` holds it. */
  loaded(subscription: Subscription): void
  alert(alert: Alert): void
}

export interface SubscriptionParts extends SubscriptionEvents {
  readonly clock: Clock
  readonly random: Random
  /** Milliseconds between refreshes, by which a failing provider is asked again at the latest. */
  readonly refreshMs: number
  /** How many of a list are wanted: only they count where a list may have shrunk. */
  count(proxies: readonly ParsedProxy[]): number
}

/** First pause after a failure, ms; each further one doubles it. */
const firstPause = 15_000
/** Longest that a server is left alone because it says so, ms. */
const longestPause = 86_400_000

export class Subscription {
  readonly provider: ProxyProvider
  proxies: readonly ParsedProxy[] = []
  readonly #parts: SubscriptionParts
  readonly #signal: AbortSignal
  #failures = 0
  /** Clock ms before which it is not asked by itself. */
  #notBefore = Number.NEGATIVE_INFINITY
  #cancelRetry: (() => void) | undefined
  #disbelieved = 0
  #wanted = false
  #believe = false
  #running: Promise<void> | undefined

  constructor(provider: ProxyProvider, signal: AbortSignal, parts: SubscriptionParts) {
    this.provider = provider
    this.#signal = signal
    this.#parts = parts
  }

  /** The first load, which may fail: throws what the provider throws. Tells no events. */
  async load(): Promise<ProxyList> {
    try {
      const list = await this.provider.load(this.#signal)
      this.proxies = list.proxies
      return list
    } catch (error) {
      this.#failed(error)
      throw error
    }
  }

  /** The time has come for a refresh: loads again, unless the server wants to be left alone. */
  refresh(): Promise<void> {
    return this.#parts.clock.now() < this.#notBefore ? Promise.resolve() : this.reload(false)
  }

  /** Asks no more by itself. */
  stop(): void {
    this.#cancelRetry?.()
    this.#cancelRetry = undefined
  }

  /** Loads again. A failure is an alert and keeps the list. Resolves when a list asked for now has been dealt with. */
  reload(believe: boolean): Promise<void> {
    this.#wanted = true
    this.#believe ||= believe
    this.#running ??= this.#run()
    return this.#running
  }

  async #run(): Promise<void> {
    try {
      while (this.#wanted && !this.#signal.aborted) {
        this.#wanted = false
        const believe = this.#believe
        this.#believe = false
        const list = await this.#tryLoad()
        if (list && !this.#signal.aborted) this.#take(list, believe)
      }
    } finally {
      this.#running = undefined // in the same step as the last look at #wanted
    }
  }

  async #tryLoad(): Promise<ProxyList | undefined> {
    this.stop()
    try {
      const list = await this.provider.load(this.#signal)
      this.#failures = 0
      this.#notBefore = Number.NEGATIVE_INFINITY
      return list
    } catch (error) {
      if (this.#signal.aborted) return undefined
      const wait = this.#failed(error)
      const again = Number.isFinite(wait) ? ` It is asked again in ${formatDuration(wait)}.` : ''
      this.#parts.alert({
        code: error instanceof RegattaError ? error.code : 'PROXY_LIST_UNREADABLE',
        message: `The list of ${this.provider.name} could not be refreshed; the ${this.proxies.length} proxies that are known stay in use. ${messageOf(error)}${again}`,
      })
      return undefined
    }
  }

  /** Plans to ask again, and says in how many ms. */
  #failed(error: unknown): number {
    const { clock, random, refreshMs } = this.#parts
    if (this.#signal.aborted) return Number.POSITIVE_INFINITY
    const asked = Math.min(longestPause, retryAfterOf(error) ?? 0)
    const usual = Math.min(refreshMs, firstPause * 2 ** this.#failures++) * uniform(random, 0.9, 1.1)
    const wait = Math.max(asked, usual)
    this.#notBefore = clock.now() + asked
    // Where lists are never read again, a failing one is not either.
    if (!Number.isFinite(refreshMs)) return Number.POSITIVE_INFINITY
    this.#cancelRetry = clock.after(wait, () => void this.reload(false))
    return wait
  }

  #take(list: ProxyList, believe: boolean): void {
    const doubt = doubtList({
      previous: this.#parts.count(this.proxies),
      next: this.#parts.count(list.proxies),
      edited: this.provider.edited ?? false,
      disbelieved: this.#disbelieved,
    })
    if (doubt && !believe) {
      this.#disbelieved = doubt === 'empty' ? 0 : this.#disbelieved + 1
      this.#parts.alert({ code: 'LIST_NOT_BELIEVED', message: this.#sentence(list, doubt) })
      return
    }
    this.#disbelieved = 0
    this.proxies = list.proxies
    this.#parts.loaded(this)
  }

  #sentence(list: ProxyList, doubt: 'empty' | 'shrunken'): string {
    const { name } = this.provider
    const wanted = this.#parts.count(list.proxies)
    const filtered = wanted < list.proxies.length ? ' that pass' : ''
    const stays = `the ${this.proxies.length} proxies that are known stay in use`
    if (doubt === 'empty') {
      const rejected = list.rejected.length > 0 ? ` (${list.rejected.length} entries rejected)` : ''
      return `${name} now lists no usable proxy${filtered}${rejected}; ${stays}. To empty it, refresh with believe: true.`
    }
    const left = beliefAfter - this.#disbelieved
    return `${name} now lists ${wanted} proxies${filtered}, half as many as before or less; ${stays}. It is believed if it comes ${left === 1 ? 'once' : `${left} times`} more in a row, or at once by a refresh with believe: true.`
  }
}

/** How long the server wants to be left alone, ms. */
function retryAfterOf(error: unknown): number | undefined {
  return error instanceof RegattaError && error.code === 'PROXY_LIST_UNREADABLE'
    ? error.value.retryAfterMs
    : undefined
}
