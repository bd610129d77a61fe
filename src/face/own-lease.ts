import type { Agent } from 'node:http'
import type { Agent as AgentForBoth } from 'node:https'
import type { LookupFunction } from 'node:net'
import { atFirstUse } from '../base/at-first-use.ts'
import type { Clock } from '../base/clock.ts'
import { Timer, type Wheel } from '../base/wheel.ts'
import { within } from '../base/within.ts'
import { assertArgument } from '../contracts/arguments.ts'
import type { Cookies } from '../contracts/cookies.ts'
import type { ProxyEndpoint } from '../contracts/endpoint.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { Applicant, ProxyLease } from '../contracts/lease.ts'
import { type Exchange, type Verdict, verdictKinds } from '../contracts/outcome.ts'
import type { OwnLease } from '../contracts/own-lease.ts'
import type { ProxyFilter } from '../contracts/proxy-filter.ts'
import type { Engine } from '../engine/engine.ts'
import { directProxy } from '../fleet/label.ts'
import type { HostSettings } from '../options/host-settings.ts'
import { breaksSession } from '../race/decide.ts'
import type { Pool } from '../router/pool.ts'
import type { SessionLife } from '../router/session-life.ts'
import type { Relay, RelayParts } from '../transport/relay.ts'
import { lookupPublic } from '../transport/resolve-public.ts'

export interface LeaseParts {
  readonly engine: Engine
  readonly clock: Clock
  readonly wheel: Wheel
  /** Those that are held: they end with the crawler. */
  readonly open: Set<OwnLease>
  urlOf(endpoint: ProxyEndpoint): string
  /** `host`: a name or a URL that may be asked even where it lies in a local network. */
  relayTo(
    endpoint: ProxyEndpoint,
    host: string,
    settings: HostSettings,
    carried: RelayParts['carried'],
  ): Promise<Relay>
  /** SOCKS proxies are told the name of the target, and not its address. */
  readonly remoteDns: boolean
}

/** Which one, and for how long. */
export interface LeaseDemand {
  /** The pool's key. */
  readonly host: string
  /** As it was asked for. */
  readonly target: string
  readonly expiresMs: number
  readonly signal: AbortSignal | undefined
  readonly session: string | undefined
  /** Which proxies may be leased. */
  readonly use: readonly ProxyFilter[] | undefined
  /** The number of a proxy: no other one. */
  readonly only: number | undefined
  /** Numbers of proxies that are taken only when there is no other. */
  readonly failed: readonly number[]
}

/** Waits for a proxy that may visit the host now. Rejects when `signal` aborts, when the crawler stops, and with SESSION_LOST. */
export async function leaseProxy(parts: LeaseParts, demand: LeaseDemand): Promise<OwnLease> {
  const { host, signal, session, only, failed, use } = demand
  const { router, sessions, root } = parts.engine
  const gaveUp = () => new RegattaError('ABORTED', `The wait for a proxy to ${host} was aborted.`)
  if (signal?.aborted) throw gaveUp()
  const life = session === undefined ? undefined : sessions.enter(session)
  life?.visits(host)
  if (life?.loss !== undefined) throw lost(demand, life)
  const pool = router.pool(host)
  const { promise, resolve, reject } = Promise.withResolvers<OwnLease>()
  const applicant: Applicant = {
    priority: 2,
    waitingIn: undefined,
    wish: {
      why: 'first',
      busy: [],
      failed,
      // Another request may have bound the session meanwhile.
      get only() {
        return only ?? life?.proxy
      },
      get among() {
        return use && pool.among(use)
      },
      get prefers() {
        return life && life.proxy === undefined ? sessions.isFree : undefined
      },
    },
    actor: root,
    isRacing: false,
    queued: () => {},
    granted: (lease) => {
      life?.bind(lease.proxy)
      if (!life || life.leaves(lease.proxy)) return resolve(new Lease(parts, pool, lease, demand, life))
      pool.release(lease)
      reject(lost(demand, life))
    },
    refused: ({ reason }) => {
      const isGone = reason === 'no-proxy' && (only ?? life?.proxy) !== undefined
      if (isGone) reject(lost(demand, life))
      else if (reason === 'stopped')
        reject(
          new RegattaError('STOPPED', `The crawler has stopped: there is no proxy for ${host} any more.`),
        )
    },
  }
  pool.ask(applicant)
  promise.catch(() => pool.leave(applicant))
  return within(promise, { clock: parts.clock, signal }, () => {
    pool.leave(applicant)
    // It may have been granted in the same moment.
    promise.then((lease) => lease.fail('neutral')).catch(() => {})
    return gaveUp()
  })
}

/** Without a proxy: it holds no permit, and nothing is learnt of it. */
export function leaseNothing(parts: LeaseParts, demand: LeaseDemand): OwnLease {
  return new Lease(parts, parts.engine.router.pool(demand.host), undefined, demand, undefined)
}

/** Its session, or the one proxy that will do, cannot go on. */
function lost({ host, session }: LeaseDemand, life: SessionLife | undefined): RegattaError {
  if (life) {
    life.loss ??= 'its proxy is not available'
    life.isTold = true
  }
  const what = session === undefined ? 'the proxy that was asked for' : `session "${session}"`
  const why = life?.loss ?? 'it is shut out, or has left the list'
  return new RegattaError('SESSION_LOST', `${host}: there is no lease for ${what} (${why}).`, {
    value: { reason: 'session-lost', verdict: undefined, status: undefined, attempts: 0 },
  })
}

