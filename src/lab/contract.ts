import type { Books } from './books.ts'

/**
 * A lab, wherever it runs: in this process or in a child. What is fixed at the start is plain data; what changes is asked
 * for and answered later. The trap: origin names are known to the lab's proxies only. No resolver of this machine has
 * them, so a client that resolves names itself fails, which is the point.
 */
export interface Lab extends AsyncDisposable {
  readonly name: string
  readonly seed: number
  readonly origins: { readonly [name: string]: LabOrigin }
  /** Full URLs, with credentials where the scenario has some, in the scenario's order. */
  readonly proxies: readonly string[]
  /** The lab's certificate authority, PEM; empty when nothing in the scenario speaks TLS. */
  readonly ca: string
  readonly control: LabControl
  /** Throws SCENARIO_INVALID for a name that is not there. */
  proxy(name: string): LabProxyAddress
  /** Every proxy, in the scenario's order. */
  proxyNames(): readonly string[]
  books(): Promise<Books>
  /** Ends every socket, timer and process of the lab, hanging ones too. Harmless when called again. */
  close(): Promise<void>
}

export interface LabOrigin {
  /** `http://site.lab`: for clients that go through the lab's proxies; port 80 or 443 is implied. No slash at the end. */
  readonly url: string
  /** `http://127.0.0.1:41234`: for clients that come without a proxy. */
  readonly direct: string
  /** `site.lab` */
  readonly host: string
  /** The real port on 127.0.0.1; proxies accept it beside the implied one. */
  readonly port: number
}

export interface LabProxyAddress {
  readonly name: string
  readonly url: string
  readonly protocol: string
  /** Where it listens. */
  readonly host: string
  readonly port: number
  /** The address that origins see. */
  readonly exitIp: string
}

export interface LabControl {
  /** Closes the proxy's port and cuts its connections. */
  kill(proxy: string): Promise<void>
  /** Listens again, on the same port. */
  revive(proxy: string): Promise<void>
  /**
   * Changes fields of a proxy's behaviour or of an origin's manners; null takes one back to its default. The other fields
   * stay. Throws SCENARIO_INVALID when the result fails its schema or the name is unknown.
   */
  set(name: string, patch: Readonly<Record<string, unknown>>): Promise<void>
  /** `refuse`: nothing listens. `silent`: takes requests, never answers. A number: answers everything with this status. */
  takeDown(origin: string, how?: OriginDown): Promise<void>
  bringUp(origin: string): Promise<void>
  /** Empties every book; bans and limits stay. */
  clearBooks(): Promise<void>
}

export type OriginDown = 'refuse' | 'silent' | number
