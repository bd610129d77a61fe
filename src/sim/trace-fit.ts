import { quantileOf } from './report.ts'
import { isGood } from './trace-history.ts'
import type { RecordedAttempt } from './trace-record.ts'

/**
 * What a proxy is like, judging by its recorded attempts: in the words of a lab's scenario. Latencies are fitted by a
 * log-normal with the weights of Efron (1967): a cancelled attempt gives its share to those that took longer.
 */
export interface Likeness {
  /** Those with an equal one are taken together. */
  readonly kind: string
  /** A fault of every attempt, as scenarios name it. */
  readonly fault: string | undefined
  /** Share of attempts that fail by the proxy's doing, where others succeed. */
  readonly failures: number
  readonly attempts: readonly RecordedAttempt[]
}

/** Without an answer for so long, and never with one: it hangs. */
const silentMs = 2_000

/** Undefined when no attempt came to its end and none was long: nothing is known. */
export function likenessOf(attempts: readonly RecordedAttempt[]): Likeness | undefined {
  const ended = attempts.filter(({ isCensored }) => !isCensored)
  const carried = ended.filter((attempt) => isCarried(attempt))
  if (carried.length === 0) {
    const isSilent = attempts.some(({ elapsedMs }) => elapsedMs > silentMs)
    const fault = ended.length > 0 ? usualFault(ended) : isSilent ? 'blackhole' : undefined
    return fault === undefined ? undefined : { kind: fault, fault, failures: 1, attempts }
  }
  const failures = roughShare((ended.length - carried.length) / ended.length)
  const { medianMs } = fitLatency(
    carried.some(isGood) ? attempts.filter((attempt) => attempt.isCensored || isGood(attempt)) : carried,
  )
  // An octave wide: 40 ms and 60 ms are one kind of proxy, 40 ms and 250 ms are not.
  const step = Math.round(Math.log2(Math.max(1, medianMs)))
  return { kind: `${step} ${failures}`, fault: undefined, failures, attempts }
}

/** Of first bytes: median and sigma of a log-normal. */
export function fitLatency(attempts: readonly RecordedAttempt[]): { medianMs: number; sigma: number } {
  const sample = attempts
    .map(({ isCensored, firstByteMs, elapsedMs }) => ({ isCensored, ms: firstByteMs ?? elapsedMs }))
    .sort((one, other) => one.ms - other.ms)
  let weight = 1
  let sum = 0
  let squares = 0
  let total = 0
  sample.forEach(({ isCensored, ms }, index) => {
    // Nothing is longer than the last one: its own length is the best guess.
    const isLast = index === sample.length - 1
    if (isCensored && !isLast) weight += weight / (sample.length - index - 1)
    else {
      const log = Math.log(Math.max(0.1, ms))
      sum += weight * log
      squares += weight * log * log
      total += weight
    }
  })
  if (total === 0) return { medianMs: 0, sigma: 0 }
  const mean = sum / total
  const sigma = Math.sqrt(Math.max(0, squares / total - mean * mean))
  return { medianMs: round(Math.exp(mean)), sigma: Math.min(3, Math.round(sigma * 100) / 100) }
}

/** Whether the proxy did its part: the host answered, whatever it said. */
export function isCarried(attempt: RecordedAttempt): boolean {
  const { kind, limiter } = attempt.verdict
  const isHosts = kind === 'target' || kind === 'blocked' || kind === 'challenge'
  return (
    isGood(attempt) ||
    (isHosts && attempt.status !== undefined) ||
    (kind === 'rate-limited' && limiter !== 'proxy')
  )
}

/** Steps in which shares are told apart: finer ones would only tell luck. */
function roughShare(share: number): number {
  if (share < 0.03) return 0
  return [0.1, 0.5, 0.9].reduce((best, each) =>
    Math.abs(each - share) < Math.abs(best - share) ? each : best,
  )
}

const faults: readonly (readonly [fault: string, ...causes: string[]])[] = [
  ['dead', 'dial-refused', 'dial-unreachable', 'dial-reset', 'proxy-dns'],
  ['syn-drop', 'dial-timeout'],
  ['blackhole', 'handshake-timeout'],
  ['wrong-protocol', 'handshake-garbage', 'proxy-tls'],
  ['truncated-reply', 'handshake-closed'],
  ['bad-auth', 'proxy-auth'],
  ['quota', 'proxy-quota'],
  ['busy', 'proxy-busy'],
  ['ruleset-denied', 'socks-not-allowed', 'connect-forbidden'],
  ['chatty-connect', 'connect-injected'],
  ['mitm', 'tls-certificate'],
  ['connect-then-silent', 'headers-timeout', 'tls-timeout', 'total-timeout', 'reset', 'tls-closed'],
  ['reset-mid-body', 'body-reset'],
  ['truncate', 'body-short', 'body-timeout'],
  ['trickle', 'body-slow'],
]

function usualFault(attempts: readonly RecordedAttempt[]): string {
  const counts = new Map<string, number>()
  for (const { fault, status } of attempts) {
    const name =
      status === undefined
        ? (faults.find(([, ...of]) => of.includes(fault?.cause ?? ''))?.[0] ?? 'refuse')
        : 'inject'
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return [...counts].reduce((best, each) => (each[1] > best[1] ? each : best))[0]
}

/** Three digits. */
export function round(value: number): number {
  return Number(value.toPrecision(3))
}

export function medianOf(values: readonly number[]): number {
  return quantileOf(values, 0.5)
}
