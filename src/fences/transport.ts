import { messageOf } from '../contracts/errors.ts'
import type { Exchange, Fault, HttpResponse, Phase } from '../contracts/outcome.ts'
import type { Transport, TransportCall } from '../contracts/transport.ts'
import { describe, type Fence, hush, isObject } from './fence.ts'

const what = 'The transport'
const instead = 'The attempt counts as ours, not as the fault of its proxy.'

/** Each call is delivered once, and what is delivered is an exchange; a call that cannot be made is a fault of ours. */
export function fenceTransport(own: Transport, fence: Fence): Transport {
  return {
    send(call) {
      const guarded = new GuardedCall(call, fence)
      let handle: unknown
      try {
        handle = own.send(guarded)
      } catch (error) {
        guarded.fail('send() threw', error)
      }
      hush(handle, (error) => guarded.fail('send() threw', error))
      const cancel = isObject(handle) ? handle.cancel : undefined
      return {
        cancel() {
          if (guarded.isOver) return
          if (typeof cancel === 'function') attempt(fence, () => cancel.call(handle))
          // Nothing can be cancelled: what it brings later has nobody to hear it.
          else guarded.fail('returned nothing to cancel from send()', undefined)
        },
      }
    },
    forget(proxyId) {
      attempt(fence, () => own.forget(proxyId))
    },
    async close() {
      try {
        await own.close()
      } catch (error) {
        fence.threw(`${what}'s close()`, error, 'The crawler stops all the same.')
      }
    },
  }
}

function attempt(fence: Fence, step: () => unknown): void {
  const threw = (error: unknown) => fence.threw(what, error, 'The crawl goes on.')
  try {
    hush(step(), threw)
  } catch (error) {
    threw(error)
  }
}

/** What it needs is taken from the call at once: an attempt that is over is used again for another request. */
class GuardedCall implements TransportCall {
  readonly request: TransportCall['request']
  readonly proxy: TransportCall['proxy']
  readonly session: TransportCall['session']
  readonly cookies: TransportCall['cookies']
  readonly limits: TransportCall['limits']
  isOver = false
  readonly #call: TransportCall
  readonly #fence: Fence

  constructor(call: TransportCall, fence: Fence) {
    this.request = call.request
    this.proxy = call.proxy
    this.session = call.session
    this.cookies = call.cookies
    this.limits = call.limits
    this.#call = call
    this.#fence = fence
  }

  onPhase(phase: Phase): void {
    if (!this.isOver) this.#call.onPhase?.(phase)
  }

  deliver(exchange: Exchange): void {
    if (this.isOver) return
    this.isOver = true
    if (isExchange(exchange)) return this.#call.deliver(exchange)
    this.#fence.returned(what, exchange, 'an exchange (a response or a fault)', instead)
    this.#call.deliver(faultOf(`the transport delivered ${describe(exchange)}`))
  }

  fail(how: string, error: unknown): void {
    if (this.isOver) return
    this.isOver = true
    if (error !== undefined) this.#fence.threw(`${what}'s send()`, error, instead)
    this.#call.deliver(faultOf(`the transport's ${how}${error === undefined ? '' : `: ${messageOf(error)}`}`))
  }
}

function faultOf(detail: string): Fault {
  const timing = { connectMs: 0, firstByteMs: undefined, totalMs: 0 }
  const traffic = { bytes: 0, reused: false, verified: false }
  return { kind: 'fault', phase: 'local', cause: 'cancelled', detail, ...timing, ...traffic }
}

function isExchange(value: unknown): value is Exchange {
  if (!isObject(value) || typeof value.bytes !== 'number' || typeof value.totalMs !== 'number') return false
  if (value.kind === 'fault') return typeof value.phase === 'string' && typeof value.cause === 'string'
  const { kind, url, status, headers, body, redirects } = value as Partial<HttpResponse>
  return (
    kind === 'response' &&
    typeof url === 'string' &&
    Number.isInteger(status) &&
    isObject(headers) &&
    body instanceof Uint8Array &&
    Array.isArray(redirects)
  )
}
