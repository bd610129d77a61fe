import type { Clock } from '../base/clock.ts'
import type { Exchange, Fault, FaultCause, HttpResponse, Phase } from '../contracts/outcome.ts'
import type { Transport, TransportCall, TransportHandle } from '../contracts/transport.ts'

/**
 * A transport without sockets: proxies and hosts are functions of time. It honours the contract of the real one: every
 * call is delivered exactly once, never during `send`, as `cancelled` after a cancel. What becomes of a call is told by
 * a world, in one step or in several.
 */
export interface SimulatedWorld {
  /** What happens to one attempt that starts now. */
  attempt(call: TransportCall, now: number): SimulatedStep
}

export type SimulatedStep = SimulatedAttempt | SimulatedStage

/** How an attempt ends. */
export interface SimulatedAttempt {
  /** Milliseconds until it ends; Infinity hangs until it is cancelled or its host's time is over (10 s by default). */
  readonly afterMs: number
  readonly fault?: { readonly phase: Phase; readonly cause: FaultCause; readonly code?: number }
  readonly status?: number
  readonly headers?: HttpResponse['headers']
  readonly body?: string | Uint8Array
  /** What else is known of it. */
  readonly facts?: Partial<SimulatedFacts>
  /** Called once when it has ended, also by a cancel. */
  over?(isCut: boolean): void
  /** Called at once with a function that ends it before its time, where something else may do so. */
  exposed?(cut: (cause: SimulatedAttempt['fault']) => void): void
}

export type SimulatedFacts = Pick<
  HttpResponse,
  'connectMs' | 'firstByteMs' | 'reused' | 'verified' | 'forwarded' | 'url' | 'redirects' | 'bytes'
>

/** The same attempt, ended by its total limit when that comes first. `leftMs`: until then. */
export function endedWithin(leftMs: number, attempt: SimulatedAttempt): SimulatedAttempt {
  if (attempt.afterMs <= leftMs) return attempt
  const phase = attempt.fault?.phase ?? 'body'
  return { ...attempt, afterMs: Math.max(0, leftMs), fault: { phase, cause: 'total-timeout' } }
}

/** A part of an attempt's way, after which it goes on. */
export interface SimulatedStage {
  readonly afterMs: number
  /** What it enters when the stage is over. */
  readonly phase: Phase
  next(now: number): SimulatedStep
  /** Called once when it has ended, also by a cancel. */
  over?(isCut: boolean): void
}

export interface Visit {
  readonly at: number
  readonly until: number
  readonly proxy: string
  readonly url: string
  readonly host: string
  readonly status: number | undefined
}

/** Of calls that bring no limits. */
const hangMs = 10_000
const page = new TextEncoder().encode('<html><title>page</title><p>good</p></html>')

export class SimulatedTransport implements Transport {
  /** What the origins saw: every attempt that reached one. Kept only when asked for. */
  readonly visits: Visit[] = []
  running = 0
  readonly #clock: Clock
  readonly #world: SimulatedWorld
  readonly #keepsVisits: boolean
  readonly #running = new Set<SimulatedCall>()

  constructor(clock: Clock, world: SimulatedWorld, { keepsVisits = true } = {}) {
    this.#clock = clock
    this.#world = world
    this.#keepsVisits = keepsVisits
  }

  send(call: TransportCall): TransportHandle {
    const attempt = new SimulatedCall(call, this.#clock, (exchange, startedAt) => {
      this.running--
      this.#running.delete(attempt)
      if (this.#keepsVisits && (attempt.hasLeft || hasReached(exchange))) {
        const { request, proxy } = call
        this.visits.push({
          at: startedAt,
          until: this.#clock.now(),
          proxy: proxy.id,
          url: request.url,
          host: new URL(request.url).host,
          status: exchange.kind === 'response' ? exchange.status : undefined,
        })
      }
    })
    attempt.begin(this.#world)
    this.running++
    this.#running.add(attempt)
    return attempt
  }

  forget(): void {}

