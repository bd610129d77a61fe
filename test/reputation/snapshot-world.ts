import type { Clock } from '../../src/base/clock.ts'
import { Wheel } from '../../src/base/wheel.ts'
import type { Exchange, Verdict } from '../../src/contracts/outcome.ts'
import { Engine } from '../../src/engine/engine.ts'
import { Telling } from '../../src/engine/telling.ts'
import { parseProxy } from '../../src/fleet/parse-proxy.ts'
import { type CrawlerOptions, parseOptions } from '../../src/options/options.ts'
import { breakerStates } from '../../src/reputation/breakers.ts'
import {
  type ReputationSnapshot,
  readRecord,
  type SnapshotRecord,
} from '../../src/state/reputation/snapshot-record.ts'

/** A clock whose two hands are set apart: a restart begins the monotonic one anew and leaves the wall as it is. */
export class TwoHands implements Clock {
  #now: number
  #wall: number

  constructor(now: number, wall: number) {
    this.#now = now
    this.#wall = wall
  }

  now(): number {
    return this.#now
  }

  wall(): number {
    return this.#wall
  }

  after(): () => void {
    return () => {}
  }

  soon(fire: () => void): void {
    setImmediate(fire)
  }

  pass(ms: number): void {
    this.#now += ms
    this.#wall += ms
  }

  setWall(ms: number): void {
    this.#wall = ms
  }
}

export const labels = Array.from({ length: 6 }, (_, index) => `socks5://192.0.2.${index + 1}:1080`)
export const hosts = ['a.example', 'b.example']

export type Step =
  | { readonly do: 'wait'; readonly ms: number }
  | {
      readonly do: 'visit'
      readonly host: number
      readonly proxy: number
      readonly ms: number
      readonly verdict: Verdict
    }
  | { readonly do: 'isolate'; readonly proxy: number }

/** The engine without sockets: outcomes are told, and time passes when told. */
export class SnapshotWorld {
  readonly clock: TwoHands
  readonly engine: Engine

  constructor(clock: TwoHands, proxies: readonly string[] = labels, options: CrawlerOptions = {}) {
    this.clock = clock
    this.engine = new Engine({
      options: parseOptions(options),
      clock,
      wheel: new Wheel(clock),
      transport: { send: () => ({ cancel: () => {} }), forget: () => {}, close: async () => {} },
      seed: 1,
      telling: new Telling({ isHeard: () => false, announce: () => {} }, false, clock),
    })
    for (const each of proxies) this.engine.join(parseProxy(each))
  }

  play(steps: readonly Step[]): void {
    for (const step of steps) {
      if (step.do === 'wait') this.clock.pass(step.ms)
      else if (step.do === 'isolate') {
        this.engine.fleet.breakers.send(step.proxy, { type: 'isolate', reason: 'by hand' })
      } else this.visit(hosts[step.host]!, step.proxy, step.verdict, step.ms)
    }
  }

  /** False when the proxy may not be used there now. */
  visit(host: string, proxy: number, verdict: Verdict, ms = 100): boolean {
    const pool = this.engine.router.pool(host)
    const lease = pool.lease({ why: 'first', busy: [], failed: [], only: proxy })
    if (!lease) return false
    pool.sent(lease)
    const startedAt = this.clock.now()
    this.clock.pass(ms)
    const endedAt = this.clock.now()
    this.engine.feedback.apply(pool, lease, {
      exchange: exchangeOf(verdict, ms),
      verdict,
      startedAt,
      endedAt,
    })
    return true
  }

  /** A new process, `ms` later, with what this one knew. */
  restarted(ms: number, proxies: readonly string[] = labels, options: CrawlerOptions = {}): SnapshotWorld {
    const snapshot = throughJson(this.engine.snapshot(true))
    const world = new SnapshotWorld(new TwoHands(17, this.clock.wall() + ms), proxies, options)
    world.engine.restore(snapshot)
    return world
  }

