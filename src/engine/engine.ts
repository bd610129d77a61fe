import { type Hub, openHub, release } from '../actors/adopt.ts'
import { type Clock, stoodStillSince } from '../base/clock.ts'
import { CountsByName } from '../base/counts-by-name.ts'
import { createRandom } from '../base/random.ts'
import type { Wheel } from '../base/wheel.ts'
import { Jury } from '../classify/chain.ts'
import { createHostNorm } from '../classify/host-norm.ts'
import type { ParsedProxy } from '../contracts/endpoint.ts'
import type { TaskJob } from '../contracts/job.ts'
import type { Transport } from '../contracts/transport.ts'
import type { HealthEvidence } from '../health/health.ts'
import { HostTable } from '../options/host-table.ts'
import type { Options } from '../options/options.ts'
import { Crew } from '../race/crew.ts'
import type { Race } from '../race/race.ts'
import { open, retired } from '../reputation/breakers.ts'
import { Feedback, type Wants } from '../reputation/feedback.ts'
import { FleetSilence } from '../reputation/fleet-silence.ts'
import { FleetTable } from '../reputation/fleet-table.ts'
import { LocalHealth } from '../reputation/local-health.ts'
import { Candidates } from '../router/candidates.ts'
import { Router } from '../router/router.ts'
import { Sessions } from '../router/sessions.ts'
import { Spending } from '../spending/spending.ts'
import { Recollection } from '../state/reputation/recollection.ts'
import {
  type ReputationSnapshot,
  type SnapshotRecord,
  snapshotVersion,
} from '../state/reputation/snapshot-record.ts'
import { recordsOf } from '../state/reputation/take.ts'
import { type Conviction, Trust } from '../trust/trust.ts'
import type { Telling } from './telling.ts'

/**
 * Steps 3 to 8 of a request's way, wired: pools, leases, races, transport, verdicts, reputation. It knows nothing of
 * sources, frontiers and sinks; the crawler puts those around it, and the simulator runs it on virtual time as it is.
 */
export interface EngineParts {
  readonly options: Options
  readonly clock: Clock
  readonly wheel: Wheel
  readonly transport: Transport
  readonly seed: number
  readonly telling: Telling
}

export class Engine {
  /** Which pool a URL belongs to, and what holds there. */
  readonly hosts: HostTable
  readonly fleet: FleetTable
  readonly router: Router
  readonly crew: Crew
  readonly sessions: Sessions
  readonly feedback: Feedback
  /** Whether any proxy answers at all. */
  readonly silence: FleetSilence
  readonly jury: Jury
  /** Who is believed over plain HTTP. */
  readonly trust: Trust
  /** What all of it has cost. */
  readonly spending: Spending
  readonly telling: Telling
  readonly root: Hub
  /** Pages that crawls have left out, by reason. */
  readonly skips = new CountsByName()
  readonly #clock: Clock
  #recollection: Recollection | undefined

  constructor(given: EngineParts) {
    const { options, clock, wheel, transport, telling } = given
    this.#clock = clock
    this.telling = telling
    this.hosts = new HostTable(options)
    const random = createRandom(given.seed)
    this.root = openHub('crawler')
    this.sessions = new Sessions(clock)
    this.fleet = new FleetTable({
      options,
      random,
      home: openHub('fleet', this.root),
      proxyChanged: (change) => {
        telling.lessons++
        if (change.from === 'isolated') this.#forgive(change.row)
        if (change.to === 'open' || change.to === 'retired') {
          this.sessions.loseAllOf(change.row, change.context.reason)
        }
        this.router.proxyChanged(change.row, undefined, change)
      },
    })
    this.spending = new Spending(options, clock)
    const local = new LocalHealth(
      (isOut) => {
        telling.blackout(isOut)
        if (!isOut) this.router.wakeAll()
      },
      () => this.crew.shrink(),
    )
    this.trust = new Trust({
      fleet: this.fleet,
      convict: (conviction) => this.#convict(conviction),
      alert: (alert) => telling.alert(alert),
    })
    this.router = new Router({
      options,
      hosts: this.hosts,
      clock,
      wheel,
      random,
      fleet: this.fleet,
      candidates: new Candidates(this.fleet, random),
      local,
      parent: this.root,
      createPageNorm: createHostNorm,
      hasRoom: () => this.crew.hasRoom(),
      trust: this.trust,
      hostChanged: (state) => telling.hostChanged(state),
      proxyChanged: (state) => telling.proxyChanged(state),
      alert: (alert) => telling.alert(alert),
      opened: (pool) => this.#recollection?.opened(pool),
      joined: (proxy) => this.#recollection?.joined(proxy),
    })
    this.silence = new FleetSilence({
      clock,
      wheel,
      fleet: this.fleet,
      alert: (alert) => telling.alert(alert),
      isWanted: () => this.crew.underWay > this.router.heldBack && !this.router.isPaused,
    })
    this.feedback = new Feedback({
      options,
      random,
      fleet: this.fleet,
      local,
      silence: this.silence,
      spending: this.spending,
      alert: (alert) => telling.alert(alert),
    })
    this.jury = new Jury(options.classifiers, { clock, random, judges: !options.offline })
    const { router, sessions, feedback, jury, trust, spending } = this
    const parts = { options, clock, wheel, random, router, sessions, transport, feedback, jury, trust }
    this.crew = new Crew({ ...parts, spending, listener: telling }, this.root)
    spending.caps.onceReached(() => {
      telling.alert({ code: 'CAP_REACHED', message: spending.refusal()!.message })
      // Crawls hear of it in the same moment: what is theirs goes back to their frontiers.
      this.crew.abandonAll('spent')
    })
  }

