import { type Clock, systemClock } from '../base/clock.ts'
import { createRandom } from '../base/random.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { Books, OriginBook, ProxyBook } from './books.ts'
import { type Cast, castOf, type OriginRole, type ProxyRole, proxyAddress } from './cast.ts'
import { type Authority, type Certificate, createAuthority } from './certificates.ts'
import type { Lab, LabControl, LabOrigin, LabProxyAddress } from './contract.ts'
import { World } from './geography.ts'
import { LiarsWorld } from './lies/liar.ts'
import type { Manners } from './origin/manners.ts'
import { Origin } from './origin/origin.ts'
import { type Patch, patchBehaviour, patchManners } from './patch.ts'
import type { Behaviour } from './proxy/behaviour.ts'
import { ProxyServer } from './proxy/server.ts'
import { Resources } from './resources.ts'
import { type ParsedScenario, parseScenario, type Scenario } from './scenario.ts'
import { planTimeline, playTimeline, type Scene } from './timeline.ts'

export interface LabOptions {
  /** Default systemClock. */
  readonly clock?: Clock
  /** Instead of the scenario's. */
  readonly seed?: number
}

/**
 * Builds the world of a scenario in this process and opens its ports on loopback. Throws SCENARIO_INVALID before anything
 * is opened. For benchmarks take startLabProcess: there the client alone pays for its own work.
 */
export async function startLab(scenario: Scenario, options: LabOptions = {}): Promise<Lab> {
  const parsed = parseScenario(scenario)
  const script = options.seed === undefined ? parsed : { ...parsed, seed: options.seed }
  const builder = new Builder(script, options.clock ?? systemClock)
  try {
    await builder.build()
    builder.begin()
    return builder.lab()
  } catch (error) {
    await builder.close()
    throw error
  }
}

interface Actor<Part, Script> {
  readonly part: Part
  /** What the schema made of the script and of every patch since. */
  script: Script
}

class Builder {
  #script: ParsedScenario
  #cast: Cast
  #scenes: Scene[]
  #resources: Resources
  #world = new World()
  /** By each of their names. */
  #sites = new Map<string, Origin>()
  #liars: LiarsWorld
  #forged = new Map<string, Certificate>()
  #authority: Authority | undefined
  #origins = new Map<string, Actor<Origin, Manners> & { readonly address: LabOrigin }>()
  #proxies = new Map<string, Actor<ProxyServer, Behaviour> & { readonly address: LabProxyAddress }>()
  /** Everything that was opened, also when the building failed half-way. */
  #parts: { close(): Promise<void> }[] = []
  #startedAt: number
  #closed: Promise<void> | undefined

  constructor(script: ParsedScenario, clock: Clock) {
    this.#script = script
    this.#cast = castOf(script)
    this.#scenes = planTimeline(script.timeline, this.#cast, script.seed)
    this.#resources = new Resources(clock)
    this.#startedAt = clock.wall()
    this.#liars = new LiarsWorld(script.seed, (host) => this.#sites.get(host)?.site)
  }

