import type { Clock } from '../base/clock.ts'
import { createRandom } from '../base/random.ts'
import type { ParsedProxy } from '../contracts/endpoint.ts'
import type { TransportCall, TransportLimits } from '../contracts/transport.ts'
import { parseProxy } from '../fleet/parse-proxy.ts'
import { castOf, proxyAddress } from '../lab/cast.ts'
import type { OriginDown } from '../lab/contract.ts'
import { World } from '../lab/geography.ts'
import { LiarsWorld } from '../lab/lies/liar.ts'
import { harmlessKinds } from '../lab/lies/lie-schema.ts'
import { type Patch, patchBehaviour, patchManners } from '../lab/patch.ts'
import { Resources } from '../lab/resources.ts'
import type { ParsedScenario } from '../lab/scenario.ts'
import { planTimeline, playTimeline, type Stage } from '../lab/timeline.ts'
import { Sites } from '../transport/address.ts'
import { type Arrival, Passage, type PassageWorld } from './request-passage.ts'
import { SimulatedHost } from './simulated-host.ts'
import { SimulatedProxy } from './simulated-proxy.ts'
import type { SimulatedStep } from './transport.ts'
import type { RunWorld } from './venue.ts'

/**
 * A scenario on virtual time: the lab's cast, judgement, faults and timeline without a socket. It knows the truth about
 * every proxy and host, which oracles and invariants ask for.
 */
export class ScenarioWorld implements RunWorld, PassageWorld, Stage {
  readonly hosts: readonly SimulatedHost[]
  readonly proxies: readonly SimulatedProxy[]
  readonly sites = new Sites()
  readonly limits: TransportLimits
  /** Attempts begun, and body bytes that came out of proxies, whatever became of them. */
  readonly counts = { attempts: 0, bytes: 0 }
  onArrival: (arrival: Arrival) => void = () => {}
  /** An attempt over a proxy that is not in the scenario. */
  onStranger: (label: string) => void = () => {}
  readonly #clock: Clock
  readonly #resources: Resources
  readonly #hosts = new Map<string, SimulatedHost>()
  readonly #proxies = new Map<string, SimulatedProxy>()
  readonly #wereFaulty = new Set<SimulatedProxy>()
  readonly #proxyNames = new Map<string, SimulatedProxy>()

