import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import type { Classifier, ClassifyContext, HostNorm } from '../contracts/classifier.ts'
import type { ProxyEndpoint } from '../contracts/endpoint.ts'
import type { TaskJob } from '../contracts/job.ts'
import type { Exchange, Fault, HttpResponse, Verdict } from '../contracts/outcome.ts'
import { createHostNorm } from './host-norm.ts'
import { overruled, unjudged } from './overruled.ts'
import { appendedScript } from './rules/appended-script.ts'
import { type Canary, createCanaryRule } from './rules/canary.ts'
import { captivePortal } from './rules/captive-portal.ts'
import { challengeHeaders } from './rules/challenge-headers.ts'
import { challengePage } from './rules/challenge-page.ts'
import { emptyBody } from './rules/empty-body.ts'
import { isLocal, verdictOfFault } from './rules/faults.ts'
import { geo } from './rules/geo.ts'
import { createLeakRule } from './rules/leak.ts'
import { proxyAnswer } from './rules/proxy-answer.ts'
import { rateLimit } from './rules/rate-limit.ts'
import { redirected } from './rules/redirected.ts'
import { refreshAway } from './rules/refresh-away.ts'
import { replacedPage } from './rules/replaced-page.ts'
import { shape } from './rules/shape.ts'
import { softBlock } from './rules/soft-block.ts'
import { statusRule } from './rules/status-code.ts'
import { unexpectedHtml } from './rules/unexpected-html.ts'
import { wrongPage } from './rules/wrong-page.ts'
import { success } from './verdicts.ts'
import { type Rule, View } from './view.ts'

/**
 * From an exchange to a verdict: a chain of rules, the first verdict wins, the caller's own rules before ours. Order is
 * meaning: headers that prove something before bodies that hint, the proxy's own answers before the host's. What
 * happened on this machine is neutral before anybody is asked. An answer that no rule minds is a success.
 */
export interface ClassifierOptions {
  /** Asked about every answer with a good status and a body; false means the page is not the site's own. */
  readonly canary?: Canary
  /** Public addresses of this machine. An answer through a proxy that shows one is a leak. */
  readonly ownAddresses?: readonly string[]
}

export interface ChainClassifier {
  /** Total: every exchange gets a verdict. The caller's own classifiers come fenced, and throw nothing either. */
  classify(exchange: Exchange, context: ClassifyContext): Verdict
  /** A redirect that leads on is no page: nothing is asked but whether the place is one where pages are refused. */
  classifyRedirect(response: HttpResponse, context: ClassifyContext): Verdict
}

/** Answers with a status of 400 and more, or none that HTTP knows. The proxy's bare 503 comes after a challenge's. */
const refusals: readonly Rule[] = [
  challengeHeaders,
  challengePage,
  geo,
  proxyAnswer,
  redirected,
  rateLimit,
  statusRule,
]

/** What leads on. */
const redirects: readonly Rule[] = [challengeHeaders, redirected]

/** Every answer with a good status. */
const arrivals: readonly Rule[] = [challengeHeaders, redirected, emptyBody]

/** Those of them that have content. */
const contents: readonly Rule[] = [
  challengePage,
  softBlock,
  geo,
  captivePortal,
  refreshAway,
  replacedPage,
  appendedScript,
  unexpectedHtml,
  wrongPage,
  shape,
]

export function createClassifier(
  custom: readonly Classifier[] = [],
  options: ClassifierOptions = {},
): ChainClassifier {
  const onContent = withOptions(options)

  return {
    classify(exchange, context) {
      if (exchange.kind === 'fault' && isLocal(exchange))
        return verdictOfFault(exchange, context.proxy.protocol)
      for (const classifier of custom) {
        const verdict = classifier.classify(exchange, context)
        if (verdict !== undefined) return verdict
      }
      const verdict =
        exchange.kind === 'fault' ? ofFault(exchange, context) : ofResponse(exchange, context, onContent)
      return forProxy(verdict, context)
    },
    classifyRedirect(response, context) {
      return forProxy(ask(redirects, response, new View(response, context)) ?? success, context)
    },
  }
}

