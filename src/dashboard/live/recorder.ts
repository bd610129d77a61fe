import { ifStillAliveAfter } from '../../base/clock.ts'
import { redact } from '../../base/redact.ts'
import type { Alert, ProxyState, TrustJudged } from '../../contracts/events.ts'
import type { TaskJob } from '../../contracts/job.ts'
import type { Outcome, VerdictKind } from '../../contracts/outcome.ts'
import type { Keeper } from '../../engine/telling.ts'
import { listen } from '../../observe/observed.ts'
import type { Attempt } from '../../race/attempt.ts'
import type { OutcomeRow, Transition } from '../protocol.ts'
import { SeriesRecorder } from '../series.ts'
import type { LiveParts } from './live-parts.ts'

/**
 * What a dashboard keeps while it is open, whether anybody looks or not, so that a page that comes late sees the past: a series
 * of what happened when, and rings of the latest transitions, outcomes and alerts. All of it is bounded, and none of it builds
 * anything for each event but what is kept.
 */
const sampleMs = 1_000
const mostTransitions = 5_000
const mostOutcomes = 2_000
const mostEvidence = 1_000
const mostAlerts = 20
const mostHosts = 2_000

export interface KeptAlert extends Alert {
  /** Wall clock. */
  readonly at: number
}

/** `at` is of the clock. */
type KeptOutcome = { -readonly [Name in keyof OutcomeRow]: OutcomeRow[Name] } & { proxy: string }

const noOutcome: KeptOutcome = {
  ...{ at: 0, task: '', url: '', host: '', proxy: '', reason: '', elapsedMs: 0 },
  verdict: 'neutral',
  status: null,
}

export interface Evidence {
  readonly at: number
  readonly proxy: string
  readonly sentence: string
}

export class Recorder {
  readonly series: SeriesRecorder
  /** Newest first. */
  readonly alerts: KeptAlert[] = []
  /** Attempts by verdict, of each host. */
  readonly hosts = new Map<
    string,
    { readonly verdicts: Partial<Record<VerdictKind, number>>; perSecond: number }
  >()
  /** When each host was moved last, wall clock. */
  readonly hostsSince = new Map<string, number>()
  /** Answers that are held until other exits have been asked the same. */
  readonly held = new Set<string>()
  readonly #parts: LiveParts
  readonly #transitions = new Ring<Transition>(mostTransitions)
  readonly #outcomes = new Ring<KeptOutcome>(mostOutcomes)
  readonly #evidence = new Ring<Evidence>(mostEvidence)
  readonly #listeners = new Set<(transition: Transition) => void>()
  readonly #stops: (() => void)[]
  /** Attempts of each host at the last sample. */
  readonly #before = new Map<string, number>()
  #sampledAt: number
  #failedBefore: number
  #isClosed = false

