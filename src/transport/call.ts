import type { Socket } from 'node:net'
import { memoryNow } from '../base/byte-budget.ts'
import { isRedirectStatus } from '../base/location.ts'
import { isPublicHost } from '../base/public-host.ts'
import type { ProxyCredentials } from '../contracts/endpoint.ts'
import { messageOf } from '../contracts/errors.ts'
import type { Fault, HttpResponse, Phase } from '../contracts/outcome.ts'
import type { TransportCall, TransportHandle, TransportLimits } from '../contracts/transport.ts'
import type { Address } from './address.ts'
import { BodySpill, type SpilledBody } from './body-spill.ts'
import { Connection } from './connection.ts'
import { basicAuthorization } from './credentials.ts'
import { Deadline, type DeadlineOwner } from './deadline.ts'
import { type Coding, codingsOf, decode } from './decode.ts'
import { type ExchangeOwner, HttpExchange } from './exchange.ts'
import { outgoingHeaders } from './headers.ts'
import { Layers } from './layers.ts'
import { limitOf } from './limits.ts'
import { openTunnel } from './open-tunnel.ts'
import { invalidIn, requestHead, type WireRequest } from './request-head.ts'
import { privateTarget } from './resolve-public.ts'
import { ResponseReader } from './response-reader.ts'
import { codeOf, Failure } from './step-failure.ts'
import type { Workplace } from './workplace.ts'

/**
 * One call from start to delivery: take or build a connection, exchange, decode. A redirect is delivered as it is. At any
 * moment it owns at most one tunnel under way or one exchange, so that ending it means ending that.
 */
export class Call implements TransportHandle, ExchangeOwner, DeadlineOwner {
  readonly #work: Workplace
  readonly #call: TransportCall
  readonly #limits: TransportLimits
  readonly #onOver: (call: Call) => void
  readonly #startedAt: number
  readonly #deadline: Deadline
  #address!: Address
  /** Whether it may ask addresses of a local network. */
  #mayGoInside = false
  /** Plain HTTP through an HTTP proxy: the whole URL goes to the proxy, no tunnel. */
  #forwarded = false
  #tunnel: Layers | undefined
  #exchange: HttpExchange | undefined
  /** It is over, and its body is still held. */
  #answer: HttpExchange | undefined
  #spill: BodySpill | undefined
  #retried = false
  #over = false
  #retired = false
  #connectMs = 0
  /** Of its beginning: its proxy may leave the list, or get another password, while it is under way. */
  readonly #credentials: ProxyCredentials | undefined
  #firstByteMs: number | undefined
  #bytes = 0
  #sent = 0
  #received = 0
  #reused = false
  #verified = false

  constructor(work: Workplace, call: TransportCall, onOver: (call: Call) => void) {
    this.#work = work
    this.#onOver = onOver
    this.#call = call
    this.#limits = call.limits ?? work.limits
    this.#credentials = work.credentials.get(call.proxy.id)
    this.#startedAt = work.clock.now()
    this.#deadline = new Deadline(work, this.#limits.timeouts, this, this.#startedAt)
  }

