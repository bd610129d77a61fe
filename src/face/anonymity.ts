import { networkInterfaces } from 'node:os'
import type { Clock } from '../base/clock.ts'
import { counted } from '../base/format.ts'
import type { ParsedProxy, ProxyEndpoint } from '../contracts/endpoint.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { Alert } from '../contracts/events.ts'
import type { Transport } from '../contracts/transport.ts'
import { forEachAtOnce } from '../fleet/in-parallel.ts'
import { showsUs } from '../health/echo.ts'
import { probe } from '../health/probe.ts'
import type { Options } from '../options/options.ts'

/**
 * Where anonymity is asked for, a proxy joins the fleet when an echo has shown that it keeps our address to itself: a
 * request over plain HTTP, where a proxy could add it, came back without it. One that shows it stays outside, and so does
 * one that nobody could be asked about. All are asked again at each refresh, because proxies change.
 */
export interface AnonymityParts {
  readonly echoes: readonly string[]
  readonly timeoutMs: number
  readonly transport: Transport
  readonly clock: Clock
  /** It may be used from now on. */
  join(proxy: ParsedProxy): void
  /** It may not be used any more. */
  leave(id: string): void
  alert(alert: Alert): void
}

/** Proxies that are asked at once. */
const atOnce = 64

export class Anonymity {
  readonly #parts: AnonymityParts
  readonly #proxies = new Map<string, ParsedProxy>()
  readonly #joined = new Set<string>()
  readonly #shown = new Set<string>()
  readonly #waiting = new Set<string>()
  readonly #stopping = new AbortController()
  readonly #own = ownAddresses()
  readonly #someJoined = Promise.withResolvers<void>()
  #running: Promise<void> | undefined

  constructor(parts: AnonymityParts) {
    this.#parts = parts
  }

  /** Whether it is in the fleet. */
  has(id: string): boolean {
    return this.#joined.has(id)
  }

  added(proxy: ParsedProxy): void {
    this.#proxies.set(proxy.endpoint.id, proxy)
    this.#waiting.add(proxy.endpoint.id)
    this.#running ??= this.#askAll().finally(() => {
      this.#running = undefined
    })
  }

  removed(id: string): void {
    this.#proxies.delete(id)
    this.#waiting.delete(id)
    this.#joined.delete(id)
    this.#shown.delete(id)
  }

  /** The same exit, under another label perhaps: what was found of it holds. */
  renewed(id: string, proxy: ParsedProxy): void {
    this.removed(id)
    this.#proxies.set(proxy.endpoint.id, proxy)
    this.#joined.add(proxy.endpoint.id)
  }

  /** Asks all of them again. */
  refresh(): void {
    for (const proxy of this.#proxies.values()) this.added(proxy)
  }

  /** Resolves when one may be used. Throws PROXY_LIST_EMPTY when all were asked and none may. */
  async first(): Promise<void> {
    await Promise.race([this.#someJoined.promise, this.#running])
    if (this.#joined.size > 0 || this.#stopping.signal.aborted || this.#proxies.size === 0) return
    const shown = this.#shown.size
    const silent = this.#proxies.size - shown
    throw new RegattaError(
      'PROXY_LIST_EMPTY',
      `No proxy may be used, because anonymity is asked for: ${counted(shown, 'proxy shows', 'proxies show')} our address, and of ${silent} the echo says nothing (${this.#parts.echoes.map(hostOf).join(', ')}). Give other proxies, or another echo that answers over plain HTTP with the headers it was sent.`,
      { value: { sources: [], rejected: this.#proxies.size } },
    )
  }

  stop(): void {
    this.#stopping.abort()
  }

  async #askAll(): Promise<void> {
    const { signal } = this.#stopping
    await Promise.resolve() // a whole list comes in one go
    while (this.#waiting.size > 0 && !signal.aborted) {
      const batch = [...this.#waiting]
      this.#waiting.clear()
      const before = this.#shown.size
      await forEachAtOnce(batch, atOnce, (id) => this.#judge(id))
      if (this.#shown.size > before) this.#tell(this.#shown.size - before)
    }
  }

  async #judge(id: string): Promise<void> {
    const proxy = this.#proxies.get(id)
    if (!proxy || this.#stopping.signal.aborted) return
    const isShown = await this.#asks(proxy.endpoint)
    // It may have left its list meanwhile, or have got another password.
    if (this.#proxies.get(id) !== proxy || this.#stopping.signal.aborted) return
    if (isShown === undefined) return
    if (isShown) {
      this.#shown.add(id)
      if (this.#joined.delete(id)) this.#parts.leave(id)
      return
    }
    this.#shown.delete(id)
    if (this.#joined.has(id)) return
    this.#joined.add(id)
    this.#parts.join(proxy)
    this.#someJoined.resolve()
  }

  /** Whether it shows our address to any echo; undefined where none could say. */
  async #asks(endpoint: ProxyEndpoint): Promise<boolean | undefined> {
    const { echoes, timeoutMs, transport, clock } = this.#parts
    let isShown: boolean | undefined
    for (const echo of echoes) {
      const { signal } = this.#stopping
      const { answer } = await probe(endpoint, echo, { transport, clock, timeoutMs, signal })
      const said = answer && showsUs(answer, this.#own)
      if (said) return true
      isShown ??= said
    }
    return isShown
  }

  #tell(shown: number): void {
    const verb = shown === 1 ? 'shows' : 'show'
    this.#parts.alert({
      code: 'LEAK',
      message: `${shown} of ${counted(this.#proxies.size, 'proxy', 'proxies')} ${verb} our address to the sites that are visited, and ${shown === 1 ? 'is' : 'are'} not used, because anonymity is asked for.`,
    })
  }
}

/** Undefined where anonymity is not asked for. Throws OPTION_INVALID where it cannot be had. */
export function anonymityFor(
  { anonymous, health, direct }: Options,
  parts: Omit<AnonymityParts, 'echoes' | 'timeoutMs'>,
): Anonymity | undefined {
  if (anonymous === false) return undefined
  if (direct) throw invalid('direct', 'shows our address to every site: leave "direct" out, or "anonymous"')
  const { echoes, timeout } = anonymous === true ? { ...health, timeout: 5_000 } : anonymous
  const plain = (echoes ?? []).filter((echo) => /^http:\/\//i.test(echo) && URL.canParse(echo))
  if (plain.length === 0) {
    throw invalid(
      'anonymous',
      "needs an echo over plain HTTP, where a proxy could add our address, that answers with the headers it was sent: { echoes: ['http://…'] }",
    )
  }
  return new Anonymity({ ...parts, echoes: plain, timeoutMs: timeout })
}

function invalid(path: string, sentence: string): RegattaError {
  return new RegattaError('OPTION_INVALID', `Option "${path}": it ${sentence}.`, { value: { path } })
}

/** Addresses of this machine, which no site should see. */
function ownAddresses(): ReadonlySet<string> {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? [])
  return new Set(all.map(({ address }) => address.replace(/%.*$/, '')))
}

function hostOf(echo: string): string {
  return new URL(echo).host
}
