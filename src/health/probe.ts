import type { Clock } from '../base/clock.ts'
import type { ProxyEndpoint } from '../contracts/endpoint.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { Exchange, Fault, FaultCause, HttpResponse, Phase } from '../contracts/outcome.ts'
import type { Transport } from '../contracts/transport.ts'
import { type EchoAnswer, readEcho } from './echo.ts'

/**
 * One question to one echo target through one proxy: a real request over the real transport, so that a probe fails where
 * live traffic would. What it says of the proxy depends on who failed:
 *
 * - `answered`: the echo came back, so the proxy works.
 * - `failed`: the proxy was not reached, or broke its own protocol. The proxy's doing.
 * - `lost`: somewhere behind the proxy. One target says little; two independent ones say it is the proxy.
 * - `refused`: the target answered with something else than an echo. Says nothing about the proxy.
 * - `unclear`: this machine, or cancelled. Says nothing about anybody.
 */
export interface Probe {
  readonly echo: string
  readonly kind: 'answered' | 'failed' | 'lost' | 'refused' | 'unclear'
  readonly exchange: Exchange
  /** Only when answered. */
  readonly answer?: EchoAnswer
  /** Clock time in milliseconds. */
  readonly startedAt: number
  readonly endedAt: number
}

export interface ProbeOptions {
  readonly transport: Transport
  readonly clock: Clock
  /** Milliseconds for one probe, all phases. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal
  headersFor?(echo: string): Readonly<Record<string, string>>
}

/** Asks once. Never rejects; resolves at the latest when the transport has cleaned up after the timeout. */
export function probe(proxy: ProxyEndpoint, echo: string, options: ProbeOptions): Promise<Probe> {
  const { transport, clock, timeoutMs, signal } = options
  const startedAt = clock.now()
  let phase: Phase = 'dial'
  let isLate = false
  return new Promise((resolve) => {
    const handle = transport.send({
      request: {
        url: echo,
        method: 'GET',
        headers: { ...options.headersFor?.(echo), accept: 'application/json' },
        idempotent: true,
      },
      proxy,
      onPhase(entered) {
        phase = entered
      },
      deliver(delivered) {
        cancelTimer()
        signal?.removeEventListener('abort', abort)
        const exchange =
          isLate && delivered.kind === 'fault' ? lateFault(delivered, phase, timeoutMs) : delivered
        if (exchange.kind === 'response') void exchange.file?.remove()
        resolve({ echo, exchange, startedAt, endedAt: clock.now(), ...judge(exchange) })
      },
    })
    const abort = () => handle.cancel()
    signal?.addEventListener('abort', abort, { once: true })
    const cancelTimer = clock.after(timeoutMs, () => {
      isLate = true
      handle.cancel()
    })
  })
}

/** A slug for people and metrics: the fault's cause, or what the target answered. */
export function reasonOf({ kind, exchange }: Probe): string {
  if (exchange.kind === 'fault') return exchange.cause
  if (kind === 'answered') return 'ok'
  return exchange.status === 200 ? 'not-an-echo' : `status-${exchange.status}`
}

/**
 * Throws OPTION_INVALID unless there are `least` http(s) targets of different origins. Where proxies are judged without
 * being looked at by the user, one alone cannot be told from the proxy.
 */
export function requireEchoes(echoes: readonly string[], least: 1 | 2): void {
  const origins = echoes.map((echo) => URL.parse(echo)).filter((url) => url && /^https?:$/.test(url.protocol))
  if (origins.length === echoes.length && new Set(origins.map((url) => url!.origin)).size >= least) return
  throw new RegattaError(
    'OPTION_INVALID',
    `Option "echoes": give ${least === 1 ? 'an http(s) URL' : 'at least two http(s) URLs of different origins'} that answer${least === 1 ? 's' : ''} with the caller's address as JSON.`,
    { value: { path: 'echoes' } },
  )
}

function judge(exchange: Exchange): Pick<Probe, 'kind' | 'answer'> {
  if (exchange.kind === 'fault') return { kind: judgeFault(exchange) }
  const answer = readEcho(exchange)
  if (answer) return { kind: 'answered', answer }
  return { kind: isProxysOwn(exchange) ? 'failed' : 'refused' }
}

/** A 407 without a tunnel is the proxy's word, and so is no answer of any echo target. */
function isProxysOwn(response: HttpResponse): boolean {
  return response.forwarded && response.status === 407
}

/** Causes of the handshake that speak of what lies behind the proxy, not of the proxy. */
const behind: ReadonlySet<FaultCause> = new Set<FaultCause>([
  'socks-general-failure',
  'socks-not-allowed',
  'socks-network-unreachable',
  'socks-host-unreachable',
  'socks-connection-refused',
  'socks-ttl-expired',
  'socks-command-unsupported',
  'socks-address-unsupported',
  'socks-rejected',
  'connect-forbidden',
  'connect-failed',
  'host-not-found',
  'connect-target',
  'proxy-busy',
])

function judgeFault({ phase, cause }: Fault): 'failed' | 'lost' | 'unclear' {
  if (phase === 'local' || cause === 'cancelled' || cause === 'stale-socket') return 'unclear'
  if (cause === 'local-resources' || cause === 'local-disk' || cause === 'local-network') return 'unclear'
  if (behind.has(cause)) return 'lost'
  return phase === 'dial' || phase === 'handshake' || cause === 'connect-injected' ? 'failed' : 'lost'
}

const lateCauses: Readonly<Record<Phase, FaultCause>> = {
  dial: 'dial-timeout',
  handshake: 'handshake-timeout',
  tls: 'tls-timeout',
  headers: 'headers-timeout',
  body: 'body-timeout',
  decode: 'total-timeout',
  redirect: 'total-timeout',
  local: 'total-timeout',
}

/** A probe cut off by its own clock is no cancellation: it ran out of time in the phase where it was. */
function lateFault(fault: Fault, phase: Phase, timeoutMs: number): Fault {
  if (fault.cause !== 'cancelled') return fault
  return { ...fault, phase, cause: lateCauses[phase], detail: `No answer within ${timeoutMs} ms.` }
}
