import type { Clock } from '../base/clock.ts'
import type { Audience } from '../contracts/audience.ts'
import type { ParsedProxy } from '../contracts/endpoint.ts'
import type { Alert, ProxiesRefreshed } from '../contracts/events.ts'
import type { Transport } from '../contracts/transport.ts'
import type { Engine } from '../engine/engine.ts'
import type { FleetListener } from '../fleet/fleet.ts'
import type { Options } from '../options/options.ts'
import type { CredentialVault } from '../transport/credentials.ts'
import { type Anonymity, anonymityFor } from './anonymity.ts'

/**
 * How a proxy of the lists becomes one that is used, and how it goes: its credentials are put into the vault, where anonymity is
 * asked for it is looked at first, and what it leaves behind, open connections and passwords, goes with it.
 */
export class Membership implements FleetListener {
  readonly anonymity: Anonymity | undefined
  readonly #engine: Engine
  readonly #transport: Transport
  readonly #vault: CredentialVault
  readonly #audience: Audience

  constructor(
    options: Options,
    parts: { engine: Engine; transport: Transport; vault: CredentialVault; clock: Clock; audience: Audience },
  ) {
    const { engine, transport, clock } = parts
    this.#engine = engine
    this.#transport = transport
    this.#vault = parts.vault
    this.#audience = parts.audience
    this.anonymity = anonymityFor(options, {
      transport,
      clock,
      join: (proxy) => engine.join(proxy),
      leave: (id) => {
        engine.leave(id)
        transport.forget(id)
      },
      alert: (alert) => this.alert(alert),
    })
  }

  added(proxy: ParsedProxy): void {
    const known = this.#keepAccount(proxy)
    if (this.anonymity) this.anonymity.added(known)
    else this.#engine.join(known)
  }

  renewed(id: string, proxy: ParsedProxy): void {
    const isSameLabel = id === proxy.endpoint.id
    const known = this.#keepAccount(proxy)
    if (this.anonymity && !this.anonymity.has(id)) {
      this.anonymity.removed(id)
      this.anonymity.added(known)
    } else {
      this.anonymity?.renewed(id, known)
      this.#engine.renew(id, known)
    }
    if (!isSameLabel) this.#forget(id)
  }

  removed(id: string): void {
    this.anonymity?.removed(id)
    this.#engine.leave(id)
    this.#forget(id)
  }

  refreshed(event: ProxiesRefreshed): void {
    this.anonymity?.refresh()
    this.#engine.refreshed()
    this.#audience.announce('proxies.refreshed', event)
  }

  alert(alert: Alert): void {
    this.#audience.announce('alert', alert)
  }

  #forget(id: string): void {
    this.#transport.forget(id)
    this.#vault.forget(id)
  }

  /** Its credentials go into the vault. One account at a hundred addresses stands and falls as one. */
  #keepAccount(proxy: ParsedProxy): ParsedProxy {
    const { endpoint, credentials } = proxy
    if (!credentials) return proxy
    this.#vault.set(endpoint.id, credentials)
    return { ...proxy, endpoint: { ...endpoint, credentialGroup: this.#vault.accountOf(credentials) } }
  }
}