  start(): void {
    const { request, proxy } = this.#call
    const address = this.#work.sites.read(request.url)
    if (address instanceof Failure) return this.#fail(address)
    this.#mayGoInside =
      this.#work.allowPrivateTargets ?? request.allowPrivate ?? !isPublicHost(address.site.host)
    const { site } = address
    if (!this.#mayGoInside && !isPublicHost(site.host)) return this.#fail(privateTarget(site.host))
    this.#address = address
    this.#forwarded = !site.secure && (proxy.protocol === 'http' || proxy.protocol === 'https')
    const rested = this.#forwarded && !request.idempotent ? restedMs : 0
    const connection = this.#work.idle.take(proxy.id, this.#key(), this.#startedAt, rested)
    if (connection) this.#send(connection, this.#startedAt)
    else this.#build()
  }

  cancel(): void {
    this.#fail(cancelled)
  }

  onExpired(failure: Failure): void {
    this.#fail(failure)
  }

  /** Its proxy left the fleet: the attempt may finish, its connection is not kept. */
  retire(proxyId: string): void {
    if (this.#call.proxy.id === proxyId) this.#retired = true
  }

  /** Sessions never share a connection, not even to one origin. */
  #key(): string {
    const { session } = this.#call
    // What was dialled for a request that may go into the local network is not for one that may not.
    const isInside = this.#mayGoInside && this.#call.proxy.protocol === 'direct'
    const { origin } = this.#address.site
    const place = isInside ? `${origin} inside` : origin
    return session === undefined ? place : `${place} ${session}`
  }

  #build(): void {
    const work = this.#work
    const layers = new Layers(work.open)
    const began = work.clock.now()
    this.#tunnel = layers
    this.#verified = false
    this.#reused = false
    openTunnel({
      proxy: this.#call.proxy,
      site: this.#address.site,
      forwarded: this.#forwarded,
      credentials: this.#credentials,
      layers,
      trust: work.trust,
      allowPrivate: this.#mayGoInside,
      remoteDns: work.remoteDns ?? true,
      wall: work.clock.wall(),
      enter: (phase) => {
        if (this.#tunnel === layers) this.#enter(phase, work.clock.now())
      },
    })
      .then((result) => {
        if (this.#tunnel !== layers) return layers.destroy()
        this.#connectMs += work.clock.now() - began
        if (result instanceof Failure) return this.#fail(result)
        this.#tunnel = undefined
        this.#send(this.#connectionOn(result, layers), work.clock.now())
      })
      .catch((error: unknown) => {
        layers.destroy()
        const shown = codeOf(error) || messageOf(error)
        this.#fail(new Failure('local', 'local-resources', `The connection could not be made (${shown}).`))
      })
  }

  #connectionOn(socket: Socket, layers: Layers): Connection {
    const { idle, clock } = this.#work
    const proxyId = this.#call.proxy.id
    return new Connection({
      key: this.#key(),
      socket,
      layers,
      verified: this.#address.site.secure,
      clock,
      limits: this.#limits.connections,
      onClose: (connection) => idle.remove(proxyId, connection),
    })
  }

  #send(connection: Connection, now: number): void {
    const { bodies, clock } = this.#work
    const { method, headers, body } = this.#call.request
    const address = this.#address
    const exchange = new HttpExchange(connection, method, this, bodies, this.#limits.maxBody, clock.now)
    this.#exchange = exchange
    this.#reused = exchange.reused
    this.#verified = connection.verified
    this.#enter('headers', now)
    if (this.#over) return
    const account = this.#forwarded ? this.#credentials : undefined
    const { rotation, maxRequestsPerConnection } = connection.limits
    const request: WireRequest = {
      method,
      target: this.#forwarded ? address.href : address.path,
      headers: outgoingHeaders(
        headers,
        account && basicAuthorization(account),
        this.#call.cookies?.headerFor(address.href),
      ),
      body,
      isLast: rotation === 'request' || connection.requests + 1 >= maxRequestsPerConnection,
    }
    const invalid = invalidIn(request)
    if (invalid !== undefined) return exchange.onBroken('request-invalid', invalid)
    const reader = new ResponseReader(connection, method === 'HEAD')
    connection.send(requestHead(request, address.site.origin), request, reader, exchange)
  }

  onHead(exchange: HttpExchange): void {
    this.#firstByteMs = exchange.headAt - this.#startedAt
    const lines = exchange.headers['set-cookie']
    if (Array.isArray(lines)) this.#call.cookies?.take(this.#address.href, lines)
    this.#call.onPhase?.('body', exchange.headAt)
    if (!this.#over) this.#deadline.watchBody(exchange)
  }

  onBodyBytes(count: number): void {
    this.#call.onBytes?.(count)
  }

  onBroken(exchange: HttpExchange, failure: Failure): void {
    if (!this.#mayRetry(exchange, failure)) {
      this.#fail(failure)
      return
    }
    exchange.connection.destroy()
    this.#count(exchange)
    this.#exchange = undefined
    this.#retried = true
    this.#build()
  }

  /** A kept connection that was dead already has processed nothing: once more, on a fresh one of the same proxy. */
  #mayRetry(exchange: HttpExchange, failure: Failure): boolean {
    if (failure.cause !== 'stale-socket' || this.#retried || this.#over) return false
    return !exchange.sent || this.#call.request.idempotent
  }

  onBody(exchange: HttpExchange): void {
    if (this.#exchange !== exchange) return
    this.#exchange = undefined
    this.#answer = exchange
    this.#spill = exchange.spill
    this.#count(exchange)
    const { connection } = exchange
    if (connection.closed || this.#retired) connection.destroy()
    else this.#work.idle.put(this.#call.proxy.id, connection, this.#work.clock.now())
    if (this.#forwarded && exchange.status === 407) {
      this.#fail(new Failure('headers', 'proxy-auth', 'The proxy refuses user name and password.', 407))
      return
    }
    this.#decode(exchange)
  }

  #decode(exchange: HttpExchange): void {
    const codings = exchange.hasBody ? codingsOf(exchange.contentEncoding) : []
    if (codings instanceof Failure) {
      this.#fail(codings)
      return
    }
    const { bodies } = this.#work
    const most = this.#limits.maxBody
    if (codings.length > 0) this.#enter('decode', this.#work.clock.now())
    // No more bytes are due from the other side: what takes time now is our own disk.
    else if (this.#spill) this.#deadline.enter('local', this.#work.clock.now(), Number.POSITIVE_INFINITY)
    if (this.#spill) this.#awaitSpill(this.#spill, exchange)
    else if (codings.length === 0) this.#succeed(exchange, { head: exchange.body })
    else {
      const { body } = exchange
      const memory = Math.min(memoryNow(bodies), most)
      bodies.budget.take(memory)
      decode(body, codings, memory, (result) => {
        bodies.budget.give(memory)
        if (!(result instanceof Failure)) this.#succeed(exchange, { head: result })
        else if (result.cause === 'decode-bomb' && memory < most) this.#unfold(body, codings, exchange)
        else this.#fail(result)
      })
    }
  }

  /** Short on the wire, too long for memory: once more, onto a file. */
  #unfold(body: Uint8Array, codings: readonly Coding[], exchange: HttpExchange): void {
    if (this.#over) return
    const { folder } = this.#work.bodies
    this.#spill = new BodySpill({ folder, codings, limit: this.#limits.maxBody })
    this.#spill.write(body)
    this.#awaitSpill(this.#spill, exchange)
  }

  #awaitSpill(spill: BodySpill, exchange: HttpExchange): void {
    spill.end((result) => {
      if (this.#spill !== spill) return
      this.#spill = undefined
      if (result instanceof Failure) this.#fail(result)
      else this.#succeed(exchange, result)
    })
  }

  #dropSpill(): void {
    this.#spill?.discard()
    this.#spill = undefined
  }

  #enter(phase: Phase, now: number): void {
    this.#deadline.enter(phase, now, limitOf(phase, this.#limits.timeouts))
    this.#call.onPhase?.(phase, now)
  }

  #count(exchange: HttpExchange): void {
    const { body } = this.#call.request
    this.#bytes += exchange.received
    this.#meter(exchange.connection.layers.take())
    if (body !== undefined && exchange.sent) this.#bytes += Buffer.byteLength(body)
  }

  #meter({ sent, received }: ReturnType<Layers['take']>): void {
    this.#sent += sent
    this.#received += received
  }

  #succeed(exchange: HttpExchange, body: Omit<SpilledBody, 'file'> & Partial<SpilledBody>): void {
    if (this.#over) return
    const response = this.#responseOf(exchange, body)
    this.#end()
    this.#call.deliver(response)
  }

  #responseOf(
    { status, statusText, headers }: HttpExchange,
    { head, file }: Omit<SpilledBody, 'file'> & Partial<SpilledBody>,
  ): HttpResponse {
    return {
      kind: 'response',
      url: this.#address.href,
      status,
      statusText,
      headers,
      body: head,
      ...(file && { file }),
      redirects: none,
      forwarded: this.#forwarded,
      connectMs: this.#connectMs,
      firstByteMs: this.#firstByteMs,
      totalMs: this.#work.clock.now() - this.#startedAt,
      bytes: this.#bytes,
      bytesSent: this.#sent,
      bytesReceived: this.#received,
      reused: this.#reused,
      verified: this.#verified,
    }
  }

  #fail(failure: Failure): void {
    if (this.#over) return
    const exchange = this.#exchange
    const answer = exchange ?? this.#answer
    if (exchange) {
      exchange.abandon()
      exchange.connection.destroy()
      this.#count(exchange)
    }
    // The sockets that wait for a request are the first to spare.
    if (failure.cause === 'local-resources') this.#work.idle.clear()
    this.#dropSpill()
    if (this.#tunnel) this.#meter(this.#tunnel.take())
    this.#tunnel?.destroy()
    const came = answer && isEnough(answer, failure) ? this.#responseOf(answer, { head: nothing }) : undefined
    const exchanged = came ?? this.#faultOf(failure)
    this.#end()
    // In a moment, because this may be inside the caller's own `send` or `cancel`.
    resolved.then(() => this.#call.deliver(exchanged))
  }

  #faultOf({ phase, cause, detail, code, retryAfterMs }: Failure): Fault {
    return {
      kind: 'fault',
      phase,
      cause,
      detail,
      ...(code !== undefined && { code }),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
      connectMs: this.#connectMs,
      firstByteMs: this.#firstByteMs,
      totalMs: this.#work.clock.now() - this.#startedAt,
      bytes: this.#bytes,
      bytesSent: this.#sent,
      bytesReceived: this.#received,
      reused: this.#reused,
      verified: this.#verified,
    }
  }

  #end(): void {
    this.#over = true
    this.#tunnel = undefined
    this.#exchange = undefined
    this.#answer?.forget()
    this.#deadline.stop()
    this.#onOver(this)
  }
}

/**
 * Some proxies that forward (tinyproxy 1.11) pass on that the server keeps its connection, and close theirs a moment later. What
 * must not be sent twice takes a connection that has stayed open for so many ms since its last answer, or a new one.
 */
const restedMs = 100

const resolved = Promise.resolve()
const none: readonly string[] = []
const nothing = new Uint8Array()
const cancelled = new Failure('local', 'cancelled', 'The attempt was cancelled.')

/** The body of a redirect is for nobody: browsers and curl go where it leads, however that ends. */
function isEnough({ status, headers }: HttpExchange, { phase }: Failure): boolean {
  return (
    (phase === 'body' || phase === 'decode') && isRedirectStatus(status) && headers.location !== undefined
  )
}
