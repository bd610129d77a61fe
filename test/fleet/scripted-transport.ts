import type { Clock } from '../../src/base/clock.ts'
import type { ProxyEndpoint } from '../../src/contracts/endpoint.ts'
import type { Exchange, Fault, FaultCause, HttpResponse, Phase } from '../../src/contracts/outcome.ts'
import type { Transport } from '../../src/contracts/transport.ts'

/** What a scripted world does with one request: after how long, in which phase meanwhile, and with what end. */
export interface Script {
  readonly afterMs: number
  readonly phase?: Phase
  readonly exchange?: Exchange
}

export interface ScriptedTransport extends Transport {
  /** Calls that are out now. */
  readonly running: number
  readonly sent: readonly string[]
}

/** A Transport on the clock of the test; without an exchange a call hangs until it is cancelled. */
export function scriptedTransport(
  clock: Clock,
  world: (proxy: ProxyEndpoint, url: URL) => Script,
): ScriptedTransport {
  const running = new Set<() => void>()
  const sent: string[] = []
  return {
    get running() {
      return running.size
    },
    sent,
    send({ request, proxy, onPhase, deliver }) {
      sent.push(`${proxy.host} ${new URL(request.url).host}`)
      const script = world(proxy, new URL(request.url))
      onPhase?.(script.phase ?? 'headers')
      const end = (exchange: Exchange) => {
        if (!running.delete(cancel)) return
        stop()
        deliver(exchange)
      }
      const cancel = () => end(fault('cancelled', 'local'))
      const stop = clock.after(script.exchange ? script.afterMs : 1e9, () => end(script.exchange!))
      running.add(cancel)
      return { cancel }
    },
    forget() {},
    async close() {
      for (const cancel of running) cancel()
    },
  }
}

const measures = {
  connectMs: 0,
  firstByteMs: undefined,
  totalMs: 0,
  bytes: 0,
  reused: false,
  verified: false,
}

export function fault(cause: FaultCause, phase: Phase): Fault {
  return { kind: 'fault', cause, phase, detail: cause, ...measures }
}

export function response(body: unknown, extra: Partial<HttpResponse> = {}): HttpResponse {
  return {
    ...measures,
    kind: 'response',
    url: 'http://echo.example/',
    status: 200,
    headers: {},
    body: new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body)),
    redirects: [],
    forwarded: false,
    ...extra,
  }
}