class Lease implements OwnLease {
  readonly endpoint: ProxyEndpoint
  readonly #url: string
  readonly #parts: LeaseParts
  readonly #pool: Pool
  readonly #target: string
  /** Undefined without a proxy. */
  readonly #lease: ProxyLease | undefined
  readonly #life: SessionLife | undefined
  readonly #expiry: Timer
  #agent: Agent | undefined
  #relay: Promise<Relay> | undefined
  #outcome: Verdict | undefined

  constructor(
    parts: LeaseParts,
    pool: Pool,
    lease: ProxyLease | undefined,
    { target, expiresMs }: LeaseDemand,
    life: SessionLife | undefined,
  ) {
    this.#parts = parts
    this.#pool = pool
    this.#target = target
    this.#lease = lease
    this.#life = life
    this.endpoint = (lease ?? directProxy).endpoint
    this.#url = parts.urlOf(this.endpoint)
    if (lease) pool.sent(lease) // what its holder does with it is out of sight
    this.#expiry = new Timer(() => this.#end({ kind: 'neutral', reason: 'expired' }, undefined))
    parts.wheel.arm(this.#expiry, parts.clock.now() + expiresMs)
    parts.open.add(this)
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

  get cookies(): Cookies | undefined {
    return this.#life?.cookies
  }

  get outcome(): Verdict | undefined {
    return this.#outcome
  }

  get agent(): AgentForBoth | undefined {
    this.#agent ??= agentFor(this.endpoint, this.#url, this.#parts.remoteDns)
    // Made for both; the libraries that make it name the class of the first alone.
    return this.#agent as AgentForBoth | undefined
  }

  async relay(): Promise<string> {
    if (this.#outcome === undefined) {
      this.#relay ??= this.#parts.relayTo(
        this.endpoint,
        this.#target,
        this.#pool.settings,
        (sent, received) => this.#book(sent, received),
      )
      const relay = await this.#relay
      // It may have ended meanwhile.
      if (this.#outcome === undefined) return relay.url
    }
    const sentence = `The lease of ${this.proxy} has ended (${this.#outcome.reason}): there is no relay any more.`
    throw new RegattaError('LEASE_ENDED', sentence)
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
    if (this.#outcome !== undefined) return
    this.#outcome = verdict
    const { wheel, open } = this.#parts
    open.delete(this)
    wheel.disarm(this.#expiry)
    this.#agent?.destroy()
    this.#relay?.then((relay) => relay.close()).catch(() => {})
    if (this.#lease) this.#tell(this.#lease, verdict, firstByteMs)
  }

  /** Each connection of the relay is booked by itself; without a proxy there is nothing to pay. */
  #book(sent: number, received: number): void {
    const { spending } = this.#parts.engine
    if (this.#lease) spending.carried(this.endpoint, this.#pool.host, sent, received)
  }

  #tell(lease: ProxyLease, verdict: Verdict, firstByteMs: number | undefined): void {
    const { engine, clock } = this.#parts
    const endedAt = clock.now()
    const startedAt = lease.grantedAt
    if (this.#life) {
      this.#life.usedAt = endedAt
      if (verdict.kind === 'success') this.#life.hasAnswered = true
      else if (breaksSession(verdict)) this.#life.fails(lease.proxy, verdict.reason)
    }
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
    engine.feedback.apply(this.#pool, lease, { exchange, verdict, startedAt, endedAt })
    engine.router.pump()
  }
}

const http = atFirstUse<typeof import('http-proxy-agent')>('http-proxy-agent')
const https = atFirstUse<typeof import('https-proxy-agent')>('https-proxy-agent')
const socks = atFirstUse<typeof import('socks-proxy-agent')>('socks-proxy-agent')

function agentFor(endpoint: ProxyEndpoint, url: string, remoteDns: boolean): Agent | undefined {
  if (endpoint.protocol === 'direct') return undefined
  const lookup = endpoint.publicOnly && { lookup: lookupPublic }
  if (!endpoint.protocol.startsWith('socks')) return httpAgent(url, { ...lookup })
  // The scheme tells the agent who resolves names; here it is the option that tells.
  const version = endpoint.protocol.startsWith('socks4') ? 4 : 5
  const scheme = `socks${version}${remoteDns ? (version === 4 ? 'a' : 'h') : ''}:`
  const { SocksProxyAgent } = socks()
  return new SocksProxyAgent(url.replace(/^[^:]+:/, scheme), { socketOptions: { ...lookup } })
}

/**
 * Plain HTTP goes to an HTTP proxy with its whole URL (RFC 9112, 3.2.2), as the crawler's own does: many proxies open no
 * tunnel to port 80. TLS and a WebSocket need one.
 */
function httpAgent(url: string, dialling: { lookup?: LookupFunction }): Agent {
  const agent = new (https().HttpsProxyAgent)(url, dialling)
  const forward = new (http().HttpProxyAgent)(url, dialling)
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
