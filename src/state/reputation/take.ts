import type { Clock } from '../../base/clock.ts'
import type { FleetTable } from '../../reputation/fleet-table.ts'
import type { Pool } from '../../router/pool.ts'
import type { Sessions } from '../../router/sessions.ts'
import { hostRecord } from './host-snapshot.ts'
import { emptyRows, isWorthKeeping, leastWeight, ms, pushRow, short } from './rows.ts'
import type { PairsRecord, ProxiesRecord, SnapshotRecord } from './snapshot-record.ts'

/**
 * Taking a snapshot, record by record: its writer may let the event loop turn between two of them, because each
 * is true by itself and none holds more than a few hundred rows. Hosts come in order of their last use, and so, when there
 * are more than a file should hold, the ones that were used last are kept.
 */
export interface SnapshotParts {
  readonly clock: Clock
  readonly fleet: FleetTable
  readonly sessions: Sessions
  /** Whether a proxy was found honest over plain HTTP. */
  readonly isHonest: (proxy: number) => boolean
  readonly pools: () => Iterable<Pool>
  /** What an earlier run left and nobody has asked for yet. */
  readonly left: () => Iterable<SnapshotRecord>
}

/** What a snapshot holds at most. */
export interface SnapshotLimits {
  readonly proxies: number
  readonly hosts: number
  readonly pairs: number
  readonly sessions: number
}

export const snapshotLimits: SnapshotLimits = {
  proxies: 20_000,
  hosts: 10_000,
  pairs: 200_000,
  sessions: 10_000,
}

const rowsPerRecord = 256

export function* recordsOf(
  parts: SnapshotParts,
  limits: SnapshotLimits = snapshotLimits,
): Generator<SnapshotRecord> {
  const { fleet, clock } = parts
  const { seen, mean, deviation } = fleet.norm.toSaved()
  const norm = { seen, mean: short(mean), deviation: short(deviation) }
  yield { kind: 'fleet', at: clock.wall(), averageShare: short(fleet.averageShare.value), norm }
  const room = { ...limits }
  yield* bounded(proxyRecords(parts), room)
  yield* bounded(sessionRecords(parts), room)
  yield* bounded(hostRecords(parts, room), room)
  yield* bounded(parts.left(), room)
}

/** Lets through what there is room for. */
function* bounded(
  records: Iterable<SnapshotRecord>,
  room: { -readonly [Name in keyof SnapshotLimits]: number },
): Generator<SnapshotRecord> {
  for (const record of records) {
    if (record.kind === 'proxies') room.proxies -= record.proxies.length
    if (record.kind === 'pairs') room.pairs -= record.proxies.length
    if (record.kind === 'sessions') room.sessions -= record.bindings.length
    if (record.kind === 'host') room.hosts--
    const isOver =
      (record.kind === 'proxies' && room.proxies < 0) ||
      (record.kind === 'pairs' && room.pairs < 0) ||
      (record.kind === 'sessions' && room.sessions < 0) ||
      (record.kind === 'host' && room.hosts < 0)
    if (!isOver) yield record
  }
}

function* proxyRecords({ fleet, clock, isHonest }: SnapshotParts): Generator<ProxiesRecord> {
  // Copied: the fleet may change between two records. Those who left come last: they are the first to be dropped.
  const numbers = [...fleet.members, ...[...fleet.away].reverse()]
  for (let first = 0; first < numbers.length; first += rowsPerRecord) {
    const now = clock.now()
    const record: ProxiesRecord = {
      kind: 'proxies',
      at: clock.wall(),
      ...emptyRows(),
      firstByte: [],
      answered: [],
      tempoSum: [],
      tempoHosts: [],
      uses: [],
      honest: [],
      accounts: [],
    }
    for (const number of numbers.slice(first, first + rowsPerRecord)) {
      const endpoint = fleet.endpoints[number]
      const account = fleet.groups.recordOf(fleet.group[number]!)
      const isKnown = fleet.uses[number]! > 0 || account || isWorthKeeping(fleet, number, now)
      if (!endpoint || !isKnown) continue
      const index = record.proxies.length
      pushRow(record, endpoint.id, fleet, number, now)
      record.firstByte.push(ms(fleet.firstByte[number]!))
      const answeredAt = fleet.succeededAt[number]!
      record.answered.push(answeredAt === Number.NEGATIVE_INFINITY ? null : ms(answeredAt - now))
      record.tempoSum.push(short(fleet.tempoSum[number]!))
      record.tempoHosts.push(fleet.tempoHosts[number]!)
      record.uses.push(fleet.uses[number]!)
      record.honest?.push(Number(isHonest(number)))
      if (account) {
        const { isProven, openings, openUntil } = account
        record.accounts.push([index, isProven, openings, ms(openUntil - now)])
      }
    }
    if (record.proxies.length > 0) yield record
  }
}