  /** Everything that a pick and a hedge ask, as of now: times are from now. */
  view(): Record<string, number | string> {
    const { fleet, router } = this.engine
    const now = this.clock.now()
    const view: Record<string, number | string> = {}
    for (const host of hosts) {
      const pool = router.pool(host)
      const { record } = pool
      const isPaused = pool.until > now && pool.state !== 'serving' && pool.state !== 'starved'
      view[`${host} until`] = isPaused ? pool.until - now : 0
      view[`${host} down`] = String(pool.state === 'down')
      view[`${host} limit`] = pool.limit.value
      view[`${host} pace`] = pool.pace.interval
      view[`${host} share`] = record.share.value
      view[`${host} norm`] = record.norm.toSaved().mean
      view[`${host} share up`] = record.health.failures.share
      for (const q of [0.5, 0.95]) view[`${host} p${q}`] = record.latency.quantile(q) ?? -1
      for (const id of labels) {
        const proxy = fleet.numberOf(id)
        if (proxy === undefined) continue
        const usable = pool.selection.usableAt(proxy, now)
        const row = record.pairs.rowOf(proxy)
        view[`${host} ${id} usable in`] = usable > now ? Math.min(usable - now, 1e9) : 0
        view[`${host} ${id} success`] = record.successOf(proxy, now)
        view[`${host} ${id} latency`] = record.pairs.logLatency(row)
        view[`${host} ${id} latency weight`] = row === undefined ? 0 : record.pairs.latencyWeight(row, now)
        view[`${host} ${id} deviation`] = record.pairs.logLatencyDeviation(row)
        view[`${host} ${id} breaker`] =
          row === undefined ? 'closed' : breakerStates[record.pairs.breakers.state[row]!]!
      }
    }
    for (const id of labels) {
      const proxy = fleet.numberOf(id)
      if (proxy === undefined) continue
      view[`${id} success`] = fleet.mean(proxy, now)
      view[`${id} breaker`] = breakerStates[fleet.breakers.state[proxy]!]!
      view[`${id} reopens`] = fleet.breakers.contextOf(proxy).reopens
      view[`${id} run`] = fleet.breakers.contextOf(proxy).run
      view[`${id} tempo`] =
        fleet.tempoHosts[proxy]! === 0 ? 0 : fleet.tempoSum[proxy]! / fleet.tempoHosts[proxy]!
    }
    return view
  }
}

/** As it comes out of a file. */
export function throughJson(snapshot: ReputationSnapshot): ReputationSnapshot {
  return { ...snapshot, records: snapshot.records.map(recordThroughJson) }
}

function recordThroughJson(record: SnapshotRecord): SnapshotRecord {
  const read = readRecord(JSON.parse(JSON.stringify(record)))
  if (typeof read === 'string') throw new Error(read)
  return read
}

export const page: Verdict = { kind: 'success', reason: 'status' }
export const dead: Verdict = { kind: 'dead', reason: 'dial-refused', hard: true }
export const blocked: Verdict = { kind: 'blocked', reason: 'status-403' }
export const limited: Verdict = { kind: 'rate-limited', reason: 'status-429' }
/** Lost its race, cancelled: it would have taken longer. */
export const late: Verdict = { kind: 'neutral', reason: 'cancelled' }
export const timeout: Verdict = { kind: 'transient', reason: 'timeout' }

function exchangeOf(verdict: Verdict, ms: number): Exchange {
  const timing = { connectMs: 1, totalMs: ms, bytes: 100, reused: false }
  const fault = { kind: 'fault', detail: '', firstByteMs: undefined, verified: false, ...timing } as const
  if (verdict.kind === 'dead') return { ...fault, phase: 'dial', cause: 'dial-refused' }
  if (verdict.kind === 'neutral') return { ...fault, phase: 'headers', cause: 'cancelled' }
  if (verdict.kind === 'transient') return { ...fault, phase: 'headers', cause: 'headers-timeout' }
  return {
    kind: 'response',
    url: 'https://a.example/',
    status: 200,
    headers: {},
    body: new Uint8Array(),
    redirects: [],
    forwarded: false,
    firstByteMs: ms,
    verified: true,
    ...timing,
  }
}
