import type { EvictionOptions } from '../options/options.ts'
import { siteOf } from './accusers.ts'
import type { HostHealth } from './host-health.ts'

/**
 * Which proxies work at no host? A proxy that dies is found out by its own breaker. One that lives, and at each host only
 * times out, breaks off or is refused, is shut out host by host, and every new host tries it again. Here its failures are
 * counted over all hosts, from one good answer to the next.
 *
 * The trap is a host that is ill, or that refuses everybody: it must not be able to empty the fleet. So a failure counts only
 * when the same host has answered over another proxy after it, and what turns out to be the host's doing is forgotten. One
 * site alone never speaks for the others, whatever it says of a proxy. Eviction by success share alone, as other pools have
 * it, was rejected: it needs no witness, so an hour of one host's outage ends with no proxies at all.
 */
interface Site {
  readonly name: string
  /** Failures that count. */
  sure: number
  /** Failures that nobody has answered after yet, and when the last of them ended, clock ms. */
  open: number
  at: number
}

interface Spell {
  /** Attempts that others have outrun by far: they count against it, and shut nobody out. */
  outruns: number
  /** Failures before a host was even named. */
  own: number
  readonly sites: Map<HostHealth, Site>
  isEvicted: boolean
}

/** Why a proxy is shut out that fails at every host. */
export const worksNowhere = 'works-nowhere'
/** Of one proxy, at most. */
const mostSites = 16
/** A success so many failures ago says nothing of a proxy any more. */
export const lastSamples = 8
/** So unlikely must it be that a proxy that is as good as the others fails so often in a row. */
const chance = 0.01

export class DrySpells {
  readonly #options: EvictionOptions | false
  readonly #spells = new Map<number, Spell>()

  constructor(options: EvictionOptions | false) {
    this.#options = options
  }

  /** It has brought an answer. */
  succeeded(proxy: number): void {
    if (this.#spells.size > 0) this.#spells.delete(proxy)
  }

  /**
   * It has failed at a host that is not held to be down. `isOwn`: no host had a part in it. `average`: how often attempts of
   * all proxies succeed. True when it works nowhere, and when that was known and has not changed.
   */
  failed(
    proxy: number,
    { host, health }: { readonly host: string; readonly health: HostHealth },
    { isOwn, average, now }: { readonly isOwn: boolean; readonly average: number; readonly now: number },
  ): boolean {
    const spell = this.#spellOf(proxy)
    if (isOwn) spell.own++
    else this.#note(spell, host, health, now)
    if (!this.#options) return false
    if (spell.isEvicted) return isOwn || now - health.answeredAt < stillAnswering
    spell.isEvicted = this.#isFruitless(spell, average, this.#options)
    return spell.isEvicted
  }

  /** Others have brought what it was asked for, long before it had said a word. */
  outrun(proxy: number): void {
    this.#spellOf(proxy).outruns++
  }

  /** Failures since its last answer that others' answers have confirmed. */
  failuresOf(proxy: number): number {
    const spell = this.#spells.get(proxy)
    return spell ? count(spell) + spell.outruns : 0
  }

  /** Another run has found that out. */
  recall(proxy: number): void {
    this.#spellOf(proxy).isEvicted = true
  }

  /** Whether it was found to work nowhere, and has brought nothing since. */
  isEvicted(proxy: number): boolean {
    return this.#spells.get(proxy)?.isEvicted ?? false
  }

  /** What it failed at this host was the host's doing, or the page's. */
  forgive(proxy: number, health: HostHealth): void {
    this.#spells.get(proxy)?.sites.delete(health)
  }

  /** Nothing is held against it any more. */
  forget(proxy: number): void {
    this.#spells.delete(proxy)
  }

  #spellOf(proxy: number): Spell {
    let spell = this.#spells.get(proxy)
    if (!spell) {
      spell = { own: 0, outruns: 0, sites: new Map(), isEvicted: false }
      this.#spells.set(proxy, spell)
    }
    return spell
  }

  #note(spell: Spell, host: string, health: HostHealth, now: number): void {
    let site = spell.sites.get(health)
    if (!site) {
      if (spell.sites.size === mostSites) return
      site = { name: siteOf(host), sure: 0, open: 0, at: now }
      spell.sites.set(health, site)
    }
    confirm(site, health)
    site.open++
    site.at = now
  }

  #isFruitless(spell: Spell, average: number, { samples, hosts }: EvictionOptions): boolean {
    const failures = count(spell)
    const names = new Set<string>()
    for (const { name, sure } of spell.sites.values()) if (sure > 0) names.add(name)
    if (names.size < 2) return false
    if (failures >= samples) return true
    return names.size >= hosts && (1 - average) ** failures < chance
  }
}

/** A host that has answered since then is well, ms. */
const stillAnswering = 60_000

function count({ own, sites }: Spell): number {
  let sum = own
  for (const [health, site] of sites) {
    confirm(site, health)
    sum += site.sure
  }
  return sum
}

/** Another proxy has had an answer there since: a success of its own would have ended the spell. */
function confirm(site: Site, { answeredAt }: HostHealth): void {
  if (site.open === 0 || answeredAt <= site.at) return
  site.sure += site.open
  site.open = 0
}