  async close(): Promise<void> {
    for (const attempt of [...this.#running]) attempt.cancel()
  }

  /** The process is gone: nothing is delivered any more, and the world's side of every exchange ends. */
  die(): void {
    for (const attempt of [...this.#running]) attempt.die()
    this.#running.clear()
    this.running = 0
  }
}

function hasReached(exchange: Exchange): boolean {
  return exchange.kind === 'response' || exchange.phase === 'headers' || exchange.phase === 'body'
}

class SimulatedCall implements TransportHandle {
  readonly #call: TransportCall
  readonly #clock: Clock
  readonly #onOver: (exchange: Exchange, startedAt: number) => void
  readonly #startedAt: number
  #cancelTimer: () => void = () => {}
  #step: SimulatedStep | undefined
  #isOver = false
  /** Its request has left for the host. */
  hasLeft = false

  constructor(call: TransportCall, clock: Clock, onOver: (exchange: Exchange, startedAt: number) => void) {
    this.#call = call
    this.#clock = clock
    this.#onOver = onOver
    this.#startedAt = clock.now()
  }

  begin(world: SimulatedWorld): void {
    const step = world.attempt(this.#call, this.#startedAt)
    // Without stages of its own an attempt is at its host at once, unless it ends before.
    const isThere =
      !('next' in step) && (!step.fault || step.fault.phase === 'headers' || step.fault.phase === 'body')
    if (isThere) this.#enter('headers')
    this.#take(step)
  }

  cancel(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#cancelTimer()
    this.#step?.over?.(true)
    this.#clock.after(0, () => this.#deliver(this.#fault({ phase: 'local', cause: 'cancelled' })))
  }

  die(): void {
    if (!this.#isOver) this.#step?.over?.(true)
    this.#isOver = true
    this.#cancelTimer()
  }

  #take(step: SimulatedStep): void {
    this.#step = step
    if ('next' in step) {
      const goOn = () => {
        step.over?.(false)
        this.#step = undefined
        this.#enter(step.phase)
        if (!this.#isOver) this.#take(step.next(this.#clock.now()))
      }
      this.#cancelTimer = this.#clock.after(step.afterMs, goOn)
      return
    }
    step.exposed?.((fault) => {
      if (this.#isOver) return
      this.#cancelTimer()
      this.#finish({ ...step, ...(fault && { fault }) }, true)
    })
    const { firstByte = hangMs, total = Number.POSITIVE_INFINITY } = this.#call.limits?.timeouts ?? {}
    const left = this.#startedAt + total - this.#clock.now()
    const end = endWithin(step, firstByte, left)
    this.#cancelTimer = this.#clock.after(end.afterMs, () => this.#finish(end, false))
  }

  #enter(phase: Phase): void {
    if (phase === 'headers') this.hasLeft = true
    this.#call.onPhase?.(phase)
  }

  #finish(end: SimulatedAttempt, isCut: boolean): void {
    if (this.#isOver) return
    this.#isOver = true
    end.over?.(isCut)
    if (end.fault) return this.#deliver(this.#fault(end.fault, end.facts))
    const response = this.#response(end)
    const lines = response.headers['set-cookie']
    if (Array.isArray(lines)) this.#call.cookies?.take(response.url, lines)
    this.#deliver(response)
  }

  #deliver(exchange: Exchange): void {
    this.#onOver(exchange, this.#startedAt)
    this.#call.deliver(exchange)
  }

  #fault(fault: NonNullable<SimulatedAttempt['fault']>, facts: Partial<SimulatedFacts> = {}): Fault {
    const { connectMs = 0, firstByteMs, bytes = 0, reused = false, verified = false } = facts
    return {
      kind: 'fault',
      detail: fault.cause,
      ...fault,
      connectMs,
      firstByteMs,
      totalMs: this.#clock.now() - this.#startedAt,
      bytes,
      reused,
      verified,
    }
  }

  #response({ status, headers, body, facts = {} }: SimulatedAttempt): HttpResponse {
    const url = this.#call.request.url.replace(/#.*$/s, '')
    const bytes = body === undefined ? page : typeof body === 'string' ? new TextEncoder().encode(body) : body
    const totalMs = this.#clock.now() - this.#startedAt
    return {
      kind: 'response',
      url,
      status: status ?? 200,
      headers: headers?.['content-type'] ? headers : { 'content-type': 'text/html', ...headers },
      body: bytes,
      redirects: [],
      forwarded: false,
      verified: url.startsWith('https:'),
      connectMs: 0,
      firstByteMs: totalMs,
      totalMs,
      reused: false,
      bytes: bytes.length,
      ...facts,
    }
  }
}

/** The attempt as its time limits let it end: `firstByte` for an answer to begin, `left` for everything. */
function endWithin(step: SimulatedAttempt, firstByte: number, left: number): SimulatedAttempt {
  const { afterMs, fault, facts } = step
  const isSilent = !fault && facts?.firstByteMs === undefined && afterMs > firstByte
  const isHung = isSilent || afterMs === Number.POSITIVE_INFINITY
  const silence = { phase: 'headers', cause: 'headers-timeout' } as const
  return endedWithin(left, isHung ? { ...step, afterMs: firstByte, fault: silence } : step)
}
