import type { Alert } from '../contracts/events.ts'
import type { FleetTable } from './fleet-table.ts'
import type { HostRecord } from './host-record.ts'

/**
 * What the user should know of a host before they wait for it: that nobody reaches it, that it limits us, that it seems to refuse an
 * account. Each is told once for a host or an account, and of the first few hosts only: a broad crawl meets thousands.
 */
const mostHosts = 10

export class HostHints {
  readonly #fleet: FleetTable
  readonly #alert: (alert: Alert) => void
  #unreached = mostHosts
  #limiting = mostHosts
  readonly #refused = new Set<number>()

  constructor(fleet: FleetTable, alert: (alert: Alert) => void) {
    this.#fleet = fleet
    this.#alert = alert
  }

  /** It may be the host's own word, so nobody is shut out for it yet. */
  refusal(host: string, proxy: number): void {
    const group = this.#fleet.group[proxy]!
    if (this.#refused.has(group)) return
    this.#refused.add(group)
    const name = this.#fleet.nameOf(proxy)
    const message = `${name} answers that its user or password is refused, at ${host}. If that is not the page's own word, correct them in the list of proxies.`
    this.#alert({ code: 'CREDENTIAL_REFUSED', message })
  }

  /** It is asked again after `wait` ms. */
  limit({ host, health }: HostRecord, reason: string, now: number, wait: number): void {
    if (this.#limiting === 0 || !health.isLimitNews(now, wait)) return
    this.#limiting--
    const minutes = Math.round((health.limitEnds - health.limitedSince) / 60_000)
    const message = `${host} limits us (${reason}): its pages wait, and it is asked again in ${Math.max(1, Math.round(wait / 1_000))} s. They are given up at their deadline, or when nothing has come through for ${minutes} min.`
    this.#alert({ code: 'HOST_LIMITED', message })
  }

  /** `exits`: proxies that may visit it at all. */
  outOfReach({ host, health }: HostRecord, exits: number, isDirect: boolean): void {
    if (this.#unreached === 0 || !health.isOutOfReach(exits)) return
    this.#unreached--
    const why = health.failures.family()
    const message = isDirect
      ? `${host} cannot be reached (${why}): is it running, and is the address right? It is tried again for a few seconds.`
      : `No proxy has reached ${host} yet: ${health.reach.exits} were tried, and most say ${why}. It is tried again for a few seconds; is the address right?`
    this.#alert({ code: 'HOST_UNREACHABLE', message })
  }
}
