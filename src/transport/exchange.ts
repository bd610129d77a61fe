import { memoryNow } from '../base/byte-budget.ts'
import type { FaultCause, Phase } from '../contracts/outcome.ts'
import { BodySpill } from './body-spill.ts'
import type { Connection, Conversant } from './connection.ts'
import { codingsOf } from './decode.ts'
import type { Framing } from './framing.ts'
import type { ResponseHead } from './response-head.ts'
import { Failure, localFailure } from './step-failure.ts'
import type { BodyPlaces } from './workplace.ts'

/** Who waits for an exchange. Exactly one of `onBody` and `onBroken` is called, once. */
export interface ExchangeOwner {
  onHead(exchange: HttpExchange): void
  onBodyBytes(count: number): void
  onBody(exchange: HttpExchange): void
  onBroken(exchange: HttpExchange, failure: Failure): void
}

/**
 * One request and its response on one connection. It collects the body in memory, or leads it to the disk when it grows too
 * long for that, and then makes the sender wait for the disk. It watches the size, and says what each end of the connection means.
 */
export class HttpExchange implements Conversant {
  readonly connection: Connection
  /** Whether the connection had served a request before. */
  readonly reused: boolean
  status = 0
  statusText = ''
  headers: ResponseHead['headers'] = {}
  /** Body bytes so far, as they came. */
  received = 0
  /** Whether the request began to leave. */
  sent = false
  /** Whether the first byte of a response came. */
  answered = false
  headAt = 0
  /** Clock time of the latest body byte; of the head before there is one. */
  lastByteAt = 0
  /** Where the body goes when it is too long for memory. The code that takes it out has to end or to discard it. */
  spill: BodySpill | undefined
  readonly #owner: ExchangeOwner
  readonly #places: BodyPlaces
  /** Bytes at all, on the wire and decoded. */
  readonly #most: number
  readonly #now: () => number
  readonly #bodiless: boolean
  #chunks: Buffer[] = []
  /** Bytes of the chunks, which the budget for all bodies knows of. */
  #counted = 0
  /** How the body was encoded for the transfer alone; empty for nearly all. */
  #transferCodings = ''
  #heldAt: number | undefined
  #heldMs = 0
  #over = false

  constructor(
    connection: Connection,
    method: string,
    owner: ExchangeOwner,
    places: BodyPlaces,
    most: number,
    now: () => number,
  ) {
    this.connection = connection
    this.reused = connection.requests > 0
    this.#bodiless = method === 'HEAD'
    this.#owner = owner
    this.#places = places
    this.#most = most
    this.#now = now
  }

  /** The body as it came, in memory of its own: a chunk would pin the whole buffer that the socket was read into. */
  get body(): Uint8Array {
    const body = Buffer.allocUnsafeSlow(this.received)
    let offset = 0
    for (const chunk of this.#chunks) {
      body.set(chunk, offset)
      offset += chunk.length
    }
    return body
  }

  /** Whether there can be a body at all (RFC 9110, 6.4.1). */
  get hasBody(): boolean {
    return this.received > 0 && !this.#bodiless
  }

  /** Whether the sender waits because our own disk is slow: silence then says nothing about it. */
  get isHeld(): boolean {
    return this.#heldAt !== undefined
  }

  /** Milliseconds for which the sender has had to wait for us. */
  heldMs(now: number): number {
    return this.#heldMs + (this.#heldAt === undefined ? 0 : now - this.#heldAt)
  }

  /** Calls nobody any more. The connection is the owner's to end. */
  abandon(): void {
    this.#over = true
    this.forget()
    this.spill?.discard()
  }

  /** Drops the body that is in memory here: it is not wanted, or somebody else has it. */
  forget(): void {
    this.#places.budget.give(this.#counted)
    this.#counted = 0
    this.#chunks = []
  }

  /** How the body is encoded, as a `content-encoding` header says it. */
  get contentEncoding(): string | readonly string[] | undefined {
    const content = this.headers['content-encoding']
    return this.#transferCodings === '' ? content : [content ?? [], this.#transferCodings].flat()
  }

  onSent(): void {
    this.sent = true
  }

  onAnswered(): void {
    this.answered = true
  }

  onHead({ status, statusText, headers }: ResponseHead, framing: Framing): void {
    if (this.#over) return
    this.status = status
    this.statusText = statusText
    this.headers = headers
    this.#transferCodings = framing.codings
    const cookie = headers['set-cookie']
    if (typeof cookie === 'string') headers['set-cookie'] = [cookie]
    this.headAt = this.lastByteAt = this.#now()
    this.#owner.onHead(this)
    if (framing.length !== Infinity && framing.length > this.#most && !this.#over) this.#tooLarge()
  }

  onBytes(bytes: Buffer): void {
    if (this.#over) return
    if (this.received > 0) this.lastByteAt = this.#now()
    this.received += bytes.length
    this.#owner.onBodyBytes(bytes.length)
    if (this.received > this.#most) {
      this.#tooLarge()
      return
    }
    if (!this.spill && this.received <= memoryNow(this.#places, this.#counted)) {
      this.#chunks.push(bytes)
      this.#places.budget.take(bytes.length)
      this.#counted += bytes.length
      return
    }
    this.spill ??= this.#openSpill()
    if (this.spill && !this.spill.write(bytes)) this.#hold()
  }

  /** What is in memory goes first. Undefined, and broken, when nobody could decode it. */
  #openSpill(): BodySpill | undefined {
    const codings = codingsOf(this.contentEncoding)
    if (codings instanceof Failure) {
      this.#break(codings)
      return undefined
    }
    const spill = new BodySpill({
      folder: this.#places.folder,
      codings,
      limit: this.#most,
      onDrain: () => this.#release(),
      onBroken: (failure) => this.#break(failure),
    })
    for (const chunk of this.#chunks) spill.write(chunk)
    this.forget()
    return spill
  }

  #hold(): void {
    this.#heldAt ??= this.#now()
    this.connection.pause()
  }

  #release(): void {
    if (this.#heldAt === undefined) return
    const now = this.#now()
    this.#heldMs += now - this.#heldAt
    this.#heldAt = undefined
    this.lastByteAt = now
    if (!this.#over) this.connection.resume()
  }

  onEnd(): void {
    if (this.#over) return
    this.#over = true
    this.#owner.onBody(this)
  }

  onBroken(cause: FaultCause, detail: string): void {
    this.#break(new Failure(this.#phase, cause, detail))
  }

  onLost(code: string): void {
    const [cause, detail] = this.#lossBy(code)
    const shown = code === '' ? `${detail}.` : `${detail} (${code}).`
    this.#break(localFailure(code) ?? new Failure(this.#phase, cause, shown))
  }

  #lossBy(code: string): [FaultCause, string] {
    if (this.status === 0) {
      const isStale = this.reused && !this.answered
      if (isStale) return ['stale-socket', 'A kept connection was closed meanwhile']
      return ['reset', 'The connection ended before the response head']
    }
    return code === 'ECONNRESET' || code === 'EPIPE'
      ? ['body-reset', 'The connection was reset inside the body']
      : ['body-short', 'The body ended before its announced end']
  }

  get #phase(): Phase {
    return this.status === 0 ? 'headers' : 'body'
  }

  #tooLarge(): void {
    this.#break(new Failure('body', 'body-too-large', `The body is longer than ${this.#most} bytes.`))
  }

  #break(failure: Failure): void {
    if (this.#over) return
    this.abandon()
    this.#owner.onBroken(this, failure)
  }
}
