import { openHub } from '../../src/actors/adopt.ts'
import { createRandom, type Random } from '../../src/base/random.ts'
import { createHostNorm } from '../../src/classify/host-norm.ts'
import type { LeaseWish } from '../../src/contracts/lease.ts'
import type { Strategy } from '../../src/contracts/strategy.ts'
import { parseProxy } from '../../src/fleet/parse-proxy.ts'
import { parseOptions } from '../../src/options/options.ts'
import { FleetTable } from '../../src/reputation/fleet-table.ts'
import { HostRecord } from '../../src/reputation/host-record.ts'
import type { PairTable } from '../../src/reputation/pair-table.ts'
import { Candidates } from '../../src/router/candidates.ts'
import { Selection } from '../../src/router/selection.ts'

/** One host and its proxies, with nothing around them: who is picked, when, and what it cost. */
export class PickingWorld {
  now = 1
  readonly fleet: FleetTable
  readonly record: HostRecord
  readonly pairs: PairTable
  readonly selection: Selection
  readonly random: Random
  /** Numbers drawn since the last pick began: every look at a proxy beyond the whole fleet costs one. */
  draws = 0
  readonly #candidates: Candidates

  constructor(proxies: number, strategy: Strategy, seed = 1) {
    const options = parseOptions({})
    const home = openHub('test')
    const numbers = createRandom(seed)
    this.random = () => {
      this.draws++
      return numbers()
    }
    const { random } = this
    this.fleet = new FleetTable({ options, random, home, proxyChanged: () => {} })
    for (let n = 0; n < proxies; n++) {
      this.fleet.add(parseProxy(`socks5://192.0.${n >> 8}.${n & 255}:1080`).endpoint, 1_000_000, undefined)
    }
    const { fleet } = this
    const owner = { home, exits: proxies, pairChanged: () => {} }
    this.record = new HostRecord('test.example', { fleet, options, random, page: createHostNorm() }, owner)
    this.pairs = this.record.pairs
    this.#candidates = new Candidates(fleet, random)
    const { pairs } = this
    const parts = {
      fleet,
      pairs,
      candidates: this.#candidates,
      strategy,
      random,
      probeTime: 30_000,
      isOnTrial: () => false,
    }
    this.selection = new Selection({ accounts: this.record.accounts, ...parts })
  }

  /** Picks one, and lets it rest for `interval` ms where that is not 0. */
  pick(interval = 0, wish: Partial<LeaseWish> = {}): number | undefined {
    this.draws = 0
    this.#candidates.begin(this.record, this.now, false)
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