  async build(): Promise<void> {
    const { origins, proxies } = this.#script
    const speaksTls =
      Object.values(origins).some((origin) => origin.tls !== 'off') ||
      proxies.some((proxy) => proxy.protocol === 'https')
    if (speaksTls) this.#authority = await createAuthority(this.#startedAt)
    for (const role of this.#cast.origins) await this.#addOrigin(role)
    for (const role of this.#cast.proxies) await this.#addProxy(role)
  }

  begin(): void {
    this.#resources.begin()
    this.#startedAt = this.#resources.clock.wall()
    playTimeline(this.#scenes, this.#control(), (ms, fire) => void this.#resources.after(ms, fire))
  }

  async #addOrigin({ name, host, names, tls, manners, seed, luck }: OriginRole): Promise<void> {
    const certificate =
      tls === 'off' ? undefined : this.#authority!.issue([...names, 'localhost', '127.0.0.1'], tls)
    const origin = new Origin(certificate, {
      manners,
      seed,
      rows: this.#script.bookRows,
      random: createRandom(luck),
      resources: this.#resources,
      countryOf: this.#world.countryOf,
    })
    this.#parts.push(origin)
    await origin.open()
    const { scheme, port } = origin
    for (const each of names) {
      this.#world.name(each, port, scheme === 'https')
      this.#sites.set(each, origin)
    }
    const address = { url: `${scheme}://${host}`, direct: `${scheme}://127.0.0.1:${port}`, host, port }
    this.#origins.set(name, { part: origin, script: manners, address })
  }

  async #addProxy(role: ProxyRole): Promise<void> {
    const { name, script, behaviour, egress, luck } = role
    const { protocol } = script
    const exitIp = this.#world.egress(egress, script.block)
    if (script.country !== undefined) this.#world.settle(exitIp, script.country)
    const authority = this.#authority
    const proxy = new ProxyServer(role, exitIp, {
      world: this.#world,
      resources: this.#resources,
      random: createRandom(luck),
      liars: this.#liars,
      certificate: protocol === 'https' ? authority!.issue([exitIp, 'localhost']) : undefined,
      forger: authority && ((host) => this.#forge(host, authority)),
    })
    this.#parts.push(proxy)
    await proxy.open()
    const url = proxyAddress(script, exitIp, proxy.port)
    const address = { name, url, protocol, host: exitIp, port: proxy.port, exitIp }
    this.#proxies.set(name, { part: proxy, script: behaviour, address })
  }

  #forge(host: string, authority: Authority): Certificate {
    let forged = this.#forged.get(host)
    if (!forged) {
      forged = authority.issue([host], 'untrusted')
      this.#forged.set(host, forged)
    }
    return forged
  }

  lab(): Lab {
    const close = () => this.close()
    return {
      name: this.#script.name,
      seed: this.#script.seed,
      origins: Object.fromEntries([...this.#origins].map(([name, { address }]) => [name, address])),
      proxies: [...this.#proxies.values()].map(({ address }) => address.url),
      ca: this.#authority?.ca ?? '',
      control: this.#control(),
      proxy: (name) => this.#proxy(name).address,
      proxyNames: () => [...this.#proxies.keys()],
      books: async () => this.#books(),
      close,
      [Symbol.asyncDispose]: close,
    }
  }

  #control(): LabControl {
    return {
      kill: async (name) => this.#proxy(name).part.kill(),
      revive: async (name) => this.#proxy(name).part.revive(),
      set: (name, patch) => this.#set(name, patch),
      takeDown: async (name, how = 'refuse') => this.#origin(name).part.takeDown(how),
      bringUp: async (name) => this.#origin(name).part.bringUp(),
      clearBooks: async () => {
        for (const { part } of this.#origins.values()) part.clearBook()
        for (const { part } of this.#proxies.values()) part.clearBook()
      },
    }
  }

  async #set(name: string, patch: Patch): Promise<void> {
    const origin = this.#origins.get(name)
    if (origin) {
      origin.script = patchManners(name, origin.script, patch)
      origin.part.setManners(origin.script)
      return
    }
    const proxy = this.#proxy(name)
    proxy.script = patchBehaviour(name, proxy.script, patch)
    await proxy.part.setBehaviour(proxy.script)
  }

  #books(): Books {
    const origins: Record<string, OriginBook> = {}
    const proxies: Record<string, ProxyBook> = {}
    for (const [name, { part }] of this.#origins) origins[name] = part.book()
    for (const [name, { part }] of this.#proxies) proxies[name] = part.book()
    return { startedAt: this.#startedAt, origins, proxies }
  }

  #proxy(name: string) {
    return this.#proxies.get(name) ?? unknown('proxy', name, this.#proxies)
  }

  #origin(name: string) {
    return this.#origins.get(name) ?? unknown('origin', name, this.#origins)
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    this.#resources.close()
    await Promise.all(this.#parts.map((part) => part.close()))
  }
}

function unknown(kind: string, name: string, known: ReadonlyMap<string, unknown>): never {
  const names = [...known.keys()]
  const shown = `${names.slice(0, 8).join(', ')}${names.length > 8 ? ', …' : ''}`
  throw new RegattaError('SCENARIO_INVALID', `The lab has no ${kind} "${name}"; it has ${shown || 'none'}.`)
}
