import type { ProxyCredentials } from '../contracts/endpoint.ts'

/**
 * The only holder of secrets. Everybody else knows a proxy by its label; the transport asks here for the account in the
 * moment of the handshake. Nothing that prints, serialises or inspects the vault finds anything in it.
 */
export class CredentialVault {
  readonly #byProxy = new Map<string, ProxyCredentials>()
  readonly #accounts = new Map<string, string>()

  /** Remembers the account of a proxy; a second one replaces the first. */
  set(proxyId: string, credentials: ProxyCredentials): void {
    this.#byProxy.set(proxyId, { username: credentials.username, password: credentials.password })
  }

  get(proxyId: string): ProxyCredentials | undefined {
    return this.#byProxy.get(proxyId)
  }

  /** A name for the account, the same for every address that takes it: what one proxy is refused, all of them are. */
  accountOf({ username, password }: ProxyCredentials): string {
    const key = JSON.stringify([username, password])
    let name = this.#accounts.get(key)
    if (name === undefined) {
      name = `account ${this.#accounts.size + 1}`
      this.#accounts.set(key, name)
    }
    return name
  }

  forget(proxyId: string): void {
    this.#byProxy.delete(proxyId)
  }

  toJSON(): Record<string, never> {
    return {}
  }
}

/** The value of `Authorization` or `Proxy-Authorization` for HTTP Basic (RFC 7617), in UTF-8. */
export function basicAuthorization(credentials: ProxyCredentials): string {
  return `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`, 'utf8').toString('base64')}`
}
