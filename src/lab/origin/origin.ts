import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { OriginBook, OriginRow } from '../books.ts'
import type { Certificate } from '../certificates.ts'
import type { OriginDown } from '../contract.ts'
import { listen, unlisten } from '../listen.ts'
import type { Site } from './computed-site.ts'
import type { Manners } from './manners.ts'
import type { Exchange } from './origin-exchange.ts'
import { Reception, type ReceptionParts } from './reception.ts'
import type { Reply } from './reply.ts'
import { type Host, serveConnection } from './responder.ts'

/** One origin: its port, and the reception behind it. */
export class Origin implements Host {
  readonly scheme: 'http' | 'https'
  port = 0
  readonly #reception: Reception
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #connections = 0
  #cleared = 0

  constructor(tls: Certificate | undefined, parts: Omit<ReceptionParts, 'scheme'>) {
    this.scheme = tls ? 'https' : 'http'
    this.#reception = new Reception({ ...parts, scheme: this.scheme })
    const accept = (socket: Socket) => this.#accept(socket)
    this.#server = tls
      ? createTlsServer({ ...tls, ALPNProtocols: ['http/1.1'] }, accept)
      : createServer({ noDelay: true }, accept)
    if (tls) this.#server.on('connection', (socket: Socket) => this.#track(socket))
    this.#server.on('tlsClientError', (_error: Error, socket: Socket) => socket.destroy())
  }

  get keepAlive(): Manners['keepAlive'] {
    return this.#reception.manners.keepAlive
  }

  get site(): Site | undefined {
    return this.#reception.site
  }

  setManners(manners: Manners): void {
    this.#reception.manners = manners
  }

  async open(): Promise<void> {
    this.port = await listen(this.#server, this.port, '127.0.0.1')
  }

  async takeDown(how: OriginDown): Promise<void> {
    await this.bringUp()
    this.#reception.down = how
    if (how === 'refuse') await this.close()
  }

  async bringUp(): Promise<void> {
    this.#reception.down = undefined
    if (!this.#server.listening) await this.open()
  }

  async close(): Promise<void> {
    const closed = unlisten(this.#server)
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #track(socket: Socket): void {
    this.#reception.resources.track(socket)
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
    return this.#reception.arrive(exitIp, connection, method, path)
  }

  leave(row: OriginRow): void {
    this.#reception.leave(row)
  }

  answer(exchange: Exchange, send: (reply: Reply) => void, socket: Socket): void {
    const answer = this.#reception.answer(exchange)
    if (answer === 'silence') return
    if (answer === 'reset') {
      socket.resetAndDestroy()
      return
    }
    const { afterMs, reply } = answer
    if (afterMs > 0) this.#reception.resources.after(afterMs, () => send(reply))
    else send(reply)
  }

  book(): OriginBook {
    return { ...this.#reception.book(), connections: this.#connections - this.#cleared }
  }

  /** Bans and limits stay. */
  clearBook(): void {
    this.#reception.clearBook()
    this.#cleared = this.#connections
  }
}
