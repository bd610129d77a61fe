import type { Clock } from '../base/clock.ts'
import type { ParsedProxy, ProxyEndpoint, ProxyScheme } from '../contracts/endpoint.ts'
import { forEachAtOnce } from './in-parallel.ts'
import { labelProxy } from './label.ts'

/**
 * Most lists say `address:port` and not whether that is HTTP or SOCKS. Such a proxy is asked, once, before it joins: what it
 * answers to tells. What is found is remembered for as long as the process runs, and what earlier runs have learnt may be
 * given at the start. One that does not answer joins as HTTP, like any dead proxy, and is asked again when its list is read
 * again.
 */
export type FoundProtocol = 'http' | 'https' | 'socks4a' | 'socks5h'

/** Asks a proxy which protocol it speaks; undefined when it does not say. Never rejects. */
export type SchemeProbe = (proxy: ProxyEndpoint, signal: AbortSignal) => Promise<FoundProtocol | undefined>

/** Proxies that are asked at once. */
const atOnce = 128
/** ms for which findings are gathered before the fleet hears of them: each time it compares whole lists. */
const gathering = 100

export class SchemeFinder {
  readonly #probe: SchemeProbe
  readonly #signal: AbortSignal
  readonly #onFound: () => void
  /** By address: the protocol, or undefined for one that did not say. */
  readonly #known = new Map<string, ProxyScheme | undefined>()
  readonly #wanted = new Map<string, ParsedProxy>()
  readonly #silent = new Map<string, ParsedProxy>()
  readonly #clock: Clock
  #running: Promise<void> | undefined
  #isTelling = false

  constructor(parts: { probe: SchemeProbe; clock: Clock; signal: AbortSignal; onFound(): void }) {
    this.#probe = parts.probe
    this.#clock = parts.clock
    this.#signal = parts.signal
    this.#onFound = parts.onFound
  }

  /** What earlier runs have found out. */
  remember(host: string, port: number, protocol: ProxyScheme): void {
    this.#known.set(addressOf(host, port), protocol)
  }

  /** Those that did not answer are asked again, and stay what they are until they do. */
  askAgain(): void {
    for (const [address, proxy] of this.#silent) this.#wanted.set(address, proxy)
    this.#silent.clear()
  }

  /** The proxy as it is known now, or undefined while it is being asked. */
  resolve(proxy: ParsedProxy): ParsedProxy | undefined {
    if (!proxy.guessed) return proxy
    const { endpoint } = proxy
    const address = addressOf(endpoint.host, endpoint.port)
    if (this.#known.has(address)) return withProtocol(proxy, this.#known.get(address))
    this.#wanted.set(address, proxy)
    return undefined
  }

  /** Asks all that wait. Resolves when each has answered, or has not. */
  run(): Promise<void> {
    this.#running ??= this.#askAll().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #askAll(): Promise<void> {
    while (this.#wanted.size > 0 && !this.#signal.aborted) {
      const batch = [...this.#wanted]
      this.#wanted.clear()
      await forEachAtOnce(batch, atOnce, async ([address, proxy]) => {
        if (this.#signal.aborted) return
        const found = await this.#probe(proxy.endpoint, this.#signal)
        this.#known.set(address, found)
        if (found) this.#tellSoon()
        else this.#silent.set(address, proxy)
      })
      this.#tell()
    }
  }

  #tellSoon(): void {
    if (this.#isTelling) return
    this.#isTelling = true
    this.#clock.after(gathering, () => {
      this.#isTelling = false
      this.#tell()
    })
  }

  #tell(): void {
    if (!this.#signal.aborted) this.#onFound()
  }
}

/** A proxy whose scheme was guessed, with the one that was found. */
export function withProtocol(proxy: ParsedProxy, protocol: ProxyScheme | undefined): ParsedProxy {
  const { endpoint, credentials } = proxy
  const { host, port, tags, publicOnly } = endpoint
  const account = credentials && { credentials }
  const labelled = labelProxy({ protocol: protocol ?? 'http', host, port, tags, ...account })
  return publicOnly ? { ...labelled, endpoint: { ...labelled.endpoint, publicOnly } } : labelled
}

function addressOf(host: string, port: number): string {
  return `${host} ${port}`
}
