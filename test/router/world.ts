import { openHub } from '../../src/actors/adopt.ts'
import { createRandom, type Random } from '../../src/base/random.ts'
import type { LeaseWish } from '../../src/contracts/lease.ts'
import type { Strategy } from '../../src/contracts/strategy.ts'
import { parseProxy } from '../../src/fleet/parse.ts'
import { parseOptions } from '../../src/options/options.ts'
import { Breakers } from '../../src/reputation/breakers.ts'
import { FleetTable } from '../../src/reputation/fleet-table.ts'
import { PairTable } from '../../src/reputation/pair-table.ts'
import { Candidates } from '../../src/router/candidates.ts'
import { Selection } from '../../src/router/selection.ts'

/** One host and its proxies, with nothing around them: who is picked, when, and what it cost. */
export class PickingWorld {
  now = 1
  readonly fleet: FleetTable
  readonly pairs: PairTable
  readonly selection: Selection
  readonly random: Random
  /** Numbers drawn since the last pick began: every look at a proxy beyond the whole fleet costs one. */
  draws = 0
  readonly #candidates: Candidates

  constructor(proxies: number, strategy: Strategy, seed = 1) {
    const { posterior } = parseOptions({})
    const hub = openHub('test')
    const breakers = (scope: 'fleet' | 'host') =>
      new Breakers({ scope, hub: () => hub, nameOf: String, changed: () => {} })
    const numbers = createRandom(seed)
    this.random = () => {
      this.draws++
      return numbers()
    }
    this.fleet = new FleetTable(posterior, breakers('fleet'))
    for (let n = 0; n < proxies; n++) {
      this.fleet.add(parseProxy(`socks5://192.0.${n >> 8}.${n & 255}:1080`).endpoint, 1_000_000, undefined)
    }
    this.pairs = new PairTable(posterior, breakers('host'))
    this.#candidates = new Candidates(this.fleet, this.random)
    const { fleet, pairs, random } = this
    this.selection = new Selection({ fleet, pairs, candidates: this.#candidates, strategy, random })
  }

  /** Picks one, and lets it rest for `interval` ms where that is not 0. */
  pick(interval = 0, wish: Partial<LeaseWish> = {}): number | undefined {
    this.draws = 0
    this.#candidates.begin(this.pairs, this.now, 0.5, 0.5, 300, false)
    const proxy = this.selection.choose({ why: 'first', busy: [], failed: [], ...wish }, this.now)
    if (proxy === undefined) return undefined
    const row = this.pairs.open(proxy)
    this.pairs.uses[row]!++
    if (interval > 0) {
      this.pairs.nextAt[row] = this.now + interval
      this.selection.rest(proxy, this.now + interval)
    } else this.selection.use(proxy)
    return proxy
  }

  /** What came of it, told to the records. */
  learn(proxy: number, isGood: boolean, ms: number): void {
    const row = this.pairs.open(proxy)
    this.fleet.evidence.add(proxy, isGood ? 1 : 0, isGood ? 0 : 1, this.now)
    this.pairs.evidence.add(row, isGood ? 1 : 0, isGood ? 0 : 1, this.now)
    if (isGood) this.pairs.observeLatency(row, ms, this.now)
  }
}
