import type { ScenarioWorld } from '../../src/sim/index.ts'
import type { SimulatedHost } from '../../src/sim/simulated-host.ts'
import type { SimulatedProxy } from '../../src/sim/simulated-proxy.ts'
import type { Arm, Nobody, Policy } from './policy.ts'

/**
 * Knows the present state of every proxy and host, as nobody can: who is up, how fast and how lossy it is, which address
 * a host lets in now and when it will let in the next. It takes the smallest expected time to a good answer, and among
 * equals the one with the fewest requests under way. The luck of the draw it does not know: neither how long this answer
 * takes nor whether this one is lost. It never hedges.
 */
export function oracle(world: ScenarioWorld): Policy {
  /** Expected ms by behaviour: objects that are replaced when something changes. */
  const known = new WeakMap<object, number>()
  const timeOf = (proxy: SimulatedProxy) => {
    let time = known.get(proxy.behaviour)
    if (time === undefined) {
      time = expectedTime(proxy)
      known.set(proxy.behaviour, time)
    }
    return time
  }
  return {
    name: 'oracle',
    pick({ host: name, now, arms, mayUse }): Arm | Nobody {
      const host = world.hostOf(name)!
      const elapsed = host.reception.resources.elapsed()
      let best: Arm | undefined
      let least = Number.POSITIVE_INFINITY
      let until = now + lookAgain
      for (const arm of arms) {
        const proxy = world.proxies[arm.index]!
        if (!mayUse(arm) || !proxy.listens(now)) continue
        const time = timeOf(proxy)
        if (time > least || time === Number.POSITIVE_INFINITY) continue
        if (isClosed(host)) continue
        const wait = host.reception.admitsAt(proxy.exitIp) - elapsed
        if (wait > 0) until = Math.min(until, now + wait)
        else if (hasLimit(host) && arm.running > 0) continue
        else if (time < least || (arm.running - best!.running || arm.uses - best!.uses) < 0) {
          best = arm
          least = time
        }
      }
      return best ?? { until }
    },
  }
}

/** How long it waits for a change that it cannot foresee, ms. */
const lookAgain = 50

/** A place at the host is taken when a request arrives; what is under way may take it. */
function hasLimit({ manners }: SimulatedHost): boolean {
  return manners.limit !== undefined
}

function isClosed(host: SimulatedHost): boolean {
  return host.reception.down !== undefined
}

/** Milliseconds to a good answer when failures are repeated here. Infinity for one that brings none. */
function expectedTime({ behaviour }: SimulatedProxy): number {
  const { fault, flaky, latency } = behaviour
  const isSpoiling = fault !== undefined && fault.kind !== 'split-replies'
  const success = (1 - (flaky?.request ?? 0)) * (1 - (flaky?.tunnel ?? 0))
  if (isSpoiling || success === 0) return Number.POSITIVE_INFINITY
  const once = latency ? meanOf(latency) : 1
  return once > 10_000 ? Number.POSITIVE_INFINITY : once / success
}

function meanOf(latency: NonNullable<SimulatedProxy['behaviour']['latency']>): number {
  if (latency.kind === 'fixed') return latency.ms
  if (latency.kind === 'uniform') return (latency.lowMs + latency.highMs) / 2
  return latency.medianMs * Math.exp(latency.sigma ** 2 / 2)
}
