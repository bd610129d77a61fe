import type { Outcome, Verdict } from '../contracts/outcome.ts'
import { cooldown } from '../rules/breaker.ts'
import { assignBlame, type Blame } from './blame.ts'
import { closed } from './breakers.ts'
import type { FeedbackWorld } from './feedback.ts'

/**
 * What the fleet learns of a proxy, whatever the host: the events of its own machine. Requests of every pool and
 * background checks end here, so there is one posterior and one breaker for both.
 */

/** The machine hears of a success only when it changes something: a run to end, a probe to judge. */
export function creditProxy(world: FeedbackWorld, proxy: number, epoch: number, now: number): void {
  const { fleet } = world
  if (fleet.breakers.state[proxy] === closed && !fleet.isAccused(proxy)) return
  if (fleet.breakers.epoch[proxy] === epoch) fleet.settleAccusation(proxy)
  fleet.breakers.send(proxy, {
    type: 'succeeded',
    at: now,
    epoch,
    times: 1,
    slow: false,
    alpha: fleet.evidence.success[proxy]!,
    beta: fleet.evidence.failure[proxy]!,
    options: world.options.breaker,
    jitter: world.random(),
  })
}

/** A fault of the proxy's own. */
export function accuseProxy(
  world: FeedbackWorld,
  proxy: number,
  epoch: number,
  verdict: Verdict,
  weight: number,
  now: number,
): void {
  const { fleet } = world
  if (verdict.credential) refuseCredential(world, proxy, now)
  fleet.accuse(proxy)
  fleet.breakers.send(proxy, {
    type: 'failed',
    at: now,
    epoch,
    weight,
    reason: verdict.reason,
    hard: verdict.hard ?? false,
    fatal: (verdict.credential ?? false) || (verdict.permanent ?? false),
    permanent: verdict.permanent ?? false,
    norm: world.fleetNorm.threshold(),
    mayTrip: true,
    alpha: fleet.evidence.success[proxy]!,
    beta: fleet.evidence.failure[proxy]!,
    options: world.options.breaker,
    jitter: world.random(),
  })
}

/** The outcome of a background check: no host was visited, so it speaks of the proxy alone. */
export function applyCheck(world: FeedbackWorld, id: string, outcome: Outcome): void {
  const { fleet } = world
  const proxy = fleet.numberOf(id)
  const { verdict, exchange, endedAt: now } = outcome
  if (proxy === undefined || verdict.kind === 'neutral') return
  assignBlame(verdict, exchange, { proxy: 1 - fleet.mean(proxy, now), host: 0.5 }, blame)
  fleet.evidence.add(proxy, blame.fleetSuccess, blame.fleetFailure, now)
  const epoch = fleet.breakers.epoch[proxy]!
  if (verdict.kind === 'success') {
    fleet.groups.accepted(fleet.group[proxy]!)
    creditProxy(world, proxy, epoch, now)
  } else if (verdict.kind === 'dead') accuseProxy(world, proxy, epoch, verdict, blame.fleetFailure, now)
}

const blame: Blame = { fleetSuccess: 0, fleetFailure: 0, pairSuccess: 0, pairFailure: 0, host: 0 }

function refuseCredential(world: FeedbackWorld, proxy: number, now: number): void {
  const { fleet, options, random } = world
  const length = fleet.groups.refused(fleet.group[proxy]!, proxy, now, (openings) => {
    const full = cooldown('fleet', openings, options.breaker)
    return full / 2 + (random() * full) / 2
  })
  if (length === 0) return
  const label = fleet.endpoints[proxy]?.id ?? 'a proxy'
  world.alert({
    code: 'CREDENTIAL_REFUSED',
    message: `The credential of ${label} is refused; all proxies that use it wait ${Math.round(length / 1000)} s.`,
  })
}