function* sessionRecords({ fleet, sessions, clock }: SnapshotParts): Generator<SnapshotRecord> {
  let bindings: [string, string, number][] = []
  // Collected at once: sessions are few, and their map may change between two records.
  for (const { digest, proxy, usedAt } of [...sessions.toSaved()]) {
    const label = fleet.endpoints[proxy]?.id
    if (label !== undefined) bindings.push([digest, label, ms(usedAt - clock.now())])
    if (bindings.length < rowsPerRecord) continue
    yield { kind: 'sessions', at: clock.wall(), bindings }
    bindings = []
  }
  if (bindings.length > 0) yield { kind: 'sessions', at: clock.wall(), bindings }
}

function* hostRecords(parts: SnapshotParts, room: { readonly pairs: number }): Generator<SnapshotRecord> {
  const { clock } = parts
  const pools = [...parts.pools()].sort((one, other) => other.lastUsed - one.lastUsed)
  for (const pool of pools) {
    const { counts, pairs } = pool.record
    if (counts.attempts === 0 && pairs.size === 0) continue
    yield hostRecord(pool, clock.wall(), clock.now())
    for (const rows of rowsOf(pool, room.pairs)) {
      const record = pairsRecord(parts, pool, rows)
      if (record.proxies.length > 0) yield record
    }
  }
}

/** The rows of a host by the record; the newest, where there is no room for all. */
function* rowsOf(pool: Pool, room: number): Generator<readonly number[]> {
  const { size, evidence } = pool.record.pairs
  let rows = Array.from({ length: size }, (_, row) => row)
  if (size > room) {
    rows.sort((one, other) => evidence.at[other]! - evidence.at[one]!)
    rows = rows.slice(0, Math.max(0, room))
  }
  for (let first = 0; first < rows.length; first += rowsPerRecord) {
    yield rows.slice(first, first + rowsPerRecord)
  }
}

function pairsRecord({ fleet, clock }: SnapshotParts, pool: Pool, rows: readonly number[]): PairsRecord {
  const { pace, host } = pool
  const { pairs } = pool.record
  const now = clock.now()
  const record: PairsRecord = {
    kind: 'pairs',
    at: clock.wall(),
    host,
    ...emptyRows(),
    latencyWeight: [],
    latencyMean: [],
    latencyAt: [],
    tempo: [],
    uses: [],
    next: [],
  }
  for (const row of rows) {
    const endpoint = fleet.endpoints[pairs.proxy[row]!]
    const nextAt = pairs.nextAt[row]!
    // One that is under way counts from now: its request may leave at this moment.
    const next = Math.max(0, nextAt === Number.POSITIVE_INFINITY ? pace.interval : nextAt - now)
    // A proxy that only ever lost races has no evidence, and it is known to be slow.
    const isKept = next > 0 || pairs.latencyWeight(row, now) >= leastWeight || isWorthKeeping(pairs, row, now)
    if (!endpoint || !isKept) continue
    pushRow(record, endpoint.id, pairs, row, now)
    const { weight, mean, at } = pairs.latencyOf(row)
    record.latencyWeight.push(short(weight))
    record.latencyMean.push(short(mean))
    record.latencyAt.push(ms(at - now))
    const tempo = pairs.tempo[row]!
    record.tempo.push(Number.isNaN(tempo) ? null : short(tempo))
    record.uses.push(pairs.uses[row]!)
    record.next.push(ms(next))
  }
  return record
}
