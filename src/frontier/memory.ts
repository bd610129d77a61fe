import { type Clock, systemClock } from '../base/clock.ts'
import { Heap } from '../base/heap.ts'
import { assertArgument, isOptions } from '../contracts/arguments.ts'
import type {
  Claim,
  DeadLetter,
  Discovered,
  Discovery,
  Frontier,
  FrontierStats,
  HostPolicy,
  Lease,
  Recall,
  Retrial,
  Settled,
  Settlement,
  SideStore,
  TakeOptions,
  Tally,
} from '../contracts/frontier.ts'
import type { CrawlRequest } from '../contracts/request.ts'
import { Fingerprints } from './fingerprints.ts'
import { type Entry, HostQueue } from './host-queue.ts'
import { createMemorySideStore } from './memory-side.ts'
import { Recalled } from './recalled.ts'
import { Schedule } from './schedule.ts'

/** How a frontier in memory is made. */
export interface MemoryFrontierOptions {
  /** Dates discoveries without `notBefore`, and dead letters. Default: the system's; must be the clock behind `take`. */
  readonly clock?: Clock
  /** Ownership, stamped on every lease. Default 1. */
  readonly epoch?: number
}

/** A frontier that lives as long as its process. Every call costs O(log n) per request, whatever is queued or done. */
export function createMemoryFrontier(options: MemoryFrontierOptions = {}): Frontier {
  assertArgument(isOptions(options), 'createMemoryFrontier()', 'options', 'an object', options)
  return new MemoryFrontier(options.clock ?? systemClock, options.epoch ?? 1)
}

class MemoryFrontier implements Frontier {
  readonly side: SideStore = createMemorySideStore()
  readonly outputs = undefined
  #clock: Clock
  #epoch: number
  #known = new Fingerprints()
  /** Pages behind redirects, and which request came there first. */
  #claims = new Map<string, string>()
  #hosts = new Map<string, HostQueue>()
  #schedule = new Schedule<HostQueue>()
  #leased = new Map<number, Entry>()
  /** Done, and due again some day. */
  #resting = new Heap<Entry>((one, other) => one.due < other.due)
  #restingById = new Map<string, Entry>()
  #recalled = new Recalled<string, Entry>()
  /** The last take wanted nothing but what was recalled. */
  #isOnlyRecalled = false
  #dead = new Map<string, Dead>()
  #tally: Record<string, number> = {}
  #sequence = 0
  #leases = 0
  #queued = 0
  #done = 0

  constructor(clock: Clock, epoch: number) {
    this.#clock = clock
    this.#epoch = epoch
  }

