import type { Clock } from '../../base/clock.ts'
import type { RequestDead } from '../../contracts/crawl-events.ts'
import type { HostState, OutcomeEvent, ParkReason, TaskParked } from '../../contracts/events.ts'
import type { VerdictKind } from '../../contracts/outcome.ts'
import { listen, type Observed } from '../../observe/observed.ts'
import { TimeSeries } from './time-series.ts'

/**
 * What a crawl's end is told from: who failed, why, how often, who asked for pauses, what was waited for. Kept from events
 * while it runs, because breakers and hosts forget, and bounded, because a crawl meets a million hosts: what comes after the
 * first thousands is counted, without a row of its own. Times are clock ms.
 */
export interface Reason {
  readonly reason: string
  count: number
  /** The first of them. */
  readonly example: string
  /** When the last one came, clock ms. */
  at: number
}

export interface AttemptReason extends Reason {
  readonly verdict: VerdictKind
  /** Through which proxy the first of them went. */
  readonly proxy: string
}

export interface DeadReason extends Reason {
  readonly detail: string
}

export interface HostTally {
  /** Answers that asked us to slow down. */
  throttled: number
  /** Requests that are done, and that were given up. */
  done: number
  dead: number
  /** How often it asked for a pause, and how long those were together, ms. */
  pauses: number
  pausedMs: number
  /** Since when it is paused. */
  pausedSince: number | undefined
}

const mostReasons = 64
const mostHosts = 5_000
const mostTasks = 20_000

export class RunLedger {
  /** Attempts that failed, by reason. */
  readonly failures = new Map<string, AttemptReason>()
  /** Requests that were given up, by code. */
  readonly dead = new Map<string, DeadReason>()
  readonly hosts = new Map<string, HostTally>()
  /** Milliseconds that requests have waited, by what for. */
  readonly waits = new Map<ParkReason, number>()
  readonly series: TimeSeries
  readonly startedAt: number
  readonly #clock: Clock
  readonly #parked = new Map<string, { readonly reason: ParkReason; readonly since: number }>()
  /** Tasks whose answer is compared with what other exits bring. */
  readonly #compared = new Set<string>()
  readonly #ends: (() => void)[]
  #onNews: () => void = () => {}

  constructor(crawler: Observed, clock: Clock) {
    this.#clock = clock
    this.startedAt = clock.now()
    this.series = new TimeSeries(this.startedAt)
    this.#ends = [
      listen(crawler, 'outcome', (outcome) => this.#outcome(outcome)),
      listen(crawler, 'task.parked', (parked) => this.#park(parked)),
      listen(crawler, 'attempt.started', ({ task, why }) => {
        this.#unpark(task)
        if (why === 'witness' && this.#compared.size < mostTasks) this.#compared.add(task)
      }),
      listen(crawler, 'trust.judged', ({ task }) => void this.#compared.delete(task)),
      listen(crawler, 'task.settled', ({ task }) => {
        this.#unpark(task)
        this.#compared.delete(task)
      }),
      listen(crawler, 'request.done', ({ url }) => {
        this.series.page(clock.now())
        this.#hostOf(url).done++
        this.#onNews()
      }),
      listen(crawler, 'request.dead', (dead) => this.#died(dead)),
      listen(crawler, 'host.state', (state) => this.#hostState(state)),
    ]
  }

  /** Called whenever a page has come: to write something down now and then without a timer. */
  set onNews(listener: () => void) {
    this.#onNews = listener
  }

  /** Requests whose answer is being compared with what other exits bring. */
  get comparing(): number {
    return this.#compared.size
  }

  /** Milliseconds that a host has asked us to pause up to now, the present pause included. */
  pausedMs(tally: HostTally): number {
    return tally.pausedMs + (tally.pausedSince === undefined ? 0 : this.#clock.now() - tally.pausedSince)
  }

  /** The waits that are over, and those that are not. */
  waitsNow(): Map<ParkReason, number> {
    const waits = new Map(this.waits)
    const now = this.#clock.now()
    for (const { reason, since } of this.#parked.values()) {
      waits.set(reason, (waits.get(reason) ?? 0) + now - since)
    }
    return waits
  }

  end(): void {
    for (const end of this.#ends) end()
  }

  #outcome({ verdict, reason, proxy, host, url, bytes, elapsedMs }: OutcomeEvent): void {
    const now = this.#clock.now()
    const isGood = verdict === 'success' || verdict === 'final'
    this.series.attempt(now, verdict, bytes, elapsedMs)
    const at = rowOf(this.hosts, host, mostHosts, newHost)
    if (verdict === 'rate-limited') at.throttled++
    if (isGood || verdict === 'neutral') return
    const found = this.failures.get(reason)
    if (found) {
      found.count++
      found.at = now
    } else if (this.failures.size < mostReasons) {
      this.failures.set(reason, { reason, verdict, count: 1, example: url, proxy, at: now })
    }
  }

  #park({ task, reason }: TaskParked): void {
    this.#unpark(task)
    if (this.#parked.size < mostTasks) this.#parked.set(task, { reason, since: this.#clock.now() })
  }

  #unpark(task: string): void {
    const parked = this.#parked.get(task)
    if (!parked) return
    this.#parked.delete(task)
    const ms = this.#clock.now() - parked.since
    this.waits.set(parked.reason, (this.waits.get(parked.reason) ?? 0) + ms)
  }

  #died({ code, url, detail }: RequestDead): void {
    const at = this.#clock.now()
    this.#hostOf(url).dead++
    const found = this.dead.get(code)
    if (found) {
      found.count++
      found.at = at
    } else if (this.dead.size < mostReasons) {
      this.dead.set(code, { reason: code, count: 1, example: url, detail, at })
    }
    this.#onNews()
  }

  #hostState({ host, from, to }: HostState): void {
    const row = rowOf(this.hosts, host, mostHosts, newHost)
    if (to === 'throttled') {
      row.pauses++
      row.pausedSince ??= this.#clock.now()
    } else if (from === 'throttled' && row.pausedSince !== undefined) {
      row.pausedMs += this.#clock.now() - row.pausedSince
      row.pausedSince = undefined
    }
  }

  #hostOf(url: string): HostTally {
    return rowOf(this.hosts, URL.parse(url)?.host ?? url, mostHosts, newHost)
  }
}

/** The row of a key; beyond `most` rows one that nobody keeps. */
function rowOf<Row>(rows: Map<string, Row>, key: string, most: number, create: () => Row): Row {
  const found = rows.get(key)
  if (found) return found
  const row = create()
  if (rows.size < most) rows.set(key, row)
  return row
}

function newHost(): HostTally {
  return {
    throttled: 0,
    done: 0,
    dead: 0,
    pauses: 0,
    pausedMs: 0,
    pausedSince: undefined,
  }
}
