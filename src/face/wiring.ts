import { ByteBudget } from '../base/byte-budget.ts'
import type { Clock } from '../base/clock.ts'
import { createRandom } from '../base/random.ts'
import type { Wheel } from '../base/wheel.ts'
import type { ProxyEndpoint } from '../contracts/endpoint.ts'
import type { Alert } from '../contracts/events.ts'
import type { FetchRequest } from '../contracts/request.ts'
import type { Transport } from '../contracts/transport.ts'
import type { Engine } from '../engine/engine.ts'
import { createFleet, type Fleet, type FleetListener } from '../fleet/fleet.ts'
import { readProxy } from '../fleet/parse-proxy.ts'
import { providerFor } from '../fleet/provider-for.ts'
import type { SchemeProbe } from '../fleet/scheme-finder.ts'
import { recordTo } from '../har/record-to.ts'
import { shown } from '../har/recorded-answers.ts'
import { createOffline } from '../har/replay.ts'
import { createHealthChecks, type HealthChecks } from '../health/health.ts'
import type { HostSettings } from '../options/host-settings.ts'
import type { Options } from '../options/options.ts'
import type { StateFolder } from '../state/folder.ts'
import type { ReputationFile } from '../state/reputation/reputation-file.ts'
import type { ReputationSnapshot } from '../state/reputation/snapshot-record.ts'
import type { SpendingFile } from '../state/spending-file.ts'
import type { CredentialVault } from '../transport/credentials.ts'
import { probeScheme } from '../transport/probe-scheme.ts'
import { createTransport } from '../transport/socket-transport.ts'

/** How options become parts, for the parts that take more than a line. */

export function transportFor(
  options: Options,
  credentials: CredentialVault,
  clock: Clock,
  wheel: Wheel,
  budget = new ByteBudget(options.bodies.total),
): Transport {
  const { record, offline } = options
  const transport =
    options.transport ??
    (offline ? createOffline(notKept, { clock }) : socketsFor(options, credentials, clock, wheel, budget))
  return record ? recordTo(transport, record, { clock }) : transport
}

/** Why a crawler that is offline has no answer. */
function notKept(request: FetchRequest): string {
  return `${shown(request)} is not in the cache, and offline nothing is asked`
}

function socketsFor(
  options: Options,
  credentials: CredentialVault,
  clock: Clock,
  wheel: Wheel,
  budget: ByteBudget,
): Transport {
  const { timeouts, maxBody, bodies, connections, ca, allowPrivateTargets, remoteDns } = options
  const { memory, dir } = bodies
  const places = { memory, budget, ...(dir !== undefined && { dir }) }
  const limits = { timeouts, maxBody, bodies: places, connections, ca, allowPrivateTargets, remoteDns }
  return createTransport({ ...limits, credentials, clock, wheel })
}

export function fleetFor(options: Options, seed: number, clock: Clock, listener: FleetListener): Fleet {
  const { proxyClass, proxyScheme, env = {}, direct, refresh: refreshMs, timeouts, use } = options
  const defaults = {
    ...(proxyScheme && { protocol: proxyScheme }),
    ...(proxyClass && { tags: { class: proxyClass } }),
  }
  const providers = providerFor(options.proxies, {
    clock,
    fetch: globalThis.fetch,
    env,
    defaults,
    allowPrivate: options.allowPrivateProxies,
  })
  const timeoutMs = timeouts.dial
  // A transport of the user's own dials no sockets that could be asked.
  const probe: SchemeProbe | undefined = options.transport
    ? undefined
    : (proxy, signal) => probeScheme(proxy, { clock, timeoutMs, signal })
  return createFleet({ providers, clock, direct, refreshMs, seed, listener, probe, use })
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
    proxies: () => (engine.spending.caps.reached ? [] : fleet.endpoints()),
    transport,
    clock,
    random: createRandom(seed),
    judge: (fault, proxy) => engine.jury.verdictOfFault(fault, proxy),
    headersFor: (echo) => echoHeaders(engine.hosts.settingsFor(echo)),
    onEvidence: (evidence) => engine.learn(evidence),
    echoes: health.echoes,
    intervalMs: health.interval,
    timeoutMs: health.timeout,
    jitter: health.jitter,
  })
}

/** Headers for all hosts (a cookie, perhaps) are not sent to an echo service: it gets those that `hosts` names for it. */
function echoHeaders({ headers, elsewhere = {} }: HostSettings): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => name === 'user-agent' || name in elsewhere),
  )
}

/** Loaded at need: a crawler that keeps no state needs no database. */
export async function stateFor(
  { state, durability, hostKey: key }: Options,
  clock: Clock,
  tell: { alert(alert: Alert): void; log(message: string): void },
): Promise<StateFolder | undefined> {
  if (state === undefined) return undefined
  const { openStateFolder } = await import('../state/folder.ts')
  const onStalled = (error: Error) => tell.alert({ code: 'STATE_FAILED', message: error.message })
  const hostKey = typeof key === 'function' ? 'own' : key
  return openStateFolder({ dir: state, clock, durability, hostKey, onStalled, log: tell.log })
}

/** What was learnt of the proxies is known again, and kept from now on. */
export async function reputationFor(
  state: StateFolder | undefined,
  { engine, ...parts }: { clock: Clock; wheel: Wheel; engine: Engine; pause: number },
  alert: (alert: Alert) => void,
): Promise<ReputationFile | undefined> {
  if (state === undefined) return undefined
  const { openReputationFile } = await import('../state/reputation/reputation-file.ts')
  const file = await openReputationFile(state.reputation, { ...parts, alert })
  if (file.snapshot) engine.restore(file.snapshot)
  file.follow(engine)
  return file
}

/** What was spent is known again, and kept from now on. */
export async function spendingFor(
  state: StateFolder | undefined,
  { engine, ...parts }: { clock: Clock; wheel: Wheel; engine: Engine },
  alert: (alert: Alert) => void,
): Promise<SpendingFile | undefined> {
  if (state === undefined) return undefined
  const { openSpendingFile } = await import('../state/spending-file.ts')
  return openSpendingFile(state.spending, engine.spending, { ...parts, alert })
}

/** Which protocol each proxy has spoken that answered in an earlier run: what its list does not say is not asked again. */
export function* provenProtocols(snapshot: ReputationSnapshot | undefined): Generator<ProxyEndpoint> {
  for (const record of snapshot?.records ?? []) {
    if (record.kind !== 'proxies') continue
    for (const [row, label] of record.proxies.entries()) {
      const proxy = record.success[row]! > 0 ? readProxy(label.replace(/#.*$/, '')) : 'not proven'
      if (typeof proxy !== 'string') yield proxy.endpoint
    }
  }
}
