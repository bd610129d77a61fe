import type { Random } from '../base/random.ts'
import { pickIndex } from '../base/random.ts'
import type { ProxyEndpoint } from '../contracts/endpoint.ts'
import type { Eligible } from '../contracts/lease.ts'
import { describeFilter, type ProxyFilter, passesFilter } from '../contracts/proxy-filter.ts'

/**
 * Those of the fleet that pass all of some filters, kept as they come and go: five of ten thousand must be found as fast as ten
 * thousand of ten thousand, so nothing is drawn from the fleet and thrown away.
 */
export class FilteredFleet implements Eligible {
  readonly members: number[] = []
  readonly #filters: readonly ProxyFilter[]
  readonly #positions = new Map<number, number>()

  constructor(filters: readonly ProxyFilter[]) {
    this.#filters = filters
  }

  get size(): number {
    return this.members.length
  }

  get wanted(): string {
    return this.#filters.map(describeFilter).join(' and ')
  }

  has(proxy: number): boolean {
    return this.#positions.has(proxy)
  }

  sample(random: Random): number | undefined {
    return this.members[pickIndex(random, this.members.length)]
  }

  /** A proxy came into the fleet. */
  join(proxy: number, endpoint: ProxyEndpoint): void {
    if (this.has(proxy) || !this.#filters.every((filter) => passesFilter(endpoint, filter))) return
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
