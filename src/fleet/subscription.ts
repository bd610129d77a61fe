import type { ParsedProxy } from '../contracts/endpoint.ts'
import { messageOf, RegattaError } from '../contracts/errors.ts'
import type { Alert } from '../contracts/events.ts'
import type { ProxyList, ProxyProvider } from '../contracts/provider.ts'
import { beliefAfter, doubtList } from './believe.ts'

/**
 * One provider's list over time: the last one believed, and how often in a row a new one was not. Loads of one provider
 * never overlap; a wish that comes while one runs is granted by one more run after it, so a change is never missed.
 */
export interface SubscriptionEvents {
  /** A list was believed: `proxies` holds it. */
  loaded(subscription: Subscription): void
  alert(alert: Alert): void
}

export class Subscription {
  readonly provider: ProxyProvider
  proxies: readonly ParsedProxy[] = []
  readonly #events: SubscriptionEvents
  readonly #signal: AbortSignal
  #disbelieved = 0
  #wanted = false
  #believe = false
  #running: Promise<void> | undefined

  constructor(provider: ProxyProvider, signal: AbortSignal, events: SubscriptionEvents) {
    this.provider = provider
    this.#signal = signal
    this.#events = events
  }

  /** The first load, which may fail: throws what the provider throws. Tells no events. */
  async load(): Promise<ProxyList> {
    const list = await this.provider.load(this.#signal)
    this.proxies = list.proxies
    return list
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
    try {
      return await this.provider.load(this.#signal)
    } catch (error) {
      if (this.#signal.aborted) return undefined
      this.#events.alert({
        code: error instanceof RegattaError ? error.code : 'PROXY_LIST_UNREADABLE',
        message: `The list of ${this.provider.name} could not be refreshed; the ${this.proxies.length} proxies that are known stay in use. ${messageOf(error)}`,
      })
      return undefined
    }
  }

  #take(list: ProxyList, believe: boolean): void {
    const doubt = doubtList({
      previous: this.proxies.length,
      next: list.proxies.length,
      edited: this.provider.edited ?? false,
      disbelieved: this.#disbelieved,
    })
    if (doubt && !believe) {
      this.#disbelieved = doubt === 'empty' ? 0 : this.#disbelieved + 1
      this.#events.alert({ code: 'LIST_NOT_BELIEVED', message: this.#sentence(list, doubt) })
      return
    }
    this.#disbelieved = 0
    this.proxies = list.proxies
    this.#events.loaded(this)
  }

  #sentence(list: ProxyList, doubt: 'empty' | 'shrunken'): string {
    const { name } = this.provider
    const stays = `the ${this.proxies.length} proxies that are known stay in use`
    if (doubt === 'empty') {
      const rejected = list.rejected.length > 0 ? ` (${list.rejected.length} entries rejected)` : ''
      return `${name} now lists no usable proxy${rejected}; ${stays}. To empty it, refresh with believe: true.`
    }
    const left = beliefAfter - this.#disbelieved
    return `${name} now lists ${list.proxies.length} proxies, less than half as before; ${stays}. It is believed if it comes ${left === 1 ? 'once' : `${left} times`} more in a row, or at once by a refresh with believe: true.`
  }
}
