import { RegattaError } from '../contracts/errors.ts'
import { pickHash } from './hash.ts'
import type { Manners, OriginScript } from './origin/manners.ts'
import type { Behaviour, ProxyScript } from './proxy/behaviour.ts'
import type { ParsedScenario } from './scenario.ts'

/**
 * Who plays in a scenario, one by one: groups are counted out, names and seeds are given. The lab gives each a port, the
 * simulator a row, so that `fast-7` has the same luck in both.
 */
export interface OriginRole {
  readonly name: string
  readonly host: string
  /** `host` and its aliases. */
  readonly names: readonly string[]
  readonly tls: OriginScript['tls']
  readonly manners: Manners
  /** Of its pages. */
  readonly seed: number
  readonly luck: number
}

export interface ProxyRole {
  readonly name: string
  /** The name in the scenario, without a number. */
  readonly group: string
  readonly script: ProxyScript
  readonly behaviour: Behaviour
  /** Those with an equal one leave from one address. */
  readonly egress: string
  readonly luck: number
}

export interface Cast {
  readonly origins: readonly OriginRole[]
  readonly proxies: readonly ProxyRole[]
}

/** Throws SCENARIO_INVALID when two parts have one name. */
export function castOf(scenario: ParsedScenario): Cast {
  const seedOf = (what: string) => Math.floor(pickHash(scenario.seed, what) * 2 ** 32)
  const origins = Object.entries(scenario.origins).map(([name, script]): OriginRole => {
    const { host: wanted, aliases, tls, emulates, ...rest } = script
    // The scenario's number itself, and not a hash of it: a test that asks what the service has names the same seed.
    const service = emulates && { ...emulates, seed: emulates.seed ?? scenario.seed }
    const manners: Manners = { ...rest, ...(service && { emulates: service }) }
    const host = wanted ?? `${name}.lab`
    const names = [host, ...aliases]
    return { name, host, names, tls, manners, seed: seedOf(`pages ${scenario.seed}`), luck: seedOf(name) }
  })
  const proxies: ProxyRole[] = []
  for (const script of scenario.proxies) {
    const {
      name: given,
      count,
      protocol: _protocol,
      egress,
      auth: _auth,
      country: _country,
      block: _block,
      countryListed: _listed,
      ...behaviour
    } = script
    for (let number = 1; number <= count; number++) {
      const group = given ?? `proxy-${proxies.length + 1}`
      const name = given !== undefined && count > 1 ? `${given}-${number}` : group
      proxies.push({ name, group, script, behaviour, egress: egress ?? `own ${name}`, luck: seedOf(name) })
    }
  }
  assertDistinct([...origins, ...proxies].map(({ name }) => name))
  return { origins, proxies }
}

/** The proxy's full URL, with its credentials. */
export function proxyAddress({ protocol, auth }: ProxyScript, address: string, port: number): string {
  const login = auth ? `${encodeURIComponent(auth.username)}:${encodeURIComponent(auth.password)}@` : ''
  return `${protocol}://${login}${address}:${port}`
}

function assertDistinct(names: readonly string[]): void {
  const seen = new Set<string>()
  for (const name of names) {
    if (seen.has(name)) {
      throw new RegattaError('SCENARIO_INVALID', `Two parts of the scenario are named "${name}"; rename one.`)
    }
    seen.add(name)
  }
}
