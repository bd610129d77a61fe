import type { Clock } from '../clock.ts'
import type { Exchange, Fault, FaultCause, HttpResponse, Phase } from '../outcome.ts'
import type { Random } from '../random.ts'
import { normal } from '../random.ts'
import type { Transport, TransportCall, TransportHandle } from '../transport/transport.ts'

/**
 * A transport without sockets: proxies and hosts are functions of time. It keeps the origin's books, because the truth
 * about politeness comes from there, and it honours the contract of the real one: every call is delivered exactly once,
 * never during `send`, as `cancelled` after a cancel.
 */
export interface SimulatedWorld {
  /** What happens to one attempt that starts now. */
  attempt(call: TransportCall, now: number): SimulatedAttempt
}

export interface SimulatedAttempt {
  /** Milliseconds until it ends; Infinity hangs until it is cancelled or `hangMs`. */
  readonly afterMs: number
  readonly fault?: { readonly phase: Phase; readonly cause: FaultCause; readonly code?: number }
  readonly status?: number
  readonly headers?: Record<string, string>
  readonly body?: string
}

export interface Visit {
  readonly at: number
  readonly until: number
  readonly proxy: string
  readonly url: string
  readonly host: string
  readonly status: number | undefined
}

const hangMs = 10_000

export class SimulatedTransport implements Transport {
  /** What the origins saw: every attempt that reached one. */
  readonly visits: Visit[] = []
  running = 0
  readonly #clock: Clock
  readonly #world: SimulatedWorld
  readonly #running = new Set<() => void>()

  constructor(clock: Clock, world: SimulatedWorld) {
    this.#clock = clock
    this.#world = world
  }

  send(call: TransportCall): TransportHandle {
    const started = this.#clock.now()
    const plan = this.#world.attempt(call, started)
    const { request, proxy } = call
    let isDone = false
    this.running++
    if (!plan.fault || plan.fault.phase === 'headers' || plan.fault.phase === 'body')
      call.onPhase?.('headers')
    const finish = (exchange: Exchange) => {
      if (isDone) return
      isDone = true
      this.running--
      this.#running.delete(cancel)
      const reached =
        exchange.kind === 'response' || exchange.phase === 'headers' || exchange.phase === 'body'
      const host = new URL(request.url).host
      const status = exchange.kind === 'response' ? exchange.status : undefined
      if (reached) {
        this.visits.push({
          at: started,
          until: this.#clock.now(),
          proxy: proxy.id,
          url: request.url,
          host,
          status,
        })
      }
      call.deliver(exchange)
    }
    const time = () => ({ connectMs: 0, totalMs: this.#clock.now() - started, bytes: 0, reused: false })
    const fault = (phase: Phase, cause: FaultCause, code?: number): Fault => {
      const base = {
        kind: 'fault' as const,
        phase,
        cause,
        detail: cause,
        firstByteMs: undefined,
        verified: false,
      }
      return { ...base, ...time(), ...(code === undefined ? {} : { code }) }
    }
    const isHanging = plan.afterMs === Number.POSITIVE_INFINITY
    const cancelTimer = this.#clock.after(isHanging ? hangMs : plan.afterMs, () => {
      if (isHanging) return finish(fault('headers', 'headers-timeout'))
      if (plan.fault) return finish(fault(plan.fault.phase, plan.fault.cause, plan.fault.code))
      const body = new TextEncoder().encode(plan.body ?? '<html><title>page</title><p>good</p></html>')
      const spent = time()
      const response: HttpResponse = {
        kind: 'response',
        url: request.url,
        status: plan.status ?? 200,
        headers: { 'content-type': 'text/html', ...plan.headers },
        body,
        redirects: [],
        forwarded: false,
        verified: request.url.startsWith('https:'),
        firstByteMs: spent.totalMs,
        ...spent,
        bytes: body.length,
      }
      finish(response)
    })
    const cancel = () => {
      if (isDone) return
      cancelTimer()
      this.#clock.after(0, () => finish(fault('headers', 'cancelled')))
    }
    this.#running.add(cancel)
    return { cancel }
  }

  forget(): void {}

  async close(): Promise<void> {
    for (const cancel of [...this.#running]) cancel()
  }
}

/** A log-normal time around `medianMs`. */
export function logNormal(random: Random, medianMs: number, sigma: number): number {
  return medianMs * Math.exp(sigma * normal(random))
}
