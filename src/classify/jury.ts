import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import type { Classifier, HostNorm } from '../contracts/classifier.ts'
import type { ProxyEndpoint } from '../contracts/endpoint.ts'
import type { TaskJob } from '../contracts/job.ts'
import type { Exchange, Fault, Verdict } from '../contracts/outcome.ts'
import { createClassifier } from './chain.ts'
import { createHostNorm } from './norm.ts'

/** Says what an exchange means: the source's own classifier first, then the caller's, then the built-in rules. */
export class Jury {
  readonly #chain: ReturnType<typeof createClassifier>
  readonly #clock: Clock
  readonly #random: Random

  constructor(
    own: readonly Classifier[],
    parts: { clock: Clock; random: Random; onThrow: (classifier: string, message: string) => void },
  ) {
    this.#chain = createClassifier(own, { onThrow: parts.onThrow })
    this.#clock = parts.clock
    this.#random = parts.random
  }

  verdictOf(exchange: Exchange, job: TaskJob, proxy: ProxyEndpoint, norm: HostNorm): Verdict {
    const { request, classifier } = job
    const context = { request, proxy, norm, wall: this.#clock.wall(), random: this.#random }
    const own = exchange.kind === 'response' ? classifier?.classify(exchange, context) : undefined
    return own ?? this.#chain.classify(exchange, context)
  }

  /** What a fault means when no host is concerned: of a background check. */
  verdictOfFault(fault: Fault, proxy: ProxyEndpoint): Verdict {
    const wall = this.#clock.wall()
    const context = { request: probeRequest, proxy, norm: createHostNorm(), wall, random: this.#random }
    return this.#chain.classify(fault, context)
  }
}

const probeRequest = { url: 'http://echo/', method: 'GET', headers: {}, idempotent: true }
