import { pickIndex, type Random } from '../random.ts'
import type { RecordedLeg, RecordedTrace } from './trace-record.ts'

/**
 * What a recording says about an attempt that was never made: over this proxy, to this host, at this moment. It is drawn
 * among the attempts recorded nearest to it in time, so that drift and bursts come again. Most losers of a race were
 * cancelled and never showed how long they would have taken; leaving them out would make every slow proxy look fast.
 * They are right-censored data, so their share goes to those that took longer (Efron, "The two sample problem with
 * censored data", 1967). Fitting a distribution instead was rejected: blocks, limits and time-outs have none.
 */
export type Drawn =
  | { readonly leg: RecordedLeg }
  /** Nothing on record took longer than this one, which was cancelled: it never comes. */
  | { readonly silent: RecordedLeg }

/** Attempts that are asked, and how far from the moment they may be before others are asked instead. */
const nearest = 8
const windowMs = 300_000

/** A stretch in which nobody got through to a host. */
export interface Illness {
  readonly from: number
  /** The next answer; Infinity when none came. */
  readonly until: number
  readonly legs: readonly RecordedLeg[]
}

export class TraceHistory {
  readonly #pairs = new Map<string, Shelf>()
  readonly #proxies = new Map<string, Shelf>()
  readonly #hosts = new Map<string, Shelf>()
  readonly #all = new Shelf()
  readonly #illnesses = new Map<string, Illness[]>()
  /** Proxies with an attempt on record, and for those without one, whose record they borrow. */
  readonly #standIns = new Map<string, string>()

