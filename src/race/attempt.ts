import { type AttemptPort, attemptLogic } from '../../machines/attempt.ts'
import { type Adopted, adopt, type Hub } from '../actors/adopt.ts'
import type { ProxyLease } from '../contracts/lease.ts'
import type { Exchange, Phase } from '../contracts/outcome.ts'
import type { FetchRequest } from '../contracts/request.ts'
import type { Transport, TransportCall, TransportHandle, TransportLimits } from '../contracts/transport.ts'

/** One attempt of a race: a lease, an attempt actor and what came of it. Kept with its race and used again. */
export class Attempt implements AttemptPort, TransportCall {
  lease: ProxyLease | undefined
  exchange: Exchange | undefined
  request!: FetchRequest
  /** Its host's. */
  limits: TransportLimits | undefined
  /** Counting from 1 within the task. */
  number = 0
  startedAt = 0
  isRunning = false
  /** Started while another attempt of its task was running. */
  isExtra = false
  /** It has outlived its hedge time. */
  isOverdue = false
  /** It asks for another page, to find out whether the host is ill or the page. */
  isScout = false
  /** Its request has left for the host. */
  #hasLeft = false
  readonly #actor: Adopted<typeof attemptLogic>
  readonly #transport: Transport
  readonly #sent: (attempt: Attempt) => void
  readonly #arrived: (attempt: Attempt) => void
  readonly #finished: (attempt: Attempt) => void
  readonly #extraEnded: () => void
  #handle: TransportHandle | undefined

  constructor(parts: {
    task: Hub
    transport: Transport
    /** Its request leaves for the host. */
    sent(attempt: Attempt): void
    /** It has an exchange: to be judged soon, with the others that came in meanwhile. */
    arrived(attempt: Attempt): void
    finished(attempt: Attempt): void
    extraEnded(): void
  }) {
    const { task } = parts
    this.#transport = parts.transport
    this.#sent = parts.sent
    this.#arrived = parts.arrived
    this.#finished = parts.finished
    this.#extraEnded = parts.extraEnded
    this.#actor = adopt(task, attemptLogic, 'attempt', { port: this })
  }

  begin(request: FetchRequest, lease: ProxyLease, number: number, now: number): void {
    this.request = request
    this.lease = lease
    this.number = number
    this.startedAt = now
    this.exchange = undefined
    this.isRunning = true
    this.isExtra = false
    this.isOverdue = false
    this.isScout = false
    this.#hasLeft = false
    this.#actor.send({ type: 'start' })
  }

  cancel(): void {
    this.#actor.send({ type: 'cancel' })
  }

  /** It has finished; the permits of an extra attempt are free again. */
  end(): void {
    this.isRunning = false
    if (this.isExtra) this.#extraEnded()
  }

  clear(): void {
    this.lease = undefined
    this.exchange = undefined
    this.#handle = undefined
  }

  /** Whether the host may have seen the request. */
  wasSent(exchange: Exchange): boolean {
    if (exchange.kind === 'response') return true
    return exchange.phase === 'headers' || exchange.phase === 'body' || exchange.phase === 'decode'
  }

  /**
   * Whether the host was bothered at all: that is what a hedge costs. A plain request that an HTTP proxy was to forward,
   * and no answer: the silence is far more often the proxy's, of which lists have many, than the host's.
   */
  reachedHost(exchange: Exchange): boolean {
    if (exchange.kind === 'fault' && this.#isForwarded && exchange.firstByteMs === undefined) return false
    return this.#hasLeft || exchange.kind === 'response' || exchange.verified
  }

  get #isForwarded(): boolean {
    const { protocol } = this.proxy
    return (protocol === 'http' || protocol === 'https') && this.request.url.startsWith('http:')
  }

  // AttemptPort: what the actor is told.

  start(): void {
    this.#handle = this.#transport.send(this)
  }

  // TransportCall: what the transport asks and tells.

  get proxy(): ProxyLease['endpoint'] {
    return this.lease!.endpoint
  }

  get session(): string | undefined {
    return this.request.session
  }

  onPhase(phase: Phase): void {
    if (phase !== 'headers') return
    this.#hasLeft = true
    this.#sent(this)
  }

  deliver(exchange: Exchange): void {
    this.exchange = exchange
    this.#arrived(this)
  }

  /** Its turn to be judged. */
  finish(): void {
    this.#finished(this)
  }

  /** Used by the actor on `cancel`. */
  stop(): void {
    this.#handle?.cancel()
  }
}
