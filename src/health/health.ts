import type { Clock } from '../base/clock.ts'
import { type Random, uniform } from '../base/random.ts'
import type { ProxyEndpoint } from '../contracts/endpoint.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { Exchange, Fault, Outcome, Verdict } from '../contracts/outcome.ts'
import type { Transport } from '../contracts/transport.ts'
import { forEachAtOnce } from '../fleet/in-parallel.ts'
import { type Probe, probe, reasonOf, requireEchoes } from './probe.ts'

/**
 * Background checks: each round asks one echo target through every proxy, another target each round, and a second one
 * only where the first left it open. What comes out is an Outcome like any other, so live traffic and checks feed the
 * same posterior and the same breaker (stygian-proxy kept them apart, and its checks changed nothing). They are off
 * unless there are targets: nobody's server should be asked every minute because of a default.
 */
export interface HealthOptions {
  /** Whom to check, asked at the start of each round. */
  readonly proxies: () => readonly ProxyEndpoint[]
  readonly transport: Transport
  /** At least two http(s) URLs of different origins that answer with the caller's address. */
  readonly echoes: readonly string[]
  readonly clock: Clock
  readonly random: Random
  /** What a fault means: the classifier's rules for faults. */
  readonly judge: (fault: Fault, proxy: ProxyEndpoint) => Verdict
  /** What an echo target is sent. Default: nothing of its own. */
  headersFor?(echo: string): Readonly<Record<string, string>>
  onEvidence(evidence: HealthEvidence): void
  /** Milliseconds from the start of one round to the next. Default 60 s. */
  readonly intervalMs?: number
  /** Milliseconds for one probe. Default 5 s. */
  readonly timeoutMs?: number
  /** Share of the interval that is left to chance, in [0, 0.99]: each wait is interval × (1 ± jitter). Default 0.1. */
  readonly jitter?: number
  /** Proxies checked at once. Default 64. */
  readonly concurrency?: number
}

export interface HealthEvidence {
  readonly proxy: ProxyEndpoint
  /** The target that was asked, as `host:port` or `host`. */
  readonly host: string
  readonly outcome: Outcome
}

/** What one round of checks found. */
export interface HealthRound {
  /** Proxies that were checked. */
  readonly checked: number
  /** Those that answered well. */
  readonly alive: number
  /** Those that did not. */
  readonly dead: number
  /** Nothing learnt: the target refused, or this machine was at fault. */
  readonly unclear: number
}

export class HealthChecks {
  readonly #options: HealthOptions
  #round = 0
  #running: Promise<HealthRound> | undefined
  #cancelTimer: (() => void) | undefined
  #isOn = false

  /** Throws OPTION_INVALID for too few targets or a jitter out of range. */
  constructor(options: HealthOptions) {
    requireEchoes(options.echoes, 2)
    const { jitter = 0.1 } = options
    if (!(jitter >= 0 && jitter <= 0.99)) {
      throw new RegattaError(
        'OPTION_INVALID',
        `Option "jitter": expected a number in 0–0.99 (got ${jitter}).`,
        { value: { path: 'jitter', value: jitter } },
      )
    }
    this.#options = options
  }

  /** Begins, with the first round after one jittered interval: live traffic says more than a check at the start. */
  start(): void {
    if (this.#isOn) return
    this.#isOn = true
    this.#schedule(0)
  }

  /** No further rounds. Probes that are out come home within their timeout, and are still reported. */
  stop(): void {
    this.#isOn = false
    this.#cancelTimer?.()
  }

  /** Checks every proxy now, or joins the round that is under way. */
  checkOnce(): Promise<HealthRound> {
    this.#running ??= this.#checkAll().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  #schedule(elapsedMs: number): void {
    const { intervalMs = 60_000, jitter = 0.1, random, clock } = this.#options
    const wait = intervalMs * uniform(random, 1 - jitter, 1 + jitter)
    this.#cancelTimer = clock.after(Math.max(0, wait - elapsedMs), () => void this.#tick())
  }

  async #tick(): Promise<void> {
    const { clock } = this.#options
    const startedAt = clock.now()
    await this.checkOnce()
    if (this.#isOn) this.#schedule(clock.now() - startedAt)
  }

  async #checkAll(): Promise<HealthRound> {
    const { proxies, concurrency = 64 } = this.#options
    const first = this.#round++
    const counts = { checked: 0, alive: 0, dead: 0, unclear: 0 }
    const lost: { proxy: ProxyEndpoint; found: Probe }[] = []
    await forEachAtOnce(proxies(), concurrency, async (proxy) => {
      const found = await this.#examine(proxy, first)
      counts.checked++
      counts[found.kind === 'answered' ? 'alive' : isAgainst(found) ? 'dead' : 'unclear']++
      if (found.kind === 'lost') lost.push({ proxy, found })
      else this.#report(proxy, found)
    })
    // Lost on the way to both targets: the proxy's doing where others came through, nobody's where none did.
    for (const { proxy, found } of lost) this.#report(proxy, found, counts.alive > 0)
    return counts
  }

  /** Asks a second target only if the first leaves it open. A refusal came back through the proxy: the way was open. */
  async #examine(proxy: ProxyEndpoint, first: number): Promise<Probe> {
    const { echoes, transport, clock, timeoutMs = 5_000 } = this.#options
    const { headersFor } = this.#options
    const ask = (turn: number) =>
      probe(proxy, echoes[turn % echoes.length]!, {
        transport,
        clock,
        timeoutMs,
        ...(headersFor && { headersFor }),
      })
    const one = await ask(first)
    if (one.kind === 'answered' || one.kind === 'failed') return one
    const other = await ask(first + 1)
    if (other.kind !== 'lost') return other
    return one
  }

  #report(proxy: ProxyEndpoint, found: Probe, othersCame = true): void {
    const { exchange, startedAt, endedAt } = found
    const said = this.#verdictOf(found, exchange, proxy)
    const isPath = found.kind === 'lost' && said.kind === 'transient'
    const verdict: Verdict = isPath ? { kind: othersCame ? 'dead' : 'neutral', reason: said.reason } : said
    this.#options.onEvidence({
      proxy,
      host: new URL(found.echo).host,
      outcome: { exchange, verdict, startedAt, endedAt },
    })
  }

  #verdictOf(found: Probe, exchange: Exchange, proxy: ProxyEndpoint): Verdict {
    if (found.kind === 'answered') return { kind: 'success', reason: 'echo' }
    if (exchange.kind === 'fault' && isAgainst(found)) return this.#options.judge(exchange, proxy)
    if (found.kind === 'failed') return { kind: 'dead', reason: 'proxy-auth', credential: true }
    return { kind: 'neutral', reason: found.kind === 'refused' ? 'echo-refused' : reasonOf(found) }
  }
}

function isAgainst({ kind }: Probe): boolean {
  return kind === 'failed' || kind === 'lost'
}

/** Health checks that are not started yet, or undefined when there are no targets: then they are off. */
export function createHealthChecks(options: HealthOptions): HealthChecks | undefined {
  return options.echoes.length > 0 ? new HealthChecks(options) : undefined
}