  /** `random` decides whose record an untried proxy borrows. */
  constructor({ legs, proxies }: Pick<RecordedTrace, 'legs' | 'proxies'>, random: Random) {
    for (const leg of legs) {
      shelfOf(this.#pairs, `${leg.proxy} ${leg.host}`).add(leg)
      shelfOf(this.#proxies, leg.proxy).add(leg)
      shelfOf(this.#hosts, leg.host).add(leg)
      this.#all.add(leg)
    }
    for (const [host, shelf] of this.#hosts) this.#illnesses.set(host, illnessesOf(shelf.legs))
    const tried = [...this.#proxies.keys()]
    for (const proxy of proxies) {
      if (!this.#proxies.has(proxy)) this.#standIns.set(proxy, tried[pickIndex(random, tried.length)]!)
    }
  }

  illnessesOf(host: string): readonly Illness[] {
    return this.#illnesses.get(host) ?? []
  }

  /** Attempts over a proxy (and to a host) nearest to a moment; how they went, not how they would have gone. */
  near(proxy: string, host: string | undefined, at: number): readonly RecordedLeg[] {
    const shelf = host === undefined ? this.#proxies.get(proxy) : this.#pairs.get(`${proxy} ${host}`)
    return shelf?.near(at, windowMs) ?? []
  }

  /** Whether somebody got through to anybody around this moment. */
  wasServing(at: number): boolean {
    return this.#all.near(at, 60_000).some(isGood)
  }

  draw(proxy: string, host: string, at: number, random: Random): Drawn {
    const illness = this.illnessesOf(host).find(({ from, until }) => from <= at && at < until)
    if (illness) return { leg: illness.legs[pickIndex(random, illness.legs.length)]! }
    const known = this.#standIns.get(proxy) ?? proxy
    const own = this.#proxies.get(known)
    const pair = this.#pairs.get(`${known} ${host}`)
    const near = [pair?.near(at, windowMs), own?.near(at, windowMs), pair?.near(at), own?.near(at)]
    const found = near.find((legs) => legs !== undefined && legs.length > 0)
    return this.#settle(found ?? this.#all.near(at), own ?? this.#all, host, random)
  }

  /** Efron's redistribution: one that was cancelled passes its turn to those that took longer. */
  #settle(near: readonly RecordedLeg[], own: Shelf, host: string, random: Random): Drawn {
    let left = near
    for (;;) {
      const leg = left[pickIndex(random, left.length)]!
      if (!leg.isCensored) return { leg }
      left = left.filter(({ elapsedMs }) => elapsedMs > leg.elapsedMs)
      if (left.length > 0) continue
      const longest = own.isSilent ? own.longest : leg.elapsedMs
      const slower =
        own.drawSlower(leg.elapsedMs, random) ??
        this.#hosts.get(host)?.drawSlower(longest, random) ??
        this.#all.drawSlower(longest, random)
      return slower ? { leg: slower } : { silent: leg }
    }
  }
}

/** Attempts in order of their start, and those that ended by themselves in order of their length. */
class Shelf {
  readonly legs: RecordedLeg[] = []
  longest = 0
  #byLength: RecordedLeg[] | undefined

  add(leg: RecordedLeg): void {
    this.legs.push(leg)
    this.longest = Math.max(this.longest, leg.elapsedMs)
  }

  /** Whether none of them ended by itself. */
  get isSilent(): boolean {
    return this.#lengths.length === 0
  }

  /** The nearest in time, within a distance. */
  near(at: number, within = Number.POSITIVE_INFINITY): RecordedLeg[] {
    const { legs } = this
    let after = firstWhere(legs, ({ startedAt }) => startedAt >= at)
    let before = after - 1
    const found: RecordedLeg[] = []
    while (found.length < nearest) {
      const past = before >= 0 ? at - legs[before]!.startedAt : Number.POSITIVE_INFINITY
      const future = after < legs.length ? legs[after]!.startedAt - at : Number.POSITIVE_INFINITY
      const distance = Math.min(past, future)
      if (distance === Number.POSITIVE_INFINITY || distance > within) break
      found.push(past <= future ? legs[before--]! : legs[after++]!)
    }
    return found
  }

  /** One of those that took longer. */
  drawSlower(ms: number, random: Random): RecordedLeg | undefined {
    const sorted = this.#lengths
    const first = firstWhere(sorted, ({ elapsedMs }) => elapsedMs > ms)
    return sorted[first + pickIndex(random, sorted.length - first)]
  }

  get #lengths(): RecordedLeg[] {
    this.#byLength ??= this.legs
      .filter(({ isCensored }) => !isCensored)
      .sort((one, other) => one.elapsedMs - other.elapsedMs)
    return this.#byLength
  }
}

function shelfOf(shelves: Map<string, Shelf>, key: string): Shelf {
  const known = shelves.get(key) ?? new Shelf()
  shelves.set(key, known)
  return known
}

/** Index of the first for which it holds; it must hold for all behind. */
function firstWhere<Item>(items: readonly Item[], holds: (item: Item) => boolean): number {
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (holds(items[middle]!)) high = middle
    else low = middle + 1
  }
  return low
}

export function isGood({ verdict: { kind } }: RecordedLeg): boolean {
  return kind === 'success' || kind === 'page'
}

/** Whether two of three attempts were no failure of the proxy; undefined when none came to its end. */
export function isSound(near: readonly RecordedLeg[]): boolean | undefined {
  const ended = near.filter(({ isCensored }) => !isCensored)
  const sound = ended.filter((leg) => {
    const { kind, limiter } = leg.verdict
    return isGood(leg) || kind === 'target' || (kind === 'rate-limited' && limiter !== 'proxy')
  })
  return ended.length === 0 ? undefined : sound.length / ended.length >= 2 / 3
}

const proxiesOfIllness = 2

/**
 * Stretches in which a host answered nobody, over several proxies: its own trouble, so it concerns every proxy. Where no
 * answer of the host itself says so, it takes more of them, since flaky proxies fail in a row too.
 */
function illnessesOf(legs: readonly RecordedLeg[]): Illness[] {
  const found: Illness[] = []
  let run: RecordedLeg[] = []
  const close = (until: number) => {
    const isBlamed = run.some(({ verdict }) => verdict.kind === 'target')
    const isIll =
      run.length >= (isBlamed ? 3 : 8) && new Set(run.map(({ proxy }) => proxy)).size >= proxiesOfIllness
    if (isIll) found.push({ from: run[0]!.startedAt, until, legs: run })
    run = []
  }
  for (const leg of legs) {
    const { kind } = leg.verdict
    if (kind === 'target' || kind === 'transient') run.push(leg)
    // Those that tell of the proxy, or of nobody, do not end it.
    else if (isGood(leg) || kind === 'blocked' || kind === 'challenge') close(leg.startedAt)
  }
  close(Number.POSITIVE_INFINITY)
  return found
}
