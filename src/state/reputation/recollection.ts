import type { Clock } from '../../base/clock.ts'
import { closed, open } from '../../reputation/breakers.ts'
import { worksNowhere } from '../../reputation/dry-spells.ts'
import type { FleetTable } from '../../reputation/fleet-table.ts'
import type { Pool } from '../../router/pool.ts'
import type { Sessions } from '../../router/sessions.ts'
import { restoreHost } from './host-snapshot.ts'
import { type Moments, pickRows, restoreRow } from './rows.ts'
import type {
  HostRecord,
  Outage,
  PairsRecord,
  ProxiesRecord,
  ReputationSnapshot,
  SnapshotRecord,
} from './snapshot-record.ts'

/**
 * What an earlier run knew, until somebody asks for it: a proxy's record waits for a proxy of that label to be in the
 * fleet, a host's for its pool to be opened, a pair's for both. So a restart costs what it uses, and what nobody asked for
 * goes into the next snapshot as it is. What this run has learned itself is never overwritten.
 *
 * The label holds a digest of the credentials, so a proxy that comes with another account is another proxy and begins
 * anew. Where twenty bits happen to agree, it inherits a record that is outlived in minutes.
 */
export interface RecollectionParts {
  readonly clock: Clock
  readonly fleet: FleetTable
  readonly sessions: Sessions
  /** Tells that a proxy was found honest over plain HTTP. */
  readonly wasHonest: (proxy: number) => void
}

/** Older records are left out, ms: thirty days. */
const oldest = 30 * 86_400_000

/** A row of a record, still to be claimed. */
interface Waiting<Record> {
  readonly record: Record
  readonly row: number
}

type Binding = readonly [digest: string, label: string, usedAt: number]

export class Recollection {
  readonly #parts: RecollectionParts
  readonly #isFinal: boolean
  /** Clock ms of the restart: where the last requests before it are not known, intervals count from here. */
  readonly #begunAt: number
  readonly #proxies = new Map<string, Waiting<ProxiesRecord>>()
  readonly #hosts = new Map<string, { host?: HostRecord; pairs: PairsRecord[] }>()
  /** Rows of hosts that are open, by the label of a proxy that is not there. */
  readonly #absent = new Map<string, { pool: Pool; pairs: Waiting<PairsRecord> }[]>()
  readonly #sessions = new Map<string, { at: number; binding: Binding }[]>()
  readonly #outages = new Few<ProxiesRecord | PairsRecord, Outage>(({ outages }) => outages)
  readonly #accounts = new Few<ProxiesRecord, ProxiesRecord['accounts'][number]>(({ accounts }) => accounts)

  constructor(snapshot: ReputationSnapshot, parts: RecollectionParts) {
    this.#parts = parts
    this.#isFinal = snapshot.isFinal
    this.#begunAt = parts.clock.now()
    const wall = parts.clock.wall()
    for (const record of snapshot.records) if (wall - record.at < oldest) this.#file(record)
  }

