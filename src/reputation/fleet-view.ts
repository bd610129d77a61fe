import type { Random } from '../base/random.ts'
import type { Alert } from '../contracts/events.ts'
import type { ProxyLease } from '../contracts/lease.ts'
import type { Verdict } from '../contracts/outcome.ts'
import type { BreakerOptions, EvictionOptions, Options } from '../options/options.ts'
import { cooldown } from '../rules/breaker.ts'
import { closed } from './breakers.ts'
import { worksNowhere } from './dry-spells.ts'
import type { FleetTable } from './fleet-table.ts'

/**
 * What the fleet learns of a proxy, whatever the host: the events of its own machine, and what becomes of its account.
 * Feedback tells it of requests and of background checks alike, so there is one posterior and one breaker for both.
 */
export class FleetView {
  readonly #fleet: FleetTable
  readonly #options: BreakerOptions
  readonly #back: EvictionOptions['back']
  readonly #random: Random
  readonly #alert: (alert: Alert) => void

  constructor(
    fleet: FleetTable,
    { breaker, eviction }: Pick<Options, 'breaker' | 'eviction'>,
    random: Random,
    alert: (alert: Alert) => void,
  ) {
    this.#fleet = fleet
    this.#options = breaker
    this.#back = eviction ? eviction.back : 'probe'
    this.#random = random
    this.#alert = alert
  }

  /** It has carried a good answer, under a lease of this epoch. */
  credit(proxy: number, epoch: number, now: number, source?: object): void {
    const { breakers, groups, group } = this.#fleet
    if (group[proxy]! !== 0) groups.accepted(group[proxy]!)
    breakers.credit(proxy, epoch, now, false, source)
  }

  /** A fault of the proxy's own. */
  accuse(proxy: number, epoch: number, verdict: Verdict, weight: number, now: number, source?: object): void {
    if (verdict.credential) this.#refuseCredential(proxy, now)
    const isFatal = (verdict.credential ?? false) || (verdict.permanent ?? false)
    this.#fail(proxy, epoch, verdict, { weight, isFatal }, now, source)
  }

  #fail(
    proxy: number,
    epoch: number,
    verdict: Verdict,
    { weight, isFatal }: { readonly weight: number; readonly isFatal: boolean },
    now: number,
    source: object | undefined,
  ): void {
    const fleet = this.#fleet
    const { alpha, beta } = fleet.weigh(proxy, now)
    fleet.breakers.send(
      proxy,
      {
        type: 'failed',
        at: now,
        epoch,
        weight,
        reason: verdict.reason,
        hard: verdict.hard ?? false,
        fatal: isFatal,
        permanent: verdict.permanent ?? false,
        norm: fleet.norm.threshold(),
        mayTrip: true,
        alpha,
        beta,
        options: this.#options,
        jitter: this.#random(),
      },
      source,
    )
  }

  /** It works at no host: its time comes again, or the next refresh of its list. */
  evict(proxy: number, epoch: number, now: number, source?: object): void {
    const { breakers } = this.#fleet
    if (this.#back === 'refresh') {
      if (breakers.epoch[proxy] === epoch)
        breakers.send(proxy, { type: 'retire', reason: worksNowhere }, source)
      return
    }
    const verdict = { kind: 'dead', reason: worksNowhere, permanent: false } as const
    this.#fail(proxy, epoch, verdict, { weight: 1, isFatal: true }, now, source)
  }

  /** The lease ended without a word about the proxy: where it was the probe, another one may go. */
  release({ proxy, fleetEpoch: epoch, holder }: ProxyLease): void {
    const { breakers } = this.#fleet
    if (breakers.state[proxy] !== closed) breakers.send(proxy, { type: 'released', epoch }, holder)
  }

  /** A fault that was held against it was not its own. */
  forgive(proxy: number, weight: number, now: number): void {
    const fleet = this.#fleet
    fleet.evidence.takeBack(proxy, weight)
    const { alpha, beta } = fleet.weigh(proxy, now)
    fleet.breakers.send(proxy, { type: 'refunded', since: 0, alpha, beta })
  }

  #refuseCredential(proxy: number, now: number): void {
    const { groups, group, endpoints } = this.#fleet
    const length = groups.refused(group[proxy]!, proxy, now, (openings) => {
      const full = cooldown('fleet', openings, this.#options)
      return full / 2 + (this.#random() * full) / 2
    })
    if (length === 0) return
    const label = endpoints[proxy]?.id ?? 'a proxy'
    this.#alert({
      code: 'CREDENTIAL_REFUSED',
      message: `The credential of ${label} is refused; all proxies that use it wait ${Math.round(length / 1000)} s.`,
    })
  }
}
