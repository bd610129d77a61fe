import type { Clock } from '../../src/base/clock.ts'
import type { Random } from '../../src/base/random.ts'
import { type ProxyDetail, proxyStates, type Transition } from '../../src/dashboard/protocol.ts'
import { hostile } from './demo-request.ts'

/** The proxies of the demonstration: their breakers open and close. Numbers of states are their places in `proxyStates`. */
export interface DemoProxy {
  readonly id: string
  readonly tags: Record<string, string>
  state: number
  trust: number
  success: number
  latency: number
  attempts: number
  inFlight: number
}

export class DemoFleet {
  readonly proxies: readonly DemoProxy[]
  readonly #clock: Clock
  readonly #random: Random
  readonly #listeners = new Set<(transition: Transition) => void>()
  readonly #transitions: Transition[] = []

  /** `isEmpty`: nothing was asked yet. */
  constructor(parts: { size: number; isEmpty: boolean; clock: Clock; random: Random }) {
    this.#clock = parts.clock
    this.#random = parts.random
    this.proxies = Array.from({ length: parts.size }, (_, at) => this.#newProxy(at, parts.isEmpty))
  }

  /** How many are in this state. */
  count(state: number): number {
    return this.proxies.filter((proxy) => proxy.state === state).length
  }

  onTransition(listener: (transition: Transition) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** What befalls them in one second. */
  second(): void {
    const random = this.#random
    for (let n = 0; n < Math.min(100, this.proxies.length); n++) {
      const proxy = this.proxies[Math.floor(random() * this.proxies.length)]!
      proxy.attempts++
      proxy.inFlight = random() < 0.1 ? 1 : 0
      proxy.latency *= 0.9 + random() * 0.2
      if (random() < 0.02)
        this.#move(proxy, proxy.state === 0 ? 1 : proxy.state === 1 ? 2 : 0, 'dial-timeout')
    }
  }

  /** By hand. Returns how many of them there are. */
  move(ids: readonly string[], to: number): number {
    const found = this.proxies.filter(({ id }) => ids.includes(id))
    for (const proxy of found) this.#move(proxy, to, 'by hand')
    return found.length
  }

  detail(id: string): ProxyDetail | undefined {
    const proxy = this.proxies.find((each) => each.id === id)
    if (!proxy) return undefined
    const state = proxyStates[proxy.state]!
    const at = this.#clock.wall()
    const successes = Math.round(proxy.attempts * proxy.success)
    return {
      at,
      id,
      tags: proxy.tags,
      state,
      reason: state === 'closed' ? '' : state === 'isolated' ? 'by hand' : 'dial-timeout',
      until: state === 'open' ? at + 12_000 : null,
      failures: state === 'closed' ? 0 : 3,
      reopened: state === 'closed' ? 0 : 2,
      trust: {
        standing: (['unproven', 'proven', 'suspect', 'lies'] as const)[proxy.trust]!,
        evidence: [
          { at: at - 60_000, sentence: 'Others brought the same page of quotes.example.' },
          { at: at - 90_000, sentence: `Its answer differed in html/body/p[3] of shop.example ${hostile}.` },
        ],
      },
      posterior: { alpha: 1 + proxy.success * 40, beta: 1 + (1 - proxy.success) * 40 },
      attempts: proxy.attempts,
      successes,
      failuresCount: proxy.attempts - successes,
      share: 1 / this.proxies.length,
      inFlight: proxy.inFlight,
      firstByteMs: proxy.latency || null,
      bytes: proxy.attempts * 48_000,
      lastReason: state === 'closed' ? 'ok' : 'dial-timeout',
      transitions: this.#transitions
        .filter((each) => each.proxy === id)
        .slice(-50)
        .reverse(),
      hosts: ['quotes.example', 'shop.example', 'news.example'].map((host, n) => ({
        host,
        state: n === 2 ? 'open' : 'closed',
        alpha: 2 + proxy.success * 10 * (n + 1),
        beta: 1 + (1 - proxy.success) * 10 * (n + 1),
      })),
      moreHosts: 4,
      outcomes: Array.from({ length: 20 }, (_, n) => ({
        at: at - n * 4_000,
        task: `quotes-1-${n}`,
        url: `https://quotes.example/page/${n}`,
        host: 'quotes.example',
        verdict: n % 5 === 4 ? 'blocked' : 'success',
        reason: n % 5 === 4 ? 'captcha' : 'ok',
        status: n % 5 === 4 ? 403 : 200,
        elapsedMs: 200 + n * 13,
      })),
    }
  }

  #newProxy(at: number, isEmpty: boolean): DemoProxy {
    const random = this.#random
    const place = Array.from({ length: 4 }, () => Math.floor(random() * 254) + 1).join('.')
    const kind = random()
    const state = isEmpty ? 0 : kind < 0.8 ? 0 : kind < 0.93 ? 1 : kind < 0.95 ? 2 : kind < 0.97 ? 3 : 4
    return {
      id: at === 3 ? `${hostile}:1080` : `socks5://${place}:${1080 + (at % 5)}`,
      tags: { country: ['de', 'us', 'fr', 'br'][at % 4]!, class: ['datacenter', 'residential'][at % 2]! },
      state,
      trust: state === 3 ? 3 : random() < 0.7 ? 1 : random() < 0.05 ? 2 : 0,
      success: isEmpty ? 0.5 : state === 0 ? 1 - random() ** 2 * 0.6 : random() * 0.5,
      latency: isEmpty ? 0 : Math.exp(4.5 + random() * 3),
      attempts: isEmpty ? 0 : Math.floor(random() ** 4 * 500),
      inFlight: 0,
    }
  }

  #move(proxy: DemoProxy, to: number, reason: string): void {
    if (proxy.state === to) return
    const at = this.#clock.wall()
    const transition: Transition = {
      at,
      proxy: proxy.id,
      host: null,
      from: proxyStates[proxy.state]!,
      to: proxyStates[to]!,
      reason,
      until: to === 1 ? at + 30_000 : null,
    }
    proxy.state = to
    this.#transitions.push(transition)
    for (const listener of this.#listeners) listener(transition)
  }
}
