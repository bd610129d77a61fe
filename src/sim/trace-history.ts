import { pickIndex, type Random } from '../base/random.ts'
import type { RecordedAttempt, RecordedTrace } from './trace-record.ts'

/**
 * What a recording says about an attempt that was never made: over this proxy, to this host, at this moment. It is drawn
 * among the attempts recorded nearest to it in time, so that drift and bursts come again. Most losers of a race were
 * cancelled and never showed how long they would have taken; leaving them out would make every slow proxy look fast.
 * They are right-censored data, so their share goes to those that took longer (Efron, "The two sample problem with
 * censored data", 1967). Fitting a distribution instead was rejected: blocks, limits and time-outs have none.
 */
export type Drawn =
  | { readonly attempt: RecordedAttempt }
  /** Nothing on record took longer than this one, which was cancelled: it never comes. */
  | { readonly silent: RecordedAttempt }

/** Attempts that are asked, and how far from the moment they may be before others are asked instead. */
const nearest = 8
const windowMs = 300_000

/** A stretch in which no attempt got through to a host. */
interface Illness {
  readonly from: number
  /** The next answer; Infinity when none came. */
  readonly until: number
  readonly attempts: readonly RecordedAttempt[]
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
  constructor({ attempts, proxies }: Pick<RecordedTrace, 'attempts' | 'proxies'>, random: Random) {
    for (const attempt of attempts) {
      shelfOf(this.#pairs, `${attempt.proxy} ${attempt.host}`).add(attempt)
      shelfOf(this.#proxies, attempt.proxy).add(attempt)
      shelfOf(this.#hosts, attempt.host).add(attempt)
      this.#all.add(attempt)
    }
    for (const [host, shelf] of this.#hosts) this.#illnesses.set(host, illnessesOf(shelf.attempts))
    const tried = [...this.#proxies.keys()]
    for (const proxy of proxies) {
      if (!this.#proxies.has(proxy)) this.#standIns.set(proxy, tried[pickIndex(random, tried.length)]!)
    }
  }

  /** Attempts over a proxy (and to a host) nearest to a moment; how they went, not how they would have gone. */
  near(proxy: string, host: string | undefined, at: number): readonly RecordedAttempt[] {
    const shelf = host === undefined ? this.#proxies.get(proxy) : this.#pairs.get(`${proxy} ${host}`)
    return shelf?.near(at, windowMs) ?? []
  }

  /** Whether any attempt got through to any host around this moment. */
  wasServing(at: number): boolean {
    return this.#all.near(at, 60_000).some(isGood)
  }

  draw(proxy: string, host: string, at: number, random: Random): Drawn {
    const illness = this.#illnesses.get(host)?.find(({ from, until }) => from <= at && at < until)
    if (illness) return { attempt: illness.attempts[pickIndex(random, illness.attempts.length)]! }
    const known = this.#standIns.get(proxy) ?? proxy
    const own = this.#proxies.get(known)
    const pair = this.#pairs.get(`${known} ${host}`)
    const near = [pair?.near(at, windowMs), own?.near(at, windowMs), pair?.near(at), own?.near(at)]
    const found = near.find((attempts) => attempts !== undefined && attempts.length > 0)
    return this.#settle(found ?? this.#all.near(at), own ?? this.#all, host, random)
  }

  /** Efron's redistribution: one that was cancelled passes its turn to those that took longer. */
  #settle(near: readonly RecordedAttempt[], own: Shelf, host: string, random: Random): Drawn {
    let left = near
    for (;;) {
      const attempt = left[pickIndex(random, left.length)]!
      if (!attempt.isCensored) return { attempt }
      left = left.filter(({ elapsedMs }) => elapsedMs > attempt.elapsedMs)
      if (left.length > 0) continue
      const longest = own.isSilent ? own.longest : attempt.elapsedMs
      const slower =
        own.drawSlower(attempt.elapsedMs, random) ??
        this.#hosts.get(host)?.drawSlower(longest, random) ??
        this.#all.drawSlower(longest, random)
      return slower ? { attempt: slower } : { silent: attempt }
    }
  }
}

/** Attempts in order of their start, and those that ended by themselves in order of their length. */
class Shelf {
  readonly attempts: RecordedAttempt[] = []
  longest = 0
  #byLength: RecordedAttempt[] | undefined

  add(attempt: RecordedAttempt): void {
    this.attempts.push(attempt)
    this.longest = Math.max(this.longest, attempt.elapsedMs)
  }

  /** Whether none of them ended by itself. */
  get isSilent(): boolean {
    return this.#lengths.length === 0
  }

  /** The nearest in time, within a distance. */
  near(at: number, within = Number.POSITIVE_INFINITY): RecordedAttempt[] {
    const { attempts } = this
    let after = firstWhere(attempts, ({ startedAt }) => startedAt >= at)
    let before = after - 1
    const found: RecordedAttempt[] = []
    while (found.length < nearest) {
      const past = before >= 0 ? at - attempts[before]!.startedAt : Number.POSITIVE_INFINITY
      const future = after < attempts.length ? attempts[after]!.startedAt - at : Number.POSITIVE_INFINITY
      const distance = Math.min(past, future)
      if (distance === Number.POSITIVE_INFINITY || distance > within) break
      found.push(past <= future ? attempts[before--]! : attempts[after++]!)
    }
    return found
  }

  /** One of those that took longer. */
  drawSlower(ms: number, random: Random): RecordedAttempt | undefined {
    const sorted = this.#lengths
    const first = firstWhere(sorted, ({ elapsedMs }) => elapsedMs > ms)
    return sorted[first + pickIndex(random, sorted.length - first)]
  }

  get #lengths(): RecordedAttempt[] {
    this.#byLength ??= this.attempts
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

export function isGood({ verdict: { kind } }: RecordedAttempt): boolean {
  return kind === 'success' || kind === 'final'
}

/** Whether two of three attempts were no failure of the proxy; undefined when none came to its end. */
export function isSound(near: readonly RecordedAttempt[]): boolean | undefined {
  const ended = near.filter(({ isCensored }) => !isCensored)
  const sound = ended.filter((attempt) => {
    const { kind, limiter } = attempt.verdict
    return isGood(attempt) || kind === 'target' || (kind === 'rate-limited' && limiter !== 'proxy')
  })
  return ended.length === 0 ? undefined : sound.length / ended.length >= 2 / 3
}

const proxiesOfIllness = 2

/**
 * Stretches in which a host answered no attempt, over several proxies: its own trouble, so it concerns every proxy. Where no
 * answer of the host itself says so, it takes more of them, since flaky proxies fail in a row too.
 */
function illnessesOf(attempts: readonly RecordedAttempt[]): Illness[] {
  const found: Illness[] = []
  let run: RecordedAttempt[] = []
  const close = (until: number) => {
    const isBlamed = run.some(({ verdict }) => verdict.kind === 'target')
    const isIll =
      run.length >= (isBlamed ? 3 : 8) && new Set(run.map(({ proxy }) => proxy)).size >= proxiesOfIllness
    if (isIll) found.push({ from: run[0]!.startedAt, until, attempts: run })
    run = []
  }
  for (const attempt of attempts) {
    const { kind } = attempt.verdict
    if (kind === 'target' || kind === 'transient') run.push(attempt)
    // Those that tell of the proxy, or of nobody, do not end it.
    else if (isGood(attempt) || kind === 'blocked' || kind === 'challenge') close(attempt.startedAt)
  }
  close(Number.POSITIVE_INFINITY)
  return found
}