  async discover(batch: readonly Discovered[]): Promise<Discovery[]> {
    const now = this.#clock.now()
    this.#schedule.advance(now)
    return batch.map((discovered) => this.#add(discovered, now))
  }

  async claim({ page, by }: Claim): Promise<boolean> {
    const owner = this.#claims.get(page)
    if (owner !== undefined) return owner === by
    if (this.#known.has(page)) return false
    this.#known.add(page)
    this.#claims.set(page, by)
    return true
  }

  async isDiscovered({ page }: Omit<Claim, 'by'>): Promise<boolean> {
    return this.#known.has(page) && !this.#claims.has(page)
  }

  async take({
    max,
    perHost = Number.POSITIVE_INFINITY,
    onlyRecalled = false,
    now,
  }: TakeOptions): Promise<Lease[]> {
    const schedule = this.#schedule
    this.#isOnlyRecalled = onlyRecalled
    if (perHost !== schedule.perHost) {
      schedule.perHost = perHost
      for (const host of this.#hosts.values()) schedule.place(host)
    }
    schedule.advance(now)
    const leases = this.#recalled.take(schedule.now, max, perHost).map((entry) => this.#lease(entry))
    if (onlyRecalled) return leases
    for (let host = schedule.peek(); host && leases.length < max; host = schedule.peek()) {
      this.#queued--
      leases.push(this.#lease(host.ripe.pop()!))
      host.inFlight++
      host.lastTake = schedule.now
      schedule.served(host)
    }
    return leases
  }

  async settle(batch: readonly Settlement[]): Promise<Settled[]> {
    return batch.map((settlement) => {
      const { lease } = settlement
      const entry = this.#leased.get(lease.id)
      if (!entry || lease.epoch !== this.#epoch || lease.request.id !== entry.request.id) return 'stale'
      this.#leased.delete(lease.id)
      if (entry.correction) this.#recalled.settled(entry.request.id)
      else entry.host.inFlight--
      this.#end(entry, settlement)
      this.#schedule.place(entry.host)
      return undefined
    })
  }

  async revisit(now: number): Promise<number | undefined> {
    this.#schedule.advance(now)
    for (let entry = this.#resting.peek(); entry && entry.due <= now; entry = this.#resting.peek()) {
      this.#removeResting(entry)
      this.#done--
      this.#return(entry)
    }
    return this.#resting.peek()?.due
  }

  async recall(batch: readonly Recall[]): Promise<boolean[]> {
    const now = this.#clock.now()
    this.#schedule.advance(now)
    return batch.map((recall) => {
      const { lease, kept, correction } = recall
      const { request, memo } = lease
      if (this.#recalled.has(request.id)) return false
      const before = this.#unsettle(recall)
      if (before === undefined) return false
      const entry = { ...before, place: -1, due: now, attempts: 0, targetFaults: 0, memo, kept, correction }
      this.#recalled.put(request.id, entry)
      return true
    })
  }

  async setHost(host: string, policy: HostPolicy): Promise<void> {
    const queue = this.#host(host)
    queue.apply(policy)
    this.#schedule.place(queue)
  }

  async nextDue(now: number): Promise<number | undefined> {
    this.#schedule.advance(now)
    const { perHost } = this.#schedule
    const recalled = this.#recalled.nextDue(this.#schedule.now, perHost)
    const queued = this.#isOnlyRecalled ? undefined : this.#schedule.nextTurn()
    return recalled === undefined || (queued !== undefined && queued < recalled) ? queued : recalled
  }

  async stats(): Promise<FrontierStats> {
    this.#schedule.advance(this.#clock.now())
    const recalled = this.#recalled.ready(this.#schedule.now)
    const waitingRecalled = this.#recalled.size - this.#recalled.leased - recalled
    return {
      hosts: this.#hosts.size,
      ready: this.#schedule.ready + recalled,
      waiting: this.#queued - this.#schedule.ready + waitingRecalled,
      leased: this.#leased.size,
      recalled: this.#recalled.size,
      done: this.#done,
      resting: this.#resting.size,
      dead: this.#dead.size,
      tally: { ...this.#tally },
    }
  }

  async oldestDue(): Promise<number | undefined> {
    this.#schedule.advance(this.#clock.now())
    return this.#schedule.oldest(({ ripe }) => ripe.peek()?.due)
  }

  async *deadLetters(): AsyncGenerator<DeadLetter> {
    for (const { letter } of this.#dead.values()) yield letter
  }

  async revive(ids: readonly string[] = [...this.#dead.keys()]): Promise<number> {
    const now = this.#clock.now()
    this.#schedule.advance(now)
    let revived = 0
    for (const id of ids) {
      const dead = this.#dead.get(id)
      if (!dead) continue
      this.#dead.delete(id)
      const { entry, isDone, kept, undo = {} } = dead
      if (isDone) this.#done--
      this.#removeResting(entry)
      this.#count(undo, -1)
      entry.due = now
      entry.kept = kept
      this.#return(entry)
      revived++
    }
    return revived
  }

  async flush(): Promise<void> {}

  async close(): Promise<void> {}

  #add({ request, notBefore }: Discovered, now: number): Discovery {
    if (this.#known.has(request.id)) return 'known'
    const host = this.#host(request.host)
    if (host.added >= host.budget) return 'rejected'
    this.#known.add(request.id)
    host.added++
    this.#queue(this.#entry(request, notBefore ?? now))
    this.#schedule.place(host)
    return 'added'
  }

  #entry(request: CrawlRequest, due: number): Entry {
    const lane = Math.min(7, Math.max(0, Math.trunc(request.priority)))
    const own = { place: -1, request, host: this.#host(request.host), lane, sequence: this.#sequence++ }
    return { ...own, due, attempts: 0, targetFaults: 0 }
  }

  /** Takes it from where it rests, and its letter away. Undefined when it is there no more: it is asked for anyway. */
  #unsettle({ lease: { request }, ended, hasLetter = false }: Recall): Entry | undefined {
    const letter = this.#dead.get(request.id)
    const resting = this.#restingById.get(request.id)
    if ((hasLetter || ended === 'dead') && !letter) return undefined
    if (ended === 'resting' && !resting) return undefined
    this.#dead.delete(request.id)
    if (resting) this.#removeResting(resting)
    if (ended !== 'dead') this.#done--
    return resting ?? letter?.entry ?? this.#entry(request, 0)
  }

  #removeResting(entry: Entry): void {
    this.#resting.remove(entry)
    this.#restingById.delete(entry.request.id)
  }

  #queue(entry: Entry): void {
    this.#queued++
    entry.host.put(entry, this.#schedule.now)
  }

  #lease(entry: Entry): Lease {
    const id = ++this.#leases
    this.#leased.set(id, entry)
    const { request, attempts, targetFaults, memo, kept, correction } = entry
    const before = { ...(memo && { memo }), ...(kept && { kept }), ...(correction && { correction }) }
    return { id, request, attempts, targetFaults, epoch: this.#epoch, ...before }
  }

  #end(entry: Entry, settlement: Settlement): void {
    switch (settlement.kind) {
      case 'done':
        this.#count(settlement.tally)
        this.#done++
        this.#keepLetter(entry, settlement.letter, { isDone: true })
        entry.correction = undefined
        if (settlement.next === undefined) return
        entry.kept = undefined
        entry.due = settlement.next
        entry.memo = settlement.memo
        this.#resting.put(entry)
        this.#restingById.set(entry.request.id, entry)
        return
      case 'dead': {
        this.#count(settlement.tally)
        this.#keepLetter(entry, settlement, { isDone: false })
        entry.correction = undefined
        return
      }
      case 'retry':
        entry.attempts++
        if (settlement.targetFault) entry.targetFaults++
        entry.due = settlement.notBefore
        break
      case 'release':
    }
    if (entry.correction) this.#recalled.put(entry.request.id, entry)
    else this.#queue(entry)
  }

  /** The letter of a page's last visit takes the place of those before; what was set aside of them is set aside no more. */
  #keepLetter(entry: Entry, found: Found | undefined, { isDone }: { isDone: boolean }): void {
    const { request, attempts } = entry
    const before = this.#dead.get(request.id)?.undo?.setAside
    if (before !== undefined) this.#count({ setAside: before }, -1)
    this.#dead.delete(request.id)
    if (!found) return
    const { reason, heads = [], setAside, kept, undo } = found
    const letter = { request, reason, attempts: attempts + 1, heads, at: this.#clock.wall() }
    this.#dead.set(request.id, {
      ...{ entry, kept, undo, isDone },
      letter: setAside ? { ...letter, setAside } : letter,
    })
  }

  /** Back into the queue as if it were new. */
  #return(entry: Entry): void {
    entry.attempts = 0
    entry.targetFaults = 0
    this.#queue(entry)
    this.#schedule.place(entry.host)
  }

  #count(tally: Tally = {}, sign = 1): void {
    for (const [name, n] of Object.entries(tally)) this.#tally[name] = (this.#tally[name] ?? 0) + sign * n
  }

  #host(key: string): HostQueue {
    let host = this.#hosts.get(key)
    if (!host) {
      host = new HostQueue()
      this.#hosts.set(key, host)
    }
    return host
  }
}

type Found = Retrial & Pick<Extract<Settlement, { kind: 'dead' }>, 'reason' | 'heads'>

interface Dead {
  readonly entry: Entry
  readonly kept: Lease['kept']
  readonly undo: Tally | undefined
  readonly letter: DeadLetter
  /** Its page is done, and only something of it was set aside. */
  readonly isDone: boolean
}
