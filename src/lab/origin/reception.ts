import { isDeepStrictEqual } from 'node:util'
import type { Random } from '../../base/random.ts'
import { type ExitTotals, type OriginBook, type OriginRow, Ring } from '../books.ts'
import type { OriginDown } from '../contract.ts'
import type { EmulatedVisit, Emulation } from '../emulations/emulation.ts'
import { findEmulation } from '../emulations/services.ts'
import { drawLatency } from '../latency-distribution.ts'
import type { Resources } from '../resources.ts'
import { Site } from './computed-site.ts'
import { Crumbs } from './crumb.ts'
import type { Manners } from './manners.ts'
import type { Exchange } from './origin-exchange.ts'
import { notice, type Reply } from './reply.ts'
import { baseOf, type Desk, route } from './routes.ts'
import { createVisitor, Gate, type Visitor } from './visitor-gate.ts'

/**
 * What an origin does with a request, without a socket: who is let in, what is answered and when, and what the book says
 * of it. The lab puts a port before it, the simulator virtual time: a host means the same in both.
 */
export type Answer = { readonly afterMs: number; readonly reply: Reply } | 'silence' | 'reset'

export interface ReceptionParts {
  readonly manners: Manners
  readonly scheme: 'http' | 'https'
  readonly seed: number
  /** Rows the book keeps. */
  readonly rows: number
  readonly random: Random
  readonly resources: Resources
  /** Where an address is; two letters. */
  readonly countryOf: (address: string) => string
}

export class Reception implements Desk {
  readonly resources: Resources
  readonly scheme: 'http' | 'https'
  readonly crumbs: Crumbs
  readonly countryOf: (address: string) => string
  site: Site | undefined
  emulation: Emulation | undefined
  /** `refuse` is for the owner of the port: nothing arrives here then. */
  down: OriginDown | undefined
  readonly #gate: Gate
  readonly #random: Random
  readonly #seed: number
  readonly #rows: Ring<OriginRow>
  readonly #visitors = new Map<string, Visitor>()
  #requests = 0
  #bytes = 0
  #inFlight = 0
  #peakInFlight = 0

  constructor({ manners, scheme, seed, rows, random, resources, countryOf }: ReceptionParts) {
    this.countryOf = countryOf
    this.resources = resources
    this.scheme = scheme
    this.crumbs = new Crumbs(seed)
    this.#seed = seed
    this.#random = random
    this.#rows = new Ring(rows)
    this.#gate = new Gate(manners, seed)
    this.#furnish(manners, undefined)
  }

  get manners(): Manners {
    return this.#gate.manners
  }

  set manners(manners: Manners) {
    const before = this.#gate.manners
    this.#gate.manners = manners
    this.#furnish(manners, before)
  }

  /** Makes the site and the service anew; a service that stays what it was keeps its sessions and counts. */
  #furnish({ site, emulates }: Manners, before: Manners | undefined): void {
    this.site = site && new Site(site, this.#seed)
    if (before && isDeepStrictEqual(emulates, before.emulates)) return
    this.emulation =
      emulates && findEmulation(emulates.service)({ seed: emulates.seed ?? this.#seed, size: emulates.size })
    this.#gate.emulation = this.emulation
  }

  get inFlight(): number {
    return this.#inFlight
  }

  arrive(exitIp: string, connection: number, method: string, path: string): OriginRow {
    let visitor = this.#visitors.get(exitIp)
    if (!visitor) {
      visitor = createVisitor()
      this.#visitors.set(exitIp, visitor)
    }
    this.#requests++
    visitor.requests++
    visitor.seen++
    this.#peakInFlight = Math.max(this.#peakInFlight, ++this.#inFlight)
    visitor.peakInFlight = Math.max(visitor.peakInFlight, ++visitor.inFlight)
    const row: OriginRow = {
      at: this.resources.elapsed(),
      until: -1,
      exitIp,
      connection,
      method,
      path,
      status: 0,
      bytes: 0,
      inFlight: this.#inFlight,
      inFlightOfExit: visitor.inFlight,
      session: '',
      crumb: '',
    }
    this.#rows.add(row)
    return row
  }

  leave(row: OriginRow): void {
    row.until = this.resources.elapsed()
    this.#bytes += row.bytes
    this.#inFlight--
    const visitor = this.#visitors.get(row.exitIp)
    if (visitor) visitor.inFlight--
  }

  /** Judges and answers a request that has arrived. */
  answer(exchange: Exchange): Answer {
    if (this.down === 'silent') return 'silence'
    const answer =
      typeof this.down === 'number' ? notice(this.down, `Status ${this.down}`) : this.#decide(exchange)
    if (answer === 'silence' || answer === 'reset') return answer
    const { latency } = this.#gate.manners
    const wait = latency ? drawLatency(latency, this.#random) : 0
    return 'reply' in answer
      ? { afterMs: wait + answer.afterMs, reply: answer.reply }
      : { afterMs: wait, reply: answer }
  }

  #decide(exchange: Exchange) {
    const visitor = this.#visitors.get(exchange.exitIp)!
    const now = this.resources.elapsed()
    const wall = this.resources.clock.wall()
    const visit = this.emulation && this.#emulatedVisit(exchange, now, wall)
    return this.#gate.judge(exchange, visitor, now, wall, visit) ?? route(exchange, this, visit)
  }

  #emulatedVisit(exchange: Exchange, now: number, wall: number): EmulatedVisit {
    const scale = this.manners.emulates?.scale ?? 1
    return { base: baseOf(exchange, this.scheme), now: now / scale, wall, address: exchange.exitIp }
  }

  /** Whether a request from this address would be let in, and when: what an oracle knows. Infinity: not before a change. */
  admitsAt(exitIp: string): number {
    return this.down === undefined
      ? this.#gate.admitsAt(this.#visitors.get(exitIp), this.resources.elapsed())
      : Number.POSITIVE_INFINITY
  }

  book(): Omit<OriginBook, 'connections'> {
    const exits: Record<string, ExitTotals> = {}
    for (const [ip, { requests, limited, banned, peakInFlight }] of this.#visitors) {
      exits[ip] = { requests, limited, banned, peakInFlight }
    }
    return {
      rows: this.#rows.toArray(),
      dropped: this.#rows.dropped,
      requests: this.#requests,
      bytes: this.#bytes,
      peakInFlight: this.#peakInFlight,
      exits,
    }
  }

  /** Bans and limits stay. */
  clearBook(): void {
    this.#rows.clear()
    this.#requests = 0
    this.#bytes = 0
    this.#peakInFlight = this.#inFlight
    for (const visitor of this.#visitors.values()) {
      visitor.requests = 0
      visitor.limited = 0
      visitor.peakInFlight = visitor.inFlight
    }
  }
}
