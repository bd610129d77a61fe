import type { Agent } from 'node:http'
import { atFirstUse } from '../base/at-first-use.ts'
import type { Clock } from '../base/clock.ts'
import { Timer, type Wheel } from '../base/wheel.ts'
import { within } from '../base/within.ts'
import { assertArgument } from '../contracts/arguments.ts'
import type { ProxyEndpoint } from '../contracts/endpoint.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { Applicant, ProxyLease } from '../contracts/lease.ts'
import { type Exchange, type Verdict, verdictKinds } from '../contracts/outcome.ts'
import type { OwnLease } from '../contracts/own-lease.ts'
import type { Engine } from '../engine/engine.ts'
import type { Pool } from '../router/pool.ts'

export interface LeaseParts {
  readonly engine: Engine
  readonly clock: Clock
  readonly wheel: Wheel
  urlOf(endpoint: ProxyEndpoint): string
}

/** Waits for a proxy that may visit `host` now. Rejects when `signal` aborts, and when the crawler stops. */
export async function leaseProxy(
  parts: LeaseParts,
  host: string,
  options: { expiresMs: number; signal: AbortSignal | undefined },
): Promise<OwnLease> {
  const { signal } = options
  const gaveUp = () => new RegattaError('ABORTED', `The wait for a proxy to ${host} was aborted.`)
  if (signal?.aborted) throw gaveUp()
  const pool = parts.engine.router.pool(host)
  const { promise, resolve, reject } = Promise.withResolvers<OwnLease>()
  const applicant: Applicant = {
    priority: 2,
    waitingIn: undefined,
    wish: { why: 'first', busy: [], failed: [] },
    actor: parts.engine.root,
    isRacing: false,
    queued: () => {},
    granted: (lease) => resolve(new Lease(parts, pool, lease, options.expiresMs)),
    refused: ({ reason }) => {
      if (reason !== 'stopped') return
      reject(new RegattaError('STOPPED', `The crawler has stopped: there is no proxy for ${host} any more.`))
    },
  }
  pool.ask(applicant)
  return within(promise, { clock: parts.clock, signal }, () => {
    pool.leave(applicant)
    // It may have been granted in the same moment.
    promise.then((lease) => lease.fail('neutral')).catch(() => {})
    return gaveUp()
  })
}

class Lease implements OwnLease {
  readonly endpoint: ProxyEndpoint
  readonly #url: string
  readonly #parts: LeaseParts
  readonly #pool: Pool
  readonly #lease: ProxyLease
  readonly #expiry: Timer
  #agent: Agent | undefined

  constructor(parts: LeaseParts, pool: Pool, lease: ProxyLease, expiresMs: number) {
    this.#parts = parts
    this.#pool = pool
    this.#lease = lease
    this.endpoint = lease.endpoint
    this.#url = parts.urlOf(lease.endpoint)
    pool.sent(lease) // what its holder does with it is out of sight
    this.#expiry = new Timer(() => this.fail('neutral'))
    parts.wheel.arm(this.#expiry, parts.clock.now() + expiresMs)
  }

  get proxy(): string {
    return this.endpoint.id
  }

  // Not fields: who prints a lease prints neither the password nor a cookie.
  get url(): string {
    return this.#url
  }

  get headers(): Readonly<Record<string, string>> {
    return this.#pool.settings.headers
  }

  get agent(): Agent | undefined {
    this.#agent ??= agentFor(this.endpoint, this.#url)
    return this.#agent
  }

  succeed(firstByteMs?: number): void {
    const isTime = firstByteMs === undefined || Number.isFinite(firstByteMs)
    assertArgument(isTime, 'lease.succeed()', 'firstByteMs', 'milliseconds', firstByteMs)
    this.#end({ kind: 'success', reason: 'reported' }, firstByteMs)
  }

  fail(verdict: Verdict | Verdict['kind'] = 'transient'): void {
    const told = typeof verdict === 'string' ? { kind: verdict } : verdict
    const isKnown = typeof told === 'object' && told !== null && verdictKinds.includes(told.kind)
    assertArgument(
      isKnown,
      'lease.fail()',
      'verdict',
      `a verdict, or one of ${verdictKinds.join(', ')}`,
      verdict,
    )
    this.#end({ reason: 'reported', ...told }, undefined)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.fail('neutral')
  }

  #end(verdict: Verdict, firstByteMs: number | undefined): void {
    if (!this.#lease.isHeld) return
    const { engine, clock, wheel } = this.#parts
    wheel.disarm(this.#expiry)
    this.#agent?.destroy()
    const endedAt = clock.now()
    const startedAt = this.#lease.grantedAt
    const exchange: Exchange = {
      kind: 'fault',
      phase: verdict.kind === 'dead' ? 'handshake' : 'headers',
      cause: 'reset',
      detail: 'reported by the holder of the lease',
      connectMs: 0,
      firstByteMs,
      totalMs: endedAt - startedAt,
      bytes: 0,
      reused: false,
      verified: verdict.kind !== 'dead',
    }
    engine.feedback.apply(this.#pool, this.#lease, { exchange, verdict, startedAt, endedAt })
    engine.router.pump()
  }
}

const http = atFirstUse<typeof import('http-proxy-agent')>('http-proxy-agent')
const https = atFirstUse<typeof import('https-proxy-agent')>('https-proxy-agent')
const socks = atFirstUse<typeof import('socks-proxy-agent')>('socks-proxy-agent')

function agentFor(endpoint: ProxyEndpoint, url: string): Agent | undefined {
  if (endpoint.protocol === 'direct') return undefined
  if (!endpoint.protocol.startsWith('socks')) return httpAgent(url)
  // The name is always for the proxy to resolve, so plain socks5 and socks4 are asked for as 5h and 4a.
  const { SocksProxyAgent } = socks()
  return new SocksProxyAgent(url.replace(/^socks5:/, 'socks5h:').replace(/^socks4:/, 'socks4a:'))
}

/**
 * Plain HTTP goes to an HTTP proxy with its whole URL (RFC 9112, 3.2.2), as the crawler's own does: many proxies open no
 * tunnel to port 80. TLS and a WebSocket need one.
 */
function httpAgent(url: string): Agent {
  const agent = new (https().HttpsProxyAgent)(url)
  const forward = new (http().HttpProxyAgent)(url)
  const tunnel = agent.connect.bind(agent)
  agent.connect = async (request, options) =>
    options.secureEndpoint || request.hasHeader('upgrade')
      ? tunnel(request, options)
      : // Node's agents hand a request on to an agent that they are given for a socket.
        (forward as unknown as ReturnType<typeof tunnel>)
  const destroy = agent.destroy.bind(agent)
  agent.destroy = () => {
    destroy()
    forward.destroy()
  }
  return agent
}
