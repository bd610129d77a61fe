import type { SecureContext } from 'node:tls'
import type { Clock } from '../base/clock.ts'
import { isPublicUrl } from '../base/public-host.ts'
import type { Wheel } from '../base/wheel.ts'
import { assertArgument } from '../contracts/arguments.ts'
import type { ProxyEndpoint } from '../contracts/endpoint.ts'
import type { LeaseOptions, OwnLease } from '../contracts/own-lease.ts'
import type { Engine } from '../engine/engine.ts'
import { proxyUrl } from '../fleet/label.ts'
import type { HostSettings } from '../options/host-settings.ts'
import type { Options } from '../options/options.ts'
import { readUse } from '../options/read-use.ts'
import type { CredentialVault } from '../transport/credentials.ts'
import { Relay, type RelayParts } from '../transport/relay.ts'
import { createTrust } from '../transport/tls.ts'
import { assertHost, keyOf } from './asked-host.ts'
import { assertProxy, assertSomePass, numberOf } from './asked-proxy.ts'
import { fetchInit } from './fetch-options.ts'
import type { Intake } from './intake.ts'
import { type LeaseParts, leaseNothing, leaseProxy } from './own-lease.ts'

/**
 * The proxies that are handed out for clients of the user's own: one at a time, or for some work that is tried again over another
 * one. Those that are held still end with the crawler.
 */
export class OwnLeases implements LeaseParts {
  readonly engine: Engine
  readonly clock: Clock
  readonly wheel: Wheel
  readonly open = new Set<OwnLease>()
  readonly #options: Options
  readonly #vault: CredentialVault
  readonly #intake: Intake
  #trust: SecureContext | undefined
  #isClosed = false

  constructor(
    options: Options,
    parts: { engine: Engine; clock: Clock; wheel: Wheel; vault: CredentialVault; intake: Intake },
  ) {
    this.#options = options
    this.engine = parts.engine
    this.clock = parts.clock
    this.wheel = parts.wheel
    this.#vault = parts.vault
    this.#intake = parts.intake
  }

  /** `failed`: labels of proxies that are taken only when there is no other. */
  async lease(
    call: string,
    hostOrUrl: string | URL,
    options: LeaseOptions,
    failed: readonly string[],
  ): Promise<OwnLease> {
    assertHost(hostOrUrl, call, 'hostOrUrl')
    const { expiresMs = 300_000, signal, session, proxy, direct = false, ...rest } = fetchInit(options, call)
    const use = readUse(rest.use)
    const isTime = typeof expiresMs === 'number' && expiresMs > 0
    assertArgument(isTime, call, 'expiresMs', 'milliseconds above 0', expiresMs)
    assertArgument(typeof direct === 'boolean', call, 'direct', 'true or false', direct)
    const isAlone = !direct || (session === undefined && proxy === undefined && use === undefined)
    assertArgument(isAlone, call, 'direct', 'left out where session, proxy or use says which one', direct)
    // While it stops, the pools say so.
    if (!this.#isClosed) this.#intake.assertOpen()
    const text = String(hostOrUrl)
    const target = text.includes('://') ? text : `https://${text}`
    const { fleet, hosts } = this.engine
    const host = keyOf(hosts, target)
    if (proxy !== undefined) assertProxy(this.engine, { proxy, host, session, use })
    if (use) assertSomePass(this.engine, use, host)
    const only = proxy === undefined ? undefined : numberOf(fleet, proxy)
    const numbers = failed.map((label) => fleet.numberOf(label)).filter((each) => each !== undefined)
    const demand = { host, target, expiresMs, signal, session, use, only, failed: numbers }
    return direct ? leaseNothing(this, demand) : leaseProxy(this, demand)
  }

  /** What `work` returns is a success, what it throws a failure of the lease, unless it has said itself how it went. */
  async run<Result>(
    hostOrUrl: string | URL,
    work: (lease: OwnLease) => Promise<Result> | Result,
    options: LeaseOptions & { readonly tries?: number | undefined },
  ): Promise<Result> {
    const call = 'withLease()'
    assertArgument(typeof work === 'function', call, 'work', 'a function of the lease', work)
    const { tries = defaultTries, ...rest } = fetchInit(options, call)
    const isCount = typeof tries === 'number' && tries >= 1
    assertArgument(isCount, call, 'tries', 'a number from 1', tries)
    const failed: string[] = []
    for (let times = 1; ; times++) {
      const lease = await this.lease(call, hostOrUrl, rest, failed)
      try {
        const result = await work(lease)
        lease.succeed()
        return result
      } catch (error) {
        // A mistake in its code is no proxy's fault: that ends it at once.
        const isOwn = isMistake(error) || rest.signal?.aborted === true
        if (lease.outcome === undefined) lease.fail(isOwn ? 'neutral' : 'transient')
        const isAnswer = lease.outcome?.kind === 'success' || lease.outcome?.kind === 'final'
        if (isOwn || isAnswer || times >= tries) throw error
        failed.push(lease.proxy)
      }
    }
  }

  /** Ends all that are held. Those who ask from now on hear from the pools that nothing is granted. */
  close(): void {
    this.#isClosed = true
    for (const lease of [...this.open]) lease.fail('neutral')
  }

  // LeaseParts: what a lease asks.

  get remoteDns(): boolean {
    return this.#options.remoteDns
  }

  urlOf(endpoint: ProxyEndpoint): string {
    const credentials = this.#vault.get(endpoint.id)
    return proxyUrl(credentials ? { endpoint, credentials } : { endpoint })
  }

  /** For a browser: what may be asked through it is what the crawler itself may ask. */
  relayTo(
    proxy: ProxyEndpoint,
    target: string,
    { limits }: HostSettings,
    carried: RelayParts['carried'],
  ): Promise<Relay> {
    const { ca, allowPrivateTargets, remoteDns } = this.#options
    return Relay.open({
      proxy,
      credentials: this.#vault.get(proxy.id),
      limits,
      clock: this.clock,
      trust: () => {
        this.#trust ??= createTrust(ca)
        return this.#trust
      },
      allowPrivate: allowPrivateTargets ?? !isPublicUrl(target),
      remoteDns,
      carried,
    })
  }
}

const defaultTries = 3

/**
 * What the runtime throws for a line of code that is wrong. A failed `fetch` is a TypeError too, but with a cause; a SyntaxError comes of a page
 * that is no JSON.
 */
function isMistake(error: unknown): boolean {
  if (error instanceof TypeError) return error.cause === undefined
  return error instanceof ReferenceError
}
