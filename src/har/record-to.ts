import { Buffer } from 'node:buffer'
import { type Clock, systemClock } from '../base/clock.ts'
import type { Exchange, HttpResponse, Phase } from '../contracts/outcome.ts'
import type { RecordedExchange } from '../contracts/recording.ts'
import type { FetchRequest } from '../contracts/request.ts'
import { isReadable, readBody, sizeOfBody } from '../contracts/response-body.ts'
import type { Transport, TransportCall } from '../contracts/transport.ts'

/**
 * A transport that keeps what another one brings, before its caller hears of it. Failures are kept too, with their sentence; what was
 * cancelled (a hedge that lost) is not. A body that went to a file is read back while the file is there, up to 64 MiB.
 */
export function recordTo(
  inner: Transport,
  keep: Keep,
  { clock = systemClock }: { readonly clock?: Pick<Clock, 'wall'> } = {},
): Transport {
  return {
    send: (call) => inner.send(new RecordedCall(call, keep, clock.wall())),
    forget: (proxyId) => inner.forget(proxyId),
    close: () => inner.close(),
  }
}

/** Told of an exchange, and through which proxy it went. */
export type Keep = (exchange: RecordedExchange, proxy: TransportCall['proxy']) => void

/** What it needs is taken at once: an attempt that is over is used again for another request. */
class RecordedCall implements TransportCall {
  readonly request: TransportCall['request']
  readonly proxy: TransportCall['proxy']
  readonly session: TransportCall['session']
  readonly cookies: TransportCall['cookies']
  readonly limits: TransportCall['limits']
  readonly #call: TransportCall
  readonly #keep: Keep
  readonly #startedAt: number
  readonly #cookie: string | undefined

  constructor(call: TransportCall, keep: Keep, startedAt: number) {
    this.request = call.request
    this.proxy = call.proxy
    this.session = call.session
    this.cookies = call.cookies
    this.limits = call.limits
    this.#call = call
    this.#keep = keep
    this.#startedAt = startedAt
    // Its answer may change them.
    this.#cookie = call.cookies?.headerFor(call.request.url)
  }

  onPhase(phase: Phase, at?: number): void {
    this.#call.onPhase?.(phase, at)
  }

  onBytes(count: number): void {
    this.#call.onBytes?.(count)
  }

  deliver(exchange: Exchange): void {
    if (exchange.kind === 'response' || exchange.cause !== 'cancelled') {
      const sent = sentBy(this.request, this.#cookie)
      this.#keep({ ...sent, startedAt: this.#startedAt, ...broughtBy(exchange) }, this.proxy)
    }
    this.#call.deliver(exchange)
  }
}

type Sent = Pick<RecordedExchange, 'method' | 'url' | 'requestHeaders' | 'requestBody' | 'unseen'>

function sentBy({ method, url, headers, body, unseen }: FetchRequest, cookie: string | undefined): Sent {
  const requestBody = typeof body === 'string' ? Buffer.from(body, 'utf8') : body
  return {
    method,
    url,
    requestHeaders: cookie === undefined || headers.cookie ? headers : { ...headers, cookie },
    ...(requestBody && { requestBody }),
    ...(unseen && { unseen }),
  }
}

type Brought = Omit<RecordedExchange, keyof Sent | 'startedAt'>

function broughtBy(exchange: Exchange): Brought {
  const { totalMs, firstByteMs = totalMs } = exchange
  const timing = { firstByteMs, totalMs }
  if (exchange.kind === 'fault') {
    const { cause, detail } = exchange
    return { status: 0, headers: {}, body: new Uint8Array(), timing, error: `${cause}: ${detail}` }
  }
  const { status, statusText, headers } = exchange
  return { status, statusText, headers, timing, ...bodyOf(exchange) }
}

function bodyOf(response: HttpResponse): Pick<RecordedExchange, 'body' | 'omittedBytes'> {
  const omitted = { body: new Uint8Array(), omittedBytes: sizeOfBody(response) }
  if (!isReadable(response)) return omitted
  try {
    return { body: readBody(response) }
  } catch {
    // Its file is gone. The crawl that asked is told so; here the page is missing, and says so.
    return omitted
  }
}
