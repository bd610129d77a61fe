import type { Claim, FrontierStats, Settled, TakeOptions, Tally } from '../../contracts/frontier.ts'
import type { Database } from '../../sqlite/database.ts'
import { Recalled } from '../recalled.ts'
import { Schedule } from '../schedule.ts'
import type {
  Calls,
  CursorRow,
  DiscoverCall,
  LeaseRow,
  LetterRow,
  OutputRow,
  PageOfLetters,
  RecallCall,
  RecallRow,
  ReviveCall,
  SettleCall,
  SettleRow,
  SidePage,
} from './calls.ts'
import { ClaimTable } from './claim-table.ts'
import { Counters } from './counters.ts'
import { DeadTable } from './dead-table.ts'
import { HostBuffer } from './host-buffer.ts'
import { Hosts } from './hosts.ts'
import { Leases } from './leases.ts'
import { OutboxTable } from './outbox-table.ts'
import { type Row, start } from './queue-row.ts'
import { QueueTable } from './queue-table.ts'
import { RecallTable } from './recall-table.ts'
import { SeenTable } from './seen-table.ts'
import { SideTable } from './side-table.ts'
import type { SqliteHost } from './sqlite-host.ts'
import { VisitTable } from './visit-table.ts'
import { WallTime } from './wall-time.ts'

/**
 * The frontier on one thread: what is in the file, and beside it in memory the schedule, the gates and the leases. A
 * lease writes nothing: its row stays in the queue until it is settled, so opening the file again makes every request
 * that was under way due again. Calls that write run inside a transaction (see transaction.ts) and change memory as they
 * go; when the transaction fails, memory is read anew from the file.
 */
export interface CoreOptions {
  /** The caller's clock, now, in its own and in wall-clock milliseconds. */
  readonly now: number
  readonly wall: number
  /** Default: one more than at the last opening. */
  readonly epoch?: number | undefined
  /** Hosts that take turns at a time. Default 512. */
  readonly width?: number | undefined
  /** Ids in memory before they are merged into their table. Default 250,000. */
  readonly recent?: number | undefined
}

/** Hosts with rows read ahead: 32 rows of some 400 bytes each. */
const mostBuffers = 768

export class Core implements Calls {
  readonly #counters: Counters
  readonly #queue: QueueTable
  readonly #hosts: Hosts
  readonly #seen: SeenTable
  readonly #claims: ClaimTable
  readonly #dead: DeadTable
  readonly #visits: VisitTable
  readonly #recalls: RecallTable
  readonly #outbox: OutboxTable
  readonly #side: SideTable
  readonly #time: WallTime
  readonly #leases: Leases
  readonly #width: number
  #schedule: Schedule<SqliteHost>
  #recalled = new Recalled<number, Row>()
  /** The last take wanted nothing but what was recalled. */
  #isOnlyRecalled = false
  /** Hosts that have a buffer, the longest unread first. */
  #buffered = new Set<SqliteHost>()
  #hiddenFailure: unknown

  constructor(database: Database, { now, wall, epoch, width = 512, recent }: CoreOptions) {
    this.#counters = new Counters(database)
    this.#counters.load()
    // Times in the file never go back, whatever the wall clock does between two openings.
    this.#time = new WallTime(Math.max(wall, this.#counters.counts.wall) - now)
    this.#queue = new QueueTable(database, this.#time)
    this.#hosts = new Hosts(database, this.#queue, this.#time)
    this.#seen = new SeenTable(database, recent)
    this.#claims = new ClaimTable(database)
    this.#dead = new DeadTable(database)
    this.#visits = new VisitTable(database, this.#time)
    this.#recalls = new RecallTable(database, this.#time)
    this.#outbox = new OutboxTable(database, this.#counters)
    this.#side = new SideTable(database)
    this.#leases = new Leases(epoch ?? this.#counters.nextEpoch())
    if (epoch !== undefined) this.#counters.setEpoch(epoch)
    this.#width = width
    this.#schedule = new Schedule({ width })
    this.#schedule.now = now
    this.load()
  }