  constructor(parts: LiveParts) {
    this.#parts = parts
    const { crawler, engine, clock } = parts
    this.series = new SeriesRecorder(clock.now())
    this.#sampledAt = clock.now()
    this.#failedBefore = engine.crew.counts.failed
    const { keepers } = engine.telling
    const keeper: Keeper = {
      answered: (ms) => this.#answered(ms),
      attempted: (job, attempt, outcome) => this.#attempted(job, attempt, outcome),
    }
    keepers.push(keeper)
    this.#stops = [
      listen(crawler, 'proxy.state', (event) => this.#moved(event)),
      listen(crawler, 'host.state', ({ host }) => this.#bounded(this.hostsSince, host, clock.wall())),
      listen(crawler, 'answer.held', ({ task }) => this.held.size < mostOutcomes && this.held.add(task)),
      listen(crawler, 'trust.judged', (event) => {
        this.held.delete(event.task)
        this.#judged(event)
      }),
      listen(crawler, 'alert', (alert) => {
        this.alerts.unshift({ ...alert, message: redact(alert.message), at: clock.wall() })
        this.alerts.length = Math.min(this.alerts.length, mostAlerts)
      }),
      () => void keepers.splice(keepers.indexOf(keeper), 1),
    ]
    this.#sample()
  }

  close(): void {
    this.#isClosed = true
    for (const stop of this.#stops) stop()
    this.#listeners.clear()
  }

  onTransition(listener: (transition: Transition) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Newest first. */
  transitionsOf(proxy: string, most: number): Transition[] {
    return this.#transitions.newest(most, (each) => each.proxy === proxy)
  }

  evidenceOf(proxy: string, most: number): Evidence[] {
    return this.#evidence.newest(most, (each) => each.proxy === proxy)
  }

  outcomesOf(proxy: string, most: number): OutcomeRow[] {
    const { clock } = this.#parts
    const offset = clock.wall() - clock.now()
    return this.#outcomes
      .newest(most, (each) => each.proxy === proxy)
      .map(({ proxy: _proxy, ...kept }) => ({ ...kept, at: kept.at + offset, url: redact(kept.url) }))
  }

  #answered(ms: number): void {
    const now = this.#parts.clock.now()
    this.series.add(now, 'answered')
    this.series.latency(now, ms)
  }

  #attempted(
    { id, host }: TaskJob,
    { request, lease }: Attempt,
    { exchange, verdict, startedAt, endedAt }: Outcome,
  ): void {
    const { kind } = verdict
    this.series.attempt(endedAt, kind, exchange.bytes)
    const row = this.hosts.get(host) ?? this.#bounded(this.hosts, host, { verdicts: {}, perSecond: 0 })
    row.verdicts[kind] = (row.verdicts[kind] ?? 0) + 1
    // Used again, so that keeping them costs no memory that has to be collected.
    const kept = this.#outcomes.next() ?? this.#outcomes.add({ ...noOutcome })
    kept.at = endedAt
    kept.task = id
    kept.host = host
    kept.proxy = lease?.endpoint.id ?? ''
    kept.url = request.url
    kept.verdict = kind
    kept.reason = verdict.reason
    kept.status = exchange.kind === 'response' ? exchange.status : null
    kept.elapsedMs = endedAt - startedAt
  }

  #moved({ proxy, host, from, to, reason, until }: ProxyState): void {
    const { clock } = this.#parts
    const offset = clock.wall() - clock.now()
    const transition: Transition = {
      ...{ proxy, from, to, reason },
      at: clock.wall(),
      host: host ?? null,
      until: until === undefined ? null : until + offset,
    }
    this.#transitions.add(transition)
    for (const listener of this.#listeners) listener(transition)
  }

  #judged({ url, deviants, finding, exits }: TrustJudged): void {
    const at = this.#parts.clock.wall()
    const page = redact(url)
    for (const { proxy, keys, isRepeated } of deviants) {
      const twice = isRepeated ? ', and so when asked again' : ''
      const where = keys.length > 0 ? keys.join(', ') : 'its content'
      this.#evidence.add({
        at,
        proxy,
        sentence: `It differed from the others in ${where} of ${page}${twice}.`,
      })
    }
    if (finding !== 'agreed') return
    for (const proxy of exits)
      this.#evidence.add({ at, proxy, sentence: `Others brought the same of ${page}.` })
  }

  /** Counts that no event tells of. */
  #sample(): void {
    const { engine, clock } = this.#parts
    const now = clock.now()
    this.series.healthy(now, engine.fleet.members.length - this.#shut())
    const { failed } = engine.crew.counts
    this.series.add(now, 'failed', failed - this.#failedBefore)
    this.#failedBefore = failed
    const seconds = Math.max(0.001, (now - this.#sampledAt) / 1_000)
    this.#sampledAt = now
    for (const { host, record } of engine.router.pools.values()) {
      const row = this.hosts.get(host)
      if (!row) continue
      const { attempts } = record.counts
      row.perSecond = (attempts - (this.#before.get(host) ?? attempts)) / seconds
      this.#before.set(host, attempts)
    }
    ifStillAliveAfter(sampleMs, () => {
      if (!this.#isClosed) this.#sample()
    })
  }

  #shut(): number {
    const { members, breakers } = this.#parts.engine.fleet
    let shut = 0
    for (const proxy of members) if (breakers.state[proxy] !== 0) shut++
    return shut
  }

  /** Beyond the first thousands nobody keeps the row. */
  #bounded<Row>(rows: Map<string, Row>, key: string, row: Row): Row {
    if (rows.size < mostHosts || rows.has(key)) rows.set(key, row)
    return row
  }
}

/** The newest overwrites the oldest. */
class Ring<Entry> {
  readonly #entries: Entry[] = []
  readonly #size: number
  #next = 0

  constructor(size: number) {
    this.#size = size
  }

  add(entry: Entry): Entry {
    this.#entries[this.#next] = entry
    this.#next = (this.#next + 1) % this.#size
    return entry
  }

  /** The oldest, as the newest from now on, to be filled again; undefined while the ring is not full. */
  next(): Entry | undefined {
    const entry = this.#entries[this.#next]
    if (entry !== undefined) this.#next = (this.#next + 1) % this.#size
    return entry
  }

  newest(most: number, isWanted: (entry: Entry) => boolean): Entry[] {
    const found: Entry[] = []
    const { length } = this.#entries
    for (let back = 1; back <= length && found.length < most; back++) {
      const entry = this.#entries[(this.#next - back + length) % length]!
      if (isWanted(entry)) found.push(entry)
    }
    return found
  }
}