  /** Throws SCENARIO_INVALID. */
  constructor(scenario: ParsedScenario, clock: Clock, limits: TransportLimits) {
    this.#clock = clock
    this.limits = limits
    this.#resources = new Resources(clock)
    const cast = castOf(scenario)
    const addresses = new World()
    this.hosts = cast.origins.map(({ name, host, names, tls, manners, seed, luck }) => {
      const made = new SimulatedHost(name, host, tls, {
        manners,
        seed,
        rows: scenario.bookRows,
        random: createRandom(luck),
        resources: this.#resources,
        countryOf: addresses.countryOf,
      })
      for (const each of [name, ...names]) this.#hosts.set(each, made)
      return made
    })
    const liars = new LiarsWorld(scenario.seed, (host) => this.#hosts.get(host)?.reception.site)
    this.proxies = cast.proxies.map((role, index) => {
      const exitIp = addresses.egress(role.egress, role.script.block)
      const { country } = role.script
      if (country !== undefined) addresses.settle(exitIp, country)
      const port = 10_000 + index
      const url = proxyAddress(role.script, exitIp, port)
      const made = new SimulatedProxy(role, exitIp, url, liars)
      this.#proxies.set(`${exitIp}:${port}`, made)
      this.#proxyNames.set(role.name, made)
      return made
    })
    const scenes = planTimeline(scenario.timeline, cast, scenario.seed)
    playTimeline(scenes, this, (ms, fire) => void this.#resources.after(ms, fire))
  }

  attempt(call: TransportCall, now: number): SimulatedStep {
    const proxy = this.#proxies.get(`${call.proxy.host}:${call.proxy.port}`)
    this.counts.attempts++
    if (proxy) return new Passage(this, call, proxy, now).begin()
    this.onStranger(call.proxy.id)
    return {
      afterMs: (call.limits ?? this.limits).timeouts.dial,
      fault: { phase: 'dial', cause: 'dial-timeout' },
    }
  }

  hostOf(name: string): SimulatedHost | undefined {
    return this.#hosts.get(name)
  }

  /** By its name in the scenario, or by the label the crawler gives it. */
  proxyOf(name: string): SimulatedProxy | undefined {
    return this.#proxyNames.get(name) ?? this.#proxies.get(name.slice(name.indexOf('://') + 3).split('#')[0]!)
  }

  now(): number {
    return this.#clock.now()
  }

  async set(name: string, patch: Patch): Promise<void> {
    const proxy = this.#proxyNames.get(name)
    if (proxy) proxy.change(patchBehaviour(name, proxy.behaviour, patch), this.now())
    if (proxy?.behaviour.fault) this.#wereFaulty.add(proxy)
    const host = this.#hosts.get(name)
    if (host) host.reception.manners = patchManners(name, host.manners, patch)
  }

  async takeDown(name: string, how: OriginDown = 'refuse'): Promise<void> {
    const host = this.#hosts.get(name)
    host?.takeDown(how)
    if (host && how === 'refuse') for (const proxy of this.proxies) proxy.drop(host.host)
  }

  async bringUp(name: string): Promise<void> {
    this.#hosts.get(name)?.bringUp()
  }

  /** Whether the proxy works, whatever the host: the truth about blame. Rare failures are forgiven. */
  isSound(proxy: SimulatedProxy): boolean {
    const { fault, flaky } = proxy.behaviour
    const isHarmless =
      fault?.kind === 'split-replies' || (fault?.kind === 'lie' && harmlessKinds.has(fault.how))
    if (fault !== undefined && !isHarmless) return false
    return proxy.listens(this.now()) && Math.max(flaky?.request ?? 0, flaky?.tunnel ?? 0) <= rareFailures
  }

  /** Whether a request over this proxy would bring a page of this host now. */
  serves(proxy: SimulatedProxy, host: SimulatedHost): boolean {
    const { softBlock, tarpit, challenge, malformed } = host.manners
    return (
      this.isSound(proxy) &&
      // Which pages those hit, depends on page and address: of some nothing can be said.
      malformed === undefined &&
      softBlock === undefined &&
      tarpit === undefined &&
      challenge === undefined &&
      host.reception.admitsAt(proxy.exitIp) <= host.reception.resources.elapsed()
    )
  }

  /** Whether a page of one of these hosts could be had now. */
  canServe(hosts: readonly SimulatedHost[]): boolean {
    return hosts.some((host) => this.proxies.some((proxy) => this.serves(proxy, host)))
  }

  mayGarble(label?: string): boolean {
    const garbles = ({ role: { behaviour } }: SimulatedProxy) =>
      behaviour.fault?.kind === 'garble' || behaviour.fault?.kind === 'lie'
    const proxy = label === undefined ? undefined : this.proxyOf(label)
    return proxy ? garbles(proxy) : this.proxies.some(garbles)
  }

  isHonest(label: string): boolean | undefined {
    const isSound = (each: SimulatedProxy) =>
      each.role.behaviour.fault === undefined && !this.#wereFaulty.has(each)
    const invents = ({ role: { behaviour } }: SimulatedProxy) =>
      behaviour.fault?.kind === 'lie' || behaviour.fault?.kind === 'inject'
    const inventors = this.proxies.filter(invents).length
    // Where more of those that answer are of one mind, nobody can tell who is right.
    if (inventors * 3 > this.proxies.filter(isSound).length) return undefined
    const proxy = this.proxyOf(label)
    return proxy && isSound(proxy)
  }

  /** A list names the country of a proxy that has one. */
  parseProxy(url: string): ParsedProxy {
    const script = this.proxies.find((proxy) => proxy.url === url)?.role.script
    const country = script?.countryListed ? script.country : undefined
    return parseProxy(country === undefined ? url : `${url} country=${country}`)
  }

  isUsable(label: string, hostName: string | undefined): boolean | undefined {
    const proxy = this.proxyOf(label)
    const host = hostName === undefined ? undefined : this.hostOf(hostName)
    if (!proxy) return undefined
    return host ? this.serves(proxy, host) : this.isSound(proxy)
  }

  /** Ends the timeline. */
  close(): void {
    this.#resources.close()
  }
}

/** Share of failures up to which a proxy still counts as sound. */
const rareFailures = 0.3
