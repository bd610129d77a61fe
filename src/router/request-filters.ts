import type { ProxyEndpoint } from '../contracts/endpoint.ts'
import type { ProxyFilter } from '../contracts/proxy-filter.ts'
import { FilteredFleet } from './eligible.ts'

/**
 * Which proxies pass the filters of single requests. A set is made when a filter is first asked for and then kept as
 * proxies come and go, so three of ten thousand cost one look at the fleet and not one for each request.
 */
const mostSets = 128

/** What the fleet tells of its proxies. */
interface Known {
  readonly members: readonly number[]
  readonly endpoints: readonly (ProxyEndpoint | undefined)[]
}

export class RequestFilters {
  readonly #fleet: Known
  readonly #isOpen: boolean
  /** What each filter is known by, written down once: a request that waits is asked for its filter at every turn. */
  readonly #keys = new WeakMap<object, string>()
  /** Those asked for last stand last. */
  readonly #sets = new Map<string, FilteredFleet>()

  /** `isOpen`: everybody passes, because nobody is asked. */
  constructor(fleet: Known, isOpen = false) {
    this.#fleet = fleet
    this.#isOpen = isOpen
  }

  /** Those that pass all that a request asks for, and what its host does. Ask each time: the set is not kept for ever. */
  among(use: readonly ProxyFilter[], own: ProxyFilter | undefined): FilteredFleet {
    const key = own ? `${this.#keyOf(use)} ${this.#keyOf(own)}` : this.#keyOf(use)
    const known = this.#sets.get(key)
    this.#sets.delete(key)
    const set = known ?? this.#make(own ? [...use, own] : use)
    this.#sets.set(key, set)
    if (this.#sets.size > mostSets) this.#sets.delete(this.#sets.keys().next().value!)
    return set
  }

  /** A proxy came into the fleet. */
  join(proxy: number, endpoint: ProxyEndpoint): void {
    for (const set of this.#sets.values()) set.join(proxy, endpoint)
  }

  /** A proxy left the fleet. */
  leave(proxy: number): void {
    for (const set of this.#sets.values()) set.leave(proxy)
  }

  #keyOf(filter: object): string {
    const known = this.#keys.get(filter)
    if (known !== undefined) return known
    const key = JSON.stringify(filter)
    this.#keys.set(filter, key)
    return key
  }

  #make(filters: readonly ProxyFilter[]): FilteredFleet {
    const set = new FilteredFleet(this.#isOpen ? [] : filters)
    for (const proxy of this.#fleet.members) set.join(proxy, this.#fleet.endpoints[proxy]!)
    return set
  }
}