  /** Brings memory to what the file says. Leases stay as they are. */
  load(): void {
    const { now, perHost } = this.#schedule
    this.#counters.load()
    this.#outbox.committed()
    this.#hosts.load(now)
    this.#seen.load()
    this.#buffered = new Set()
    const schedule = new Schedule<SqliteHost>({ width: this.#width })
    schedule.now = now
    schedule.perHost = perHost
    this.#schedule = schedule
    const find = (key: string) => {
      const host = this.#hosts.find(key)
      host?.ripen(now)
      return host
    }
    const holds = (row: Row) =>
      row.correction === null ? this.#queue.holds(row) : this.#recalls.has(row.seq)
    this.#leases.rejoin(find, holds)
    this.#recalled = new Recalled(this.#leases.recalled())
    for (const row of this.#recalls.all((key) => this.#hosts.open(key)))
      if (!this.#leases.has(row.seq)) this.#recalled.put(row.seq, row)
    for (const host of this.#hosts) schedule.place(host)
  }

  /** The last thing before a commit. */
  writeCounts(): void {
    this.#hosts.write()
    this.#seen.write()
    const { counts } = this.#counters
    counts.wall = Math.max(counts.wall, this.#time.toFile(this.#schedule.now))
    this.#counters.write()
  }

  started(): void {
    this.#leases.started()
  }

  committed(): void {
    this.#leases.committed()
    this.#outbox.committed()
  }

  /** To be followed by `load`. */
  rolledBack(): void {
    this.#leases.rolledBack()
  }

  /** Leaves the file tidy: every count in its table. */
  settleUp(): void {
    this.#hosts.settleUp()
  }

  discover({ now, ids, hosts, lanes, dues, urls, rests }: DiscoverCall): Uint8Array {
    this.#schedule.advance(now)
    const answers = new Uint8Array(ids.length)
    for (const [at, id] of ids.entries()) {
      const host = this.#hosts.open(hosts[at]!)
      if (host.added >= host.budget) {
        answers[at] = this.#seen.has(host, id) ? known : rejected
        continue
      }
      if (!this.#seen.add(host, id)) {
        answers[at] = known
        continue
      }
      const given = dues[at]!
      const due = this.#time.rounded(Number.isNaN(given) ? Math.floor(now) : given)
      const seq = this.#counters.counts.sequence++
      this.#insert({
        host,
        lane: lanes[at]!,
        due,
        seq,
        attempts: 0,
        faults: 0,
        url: urls[at]!,
        rest: rests[at]!,
        memo: null,
        kept: null,
        correction: null,
      })
      host.added++
    }
    return answers
  }

  claim({ page, host, by }: Claim): boolean {
    const owner = this.#claims.ownerOf(page)
    if (owner !== undefined) return owner === by
    if (!this.#seen.add(this.#hosts.open(host), page)) return false
    this.#claims.add(page, by)
    return true
  }

  isDiscovered({ page, host }: Omit<Claim, 'by'>): boolean {
    return this.#claims.ownerOf(page) === undefined && this.#seen.has(this.#hosts.open(host), page)
  }

  take({ max, perHost = Number.POSITIVE_INFINITY, onlyRecalled = false, now }: TakeOptions): LeaseRow[] {
    const schedule = this.#schedule
    this.#isOnlyRecalled = onlyRecalled
    if (perHost !== schedule.perHost) {
      schedule.perHost = perHost
      for (const host of this.#hosts) schedule.place(host)
    }
    schedule.advance(now)
    const recalled = this.#recalled.take(schedule.now, max, perHost)
    const leases = recalled.map((row) => this.#leases.give(row))
    if (onlyRecalled) return leases
    try {
      for (let host = schedule.peek(); host && leases.length < max; host = schedule.peek()) {
        const row = this.#next(host)
        if (!row) continue
        leases.push(this.#leases.give(row))
        host.ripe--
        host.inFlight++
        host.lastTake = schedule.now
        schedule.served(host)
      }
    } catch (error) {
      if (leases.length === 0) throw error
      this.#hiddenFailure = error
    }
    return leases
  }

  /** Why the last take gave fewer leases than it could, told once. Those leases are good, and there is more to take. */
  hiddenFailure(): unknown {
    const error = this.#hiddenFailure
    this.#hiddenFailure = undefined
    return error
  }

  settle({ wall, rows }: SettleCall): Settled[] {
    return rows.map((settled) => {
      const row = this.#leases.end(settled)
      if (!row) return 'stale'
      if (row.correction !== null) return this.#settleRecalled(row, settled, wall)
      const { host } = row
      this.#hosts.touch(host, this.#schedule.now)
      host.inFlight--
      const position = this.#settleRow(row, settled, wall)
      this.#schedule.place(host)
      return position
    })
  }

  setHost({ host: key, policy }: Parameters<Calls['setHost']>[0]): void {
    const host = this.#hosts.open(key)
    this.#hosts.setPolicy(host, policy)
    this.#schedule.place(host)
  }

  nextDue(now: number): number | undefined {
    this.#schedule.advance(now)
    const { perHost } = this.#schedule
    const recalled = this.#recalled.nextDue(this.#schedule.now, perHost)
    const queued = this.#isOnlyRecalled ? undefined : this.#schedule.nextTurn()
    return recalled === undefined || (queued !== undefined && queued < recalled) ? queued : recalled
  }

  revisit(now: number): { next: number | undefined; isAll: boolean } {
    this.#schedule.advance(now)
    const visits = this.#visits.due(now, portion)
    for (const visit of visits) {
      this.#visits.remove(visit.seq)
      const fresh = { attempts: 0, faults: 0, kept: null, correction: null }
      this.#insert({ ...visit, ...fresh, host: this.#hosts.open(visit.host) })
    }
    this.#counters.counts.done -= visits.length
    this.#counters.counts.resting -= visits.length
    return { next: this.#visits.next(), isAll: visits.length < portion }
  }

  recall({ now, rows }: RecallCall): boolean[] {
    this.#schedule.advance(now)
    const due = this.#time.rounded(Math.floor(now))
    return rows.map(
      ({ sequence: seq, host, request: id, lane, url, rest, memo, kept, correction, ...how }) => {
        if (seq < 0 || this.#recalls.has(seq) || !this.#unsettle(seq, id, how)) return false
        const fresh = { lane, due, seq, attempts: 0, faults: 0, url, rest, memo, kept, correction }
        const row: Row = { ...fresh, host: this.#hosts.open(host) }
        this.#recalls.insert(row)
        this.#recalled.put(seq, row)
        this.#counters.counts.recalled++
        return true
      },
    )
  }

  /** Takes it from where it rests, and its letters away. False when it is there no more: it is asked for anyway. */
  #unsettle(seq: number, id: string, { ended, hasLetter }: Pick<RecallRow, 'ended' | 'hasLetter'>): boolean {
    const { counts } = this.#counters
    if (ended === 'resting' && !this.#visits.remove(seq)) return false
    if (ended === 'resting') counts.resting--
    if (hasLetter || ended === 'dead') {
      const letters = this.#dead.forget(id).length
      if (letters === 0) return false
      counts.dead -= letters
    }
    if (ended !== 'dead') counts.done--
    return true
  }

  stats(now: number): FrontierStats {
    this.#schedule.advance(now)
    const { queued, done, resting, dead, recalled } = this.#counters.counts
    const ready = this.#schedule.ready + this.#recalled.ready(this.#schedule.now)
    return {
      hosts: this.#hosts.size,
      ready,
      waiting: queued + recalled - this.#leases.size - ready,
      leased: this.#leases.size,
      recalled,
      done,
      resting,
      dead,
      tally: { ...this.#counters.tally },
    }
  }

  oldestDue(now: number): number | undefined {
    this.#schedule.advance(now)
    return this.#schedule.oldest((host) => this.#queue.read(host, start, now, 1, this.#leases.has)[0]?.due)
  }

  letters({ after, upto }: PageOfLetters): LetterRow[] {
    return this.#dead.page(after, upto)
  }

  lastLetter(): number {
    return this.#dead.last()
  }

  revive(ask: ReviveCall): ReturnType<Calls['revive']> {
    this.#schedule.advance(ask.now)
    const due = this.#time.rounded(Math.floor(ask.now))
    const rows = this.#dead.find(ask)
    let revived = 0
    const { counts } = this.#counters
    for (const { position, host, lane, seq, url, rest, memo, done, kept, undo } of rows) {
      if (!this.#dead.remove(position)) continue
      if (done) counts.done--
      if (done && this.#visits.remove(seq)) counts.resting--
      // One of an earlier version was a failure.
      this.#counters.subtract(undo === null ? { failed: 1 } : (JSON.parse(undo) as Tally))
      const fresh = { lane, due, seq, attempts: 0, faults: 0, url, rest, memo, kept, correction: null }
      this.#insert({ host: this.#hosts.open(host), ...fresh })
      revived++
    }
    counts.dead -= revived
    return {
      revived,
      after: rows.at(-1)?.position ?? ask.upto,
      isAll: ask.ids !== undefined || rows.length === 0,
    }
  }

  attach(names: readonly string[]): CursorRow[] {
    return this.#outbox.attach(names)
  }

  read({ after, max }: { after: number; max: number }): OutputRow[] {
    return this.#outbox.read(after, max)
  }

  begin({ sink, upto, place }: { sink: string; upto: number; place: number }): void {
    this.#outbox.begin(sink, upto, place)
  }

  delivered({ sink, upto }: { sink: string; upto: number }): void {
    this.#outbox.deliver(sink, upto)
  }

  put({ key, value }: { key: string; value: Uint8Array }): void {
    this.#side.put(key, value)
  }

  get(key: string): Uint8Array | undefined {
    return this.#side.get(key)
  }

  scan({ prefix, after }: { prefix: string; after: string | undefined }): SidePage {
    return this.#side.page(prefix, after)
  }

  flush(): void {}

  #insert(row: Row): void {
    const { now } = this.#schedule
    this.#hosts.touch(row.host, now)
    this.#queue.insert(row)
    this.#counters.counts.queued++
    row.host.enter(row, now)
    this.#schedule.place(row.host)
  }

  #settleRecalled(row: Row, settled: SettleRow, wall: number): number | undefined {
    this.#recalled.settled(row.seq)
    if (settled.kind === 'done' || settled.kind === 'dead') {
      this.#recalls.remove(row.seq)
      this.#counters.counts.recalled--
      return this.#end(row, settled, wall)
    }
    const again = settled.kind === 'release' ? row : this.#triedAgain(row, settled)
    if (again !== row) this.#recalls.move(again)
    this.#recalled.put(row.seq, again)
    return undefined
  }

  #triedAgain(row: Row, { due, targetFault }: SettleRow): Row {
    const faults = row.faults + (targetFault ? 1 : 0)
    return { ...row, due: this.#time.rounded(due!), faults, attempts: row.attempts + 1 }
  }

  #settleRow(row: Row, settled: SettleRow, wall: number): number | undefined {
    const { host } = row
    const { now } = this.#schedule
    switch (settled.kind) {
      case 'release':
        host.enter(row, now)
        return undefined
      case 'retry': {
        const moved = this.#triedAgain(row, settled)
        this.#queue.move(row, moved)
        host.enter(moved, now)
        return undefined
      }
      default:
        this.#queue.remove(row)
        this.#counters.counts.queued--
        return this.#end(row, settled, wall)
    }
  }

  /** It is done or given up, and in no queue any more. */
  #end(row: Row, settled: SettleRow, wall: number): number | undefined {
    const { counts } = this.#counters
    this.#forgetLetters(row, settled)
    if (settled.kind === 'dead') this.#addLetter(row, wall, settled)
    else {
      counts.done++
      if (settled.due !== undefined) {
        this.#visits.add(row, settled.due, settled.memo)
        counts.resting++
      }
      if (settled.reason) this.#addLetter(row, wall, settled)
    }
    if (settled.tally) this.#counters.add(settled.tally)
    return this.#outbox.add(settled.outputs)
  }

  #addLetter(row: Row, wall: number, settled: SettleRow): void {
    this.#dead.add(row, wall, settled)
    this.#counters.counts.dead++
  }

  /** A page that was visited before may have left letters: what was set aside then is set aside no more. */
  #forgetLetters({ memo }: Row, { request }: SettleRow): void {
    if (memo === null) return
    for (const { undo } of this.#dead.forget(request)) {
      this.#counters.counts.dead--
      const { setAside } = JSON.parse(undo ?? '{}') as Tally
      if (setAside !== undefined) this.#counters.subtract({ setAside })
    }
  }

  /** The host's first row, or undefined after its counts were put right. */
  #next(host: SqliteHost): Row | undefined {
    if (!host.buffer) {
      host.buffer = new HostBuffer(host.id)
      this.#buffered.add(host)
      this.#forgetOldestBuffer()
    }
    const { buffer } = host
    if (buffer.size === 0) {
      this.#buffered.delete(host)
      this.#buffered.add(host)
      const { now } = this.#schedule
      buffer.fill((from, most) => this.#queue.read(host, from, now, most, this.#leases.has))
    }
    const row = buffer.shift()
    if (!row) {
      this.#queue.recount(host, this.#schedule.now)
      host.buffer = undefined
      this.#schedule.place(host)
    }
    return row
  }

  #forgetOldestBuffer(): void {
    if (this.#buffered.size <= mostBuffers) return
    const [oldest] = this.#buffered
    this.#buffered.delete(oldest!)
    oldest!.buffer = undefined
  }
}

/** Visits moved in one transaction. */
const portion = 200
const known = 1
const rejected = 2
