import type { ProxyEndpoint } from '../contracts/endpoint.ts'
import type { ProxyLease } from '../contracts/lease.ts'
import type { Hearing } from '../trust/hearing.ts'
import type { Crew } from './crew.ts'
import type { JudgedAttempt } from './judge.ts'
import type { Race } from './race.ts'

/**
 * Whom a race asks for a second voice. Those who are known to say what one says that was asked are spared while nobody contradicts;
 * the others are asked in the order in which their word is worth most.
 */
export class Witnesses {
  readonly #race: Race
  readonly #crew: Crew
  /** Exits that need not be asked while nobody contradicts: they are known to say what one says that was asked. */
  readonly #spared: number[] = []

  constructor(race: Race, crew: Crew) {
    this.#race = race
    this.#crew = crew
  }

  /** For the next hearing. */
  reset(): void {
    this.#spared.length = 0
  }

  /** Somebody can be asked who was not. */
  get areLeft(): boolean {
    const { attempts } = this.#race
    return attempts.hasOther((each) => attempts.busy.includes(each))
  }

  /** A lease for one beside an attempt over this exit; undefined where nobody is free. */
  lease({ network }: ProxyEndpoint): ProxyLease | undefined {
    const { pool, attempts, actor } = this.#race
    const { trust, router } = this.#crew
    const isApart = (each: number) => router.fleet.endpoints[each]?.network !== network
    const prefers = (each: number) => isApart(each) && trust.honesty.wantsProof(each)
    const { busy, failed, among } = attempts
    return pool.lease({ why: 'witness', busy, failed, among, prefers }, actor)
  }

  /**
   * Whom it asks first. A comparison judges two exits: so one that is to be compared anyway, while nobody contradicts and the
   * first is to be as well. One that is only looked at now and then is held against one that is believed, who mostly is quick, too: most
   * that are to be compared by then are slow or dead. When somebody contradicts: one whose word counts, from where the first one is.
   */
  preferenceIn(hearing: Hearing<JudgedAttempt>): (proxy: number) => boolean {
    const { trust, router } = this.#crew
    const { country, network, isProven, proxy: first } = hearing.voices[0]!
    const isBelieved = (proxy: number) => trust.isProven(proxy, this.#exits)
    if (!hearing.isSplit) {
      const { endpoints } = router.fleet
      const { audit } = this.#race.job
      const { honesty } = trust
      // Two pairs that agree are a group.
      const isLoose = honesty.isLoose(first, this.#exits)
      const isDue = audit
        ? (proxy: number) => audit.prefers(endpoints[proxy]?.id ?? '')
        : isLoose
          ? (proxy: number) => honesty.isLoose(proxy, this.#exits)
          : isProven
            ? isBelieved
            : (proxy: number) => honesty.wantsProof(proxy)
      return (proxy) => endpoints[proxy]?.network !== network && isDue(proxy)
    }
    const isNear = (proxy: number) =>
      country === undefined || router.fleet.endpoints[proxy]?.tags.country === country
    return (proxy) => isNear(proxy) && isBelieved(proxy)
  }

  /**
   * Those who vouch for an exit that is audited are in doubt as it is: others are asked. Somebody who contradicts is held against
   * them as well where they are the half of all, for then there is hardly anybody else.
   */
  excludeVouchers({ proxy, endpoint }: ProxyLease): void {
    const { trust, router } = this.#crew
    if (trust.isFirm(endpoint.id)) return
    const vouchers = trust.honesty.companions(proxy).slice(1)
    for (const each of vouchers) this.#race.attempts.exclude(each)
    this.reset()
    if (2 * (1 + vouchers.length) >= router.fleet.answerable) this.#spared.push(...vouchers)
  }

  /** Those who are known to say what this one says. */
  spareCompanions(proxy: number): void {
    const { attempts } = this.#race
    for (const each of this.#crew.trust.companionsOf(proxy, this.#exits)) {
      if (attempts.busy.includes(each)) continue
      attempts.exclude(each)
      this.#spared.push(each)
    }
  }

  /** Somebody contradicts: now each of those counts who say the same. True when there are any. */
  askCompanions(): boolean {
    if (this.#spared.length === 0) return false
    for (const each of this.#spared) this.#race.attempts.include(each)
    this.#spared.length = 0
    return true
  }

  get #exits(): number {
    return this.#race.pool.exits
  }
}
