import { type Dispatcher, errors } from 'undici'
import { memoryNow } from '../base/byte-budget.ts'
import type { FaultCause, Phase } from '../contracts/outcome.ts'
import { BodySpill } from './body-spill.ts'
import { type Connection, SocketGone } from './connection.ts'
import { codingsOf } from './decode.ts'
import { codeOf, Failure, localFailure } from './step-failure.ts'
import type { BodyPlaces } from './workplace.ts'

export interface HttpHead {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
}

/** Who waits for an exchange. Exactly one of `onBody` and `onBroken` is called, once. */
export interface ExchangeOwner {
  onHead(exchange: HttpExchange): void
  onBody(exchange: HttpExchange): void
  onBroken(exchange: HttpExchange, failure: Failure): void
}

/**
 * One request and its response on one connection: the handler that undici calls while it parses. It collects the body in
 * memory, or leads it to the disk when it grows too long for that, and then makes the sender wait for the disk. It watches
 * the size and turns every way in which undici can fail into a cause, by codes alone.
 */
export class HttpExchange implements Dispatcher.DispatchHandler, HttpHead {
  readonly connection: Connection
  /** Whether the connection had served a request before. */
  readonly reused: boolean
  status = 0
  statusText = ''
  headers: HttpHead['headers'] = {}
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
  #controller: Dispatcher.DispatchController | undefined
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

  onRequestStart(): void {
    this.sent = true
  }

  onResponseStarted(): void {
    this.answered = true
  }

  onResponseStart(_: unknown, status: number, headers: HttpHead['headers'], statusText = ''): void {
    if (this.#over || status < 200) return // 103 and its like come before the response
    this.answered = true
    this.status = status
    this.statusText = statusText
    this.headers = headers
    const cookie = headers['set-cookie']
    if (typeof cookie === 'string') headers['set-cookie'] = [cookie]
    this.headAt = this.lastByteAt = this.#now()
    this.#owner.onHead(this)
    const declared = headers['content-length']
    if (declared === undefined || this.#over || this.#bodiless || status === 304) return
    if (Number(declared) > this.#most) this.#tooLarge()
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#over) return
    if (this.received > 0) this.lastByteAt = this.#now()
    this.received += chunk.length
    if (this.received > this.#most) {
      this.#tooLarge()
      return
    }
    if (!this.spill && this.received <= memoryNow(this.#places, this.#counted)) {
      this.#chunks.push(chunk)
      this.#places.budget.take(chunk.length)
      this.#counted += chunk.length
      return
    }
    this.#controller = controller
    this.spill ??= this.#openSpill()
    if (this.spill && !this.spill.write(chunk)) this.#hold(controller)
  }

  /** What is in memory goes first. Undefined, and broken, when nobody could decode it. */
  #openSpill(): BodySpill | undefined {
    const codings = codingsOf(this.headers['content-encoding'])
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

  #hold(controller: Dispatcher.DispatchController): void {
    this.#heldAt ??= this.#now()
    controller.pause()
  }

  #release(): void {
    if (this.#heldAt === undefined) return
    const now = this.#now()
    this.#heldMs += now - this.#heldAt
    this.#heldAt = undefined
    this.lastByteAt = now
    if (!this.#over) this.#controller?.resume()
  }

  onResponseEnd(): void {
    if (this.#over) return
    this.#over = true
    this.#owner.onBody(this)
  }

  onResponseError(_: unknown, error: Error): void {
    this.#break(this.#failureOf(error))
  }

  #tooLarge(): void {
    this.#break(new Failure('body', 'body-too-large', `The body is longer than ${this.#most} bytes.`))
  }

  #break(failure: Failure): void {
    if (this.#over) return
    this.abandon()
    this.#owner.onBroken(this, failure)
  }

  #failureOf(error: Error): Failure {
    const code = codeOf(error)
    const local = localFailure(code)
    if (local) return local
    const phase: Phase = this.status === 0 ? 'headers' : 'body'
    const [cause, detail] = this.#causeOf(error, code)
    return new Failure(phase, cause, code === '' ? detail : `${detail} (${code})`)
  }

  #causeOf(error: Error, code: string): [FaultCause, string] {
    if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED') {
      return ['request-invalid', 'The request has a header, method or path that HTTP does not allow']
    }
    // llhttp's reason gets lost in undici; that the parser found the end too early shows in the socket.
    const cutOff = error instanceof errors.HTTPParserError && this.connection.ended
    const lost = cutOff || error instanceof SocketGone || lostCodes.has(code)
    if (this.status === 0) {
      if (lost && this.reused && !this.answered)
        return ['stale-socket', 'A kept connection was closed meanwhile']
      if (lost) {
        return ['reset', 'The connection ended before the response head']
      }
      return ['http-garbage', 'The response head is not HTTP']
    }
    if (code === 'ECONNRESET' || code === 'EPIPE')
      return ['body-reset', 'The connection was reset inside the body']
    if (lost || code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH')
      return ['body-short', 'The body ended before its announced end']
    return ['http-garbage', 'The body breaks its own framing']
  }
}

/** The connection is gone, for whatever reason. */
const lostCodes = new Set([
  'UND_ERR_SOCKET',
  'UND_ERR_INFO',
  'UND_ERR_DESTROYED',
  'UND_ERR_CLOSED',
  'UND_ERR_ABORTED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_STREAM_DESTROYED',
])
