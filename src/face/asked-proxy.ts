import { RegattaError } from '../contracts/errors.ts'
import { describeFilter, type ProxyFilter, passesFilter } from '../contracts/proxy-filter.ts'
import type { Engine } from '../engine/engine.ts'
import { noProxyPasses, somePass } from '../fleet/no-proxy-passes.ts'
import type { FleetTable } from '../reputation/fleet-table.ts'

/** Whether a request, or the holder of a lease, may ask for this proxy, or for those that pass a filter. */
export interface AskedProxy {
  /** The proxy's label. */
  readonly proxy: string
  /** The pool's key. */
  readonly host: string
  readonly session: string | undefined
  readonly use: readonly ProxyFilter[] | undefined
}

/** Throws PROXY_UNKNOWN, or OPTION_INVALID where the session has another one. */
export function assertProxy(engine: Engine, { proxy, host, session, use }: AskedProxy): void {
  assertAdmitted(engine, proxy, host)
  const endpoint = engine.fleet.endpoints[numberOf(engine.fleet, proxy)]!
  const missed = use?.find((filter) => !passesFilter(endpoint, filter))
  if (missed) {
    throw new RegattaError(
      'PROXY_UNKNOWN',
      `"${proxy}" does not pass ${describeFilter(missed)}, which "use" of the same request asks for. Leave one of the two out.`,
    )
  }
  assertOfSession(engine, proxy, session)
}

/** Throws NO_PROXY_PASSES where no proxy that may visit the host passes; what the host asks for in vain is waited for. */
export function assertSomePass(
  { fleet, hosts, router }: Engine,
  use: readonly ProxyFilter[],
  host: string,
): void {
  const own = hosts.settingsOf(host).proxies
  if (router.filters.among(use, own).size > 0) return
  const known = fleet.members.map((proxy) => fleet.endpoints[proxy]!)
  const admitted = own ? known.filter((endpoint) => passesFilter(endpoint, own)) : known
  if (admitted.length === 0) return
  const missed = use.find((filter) => !somePass(admitted, [filter])) ?? use[0]!
  const whose = own ? ` (its own filter is ${describeFilter(own)})` : ''
  throw noProxyPasses(admitted, missed, `The option "use" of a request to ${host}${whose}`)
}

/** A request may not ask for a proxy that its host's filter excludes. */
function assertAdmitted({ fleet, hosts }: Engine, proxy: string, host: string): void {
  const { proxies: filter } = hosts.settingsOf(host)
  const endpoint = fleet.endpoints[numberOf(fleet, proxy)]!
  if (filter === undefined || passesFilter(endpoint, filter)) return
  const wanted = describeFilter(filter)
  throw new RegattaError(
    'PROXY_UNKNOWN',
    `"${proxy}" may not visit ${host}: the option "hosts" lets only proxies pass with ${wanted}. Ask for another, or change the filter.`,
  )
}

/** A session stays where it is. */
function assertOfSession({ sessions, fleet }: Engine, proxy: string, session: string | undefined): void {
  const bound = sessions.proxyOf(session)
  if (bound === undefined || bound === fleet.numberOf(proxy)) return
  throw new RegattaError(
    'OPTION_INVALID',
    `Option "proxy": session "${session}" leaves through ${fleet.endpoints[bound]!.id} until its end. Leave "proxy" out, or begin another session.`,
    { value: { path: 'proxy', value: proxy } },
  )
}

/** The proxy's number in the fleet. Throws PROXY_UNKNOWN. */
export function numberOf(fleet: FleetTable, proxy: string): number {
  const number = fleet.numberOf(proxy)
  if (number !== undefined) return number
  throw new RegattaError(
    'PROXY_UNKNOWN',
    `There is no proxy ${nameOf(proxy)}in the fleet; proxies() lists the labels.`,
  )
}

/** What was given for a label, unless it may be the URL of a proxy with its password. */
function nameOf(label: unknown): string {
  if (typeof label !== 'string') return 'of this label '
  return /^[\w.#-]+$|^[a-z\d]+:\/\/[\w.-]+:\d+(#\w+)?$/i.test(label) ? `"${label}" ` : 'of this label '
}
