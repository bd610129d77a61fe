import type { Clock } from '../../src/base/clock.ts'
import { createRandom, pickIndex, type Random } from '../../src/base/random.ts'
import { createClassifier } from '../../src/classify/chain.ts'
import { createHostNorm } from '../../src/classify/host-norm.ts'
import type { HostNormRecorder } from '../../src/contracts/classifier.ts'
import type { ProxyEndpoint } from '../../src/contracts/endpoint.ts'
import type { Verdict } from '../../src/contracts/outcome.ts'
import type { Transport, TransportHandle } from '../../src/contracts/transport.ts'
import type { Arm, Ask, Policy } from './policy.ts'

/**
 * A plain client: takes whom its policy names, sends, judges the answer by the same rules as Regatta, and takes another
 * proxy when it was not good, twenty attempts in all; then the page is lost. No breaker, hedge, gate or memory but those
 * of the policy.
 */
const mostAttempts = 20

interface End {
  readonly arm: Arm
  readonly verdict: Verdict
  readonly body: Uint8Array | undefined
}

export class PlainClient {
  readonly #policy: Policy
  readonly #transport: Transport
  readonly #clock: Clock
  readonly #arms: readonly Arm[]
  readonly #random: Random
  readonly #chain = createClassifier()
  readonly #norms = new Map<string, HostNormRecorder>()
  /** By host and proxy: not before this time. */
  readonly #resting = new Map<string, Map<Arm, number>>()

  constructor(parts: {
    readonly policy: Policy
    readonly transport: Transport
    readonly clock: Clock
    /** In the order of the world's proxies; the client shuffles them, for no list is sorted by quality. */
    readonly endpoints: readonly ProxyEndpoint[]
    readonly seed: number
  }) {
    this.#policy = parts.policy
    this.#transport = parts.transport
    this.#clock = parts.clock
    this.#random = createRandom(parts.seed)
    const arms = parts.endpoints.map((endpoint, index) => ({ index, endpoint, running: 0, uses: 0 }))
    this.#arms = shuffled(arms, this.#random)
  }

  async fetch(url: string): Promise<Response> {
    const host = new URL(url).host
    const tried = new Set<Arm>()
    for (let attempts = 0; attempts < mostAttempts; ) {
      const arms = this.#choose(host, tried)
      if (!Array.isArray(arms)) {
        if (arms === undefined) break
        await new Promise<void>((resolve) => void this.#clock.after(arms - this.#clock.now(), resolve))
        continue
      }
      attempts += arms.length
      const won = await this.#race(url, host, arms)
      if (won) return new Response(won as Uint8Array<ArrayBuffer>)
      for (const arm of arms) tried.add(arm)
      if (tried.size >= this.#arms.length) tried.clear()
    }
    throw new Error(`no good answer from ${url}`)
  }

  /** Proxies for the next attempts, or when to ask again, or undefined when there is nobody. */
  #choose(host: string, tried: ReadonlySet<Arm>): Arm[] | number | undefined {
    const now = this.#clock.now()
    const resting = this.#resting.get(host)
    const attempts: Arm[] = []
    let earliest: number | undefined
    const mayUse = (arm: Arm) => {
      if (tried.has(arm) || attempts.includes(arm)) return false
      const back = resting?.get(arm) ?? 0
      if (back > now) earliest = Math.min(earliest ?? back, back)
      return back <= now
    }
    const ask: Ask = { host, now, random: this.#random, arms: this.#arms, mayUse }
    while (attempts.length < (this.#policy.width ?? 1)) {
      const picked = this.#policy.pick(ask)
      if ('until' in picked) {
        if (attempts.length > 0) break
        // Everybody else was tried: those who were may be asked again before anybody waits.
        return picked.until ?? earliest ?? (tried.size > 0 ? this.#choose(host, new Set()) : undefined)
      }
      attempts.push(picked)
    }
    return attempts
  }

  /** The body of the first good answer; the others are cancelled then. */
  #race(url: string, host: string, attempts: readonly Arm[]): Promise<Uint8Array | undefined> {
    return new Promise((resolve) => {
      const handles: TransportHandle[] = []
      let left = attempts.length
      let isWon = false
      for (const arm of attempts) {
        const handle = this.#send(url, host, arm, ({ verdict, body }) => {
          left--
          const isGood = verdict.kind === 'success' || verdict.kind === 'final'
          if (!isWon) this.#learn(arm, host, verdict, isGood)
          if (isGood && !isWon) {
            isWon = true
            for (const other of handles) if (other !== handle) other.cancel()
            resolve(body ?? new Uint8Array())
          } else if (left === 0 && !isWon) resolve(undefined)
        })
        handles.push(handle)
      }
    })
  }

  #send(url: string, host: string, arm: Arm, done: (end: End) => void): TransportHandle {
    arm.running++
    arm.uses++
    const request = { url, method: 'GET', headers: {}, idempotent: true }
    return this.#transport.send({
      request,
      proxy: arm.endpoint,
      deliver: (exchange) => {
        arm.running--
        const norm = this.#normOf(host)
        const context = { request, proxy: arm.endpoint, norm, wall: this.#clock.wall(), random: this.#random }
        const verdict = this.#chain.classify(exchange, context)
        if (verdict.kind === 'success' && exchange.kind === 'response') norm.observe(exchange)
        done({ arm, verdict, body: exchange.kind === 'response' ? exchange.body : undefined })
      },
    })
  }

  #learn(arm: Arm, host: string, verdict: Verdict, isGood: boolean): void {
    const now = this.#clock.now()
    if (verdict.kind === 'rate-limited' && this.#policy.pauses) {
      const resting = this.#resting.get(host) ?? new Map<Arm, number>()
      resting.set(arm, now + (verdict.retryAfterMs ?? 1_000))
      this.#resting.set(host, resting)
    } else if (verdict.kind !== 'neutral') this.#policy.ended?.(arm, isGood, now)
  }

  #normOf(host: string): HostNormRecorder {
    let norm = this.#norms.get(host)
    if (!norm) {
      norm = createHostNorm()
      this.#norms.set(host, norm)
    }
    return norm
  }
}

/** Fisher and Yates. */
function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  const left = [...items]
  for (let at = left.length - 1; at > 0; at--) {
    const other = pickIndex(random, at + 1)
    ;[left[at], left[other]] = [left[other]!, left[at]!]
  }
  return left
}