  /** A proxy came into the fleet, as one that this run does not know. */
  joined(number: number): void {
    const { fleet, sessions } = this.#parts
    const label = fleet.endpoints[number]?.id ?? ''
    const proxy = this.#proxies.get(label)
    if (proxy) {
      this.#proxies.delete(label)
      this.#restoreProxy(number, proxy)
    }
    for (const { pool, pairs } of this.#absent.get(label) ?? []) this.#restorePair(pool, number, pairs)
    this.#absent.delete(label)
    for (const { at, binding } of this.#sessions.get(label) ?? []) {
      const [digest, , usedAt] = binding
      sessions.restore({ digest, proxy: number, usedAt: this.#moments(at).takenAt + usedAt })
    }
    this.#sessions.delete(label)
  }

  /** A host's pool was opened. */
  opened(pool: Pool): void {
    const known = this.#hosts.get(pool.host)
    if (!known) return
    this.#hosts.delete(pool.host)
    const { fleet } = this.#parts
    if (known.host && pool.record.counts.attempts === 0) {
      const earliest = this.#isFinal ? Number.NEGATIVE_INFINITY : this.#begunAt
      restoreHost(pool, known.host, this.#moments(known.host.at), earliest)
    }
    const proven: { proxy: number; at: number }[] = []
    for (const record of known.pairs) {
      for (let row = 0; row < record.proxies.length; row++) {
        const label = record.proxies[row]!
        const number = fleet.numberOf(label)
        if (number === undefined) append(this.#absent, label, { pool, pairs: { record, row } })
        else {
          this.#restorePair(pool, number, { record, row })
          const { at, success, failure, since } = record
          if (success[row]! > failure[row]!) proven.push({ proxy: number, at: at + since[row]! })
        }
      }
    }
    proven.sort((one, other) => one.at - other.at)
    for (const { proxy } of proven) pool.selection.prove(proxy)
  }

  /** What nobody has asked for, as records of their own. */
  *left(): Generator<SnapshotRecord> {
    yield* rest([...this.#proxies.values()])
    for (const { host, pairs } of [...this.#hosts.values()]) {
      if (host) yield host
      yield* pairs
    }
    yield* rest([...this.#absent.values()].flat().map(({ pairs }) => pairs))
    for (const { at, binding } of [...this.#sessions.values()].flat()) {
      yield { kind: 'sessions', at, bindings: [[...binding]] }
    }
  }

  #file(record: SnapshotRecord): void {
    const { fleet } = this.#parts
    switch (record.kind) {
      case 'fleet':
        fleet.norm.restore(record.norm)
        fleet.averageShare.value = record.averageShare
        break
      case 'proxies':
        for (const [row, label] of record.proxies.entries()) this.#proxies.set(label, { record, row })
        break
      case 'host':
        this.#hostOf(record.host).host = record
        break
      case 'pairs':
        this.#hostOf(record.host).pairs.push(record)
        break
      case 'sessions':
        for (const binding of record.bindings) append(this.#sessions, binding[1], { at: record.at, binding })
    }
  }

  #hostOf(name: string): { host?: HostRecord; pairs: PairsRecord[] } {
    let host = this.#hosts.get(name)
    if (!host) {
      host = { pairs: [] }
      this.#hosts.set(name, host)
    }
    return host
  }

  #restoreProxy(number: number, { record, row }: Waiting<ProxiesRecord>): void {
    const { fleet } = this.#parts
    if (fleet.uses[number]! > 0 || fleet.evidence.at[number] !== 0) return
    const moments = this.#moments(record.at)
    restoreRow(record, row, this.#outages.of(record, row), fleet, number, 'fleet', moments)
    const isShut = fleet.breakers.state[number] !== closed
    if (isShut && fleet.breakers.contextOf(number).reason === worksNowhere) fleet.drySpells.recall(number)
    fleet.firstByte[number] = record.firstByte[row]!
    const answered = record.answered[row]!
    fleet.succeededAt[number] = answered === null ? Number.NEGATIVE_INFINITY : moments.takenAt + answered
    fleet.tempoSum[number] = record.tempoSum[row]!
    fleet.tempoHosts[number] = record.tempoHosts[row]!
    fleet.uses[number] = record.uses[row]!
    if (record.honest?.[row] === 1) this.#parts.wasHonest(number)
    const account = this.#accounts.of(record, row)
    if (!account) return
    const [, isProven, openings, openUntil] = account
    fleet.groups.restore(fleet.group[number]!, { isProven, openings, openUntil: moments.takenAt + openUntil })
  }

  #restorePair(pool: Pool, proxy: number, { record, row }: Waiting<PairsRecord>): void {
    const { selection, pace } = pool
    const { pairs } = pool.record
    const before = pairs.rowOf(proxy)
    if (before !== undefined && pairs.uses[before]! > 0) return
    const moments = this.#moments(record.at)
    const { takenAt, now } = moments
    const pair = pairs.open(proxy)
    restoreRow(record, row, this.#outages.of(record, row), pairs, pair, 'host', moments)
    const latencyAt = takenAt + record.latencyAt[row]!
    const weight = record.latencyWeight[row]!
    if (weight > 0) pairs.restoreLatency(pair, { weight, mean: record.latencyMean[row]!, at: latencyAt })
    // The fleet's sum holds it already.
    pairs.tempo[pair] = record.tempo[row] ?? Number.NaN
    pairs.uses[pair] = record.uses[row]!
    const gap = this.#isFinal || pace.interval === 0 ? 0 : this.#begunAt + pace.interval
    const nextAt = Math.max(takenAt + record.next[row]!, gap)
    selection.use(proxy)
    if (nextAt > now) pairs.nextAt[pair] = nextAt
    if (pairs.breakers.state[pair] === open) selection.rest(proxy, pairs.breakers.openUntil[pair]!)
  }

  /** A record from the future was written before the clock was set back: it counts as of now. */
  #moments(at: number): Moments {
    const { clock } = this.#parts
    const now = clock.now()
    return { takenAt: now - Math.max(0, clock.wall() - at), now }
  }
}

/** A list of a record that speaks of few rows, by row. */
class Few<Record extends object, Entry extends readonly [number, ...unknown[]]> {
  readonly #listOf: (record: Record) => readonly Entry[]
  readonly #byRow = new WeakMap<Record, Map<number, Entry>>()

  constructor(listOf: (record: Record) => readonly Entry[]) {
    this.#listOf = listOf
  }

  of(record: Record, row: number): Entry | undefined {
    let entries = this.#byRow.get(record)
    if (!entries) {
      entries = new Map(this.#listOf(record).map((entry) => [entry[0], entry]))
      this.#byRow.set(record, entries)
    }
    return entries.get(row)
  }
}

function append<Key, Value>(lists: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = lists.get(key)
  if (list) list.push(value)
  else lists.set(key, [value])
}

/** The waiting rows, record by record. */
function* rest<Record extends PairsRecord | ProxiesRecord>(
  waiting: readonly Waiting<Record>[],
): Generator<Record> {
  const rows = new Map<Record, number[]>()
  for (const { record, row } of waiting) append(rows, record, row)
  for (const [record, some] of rows) {
    yield some.length === record.proxies.length ? record : pickRows(record, some)
  }
}
