import { type Hub, openHub, release } from '../actors/adopt.ts'
import type { Clock } from '../base/clock.ts'
import { createRandom } from '../base/random.ts'
import type { Wheel } from '../base/wheel.ts'
import { createClassifier } from '../classify/chain.ts'
import { createHostNorm, type HostNormRecorder } from '../classify/norm.ts'
import type { ParsedProxy, ProxyEndpoint } from '../contracts/endpoint.ts'
import type { Alert, CrawlerEvents } from '../contracts/events.ts'
import type { TaskJob } from '../contracts/job.ts'
import type { Fault, Verdict } from '../contracts/outcome.ts'
import type { Transport } from '../contracts/transport.ts'
import type { HealthEvidence } from '../health/health.ts'
import type { Explanations } from '../observe/explain.ts'
import { HostTable } from '../options/host-table.ts'
import type { Options } from '../options/options.ts'
import { Crew } from '../race/crew.ts'
import type { Race } from '../race/race.ts'
import { Breakers, retired } from '../reputation/breakers.ts'
import type { FeedbackWorld } from '../reputation/feedback.ts'
import { FleetTable } from '../reputation/fleet-table.ts'
import { applyCheck } from '../reputation/fleet-view.ts'
import { LatencyHistogram } from '../reputation/latency.ts'
import { LocalHealth } from '../reputation/local-health.ts'
import { Norm, RunningShare } from '../reputation/norm.ts'
import { Candidates } from '../router/candidates.ts'
import type { Pool } from '../router/pool.ts'
import { Router } from '../router/router.ts'
import { Sessions } from '../router/sessions.ts'
import { Recollection } from '../state/reputation/recollection.ts'
import { type ReputationSnapshot, type SnapshotRecord, snapshotVersion } from '../state/reputation/schema.ts'
import { recordsOf } from '../state/reputation/take.ts'

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
  readonly explanations: Explanations
  /** Whether anybody listens to this event: nothing is built for nobody. */
  isHeard(event: keyof CrawlerEvents): boolean
  emit<Name extends keyof CrawlerEvents>(event: Name, ...payload: CrawlerEvents[Name]): void
}

export class Engine {
  /** Which pool a URL belongs to, and what holds there. */
  readonly hosts: HostTable
  readonly fleet: FleetTable
  readonly router: Router
  readonly crew: Crew
  readonly sessions: Sessions
  readonly feedback: FeedbackWorld
  /** What a fault means when no host is concerned. */
  readonly judgeFault: (fault: Fault, proxy: ProxyEndpoint) => Verdict
  readonly latency = new LatencyHistogram()
  readonly verdicts = new Map<string, number>()
  readonly root: Hub
  /** Grows whenever something was learned that a snapshot would hold. */
  lessons = 0
  readonly #clock: Clock
  #recollection: Recollection | undefined
  readonly #norms = new WeakMap<Pool, HostNormRecorder>()

