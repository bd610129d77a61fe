import type { Exchange, Verdict } from '../contracts/outcome.ts'
import type { HostHealth } from './host-health.ts'

/**
 * The one place that assigns blame. Phase and cause have spoken already (that is the verdict); what is left is to say
 * how much of a failure goes to the proxy itself (every host would feel it), to the proxy at this host (the pair), and to
 * the host. An ambiguous failure is split by cross-evidence, noisy-or: which has been failing elsewhere, the proxy at other
 * hosts or the host with other proxies?
 */
export interface Blame {
  /** Successes and failures for the fleet's record of the proxy. */
  fleetSuccess: number
  fleetFailure: number
  /** For the record of the proxy at this host. */
  pairSuccess: number
  pairFailure: number
  /** How much it speaks for "the host is ill". */
  host: number
}

/** Shares in [0, 1]; 0.5 when nothing is known. */
export interface Suspicion {
  /** Of the proxy: how often it fails elsewhere. */
  readonly proxy: number
  /** Of the host: how often proven proxies fail here. */
  readonly host: number
}

/**
 * A bad certificate convicts a proxy only where others have shown that the host has a good one; from a host that was
 * never reached, or when a third proxy brings it, it is the host's own, and must not cost the fleet one proxy after another.
 */
export function reconsider(verdict: Verdict, health: HostHealth): Verdict {
  if (verdict.reason !== 'tls-certificate' || verdict.kind !== 'dead') return verdict
  const isForged = health.failures.proven && health.forgers.length < 2
  return isForged ? verdict : { kind: 'target', reason: verdict.reason }
}

/** For a failure while this process stood still: a suspended laptop, or an event loop that did not come round. */
export const standstill: Verdict = { kind: 'neutral', reason: 'standstill' }

/** Fills `blame` (reused from outcome to outcome). */
export function assignBlame(verdict: Verdict, exchange: Exchange, suspicion: Suspicion, blame: Blame): void {
  blame.fleetSuccess = 0
  blame.fleetFailure = 0
  blame.pairSuccess = 0
  blame.pairFailure = 0
  blame.host = 0
  const weight = verdict.weight ?? 1
  // A verified answer, whatever it says, proves that the proxy carries bytes.
  const isCarried = exchange.kind === 'response' && exchange.verified
  switch (verdict.kind) {
    case 'success':
    case 'final':
      blame.fleetSuccess = 1
      blame.pairSuccess = 1
      break
    case 'blocked':
    case 'challenge':
      blame.pairFailure = weight
      if (isCarried) blame.fleetSuccess = 0.5
      break
    case 'dead':
      blame.fleetFailure = weight
      blame.pairFailure = weight
      break
    case 'target':
      blame.host = weight
      if (isCarried) blame.fleetSuccess = 0.5
      break
    case 'transient': {
      const either = 1 - (1 - suspicion.proxy) * (1 - suspicion.host)
      const proxyShare = share(suspicion.proxy * (1 - suspicion.host), either)
      const hostShare = share(suspicion.host * (1 - suspicion.proxy), either)
      blame.fleetFailure = weight * proxyShare
      // The path between the two belongs to the pair, which is charged for it and for the proxy's own part.
      blame.pairFailure = weight * Math.max(0, 1 - hostShare)
      // The weight lowers what the failure says of the proxy, and not what it says of the host.
      blame.host = Math.min(1, Math.max(hostShare, 1 / 3))
      break
    }
    case 'rate-limited':
    case 'neutral':
      break
  }
}

/** A third each when nothing is known of either. Rounding must not make more than one failure of one. */
function share(part: number, either: number): number {
  return either === 0 ? 1 / 3 : Math.min(1, part / either)
}
