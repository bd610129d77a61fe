import type { ProxyEndpoint } from '../contracts/endpoint.ts'
import type { Alert } from '../contracts/events.ts'
import type { HttpResponse } from '../contracts/outcome.ts'
import type { TrustListener } from '../contracts/trust.ts'
import { Account } from './account.ts'
import { differenceOf } from './difference.ts'
import { type Glance, glanceAt } from './glance.ts'
import { type Deviant, type Finding, type Hearing, isBlatant, type Voice } from './hearing.ts'
import { Honesty } from './honesty.ts'
import type { HostTrust } from './host-trust.ts'
import { type Kind, kindOf, kinds } from './kind.ts'
import type { Profile } from './profile.ts'

/** What is asked of the fleet. */
export interface Exits {
  readonly size: number
  /** Those that have answered, or were never tried: what the others say will not be known. */
  readonly answerable: number
  readonly endpoints: readonly (ProxyEndpoint | undefined)[]
  /** Stays the same while the exit does, whatever its account. */
  ownerOf(proxy: number): object | undefined
  /** Requests under way over each. */
  readonly inFlight: ArrayLike<number>
  /** It has not left. */
  has(proxy: number): boolean
  /** Of a label. */
  numberOf(label: string): number | undefined
  /** How many are of this network. */
  sizeOf(network: string): number
}

export interface TrustParts {
  readonly fleet: Exits
  /** This exit lies: at this host alone when it was found honest at others. */
  convict(conviction: Conviction): void
  alert(alert: Alert): void
}

export interface Conviction {
  readonly proxy: number
  /** The pool's key. */
  readonly host: string
  readonly isHereOnly: boolean
}

/** Why an answer is compared: nobody knows its exit, it is odd, or its exit is looked at now and then. */
export type Doubt = 'exit' | 'answer' | 'chance'

/** An answer that may be taken at its exit's word, or not. */
export interface Claimed {
  readonly proxy: number
  readonly host: HostTrust
  readonly url: string
  /** Undefined where there is no answer to look at: a page that is too large, a redirect without end. */
  readonly response: HttpResponse | undefined
  /** Exits that may be asked. */
  readonly exits: number
}

/** Who could be asked in a hearing. */
export interface Asked {
  /** The pool's key. */
  readonly host: string
  /** Exits that may be asked there at all. */
  readonly exits: number
  /** All that can be asked now have been. */
  readonly isAll: boolean
}

/** A race that holds an answer until its exit has been judged by another. */
export interface Waiter {
  judged(): void
}

/** Share of the pages that are compared although nothing speaks against their exits, and those at the beginning. */
const spotChecks = 0.005
const firstChecks = 0
const mostChecks = 16
/** For what looks odd: it hardly ever does where nobody lies. */
const oddChecks = 0.01
const firstOddChecks = 16
/** Answers that an exit is taken at its word for at least, from one comparison to the next. */
const leastTaken = 8
/** What one deviation weighs: twice the same lie that has nothing to do with the page, … */
const weights = { blatant: 2, blatantOnce: 1.3, slight: 1.5, slightOnce: 1 }
/** Weight of those who say otherwise, below which a deviation counts less. */
const fullWeight = 3
/** Answers per exit between two rounds in which all are compared once more. */
const betweenAlarms = 20
/** Lies that were not told twice, after which some exit lies now and then; and how often each must agree with others from then on. */
const enoughWaverings = 2
const agreementsOfWaverers = 8
/** The same where one has turned for good. */
const agreementsOfTurners = 2
/** The user is told of so many hosts about which exits contradict each other: a broad crawl may meet thousands. */
const mostContestedTold = 10

/**
 * Who is believed over plain HTTP, and what is compared. The race asks of each answer whether it is to be doubted, brings what others
 * say, and tells what was found; here that becomes a record of each exit, and a conviction when it is enough. Nothing here
 * sends anything or waits for anything.
 */
export class Trust {
  readonly honesty: Honesty
  readonly counts = {
    comparisons: 0,
    bytes: 0,
    audits: 0,
    deviations: 0,
    convictions: 0,
    contested: 0,
    askedAgain: 0,
    corrected: 0,
  }
  readonly #parts: TrustParts
  readonly #spots = new Account(spotChecks, firstChecks, mostChecks)
  readonly #odd = new Account(oddChecks, firstOddChecks, mostChecks)
  /** Exits that are being heard, and the races that wait for what comes of it. */
  readonly #hearings = new Map<number, Set<Waiter>>()
  readonly #listeners = new Set<TrustListener>()
  /** Exits that were convicted, by network. */
  readonly #liars = new Map<string, number>()
  /** How long exits are usually taken at their word. */
  #usuallyTaken = 0
  #waverings = 0
  #takenSinceAlarm = Number.POSITIVE_INFINITY
  /** Networks of liars, and hosts about which exits contradict each other, that were told of. */
  readonly #told = new Set<string>()
  readonly #contestedHosts = new Set<string>()