  constructor(parts: EngineParts) {
    const { options, clock, wheel, explanations } = parts
    this.#clock = clock
    this.hosts = new HostTable(options)
    const random = createRandom(parts.seed)
    this.root = openHub('crawler')
    this.sessions = new Sessions(clock)
    const proxies = openHub('fleet', this.root)
    const breakers: Breakers = new Breakers({
      scope: 'fleet',
      hub: () => proxies,
      nameOf: (row) => this.fleet.endpoints[row]?.id ?? 'gone',
      changed: (change) => {
        this.lessons++
        if (change.to === 'open' || change.to === 'retired') this.sessions.endAllOf(change.row)
        if (change.to === 'closed') this.fleet.comeBack(change.row)
        this.router.proxyChanged(change.row, undefined, change)
      },
    })
    this.fleet = new FleetTable(options.posterior, breakers)
    const averageShare = new RunningShare()
    const alert = (event: Alert) => parts.emit('alert', event)
    const local = new LocalHealth(
      (isOut) => {
        const back = 'A dial has succeeded again: this machine is back on the network.'
        const out =
          'Dials to proxy after proxy fail at once: this machine seems to be off the network. Nobody is blamed.'
        alert({ code: 'BLACKOUT', message: isOut ? out : back })
        if (!isOut) this.router.wakeAll()
      },
      () => this.crew.shrink(),
    )
    this.router = new Router({
      options,
      hosts: this.hosts,
      clock,
      wheel,
      random,
      fleet: this.fleet,
      candidates: new Candidates(this.fleet, random),
      averageShare,
      local,
      hub: openHub('router', this.root),
      hasRoom: () => this.crew.hasRoom(),
      hostChanged: (state) => parts.emit('host.state', state),
      proxyChanged: (state) => parts.emit('proxy.state', state),
      alert,
      opened: (pool) => this.#recollection?.opened(pool),
      joined: (proxy) => this.#recollection?.joined(proxy),
    })
    const freed = (pool: Pool) => this.router.released(pool, true)
    const fleetNorm = new Norm()
    const hints = { left: 10 }
    this.feedback = {
      options,
      random,
      fleet: this.fleet,
      fleetNorm,
      averageShare,
      local,
      hints,
      alert,
      freed,
    }
    const chain = createClassifier(options.classifiers, {
      onThrow: (classifier, message) =>
        alert({ code: 'INTERNAL', message: `Classifier "${classifier}" threw and was skipped: ${message}` }),
    })
    this.judgeFault = (fault, proxy) =>
      chain.classify(fault, {
        request: probeRequest,
        proxy,
        norm: createHostNorm(),
        wall: clock.wall(),
        random,
      })
    this.crew = new Crew(
      {
        options,
        clock,
        wheel,
        random,
        router: this.router,
        sessions: this.sessions,
        transport: parts.transport,
        feedback: this.feedback,
        classifier: {
          classify: (exchange, pool, job, proxy) => {
            const { request, classifier } = job
            const context = { request, proxy, norm: this.#normOf(pool), wall: clock.wall(), random }
            const own = exchange.kind === 'response' ? classifier?.classify(exchange, context) : undefined
            return own ?? chain.classify(exchange, context)
          },
        },
        resolveChallenge: options.resolveChallenge,
        observeNorm: (pool, response) => this.#normOf(pool).observe(response),
        accepted: (job) => {
          explanations.accepted(job, clock.now())
          const { id: task, request, host } = job
          if (parts.isHeard('task.accepted')) parts.emit('task.accepted', { task, url: request.url, host })
        },
        parked: (task, host, reason, until) => {
          explanations.parked(task, reason, until, clock.now())
          if (parts.isHeard('task.parked')) parts.emit('task.parked', { task, host, reason, until })
        },
        attemptStarted: (job, attempt) => {
          explanations.attemptStarted(job, attempt, clock.now())
          if (!parts.isHeard('attempt.started')) return
          const { endpoint, why } = attempt.lease!
          parts.emit('attempt.started', {
            task: job.id,
            host: job.host,
            attempt: attempt.number,
            proxy: endpoint.id,
            why,
          })
        },
        finished: (job, attempt, outcome, blame, won) => {
          const { exchange, verdict } = outcome
          this.lessons++
          this.crew.counts.attempts++
          if (attempt.isExtra) this.crew.counts.hedges++
          this.crew.counts.bytes += exchange.bytes
          this.verdicts.set(verdict.kind, (this.verdicts.get(verdict.kind) ?? 0) + 1)
          explanations.finished(job, attempt, outcome, won, clock.now())
          if (!parts.isHeard('outcome')) return
          parts.emit('outcome', {
            task: job.id,
            url: attempt.request.url,
            host: job.host,
            attempt: attempt.number,
            proxy: attempt.lease!.endpoint.id,
            verdict: verdict.kind,
            reason: verdict.reason,
            ...termsOf(verdict),
            ...(exchange.kind === 'fault' && { fault: { phase: exchange.phase, cause: exchange.cause } }),
            status: exchange.kind === 'response' ? exchange.status : undefined,
            firstByteMs: exchange.firstByteMs,
            elapsedMs: outcome.endedAt - outcome.startedAt,
            bytes: exchange.bytes,
            blame: { proxy: Math.min(1, blame.fleetFailure), host: Math.min(1, blame.host) },
            won,
          })
        },
        ended: (job, result) => {
          if (result.ok) this.latency.record(result.elapsedMs)
          explanations.ended(job, result, clock.now())
          if (!parts.isHeard('task.settled')) return
          parts.emit('task.settled', {
            task: job.id,
            url: job.request.url,
            host: job.host,
            ok: result.ok,
            verdict: result.ok ? result.verdict.kind : (result.verdict ?? 'neutral'),
            reason: result.ok ? result.verdict.reason : result.reason,
            attempts: result.attempts,
            hedges: result.hedges,
            elapsedMs: result.elapsedMs,
          })
        },
      },
      this.root,
    )
  }

  join(proxy: ParsedProxy): void {
    this.router.join(proxy.endpoint)
  }

  leave(id: string): void {
    const number = this.fleet.numberOf(id)
    if (number !== undefined) this.sessions.endAllOf(number)
    this.router.leave(id)
  }

  /** A refresh brings back those that had retired of their own accord. */
  readmitRetired(): void {
    for (const proxy of this.fleet.members) {
      if (this.fleet.breakers.state[proxy] === retired) this.fleet.readmit(proxy)
    }
  }

  accept(job: TaskJob): Race {
    return this.crew.accept(job)
  }

  /** What a background check found out. */
  learn({ proxy, outcome }: HealthEvidence): void {
    this.lessons++
    applyCheck(this.feedback, proxy.id, outcome)
    this.router.pump()
  }

  /** What is known of proxies and hosts, record by record, to be taken before `close`; see reputation/snapshot. */
  records(): Generator<SnapshotRecord> {
    return recordsOf({
      clock: this.#clock,
      fleet: this.fleet,
      fleetNorm: this.feedback.fleetNorm,
      averageShare: this.feedback.averageShare,
      sessions: this.sessions,
      pools: () => this.router.pools.values(),
      pageNorm: (pool) => this.#norms.get(pool),
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
    const { fleetNorm, averageShare } = this.feedback
    this.#recollection = new Recollection(snapshot, {
      clock: this.#clock,
      fleet: this.fleet,
      fleetNorm,
      averageShare,
      sessions: this.sessions,
      pageNorm: (pool) => this.#normOf(pool),
    })
    for (const pool of this.router.pools.values()) this.#recollection.opened(pool)
    for (const proxy of this.fleet.members) this.#recollection.joined(proxy)
    this.router.wakeAll()
  }

  /** Ends every task and stops every actor. */
  close(): void {
    this.crew.close()
    this.router.close()
    this.fleet.breakers.sleep()
    release(this.root)
  }

  #normOf(pool: Pool): HostNormRecorder {
    let norm = this.#norms.get(pool)
    if (!norm) {
      norm = createHostNorm()
      this.#norms.set(pool, norm)
    }
    return norm
  }
}

function termsOf({ kind: _kind, reason: _reason, ...terms }: Verdict): { terms?: typeof terms } {
  for (const _term in terms) return { terms }
  return {}
}

const probeRequest = { url: 'http://echo/', method: 'GET', headers: {}, idempotent: true }
