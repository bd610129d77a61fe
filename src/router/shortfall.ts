import type { Alert } from '../contracts/events.ts'
import type { Eligible, LeaseWish } from '../contracts/lease.ts'
import { describeFilter } from '../contracts/proxy-filter.ts'
import type { HostSettings } from '../options/host-settings.ts'
import type { FleetTable } from '../reputation/fleet-table.ts'
import type { HostChart } from './host-chart.ts'
import type { LastRefusal } from './last-refusal.ts'
import type { Pace } from './pace.ts'
import type { Selection } from './selection.ts'

/**
 * None of the proxies of a host may be used as things stand. While none is closed one is asked before its time, at the pace of
 * the first cooldown: cooldowns double, and a fleet that was away for ten minutes would else be missed for an hour. Where that
 * is not due, those who asked are told why there is none, and when it is worth asking again.
 */
export interface ShortfallParts {
  readonly host: string
  readonly settings: HostSettings
  readonly world: { readonly fleet: FleetTable; alert(alert: Alert): void }
  readonly selection: Selection
  readonly pace: Pace
  readonly chart: HostChart
  readonly refusal: LastRefusal
}

/** Proxies are asked before their time no more often than this, ms. */
const leastEarlyPace = 5_000

/** How soon it is looked again whether any proxy passes, ms; so long a crawl leaves the host's requests in its frontier. */
const exclusionLook = 30_000

export class Shortfall {
  readonly #parts: ShortfallParts
  /** When a proxy may be asked before its time, clock ms. */
  #earlyAt = Number.NEGATIVE_INFINITY
  #isExclusionTold = false
  #isMismatchTold = false

  constructor(parts: ShortfallParts) {
    this.#parts = parts
  }

  /** The proxy that is asked before its time, with the permit of its probe; or undefined, and the refusal says why. */
  makeUp(wish: LeaseWish, now: number): number | undefined {
    const { selection, pace, refusal, chart, world } = this.#parts
    const { fleet } = world
    if (selection.size === 0 && fleet.size > 0) return this.#refuseAll(now)
    if (wish.among) return this.#refuseAmong(wish.among, now)
    const early = this.#askEarly(wish, now)
    if (early !== undefined) return early
    const due = this.#nextChance(now)
    if (selection.shortage === 'busy') refusal.say('proxy-limit', due)
    else if (selection.shortage === 'resting' && due !== undefined && due - now <= pace.usual) {
      refusal.say('interval', due)
    } else {
      const reason = fleet.size === 0 ? 'the fleet is empty' : 'no proxy is closed'
      chart.send({ type: 'proxies.exhausted', until: due ?? 0, reason })
      refusal.say('no-proxy', due)
    }
    return undefined
  }

  /**
   * Over whom a host that is down is asked. A canary over a proxy that never brought anything proves nothing: one that waits for its
   * probe is better, or one with its cooldown cut short.
   */
  canary(wish: LeaseWish, now: number): number {
    const { selection, world } = this.#parts
    const surest = selection.surest()
    const isProven = world.fleet.succeededAt[surest]! > Number.NEGATIVE_INFINITY
    if (isProven) return surest
    const probe = selection.takeProbe(wish.busy, now, wish.among)
    if (probe !== undefined) return probe
    if (this.#earlyAt > now) return surest
    this.#earlyAt = now + this.#earlyPace
    return selection.cutCooldown(wish.busy, now, wish.among) ?? surest
  }

  /** The host's filter lets no proxy pass. That is said once, for it may be a slip; a proxy that joins wakes those who wait. */
  #refuseAll(now: number): undefined {
    const { host, settings, chart, refusal } = this.#parts
    const reason = `no proxy of the fleet passes ${describeFilter(settings.proxies ?? {})}`
    if (!this.#isExclusionTold) {
      this.#isExclusionTold = true
      const advice = 'Its requests wait for one that does, and nothing goes out another way'
      const message = `${host}: ${reason}, which the option "hosts" asks for. ${advice}.`
      this.#parts.world.alert({ code: 'NO_PROXY_PASSES', message })
    }
    const until = now + exclusionLook
    chart.send({ type: 'proxies.exhausted', until, reason })
    refusal.say('no-proxy-passes', until)
  }

  /** None of those that a request asks for is free. What they are is the request's matter: the host's state stays as it is. */
  #refuseAmong(among: Eligible, now: number): undefined {
    const { host, world, selection, pace, refusal } = this.#parts
    if (among.size === 0 && world.fleet.size > 0) {
      if (!this.#isMismatchTold) {
        this.#isMismatchTold = true
        const message = `${host}: no proxy of the fleet passes ${among.wanted}, which a request asks for ("use"). It waits for one that does, and nothing goes out another way.`
        this.#parts.world.alert({ code: 'NO_PROXY_PASSES', message })
      }
      refusal.say('no-proxy-passes', now + exclusionLook)
      return
    }
    const due = selection.dueAmong(among, now)
    if (selection.shortage === 'busy') refusal.say('proxy-limit', due)
    else if (due !== undefined && due - now <= pace.usual) refusal.say('interval', due)
    else refusal.say('no-proxy', due)
  }

  #askEarly(wish: LeaseWish, now: number): number | undefined {
    const { selection, pace, chart } = this.#parts
    if (selection.shortage === 'busy') return undefined
    const due = selection.nextDue(now)
    if (due !== undefined && due - now <= pace.usual) return undefined
    if (chart.state !== 'starved') this.#earlyAt = now + this.#earlyPace
    if (this.#earlyAt > now) return undefined
    this.#earlyAt = now + this.#earlyPace
    return selection.cutCooldown(wish.busy, now)
  }

  get #earlyPace(): number {
    return Math.max(leastEarlyPace, this.#parts.settings.breaker.base)
  }

  /** When it is worth asking again, clock ms. */
  #nextChance(now: number): number | undefined {
    const due = this.#parts.selection.nextDue(now)
    if (this.#earlyAt <= now) return due
    return due === undefined ? this.#earlyAt : Math.min(due, this.#earlyAt)
  }
}
