import type { Clock } from './clock.ts'
import type { Engine } from './engine.ts'
import { createFleet, type Fleet, type FleetListener } from './fleet/fleet.ts'
import { createHealthChecks, type HealthChecks } from './fleet/health.ts'
import { providerFor } from './fleet/provider-for.ts'
import type { Options } from './options.ts'
import { createRandom } from './random.ts'
import type { CredentialVault } from './transport/credentials.ts'
import type { Transport } from './transport/transport.ts'
import { createTransport } from './transport/undici.ts'
import type { Wheel } from './wheel.ts'

/** How options become parts, for the parts that take more than a line. */

export function transportFor(
  options: Options,
  credentials: CredentialVault,
  clock: Clock,
  wheel: Wheel,
): Transport {
  if (options.transport) return options.transport
  const { timeouts, maxBody, maxRedirects, connections, ca, allowPrivateTargets } = options
  const limits = { timeouts, maxBody, maxRedirects, connections, ca, allowPrivateTargets }
  return createTransport({ ...limits, credentials, clock, wheel })
}

export function fleetFor(options: Options, seed: number, clock: Clock, listener: FleetListener): Fleet {
  const { proxyClass, env = {}, direct, refresh: refreshMs } = options
  const defaults = proxyClass === undefined ? {} : { defaults: { tags: { class: proxyClass } } }
  const providers = providerFor(options.proxies, { clock, fetch: globalThis.fetch, env, ...defaults })
  return createFleet({ providers, clock, direct, refreshMs, seed, listener })
}

export function healthFor(
  options: Options,
  seed: number,
  parts: { clock: Clock; transport: Transport; engine: Engine; fleet: Fleet },
): HealthChecks | undefined {
  const { health } = options
  if (!health) return undefined
  const { clock, transport, engine, fleet } = parts
  return createHealthChecks({
    proxies: () => fleet.endpoints(),
    transport,
    clock,
    random: createRandom(seed),
    judge: engine.judgeFault,
    onEvidence: (evidence) => engine.learn(evidence),
    echoes: health.echoes,
    intervalMs: health.interval,
    timeoutMs: health.timeout,
    jitter: health.jitter,
  })
}
