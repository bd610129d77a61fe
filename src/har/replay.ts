import { type Clock, systemClock } from '../base/clock.ts'
import type { Exchange, Fault } from '../contracts/outcome.ts'
import type { HarArchive, RecordedExchange } from '../contracts/recording.ts'
import type { Transport, TransportCall } from '../contracts/transport.ts'
import { RecordedAnswers } from './recorded-answers.ts'

/**
 * A transport that answers out of archives: the same answers in the same order, without a socket. What is in none of them
 * is nobody's failure: no proxy brings it, so no other is asked. It ends its request at once, with the cause `not-recorded` and a
 * sentence that names the URL, the archive, and the recorded URL that comes nearest.
 */
export interface ReplayOptions {
  /** Told of each request that no archive has. Default: nobody is. */
  readonly onMiss?: ((miss: ReplayMiss) => void) | undefined
  /** Answers come in a turn of their own. Default: the system's. */
  readonly clock?: Pick<Clock, 'soon'> | undefined
}

/** A request that no archive has. */
export interface ReplayMiss {
  readonly method: string
  readonly url: string
  /** In words, without a full stop. */
  readonly detail: string
}

/** Archives are looked through as one, the first one first. */
export function createReplay(archives: readonly HarArchive[], options: ReplayOptions = {}): Transport {
  const answers = new RecordedAnswers(archives)
  return createAnsweringTransport(({ request }) => answers.take(request), options)
}

/** Nothing is recorded, and nothing may be asked. `why` gives a sentence without its full stop. */
export function createOffline(
  why: (request: TransportCall['request']) => string,
  options: ReplayOptions = {},
): Transport {
  return createAnsweringTransport(({ request }) => why(request), options)
}

function createAnsweringTransport(
  answerTo: (call: TransportCall) => RecordedExchange | string,
  { onMiss, clock = systemClock }: ReplayOptions,
): Transport {
  const open = new Set<() => void>()
  let isClosed = false
  return {
    send(call) {
      // Read at once: an attempt that is over is used again for another request.
      const { request } = call
      let isOver = false
      const end = (exchange: Exchange) => {
        if (isOver) return
        isOver = true
        open.delete(cancel)
        call.deliver(exchange)
      }
      const cancel = () => end(fault('cancelled', 'it was cancelled'))
      open.add(cancel)
      let isCancelled = isClosed
      clock.soon(() => {
        if (isOver) return
        if (isCancelled) return cancel()
        const answer = answerTo(call)
        if (typeof answer !== 'string') return end(answered(call, answer))
        onMiss?.({ method: request.method, url: request.url, detail: answer })
        end(fault('not-recorded', answer))
      })
      return {
        cancel() {
          isCancelled = true
        },
      }
    },
    forget() {},
    async close() {
      isClosed = true
      for (const cancel of [...open]) cancel()
    },
  }
}

/** As it was recorded; a body that is longer than is asked for is refused as it would be on the wire. */
function answered(call: TransportCall, recorded: RecordedExchange): Exchange {
  const { request, proxy, cookies, limits } = call
  const { status, statusText = '', headers, body } = recorded
  if (limits && body.length > limits.maxBody)
    return fault('body-too-large', `the recorded body has ${body.length} bytes`)
  const lines = headers['set-cookie']
  if (lines !== undefined) cookies?.take(request.url, [lines].flat())
  call.onBytes?.(body.length)
  const isSecure = request.url.startsWith('https:')
  return {
    kind: 'response',
    url: request.url,
    status,
    statusText,
    headers,
    body: request.method === 'HEAD' ? new Uint8Array() : body,
    redirects: [],
    forwarded: !isSecure && (proxy.protocol === 'http' || proxy.protocol === 'https'),
    ...{ connectMs: 0, firstByteMs: 0, totalMs: 0 },
    // Nothing went over a wire.
    ...{ bytes: 0, reused: false, verified: isSecure },
  }
}

function fault(cause: Fault['cause'], detail: string): Fault {
  const timing = { connectMs: 0, firstByteMs: undefined, totalMs: 0 }
  return {
    ...({ kind: 'fault', phase: 'local', cause, detail } as const),
    ...timing,
    ...{ bytes: 0, reused: false, verified: false },
  }
}