  /** Grows whenever something was learned that a snapshot would hold. */
  get lessons(): number {
    return this.telling.lessons
  }

  join(proxy: ParsedProxy): void {
    this.router.join(proxy.endpoint)
  }

  /** The same exit, with another account or other tags. */
  renew(id: string, { endpoint }: ParsedProxy): void {
    this.router.renew(id, endpoint)
  }

  leave(id: string): void {
    const number = this.fleet.numberOf(id)
    if (number !== undefined) this.sessions.loseAllOf(number, 'it has left the list')
    this.router.leave(id)
  }

  /** A refresh brings back those that had retired of their own accord, and those that worked nowhere on probation. */
  refreshed(): void {
    const { state } = this.fleet.breakers
    for (const proxy of this.fleet.members) {
      if (state[proxy] === retired) this.fleet.readmit(proxy)
      else if (state[proxy] === open && this.fleet.drySpells.isEvicted(proxy)) this.router.probe(proxy)
    }
  }

  /** A crawl has left a page of this host out. Counted for the host too, where one has a pool. */
  skipped(host: string, reason: string): void {
    this.skips.add(reason)
    const record = this.router.pools.get(host)?.record
    if (!record) return
    record.skipped ??= new CountsByName()
    record.skipped.add(reason)
  }

  accept(job: TaskJob): Race {
    return this.crew.accept(job)
  }

  /** It is let in again, as one that nobody knows. */
  #forgive(proxy: number): void {
    this.trust.honesty.forget(proxy)
    for (const { record } of this.router.pools.values()) record.trust.forget(proxy)
  }

  /** It lies: nobody uses it any more, or nobody at this host. */
  #convict({ proxy, host, isHereOnly }: Conviction): void {
    const event = { type: 'isolate', reason: 'lies' } as const
    if (!isHereOnly) return this.fleet.breakers.send(proxy, event)
    const { pairs } = this.router.pool(host).record
    pairs.breakers.send(pairs.open(proxy), event)
  }

  /** What a background check found out. */
  learn({ proxy, host, outcome }: HealthEvidence): void {
    this.spending.book(proxy, host, outcome.exchange)
    if (outcome.exchange.kind === 'fault' && stoodStillSince(this.#clock, outcome.startedAt)) return
    this.telling.lessons++
    this.feedback.check(proxy.id, outcome)
    this.router.pump()
  }

  /** What is known of proxies and hosts, record by record, to be taken before `close`; see state/reputation/take.ts. */
  records(): Generator<SnapshotRecord> {
    return recordsOf({
      clock: this.#clock,
      fleet: this.fleet,
      sessions: this.sessions,
      isHonest: (proxy) => this.trust.isProven(proxy),
      pools: () => this.router.pools.values(),
      left: () => this.#recollection?.left() ?? [],
    })
  }

  /** All of it at once. Plain JSON, no secret. `isFinal`: nothing is sent any more. */
  snapshot(isFinal = false): ReputationSnapshot {
    return { version: snapshotVersion, at: this.#clock.wall(), isFinal, records: [...this.records()] }
  }

  /**
   * Goes on from what another run knew, faded for the time between. Proxies and hosts that come later find theirs then;
   * what this run has learned itself stays.
   */
  restore(snapshot: ReputationSnapshot): void {
    this.#recollection = new Recollection(snapshot, {
      clock: this.#clock,
      fleet: this.fleet,
      sessions: this.sessions,
      wasHonest: (proxy) => this.trust.honesty.restore(proxy),
    })
    for (const pool of this.router.pools.values()) this.#recollection.opened(pool)
    for (const proxy of this.fleet.members) this.#recollection.joined(proxy)
    this.router.wakeAll()
  }

  /**
   * An observer looks at the machines: they are told what they have not heard of, and until the returned function is
   * called they hear at once of every success of the holders that it wants to see.
   */
  watch(wants: Wants): () => void {
    const now = this.#clock.now()
    this.fleet.breakers.settleAll(now)
    for (const { record } of this.router.pools.values()) record.pairs.breakers.settleAll(now)
    return this.feedback.watch(wants)
  }

  /** Ends every task and stops every actor. */
  close(): void {
    this.crew.close()
    this.router.close()
    this.fleet.close()
    release(this.root)
  }
}
