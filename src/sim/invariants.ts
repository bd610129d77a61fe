import type { CrawlerEvents, OutcomeEvent, ProxyState } from '../contracts/events.ts'
import type { Options } from '../options/options.ts'
import type { VirtualClock } from './clock.ts'
import type { Life } from './life.ts'
import type { Arrival } from './request-passage.ts'
import type { SimulatedHost } from './simulated-host.ts'
import type { WatchedWorld } from './venue.ts'

/**
 * What must hold in every run, whatever the world does. Half of it is asked of the crawler (its events, its counters),
 * half of the world, which keeps the truth: when requests arrived, over which proxy, and whether any could have been served.
 */
export interface Violation {
  /** Virtual ms. */
  readonly at: number
  readonly rule: Rule
  readonly detail: string
}

export type Rule =
  | 'one-end' // each task ends in exactly one terminal record, or is still under way
  | 'one-outcome' // each attempt is reported once, at most one of a task wins
  | 'result-twice'
  | 'result-lost'
  | 'interval' // the pause of a (proxy, host) pair, or of a host, at the origin
  | 'host-limit'
  | 'proxy-limit'
  | 'direct-egress'
  | 'leftovers' // permits, leases, sockets, timers at the end
  | 'neutral-weight' // a neutral outcome moved a proxy's weight
  | 'malformed' // a sound proxy was shut out for a page that nobody can read, or such a page was asked for too often
  | 'half-open' // more than one probe
  | 'honesty' // a proxy was convicted of lies, and has told none
  | 'memory'
  | 'progress' // nothing moved although it could have
  | 'internal' // the crawler itself says it is broken

const unreadable: ReadonlySet<string> = new Set(['malformed', 'head-too-large', 'http-garbage'])
const most = 100
/** Looks at the weights: so many at the beginning of a process, and then some of each period. */
const alwaysWeighed = 2_000
const weighingPeriod = 1_000
const weighedInPeriod = 50
/** Virtual ms without an answer, while a usable proxy and a host that answers were there, that count as stuck. */
const patience = 1_800_000
const watchEvery = 60_000

export class Invariants {
  readonly violations: Violation[] = []
  readonly #world: WatchedWorld
  readonly #time: VirtualClock
  readonly #options: Options
  readonly #isCrawl: boolean
  #open: () => readonly SimulatedHost[] = () => []
  #life: LifeBook | undefined
  #stopWatching: () => void = () => {}
  #possibleSince: number | undefined

  constructor(world: WatchedWorld, time: VirtualClock, options: Options, isCrawl: boolean) {
    this.#isCrawl = isCrawl
    this.#world = world
    this.#time = time
    this.#options = options
    world.onArrival = (arrival) => this.#checkArrival(arrival)
    world.onStranger = (label) => this.report('direct-egress', `an attempt left over "${label}"`)
  }

