import type { Random } from '../base/random.ts'
import { pickIndex } from '../base/random.ts'
import type { ProxyEndpoint } from '../contracts/endpoint.ts'
import { type ProxyFilter, passesFilter } from '../contracts/proxy-filter.ts'

/** The proxies that may visit a host at all: the whole fleet, or those that pass the host's filter. */
export interface Eligible {
  /** Their numbers, dense, in no order. */
  readonly members: readonly number[]
  readonly size: number
  has(proxy: number): boolean
  /** Any of them, uniformly; undefined when there are none. */
  sample(random: Random): number | undefined
}

/**
 * Those of the fleet that pass a filter, kept as they come and go: five of ten thousand must be found as fast as ten
 * thousand of ten thousand, so nothing is drawn from the fleet and thrown away.
 */
export class FilteredFleet implements Eligible {
  readonly members: number[] = []
  readonly #filter: ProxyFilter
  readonly #positions = new Map<number, number>()

  constructor(filter: ProxyFilter) {
    this.#filter = filter
  }

  get size(): number {
    return this.members.length
  }

  has(proxy: number): boolean {
    return this.#positions.has(proxy)
  }

  sample(random: Random): number | undefined {
    return this.members[pickIndex(random, this.members.length)]
  }

  /** A proxy came into the fleet. */
  join(proxy: number, endpoint: ProxyEndpoint): void {
    if (this.has(proxy) || !passesFilter(endpoint, this.#filter)) return
    this.#positions.set(proxy, this.members.push(proxy) - 1)
  }

  leave(proxy: number): void {
    const position = this.#positions.get(proxy)
    if (position === undefined) return
    this.#positions.delete(proxy)
    const last = this.members.pop()!
    if (last === proxy) return
    this.members[position] = last
    this.#positions.set(last, position)
  }
}