  constructor(parts: TrustParts) {
    this.#parts = parts
    this.honesty = new Honesty(
      (proxy) => parts.fleet.ownerOf(proxy),
      (proxy) => parts.fleet.has(proxy),
    )
  }

  /** Tells who is found honest or lying from now on, until the returned function is called. */
  listen(listener: TrustListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Whether this answer is to be compared before it is taken, and why. Where not, it counts as taken. */
  doubts({ proxy, host, url, response, exits }: Claimed): Doubt | undefined {
    const kind = kindOf(url, response)
    const isOdd = response === undefined || host.isOdd(proxy, url, glanceAt(response), kind === kinds.end)
    if (!this.honesty.isProven(proxy, exits, kind)) return 'exit'
    const taken = this.honesty.take(proxy)
    // What is said of endings is no proof of pages, and would be due for ever where there are none.
    const isPage = kind !== kinds.end
    const isFirst = isPage && host.isUnknown
    const isDue = isPage && host.took(proxy)
    this.#usuallyTaken += (taken - this.#usuallyTaken) * 0.02
    this.#takenSinceAlarm++
    this.#spots.earn()
    this.#odd.earn()
    // The first page of a site leads to all others.
    const mustSee = isOdd || isFirst
    if (mustSee && (this.#hearings.has(proxy) || this.#odd.spend())) return 'answer'
    const isThin = taken >= Math.max(leastTaken, this.#usuallyTaken)
    // It may be honest elsewhere alone.
    if (isDue && !this.#hearings.has(proxy)) return 'exit'
    const isSpot = isThin && !this.#hearings.has(proxy) && this.#spots.spend()
    return isSpot ? 'chance' : undefined
  }

  isProven(proxy: number, exits = this.#parts.fleet.size): boolean {
    return this.honesty.isProven(proxy, exits)
  }

  /** Enough exits say what this one says, and no larger group says otherwise. */
  isFirm(label: string): boolean {
    const { fleet } = this.#parts
    const proxy = fleet.numberOf(label)
    return proxy !== undefined && this.honesty.isFirm(proxy, fleet.answerable)
  }

  /** Most exits of the fleet are known to say what this one says. */
  isOfMost(label: string): boolean {
    const { fleet } = this.#parts
    const proxy = fleet.numberOf(label)
    return proxy !== undefined && this.honesty.isOfMost(proxy, fleet.size)
  }

  /** Begins to hear an exit. False while another race does; then `waiter` is told when that is over. */
  begin(proxy: number, waiter: Waiter): boolean {
    const waiting = this.#hearings.get(this.#heardFor(proxy))
    if (waiting) waiting.add(waiter)
    else this.#hearings.set(proxy, new Set())
    return waiting === undefined
  }

  /** It waits no more. */
  leave(waiter: Waiter): void {
    for (const waiting of this.#hearings.values()) waiting.delete(waiter)
  }

  /** What is found of one of a few that agree is found of the others. */
  #heardFor(proxy: number): number {
    if (this.#hearings.has(proxy) || !this.honesty.isLoose(proxy, this.#parts.fleet.size)) return proxy
    return this.honesty.companions(proxy).find((each) => this.#hearings.has(each)) ?? proxy
  }

  /** The hearing is over. */
  end(proxy: number): void {
    const waiting = this.#hearings.get(proxy)
    this.#hearings.delete(proxy)
    for (const waiter of waiting ?? []) waiter.judged()
  }

  /** Whether an exit that is not believed has something to answer for already, in flight or in a hearing. */
  isOnTrial(proxy: number): boolean {
    const { fleet } = this.#parts
    if (fleet.inFlight[proxy] === 0 && !this.#hearings.has(proxy)) return false
    return !this.honesty.isProven(proxy, fleet.size)
  }

  /** It was found honest, and nothing speaks against it; it may be due to be compared again. */
  isCredible(proxy: number): boolean {
    return this.honesty.isCredible(proxy)
  }

  /** Those that have said something else than the others, and it is not known yet whether that was chance. */
  get suspects(): Iterable<number> {
    return this.honesty.suspects
  }

  /** An exit has brought something that no rule objects to: walls that it has met there were the host's own. */
  brought(proxy: number, host: HostTrust): void {
    const weight = host.brought(proxy)
    if (weight > 0) this.honesty.pardon(proxy, weight)
  }

  /** What an exit has said, as it is weighed. */
  voiceOf<Said>(
    proxy: number,
    exits: number,
    voice: Pick<Voice<Said>, 'profile' | 'said'>,
    { host, url, response }: Pick<Claimed, 'host' | 'url' | 'response'>,
  ): Voice<Said> {
    const network = this.#networkOf(proxy, exits)
    const glance = response && glanceAt(response)
    const kind = kindOf(url, response)
    const country = this.#parts.fleet.endpoints[proxy]?.tags.country
    return {
      ...voice,
      proxy,
      glance,
      kind,
      network,
      country,
      // Two that have only each other's word may be the two that lie.
      isProven: this.honesty.isProven(proxy, exits, kind) && this.honesty.isAnchored(proxy, exits),
      isSuspect: this.honesty.suspects.has(proxy),
      isKnown: host.hasAgreed(proxy) && this.honesty.isCredible(proxy),
    }
  }

  /** Exits that need not be asked about this one: those that are known to say the same, while they are few. */
  companionsOf(proxy: number, exits: number): readonly number[] {
    const { honesty } = this
    if (honesty.groupSize(proxy) < 2 || honesty.isAnchored(proxy, exits)) return []
    return honesty.companions(proxy)
  }

  /** Writes down what a hearing has found. */
  learn<Said>(hearing: Hearing<Said>, finding: Finding<Said>, { host: name, exits, isAll }: Asked): void {
    const { host } = hearing
    if (finding.kind === 'agreed' || finding.kind === 'decided') {
      const deviants = finding.kind === 'decided' ? finding.deviants : []
      const odd = new Set(deviants.map(({ proxy }) => proxy))
      const camp = finding.camp.filter(({ proxy }) => !odd.has(proxy))
      const exitsOf = camp.map(({ proxy }) => proxy)
      const { kind } = finding.voice
      // What a host says when it has no robots.txt it need not say of its pages.
      if (kind !== kinds.robots) {
        for (const { glance } of camp) if (glance) host.oddities.learn(hearing.question, glance, true)
        for (const { glance } of deviants) if (glance) host.oddities.learn(hearing.question, glance, false)
      }
      if (kind !== kinds.end) this.#agree(hearing, exitsOf, kind, exits)
      else for (const proxy of exitsOf) if (hearing.counts(proxy)) this.honesty.agreeOnEnd(proxy)
      if (isAll) for (const proxy of exitsOf) this.honesty.isAlone(proxy)
      for (const deviant of deviants) {
        if (deviant.isRepeated && kind !== kinds.end) this.honesty.outweigh(deviant.proxy, exitsOf)
        this.accuse(deviant, hearing.question, host, name)
      }
      if (deviants.some(({ isShared }) => isShared)) this.#contest(host, name, finding.camp.length + odd.size)
      return
    }
    for (const { proxy } of hearing.voices) host.compared(proxy)
    if (finding.kind === 'open')
      for (const deviant of finding.deviants ?? []) this.accuse(deviant, hearing.question, host, name)
    if (finding.kind === 'contested') {
      this.counts.contested++
      this.#contest(host, name, finding.exits.length)
    }
  }

  /**
   * A page has come that this exit had answered with something that a rule took for no page at all. It may be a wall of the host's
   * own, which meets some visitors now and then (host-trust.ts); what a rule knows for a wall is never taken for a page, so
   * nothing is lost with it.
   */
  refute(
    proxy: number,
    [made, page, glance]: readonly [Profile, Profile, Glance],
    { host, url, name }: { readonly host: HostTrust; readonly url: string; readonly name: string },
  ): void {
    const difference = host.seen(differenceOf(made, page))
    const { keys } = difference
    if (keys.length === 0 || this.honesty.isConvicted(proxy)) return
    const share = host.metWall(proxy)
    if (share === 0) return
    const deviant = {
      proxy,
      glance,
      isRepeated: false,
      isWavering: false,
      isShared: false,
      isBlatant: isBlatant(difference),
      against: fullWeight * share,
      keys,
    }
    host.accused(proxy, weightOf(deviant))
    this.accuse(deviant, url, host, name)
  }

  #agree<Said>(hearing: Hearing<Said>, camp: readonly number[], kind: Kind, exits: number): void {
    const { honesty } = this
    const [first] = camp
    for (const proxy of camp) {
      // What a host says when it has no robots.txt it need not say of its pages.
      if (kind === kinds.robots) hearing.host.compared(proxy)
      else hearing.host.agreed(proxy)
      if (hearing.counts(proxy)) honesty.confirm(proxy, kind)
      if (proxy !== first) honesty.join(first!, proxy)
    }
    if (this.#listeners.size === 0) return
    for (const proxy of camp) {
      if (!honesty.isAnchored(proxy, exits) || !honesty.isProven(proxy, exits)) continue
      this.#tell((listener, label) => listener.proven(label, honesty.isOfMost(proxy, exits)), proxy)
    }
  }

  /** It has said something else than the others. */
  accuse(deviant: Deviant, question: string, host: HostTrust, name: string): void {
    const { proxy, glance, isWavering, isShared, keys } = deviant
    if (isShared) return this.#setApart(proxy)
    if (glance && host.isOwnForm(glance.skeleton, proxy))
      return this.honesty.absolve(host.exitsOf(glance.skeleton))
    this.counts.deviations++
    this.#spots.fill()
    this.#odd.fill()
    if (isWavering && ++this.#waverings >= enoughWaverings) this.#raiseAlarm(agreementsOfWaverers)
    if (!this.honesty.accuse(proxy, question, weightOf(deviant))) return
    this.counts.convictions++
    const wasHonest = this.honesty.hadProof(proxy)
    this.#parts.convict({ proxy, host: name, isHereOnly: wasHonest && !host.isCompared(proxy) })
    // One that was honest when it was compared may have lied before that as well.
    this.#tellDoubted(proxy, true)
    this.#tellLiar(proxy, name, keys)
    if (wasHonest) this.#raiseAlarm(this.honesty.isFickle(proxy) ? agreementsOfWaverers : agreementsOfTurners)
  }

  /** It may be honest and lied to, or a liar among others of one mind: what it brought is asked of somebody else. */
  #setApart(proxy: number): void {
    if (this.honesty.setApart(proxy))
      this.#tellDoubted(proxy, !this.honesty.isFirm(proxy, this.#parts.fleet.size))
  }

  /**
   * One that was honest has turned, or lies now and then: others may do so. Not again before most have shown what they do now,
   * unless it takes more of them than it did.
   */
  #raiseAlarm(agreements: number): void {
    const isWorse = agreements > this.honesty.required
    if (this.#takenSinceAlarm < betweenAlarms && !isWorse) return
    this.#takenSinceAlarm = 0
    this.#waverings = 0
    this.honesty.raiseAlarm(agreements)
    if (agreements === agreementsOfWaverers) for (const listener of this.#listeners) listener.alarmed()
  }

  #tellDoubted(proxy: number, isWhole: boolean): void {
    this.#tell((listener, label) => listener.convicted(label, isWhole), proxy)
  }

  #tell(what: (listener: TrustListener, label: string) => void, proxy: number): void {
    const label = this.#parts.fleet.endpoints[proxy]?.id
    if (label === undefined) return
    for (const listener of this.#listeners) what(listener, label)
  }

  #tellLiar(proxy: number, host: string, keys: readonly string[]): void {
    const endpoint = this.#parts.fleet.endpoints[proxy]
    if (!endpoint) return
    const what = keys.slice(0, 3).join(', ')
    const message = `${endpoint.id} lies: what it brings from ${host} is not what others bring (${what}). It is not used any more; a program lets it in again with crawler.readmit().`
    this.#parts.alert({ code: 'PROXY_LIES', message })
    const { network } = endpoint
    const liars = (this.#liars.get(network) ?? 0) + 1
    const size = this.#parts.fleet.sizeOf(network)
    this.#liars.set(network, liars)
    if (liars < 3 || liars * 2 < size || this.#told.has(network)) return
    this.#told.add(network)
    const advice = 'do not believe the others either, and look for another provider'
    const sentence = `${liars} of ${size} proxies of ${network} lie: ${advice}.`
    this.#parts.alert({ code: 'PROXY_LIES', message: sentence })
  }

  #contest({ isContested }: HostTrust, name: string, exits: number): void {
    if (isContested) for (const listener of this.#listeners) listener.contestedAt(name)
    this.#tellContested(name, exits)
  }

  #tellContested(host: string, exits: number): void {
    if (this.#contestedHosts.has(host) || this.#contestedHosts.size >= mostContestedTold) return
    this.#contestedHosts.add(host)
    const message = `${exits} exits contradict each other about pages of ${host}, and none of the versions outweighs the others. Such pages are marked as contested.`
    this.#parts.alert({ code: 'EXITS_CONTRADICT', message })
  }

  /** Its network, where the fleet has several; a fleet of one network has no other witnesses. */
  #networkOf(proxy: number, exits: number): string {
    const endpoint = this.#parts.fleet.endpoints[proxy]
    if (!endpoint) return ''
    return this.#parts.fleet.sizeOf(endpoint.network) * 2 > exits ? endpoint.id : endpoint.network
  }
}

function weightOf({ isBlatant, isRepeated, against }: Deviant): number {
  const { blatant, blatantOnce, slight, slightOnce } = weights
  const own = isBlatant ? (isRepeated ? blatant : blatantOnce) : isRepeated ? slight : slightOnce
  return own * Math.min(1, against / fullWeight)
}