  report(rule: Rule, detail: string): void {
    if (this.violations.length < most) this.violations.push({ at: this.#time.now(), rule, detail })
  }

  /** Begins to watch for standstill; `open` names the hosts that pages are wanted of. */
  watch(open: () => readonly SimulatedHost[]): void {
    this.#open = open
    const look = () => {
      this.#lookForProgress()
      this.#stopWatching = this.#time.after(watchEvery, look)
    }
    this.#stopWatching = this.#time.after(watchEvery, look)
  }

  /** An answer came home. */
  progressed(): void {
    this.#possibleSince = undefined
  }

  /** Whether a proxy spoils answers; without a label, whether any does. */
  mayGarble(label?: string): boolean {
    return this.#world.mayGarble(label)
  }

  isHonest(label: string): boolean | undefined {
    return this.#world.isHonest(label)
  }

  /** A process begins: its events are followed until it ends. */
  follow(life: Life): void {
    const { timeouts, hosts } = this.#options
    const totals = Object.values(hosts).map((host) => host.timeouts?.total ?? 0)
    this.#life = new LifeBook(life, this, Math.max(timeouts.total, ...totals))
  }

  /** The process ended well: nothing may be left of it. Call it after stop(), when time has come to rest. */
  checkLeftovers(life: Life, before: ReturnType<Life['crawler']['stats']>): void {
    const book = this.#life
    const { tasks, hosts } = before
    if (tasks.racing + tasks.parked > 0) {
      this.report('leftovers', `${tasks.racing} tasks race and ${tasks.parked} wait`)
    }
    for (const [host, { inFlight, waiting }] of Object.entries(hosts)) {
      if (inFlight + waiting > 0)
        this.report('leftovers', `${host}: ${inFlight} in flight, ${waiting} waiting`)
    }
    for (const { id, inFlight } of life.crawler.proxies()) {
      if (inFlight > 0) this.report('leftovers', `${id} holds ${inFlight} permits`)
    }
    if (life.transport.running > 0) this.report('leftovers', `${life.transport.running} attempts still run`)
    if (life.clock.pending > 0) this.report('leftovers', `${life.clock.pending} timers are armed`)
    book?.checkEnd()
  }

  end(): void {
    this.#stopWatching()
  }

  #checkArrival(arrival: Arrival): void {
    const { proxy, host, inFlight } = arrival
    const life = this.#life
    if (!life) return
    const { politeness } = this.#options
    if (politeness === false) return
    const { interval, hostInterval, hostConcurrency, proxyConcurrency } = politeness
    life.arrived(arrival, interval, Math.max(hostInterval, this.#crawlDelayOf(host)))
    if (hostConcurrency && inFlight > hostConcurrency) {
      this.report('host-limit', `${inFlight} requests at ${host.host}, ${hostConcurrency} are allowed`)
    }
    if (proxyConcurrency && proxy.running > proxyConcurrency) {
      this.report('proxy-limit', `${proxy.running} requests over ${proxy.role.name}`)
    }
  }

  /** What robots.txt asks for; only a crawl reads it. */
  #crawlDelayOf({ manners }: SimulatedHost): number {
    const { politeness } = this.#options
    const obeys = this.#isCrawl && politeness !== false && politeness.robots
    return obeys ? (manners.site?.crawlDelay ?? 0) * 1_000 : 0
  }

  #lookForProgress(): void {
    const now = this.#time.now()
    if (!this.#world.canServe(this.#open())) this.#possibleSince = undefined
    else this.#possibleSince ??= now
    if (this.#possibleSince === undefined || now - this.#possibleSince < patience) return
    this.report('progress', `no answer for ${patience / 60_000} min while somebody could have been served`)
    this.#possibleSince = undefined
  }
}

/** What one process told of itself. */
class LifeBook {
  readonly #life: Life
  readonly #invariants: Invariants
  /** How long a probe holds its permit, ms. */
  readonly #permitMs: number
  readonly #accepted = new Set<string>()
  readonly #attempts = new Map<string, { task: string; proxy: string; host: string }>()
  readonly #won = new Set<string>()
  readonly #lastOfPair = new Map<string, number>()
  readonly #lastOfHost = new Map<SimulatedHost, number>()
  /** Half-open views (`proxy` or `proxy host`) and the attempts that probe them. */
  readonly #probes = new Map<string, Map<string, number>>()
  /** Answers to a task that cannot be read. */
  readonly #unreadable = new Map<string, number>()
  readonly #weights = new Map<string, { success: number; failure: number }>()
  /** Tasks that hold an answer: when it is believed, those are blamed that had spoilt the page, and no event says so. */
  readonly #holding = new Set<string>()
  #looks = 0
  /** The last outcome was a good answer: right after it those are blamed that had spoilt the page, and no event says so. */
  #hasExposed = false

  constructor(life: Life, invariants: Invariants, permitMs: number) {
    this.#permitMs = permitMs
    this.#life = life
    this.#invariants = invariants
    const { crawler } = life
    const on = <Name extends keyof CrawlerEvents>(
      name: Name,
      listener: (...event: CrawlerEvents[Name]) => void,
    ) => void crawler.on(name, listener)
    on('task.accepted', ({ task }) => {
      if (this.#accepted.has(task)) invariants.report('one-end', `${task} was accepted twice`)
      this.#accepted.add(task)
    })
    on('task.settled', ({ task }) => {
      if (!this.#accepted.delete(task)) invariants.report('one-end', `${task} ended twice`)
      this.#won.delete(task)
      this.#holding.delete(task)
      this.#unreadable.delete(task)
      // With its end others may have been shown to be wrong.
      this.#weigh(undefined)
    })
    on('attempt.started', ({ task, attempt, proxy, host }) => {
      const key = `${task}/${attempt}`
      if (this.#attempts.has(key)) invariants.report('one-outcome', `${key} started twice`)
      this.#attempts.set(key, { task, proxy, host })
      for (const view of [proxy, `${proxy} ${host}`]) this.#probe(view, key)
    })
    on('outcome', (event) => this.#ended(event))
    on('proxy.state', (event) => this.#moved(event))
    on('alert', ({ code, message }) => {
      if (code === 'INTERNAL' || code === 'EXTENSION_FAILED') invariants.report('internal', message)
    })
  }

  /** What robots.txt says of the wait cannot be known before it has come. */
  arrived({ at, proxy, host, path }: Arrival, interval: number, hostInterval: number): void {
    const pair = `${proxy.role.name} ${host.name}`
    this.#checkPause(pair, this.#lastOfPair.get(pair), at, interval)
    this.#checkPause(host.name, this.#lastOfHost.get(host), at, hostInterval)
    this.#lastOfPair.set(pair, at)
    if (path !== '/robots.txt') this.#lastOfHost.set(host, at)
  }

  #checkPause(what: string, last: number | undefined, at: number, pause: number): void {
    if (last === undefined || at - last >= pause - 0.001) return
    this.#invariants.report('interval', `${what}: ${(at - last).toFixed(1)} ms after the last, not ${pause}`)
  }

  checkEnd(): void {
    for (const task of this.#accepted) this.#invariants.report('one-end', `${task} never ended`)
    for (const attempt of this.#attempts.keys())
      this.#invariants.report('one-outcome', `${attempt} was never reported`)
  }

  #ended(event: OutcomeEvent): void {
    const { task, attempt, verdict, won, reason } = event
    const key = `${task}/${attempt}`
    if (!this.#attempts.delete(key))
      this.#invariants.report('one-outcome', `${key} was reported without a start`)
    if (won) {
      if (this.#won.has(task)) this.#invariants.report('one-outcome', `two attempts of ${task} won`)
      this.#won.add(task)
    }
    if (unreadable.has(reason)) this.#countUnreadable(task)
    for (const attempts of this.#probes.values()) attempts.delete(key)
    const mayExpose = this.#hasExposed || this.#holding.size > 0
    this.#weigh(verdict === 'neutral' && !mayExpose ? event : undefined)
    this.#hasExposed = verdict === 'success' || verdict === 'final'
    if (this.#hasExposed && !won && this.#accepted.has(task)) this.#holding.add(task)
  }

  #countUnreadable(task: string): void {
    const times = (this.#unreadable.get(task) ?? 0) + 1
    this.#unreadable.set(task, times)
    if (times <= 3 || this.#invariants.mayGarble()) return
    this.#invariants.report('malformed', `${task} was asked for ${times} times, and cannot be read`)
  }

  /**
   * A neutral outcome must not have added to a weight. Refunds take away, at other moments: those are no sign of it. All weights
   * are looked at each time, so in a long run only now and then.
   */
  #weigh(neutral: OutcomeEvent | undefined): void {
    const looks = this.#looks++
    if (looks >= alwaysWeighed && looks % weighingPeriod >= weighedInPeriod) return this.#weights.clear()
    for (const { proxy, host, success, failure } of this.#life.crawler.reputation()) {
      const key = `${proxy} ${host ?? ''}`
      const before = this.#weights.get(key)
      if (neutral?.proxy === proxy && before && (success > before.success || failure > before.failure)) {
        const grown = `${success - before.success} successes, ${failure - before.failure} failures`
        this.#invariants.report('neutral-weight', `${key}: ${grown} more after ${neutral.reason}`)
      }
      this.#weights.set(key, { success, failure })
    }
  }

  #moved({ proxy, host, to, reason }: ProxyState): void {
    if (to === 'open' && unreadable.has(reason) && !this.#invariants.mayGarble(proxy)) {
      this.#invariants.report('malformed', `${proxy} was shut out for ${reason}, and spoils nothing`)
    }
    if (to === 'isolated' && reason === 'lies' && this.#invariants.isHonest(proxy)) {
      this.#invariants.report('honesty', `${proxy} was convicted of lies, and has told none`)
    }
    const view = host === undefined ? proxy : `${proxy} ${host}`
    if (to === 'halfOpen') this.#probes.set(view, new Map())
    else this.#probes.delete(view)
  }

  #probe(view: string, attempt: string): void {
    const attempts = this.#probes.get(view)
    if (!attempts) return
    const now = this.#life.clock.now()
    // A permit ends with the time an attempt may take, even if a stalled process has not seen the attempt's end.
    for (const [each, since] of attempts) if (now - since >= this.#permitMs) attempts.delete(each)
    attempts.set(attempt, now)
    if (attempts.size > 1)
      this.#invariants.report('half-open', `${view}: ${[...attempts.keys()].join(' and ')} probe it`)
  }
}
