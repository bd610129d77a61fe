import type { ProxyEndpoint } from '../../src/contracts/endpoint.ts'
import type { ProxyList, ProxyProvider } from '../../src/contracts/provider.ts'
import type { FleetListener } from '../../src/fleet/fleet.ts'
import { parseList } from '../../src/fleet/proxy-list.ts'

/** Keeps what a listener can know: who is there, in which order things happened, which alerts came. */
export class Witness implements FleetListener {
  readonly present = new Map<string, ProxyEndpoint>()
  readonly log: string[] = []
  readonly alerts: string[] = []

  readonly added: FleetListener['added'] = ({ endpoint }) => {
    if (this.present.has(endpoint.id)) throw new Error(`${endpoint.id} was added twice`)
    this.present.set(endpoint.id, endpoint)
    this.log.push(`+${endpoint.id}`)
  }
  readonly removed: FleetListener['removed'] = (id) => {
    if (!this.present.delete(id)) throw new Error(`${id} was removed and not there`)
    this.log.push(`-${id}`)
  }
  readonly renewed: NonNullable<FleetListener['renewed']> = (id, { endpoint }) => {
    if (!this.present.delete(id)) throw new Error(`${id} was renewed and not there`)
    this.present.set(endpoint.id, endpoint)
    this.log.push(`${id} is ${endpoint.id}`)
  }
  readonly refreshed: FleetListener['refreshed'] = ({ added, removed, total }) => {
    this.log.push(`refreshed +${added} -${removed} =${total}`)
  }
  readonly alert: FleetListener['alert'] = ({ code, message }) => {
    this.alerts.push(`${code}: ${message}`)
  }
}

export interface ScriptedProvider extends ProxyProvider {
  /** What the next loads return, or throw. */
  answer: ProxyList | Error | Promise<ProxyList>
  loads: number
}

/** A provider whose answers the test sets. */
export function scriptedProvider(
  answer: ProxyList | Error,
  about: Partial<ProxyProvider> = {},
): ScriptedProvider {
  return {
    name: 'scripted',
    trusted: true,
    ...about,
    answer,
    loads: 0,
    async load() {
      this.loads++
      if (this.answer instanceof Error) throw this.answer
      return this.answer
    },
  }
}

/** A list of proxies named by numbers. */
export function listOf(...numbers: number[]): ProxyList {
  return parseList(numbers.map((n) => `proxy${n}.example:8080`).join('\n'), { trusted: true })
}

export function idsOf(...numbers: number[]): string[] {
  return numbers.map((n) => `http://proxy${n}.example:8080`)
}
