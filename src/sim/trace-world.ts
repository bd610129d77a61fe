import type { Clock } from '../base/clock.ts'
import { createRandom, type Random } from '../base/random.ts'
import type { Classifier } from '../contracts/classifier.ts'
import type { ParsedProxy } from '../contracts/endpoint.ts'
import type { Phase, Verdict } from '../contracts/outcome.ts'
import type { TransportCall, TransportLimits } from '../contracts/transport.ts'
import { parseProxy } from '../fleet/parse-proxy.ts'
import { pickHash } from '../lab/hash.ts'
import { type Options, parseOptions, type Timeouts } from '../options/options.ts'
import { limitOf, optionOf, silenceIn } from '../transport/limits.ts'
import { isSound, TraceHistory } from './trace-history.ts'
import type { RecordedAttempt, RecordedTrace } from './trace-record.ts'
import { endedWithin, type SimulatedAttempt } from './transport.ts'
import type { RunWorld } from './venue.ts'

/**
 * A recorded crawl as a world: every attempt goes as one that was recorded, chosen by trace-history.ts. An answer is
 * judged as it was judged then, because its body is gone; a fault is judged by the crawler's own rules. What depends on
 * how much is asked, such as a limit, is as tight as it was under the load of the recording, whatever the load is now.
 */
export class TraceWorld implements RunWorld {
  readonly proxies: readonly { readonly url: string }[]
  readonly counts = { attempts: 0, bytes: 0 }
  onArrival: RunWorld['onArrival'] = () => {}
  onStranger: RunWorld['onStranger'] = () => {}
  readonly #clock: Clock
  readonly #timeouts: Timeouts
  readonly #recordedTimeouts: Timeouts
  readonly #history: TraceHistory
  readonly #hosts = new Map<string, string>()
  readonly #labels: ReadonlySet<string>
  readonly #random: Random
  readonly #endsAt: number

  constructor(trace: RecordedTrace, clock: Clock, { timeouts }: Pick<Options, 'timeouts'>, seed: number) {
    this.#clock = clock
    this.#timeouts = timeouts
    this.#recordedTimeouts = parseOptions({ timeouts: trace.options.timeouts }).timeouts
    const chance = (what: string) => createRandom(Math.floor(pickHash(seed, what) * 2 ** 32))
    this.#history = new TraceHistory(trace, chance('stand-ins'))
    this.#random = chance('trace')
    this.#labels = new Set(trace.proxies)
    this.#endsAt = trace.attempts.at(-1)?.startedAt ?? 0
    this.proxies = trace.proxies.filter((label) => label !== 'direct').map((url) => ({ url }))
    for (const { url, host } of trace.tasks) this.#hosts.set(siteOf(url), host)
  }

  attempt({ request, proxy, limits }: TransportCall, now: number): SimulatedAttempt {
    const timeouts = limits?.timeouts ?? this.#timeouts
    this.counts.attempts++
    if (!this.#labels.has(proxy.id)) {
      this.onStranger(proxy.id)
      return { afterMs: timeouts.dial, fault: { phase: 'dial', cause: 'dial-timeout' } }
    }
    const host = this.#hosts.get(siteOf(request.url)) ?? ''
    const drawn = this.#history.draw(proxy.id, host, now, this.#random)
    if ('silent' in drawn) return this.#hang(drawn.silent.fault?.phase ?? 'headers', timeouts)
    const { attempt } = drawn
    const over = (isCut: boolean) => {
      if (!isCut) this.counts.bytes += attempt.bytes
    }
    return { ...this.#replay(attempt, timeouts), over }
  }

  parseProxy(label: string): ParsedProxy {
    const address = label.split('#')[0]!
    const { endpoint } = parseProxy(address)
    if (address === label) return { endpoint }
    // What stands behind the # tells two accounts at one gateway apart. The accounts are not on record, and a fleet
    // keeps one proxy of each address: so each gets an address of its own, which is never dialled.
    const account = label.slice(address.length)
    return { endpoint: { ...endpoint, id: label, host: endpoint.host + account, credentialGroup: label } }
  }

  isUsable(label: string, host: string | undefined): boolean | undefined {
    return isSound(this.#history.near(label, host, this.#clock.now()))
  }

  canServe(): boolean {
    return this.#history.wasServing(Math.min(this.#clock.now(), this.#endsAt))
  }

  /** Nobody knows. */
  mayGarble(): boolean {
    return true
  }

  isHonest(): undefined {
    return undefined
  }

  close(): void {}

  #replay(attempt: RecordedAttempt, limits: Limits): SimulatedAttempt {
    const { fault, elapsedMs, firstByteMs = elapsedMs, bytes, status = 200 } = attempt
    if (fault) {
      const limit = optionOf(fault.cause)
      const shift = limit ? limits[limit] - this.#recordedTimeouts[limit] : 0
      const facts = { bytes, ...(attempt.firstByteMs !== undefined && { firstByteMs }) }
      return endedWithin(limits.total, { afterMs: Math.max(0, elapsedMs + shift), fault, facts })
    }
    if (firstByteMs > limits.firstByte) return this.#hang('headers', limits)
    const headers = { 'content-type': 'text/html' }
    verdicts.set(headers, attempt.verdict)
    const facts = { firstByteMs, bytes }
    return endedWithin(limits.total, { afterMs: elapsedMs, status, headers, body: page, facts })
  }

  #hang(during: Phase, limits: Limits): SimulatedAttempt {
    // In a phase without a limit of its own it waits for the answer that does not come.
    const phase = limitOf(during, limits) === Number.POSITIVE_INFINITY ? 'headers' : during
    return endedWithin(limits.total, {
      afterMs: limitOf(phase, limits),
      fault: { phase: during, cause: silenceIn(phase, limits).cause },
    })
  }
}

/** Hands out the verdicts that were recorded. Asked before the built-in rules, which would find nothing to judge. */
export const recordedVerdicts: Classifier = {
  name: 'recorded-verdicts',
  classify: (exchange) => (exchange.kind === 'response' ? verdicts.get(exchange.headers) : undefined),
}

/** By the headers of the answer that the transport hands on. */
const verdicts = new WeakMap<object, Verdict>()
const page = new TextEncoder().encode('<html><title>page</title></html>')

type Limits = TransportLimits['timeouts']

function siteOf(url: string): string {
  const end = url.indexOf('/', url.indexOf('://') + 3)
  return end < 0 ? url : url.slice(0, end)
}