function ofFault(fault: Exchange & { kind: 'fault' }, { proxy }: ClassifyContext): Verdict {
  return verdictOfFault(fault, proxy.protocol)
}

function ofResponse(response: HttpResponse, context: ClassifyContext, onContent: readonly Rule[]): Verdict {
  const { status } = response
  const view = new View(response, context)
  if (status < 200 || status >= 400) return ask(refusals, response, view) ?? success
  const verdict = ask(arrivals, response, view)
  if (verdict !== undefined || status >= 300 || response.body.length === 0) return verdict ?? success
  return ask(onContent, response, view) ?? success
}

function ask(rules: readonly Rule[], response: HttpResponse, view: View): Verdict | undefined {
  for (const rule of rules) {
    const verdict = rule.judge(response, view)
    if (verdict !== undefined) return verdict
  }
  return undefined
}

/** The leak first, since nothing outweighs it; the canary last, since every other verdict says more. */
function withOptions({ canary, ownAddresses = [] }: ClassifierOptions): readonly Rule[] {
  return [
    ...(ownAddresses.length > 0 ? [createLeakRule(ownAddresses)] : []),
    ...contents,
    ...(canary ? [createCanaryRule(canary)] : []),
  ]
}

/** Without a proxy none can be dead: it was the host. */
function forProxy(verdict: Verdict, { proxy }: ClassifyContext): Verdict {
  if (proxy.protocol !== 'direct' || verdict.kind !== 'dead') return verdict
  const { reason, weight } = verdict
  return weight === undefined ? { kind: 'target', reason } : { kind: 'target', reason, weight }
}

/** Says what an exchange means: the source's own classifier first, then the caller's, then the built-in rules. */
export class Jury {
  readonly #chain: ReturnType<typeof createClassifier>
  readonly #clock: Clock
  readonly #random: Random
  readonly #judges: boolean

  /** `judges` false: each answer is taken as it is, because no other can be had. */
  constructor(own: readonly Classifier[], parts: { clock: Clock; random: Random; judges?: boolean }) {
    this.#judges = parts.judges ?? true
    this.#chain = createClassifier(own)
    this.#clock = parts.clock
    this.#random = parts.random
  }

  verdictOf(exchange: Exchange, job: TaskJob, proxy: ProxyEndpoint, norm: HostNorm): Verdict {
    if (!this.#judges && exchange.kind === 'response') return overruled(unjudged(exchange), exchange, job)
    const context = this.#contextOf(job, proxy, norm)
    const own = exchange.kind === 'response' ? job.classifier?.classify(exchange, context) : undefined
    return overruled(own ?? this.#judged(exchange, job, context), exchange, job)
  }

  /** Of an answer that leads on. The classifiers of source and caller are asked about pages alone. */
  verdictOfRedirect(response: HttpResponse, job: TaskJob, proxy: ProxyEndpoint, norm: HostNorm): Verdict {
    if (job.judge === false || !this.#judges) return unjudged(response)
    const verdict = this.#chain.classifyRedirect(response, this.#contextOf(job, proxy, norm))
    return overruled(verdict, response, job)
  }

  #contextOf({ request }: TaskJob, proxy: ProxyEndpoint, norm: HostNorm): ClassifyContext {
    return { request, proxy, norm, wall: this.#clock.wall(), random: this.#random }
  }

  #judged(exchange: Exchange, { judge }: TaskJob, context: ClassifyContext): Verdict {
    if (judge !== false || exchange.kind === 'fault') return this.#chain.classify(exchange, context)
    // What the proxy says itself is no answer of the host.
    return proxyAnswer.judge(exchange, new View(exchange, context)) ?? unjudged(exchange)
  }

  /** What a fault means when no host is concerned: of a background check. */
  verdictOfFault(fault: Fault, proxy: ProxyEndpoint): Verdict {
    const wall = this.#clock.wall()
    const context = { request: probeRequest, proxy, norm: createHostNorm(), wall, random: this.#random }
    return this.#chain.classify(fault, context)
  }
}

const probeRequest = { url: 'http://echo/', method: 'GET', headers: {}, idempotent: true }
