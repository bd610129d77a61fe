import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { Random } from '../../random.ts'
import { type ExitTotals, type OriginBook, type OriginRow, Ring } from '../books.ts'
import type { Certificate } from '../certificates.ts'
import type { OriginDown } from '../contract.ts'
import { drawLatency } from '../latency.ts'
import { listen, unlisten } from '../listen.ts'
import type { Resources } from '../resources.ts'
import { type Host, serveConnection } from './connection.ts'
import { Crumbs } from './crumb.ts'
import type { Exchange } from './exchange.ts'
import { createVisitor, Gate, type Visitor } from './gate.ts'
import type { Manners } from './manners.ts'
import { notice, type Reply } from './reply.ts'
import { type Desk, route } from './routes.ts'
import { Site } from './site.ts'

/** One origin: its port, its manners, its book. */
export class Origin implements Host, Desk {
  readonly resources: Resources
  readonly scheme: 'http' | 'https'
  readonly crumbs: Crumbs
  site: Site | undefined
  port = 0
  #gate: Gate
  #server: Server
  #random: Random
  #seed: number
  #down: OriginDown | undefined
  #sockets = new Set<Socket>()
  #rows: Ring<OriginRow>
  #visitors = new Map<string, Visitor>()
  #connections = 0
  #cleared = 0
  #requests = 0
  #bytes = 0
  #inFlight = 0
  #peakInFlight = 0

  constructor(
    manners: Manners,
    tls: Certificate | undefined,
    seed: number,
    rows: number,
    random: Random,
    resources: Resources,
  ) {
    this.resources = resources
    this.scheme = tls ? 'https' : 'http'
    this.crumbs = new Crumbs(seed)
    this.#seed = seed
    this.#random = random
    this.#rows = new Ring(rows)
    this.#gate = new Gate(manners, seed)
    this.site = manners.site && new Site(manners.site, seed)
    const accept = (socket: Socket) => this.#accept(socket)
    this.#server = tls
      ? createTlsServer({ ...tls, ALPNProtocols: ['http/1.1'] }, accept)
      : createServer({ noDelay: true }, accept)
    if (tls) this.#server.on('connection', (socket: Socket) => this.#track(socket))
    this.#server.on('tlsClientError', (_error: Error, socket: Socket) => socket.destroy())
  }

  get manners(): Manners {
    return this.#gate.manners
  }

  get keepAlive(): Manners['keepAlive'] {
    return this.#gate.manners.keepAlive
  }

  setManners(manners: Manners): void {
    this.#gate.manners = manners
    this.site = manners.site && new Site(manners.site, this.#seed)
  }

  async open(): Promise<void> {
    this.port = await listen(this.#server, this.port, '127.0.0.1')
  }

  async takeDown(how: OriginDown): Promise<void> {
    await this.bringUp()
    this.#down = how
    if (how === 'refuse') await this.close()
  }

  async bringUp(): Promise<void> {
    this.#down = undefined
    if (!this.#server.listening) await this.open()
  }

  async close(): Promise<void> {
    const closed = unlisten(this.#server)
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #track(socket: Socket): void {
    this.resources.track(socket)
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
  }

  #accept(socket: Socket): void {
    this.#track(socket)
    const { idleMs } = this.keepAlive
    if (idleMs !== undefined) socket.setTimeout(idleMs, () => socket.end())
    serveConnection(socket, this, ++this.#connections)
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

  answer(exchange: Exchange, send: (reply: Reply) => void, socket: Socket): void {
    if (this.#down === 'silent') return
    const answer =
      typeof this.#down === 'number' ? notice(this.#down, `Status ${this.#down}`) : this.#decide(exchange)
    if (answer === 'silence') return
    if (answer === 'reset') {
      socket.resetAndDestroy()
      return
    }
    const { latency } = this.#gate.manners
    let wait = latency ? drawLatency(latency, this.#random) : 0
    const ready = 'reply' in answer ? answer.reply : answer
    if ('reply' in answer) wait += answer.afterMs
    if (wait > 0) this.resources.after(wait, () => send(ready))
    else send(ready)
  }

  #decide(exchange: Exchange) {
    const visitor = this.#visitors.get(exchange.exitIp)!
    const { clock } = this.resources
    return (
      this.#gate.judge(exchange, visitor, this.resources.elapsed(), clock.wall()) ?? route(exchange, this)
    )
  }

  book(): OriginBook {
    const exits: Record<string, ExitTotals> = {}
    for (const [ip, { requests, limited, banned, peakInFlight }] of this.#visitors) {
      exits[ip] = { requests, limited, banned, peakInFlight }
    }
    return {
      rows: this.#rows.toArray(),
      dropped: this.#rows.dropped,
      connections: this.#connections - this.#cleared,
      requests: this.#requests,
      bytes: this.#bytes,
      peakInFlight: this.#peakInFlight,
      exits,
    }
  }

  /** Bans and limits stay. */
  clearBook(): void {
    this.#rows.clear()
    this.#cleared = this.#connections
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
