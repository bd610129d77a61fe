import type { FetchRequest } from '../contracts/request.ts'
import type { OriginRow } from '../lab/books.ts'
import type { OriginDown } from '../lab/contract.ts'
import type { Manners } from '../lab/origin/manners.ts'
import { Exchange } from '../lab/origin/origin-exchange.ts'
import { type Answer, Reception, type ReceptionParts } from '../lab/origin/reception.ts'

/** A host on virtual time: the lab's own judgement and book, without a port. */
export class SimulatedHost {
  readonly name: string
  readonly host: string
  readonly secure: boolean
  /** Whether its certificate is one that clients accept. */
  readonly isTrusted: boolean
  readonly reception: Reception
  readonly #cuts = new Set<() => void>()
  #connections = 0

  constructor(name: string, host: string, tls: string, parts: Omit<ReceptionParts, 'scheme'>) {
    this.name = name
    this.host = host
    this.secure = tls !== 'off'
    this.isTrusted = tls === 'good'
    this.reception = new Reception({ ...parts, scheme: this.secure ? 'https' : 'http' })
  }

  get url(): string {
    return `${this.secure ? 'https' : 'http'}://${this.host}`
  }

  get manners(): Manners {
    return this.reception.manners
  }

  /** Nothing listens there now. */
  get isClosed(): boolean {
    return this.reception.down === 'refuse'
  }

  takeDown(how: OriginDown): void {
    this.reception.down = how
    if (how !== 'refuse') return
    for (const cut of [...this.#cuts]) cut()
  }

  bringUp(): void {
    this.reception.down = undefined
  }

  connect(): number {
    return ++this.#connections
  }

  /** A request arrives: its row in the book, and the answer. */
  receive(
    request: Pick<FetchRequest, 'method' | 'headers' | 'body'>,
    path: string,
    exitIp: string,
    connection: number,
    cookies?: string | undefined,
  ): { row: OriginRow; answer: Answer } {
    const row = this.reception.arrive(exitIp, connection, request.method, path)
    let head = `${request.method} ${path} HTTP/1.1\r\nhost: ${this.host}`
    for (const name in request.headers) head += `\r\n${name}: ${request.headers[name]}`
    if (cookies !== undefined) head += `\r\ncookie: ${cookies}`
    const body = request.body === undefined ? '' : Buffer.from(request.body).toString('latin1')
    return { row, answer: this.reception.answer(new Exchange(request.method, path, head, body, row)) }
  }

  /** Called when the port is closed under a request; returns what takes it off the list. */
  exposes(cut: () => void): () => void {
    this.#cuts.add(cut)
    return () => this.#cuts.delete(cut)
  }
}
