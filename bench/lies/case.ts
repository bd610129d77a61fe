import type { Scenario } from '../../src/lab/index.ts'
import type { LieKind, LieScript } from '../../src/lab/lies/lie-schema.ts'
import type { CrawlerOptions } from '../../src/options/options.ts'

/**
 * One world in which somebody lies, or nobody does: a site of linked pages over plain HTTP, and a fleet. Everything that
 * is left to chance follows from the seed of a run.
 */
export interface LieCase {
  readonly name: string
  readonly fleet: Fleet
  /** What the liars do; undefined: nobody lies. */
  readonly lie?: Partial<LieScript> & Pick<LieScript, 'how'>
  readonly site?: Partial<SiteInput>
  /** Default 400. */
  readonly pages?: number
  /**
   * How the pages are found: by links, all by their addresses, as JSON items, in a sitemap, or one by one with `fetch`, as
   * pages or as items. Default links.
   */
  readonly walk?: 'links' | 'list' | 'items' | 'sitemap' | 'fetch' | 'fetch-items'
  /** Another host is crawled first, where nobody lies. */
  readonly hasPast?: boolean
  /** So many times as many seeds, for what happens once in a crawl. */
  readonly times?: number
  /** Countries of the exits in turn. Default: all in one. */
  readonly countries?: readonly string[]
  /** Whether the crawler is told them. Default true. */
  readonly countriesListed?: boolean
  /** What every fifth honest proxy does to answers. */
  readonly quirk?: LieKind
  /** How the origin treats its visitors, besides its site. */
  readonly manners?: Omit<Scenario['origins'][string], 'site'>
  readonly options?: CrawlerOptions
  /** Nobody can be sure here: pages may be given up or marked, but none may be wrong in silence. */
  readonly isContested?: boolean
}

export type SiteInput = NonNullable<Scenario['origins'][string]['site']>

export interface Fleet {
  readonly proxies: number
  readonly liars: number
  readonly protocol: 'socks5' | 'http'
  /** Whether the liars' addresses lie in one /24. */
  readonly isBlock?: boolean
}

export const host = 'site.lab'
export const otherAddress = 'http://other.lab'
export const addressOf = (each: LieCase) => `http${each.manners?.tls ? 's' : ''}://${host}`
export const pagesOf = (each: LieCase) => each.pages ?? 400

/** The site alone; its seed stands in it, so that the harness can ask it for the truth. */
export function siteOf(each: LieCase, seed: number): SiteInput {
  return { pages: pagesOf(each), linksPerPage: 8, pageBytes: 2_048, shop: true, seed, ...each.site }
}

export function scenarioOf(each: LieCase, seed: number): Scenario {
  const { fleet, lie, countries = [], countriesListed, quirk, manners } = each
  const groups = Math.max(1, countries.length)
  const proxies: NonNullable<Scenario['proxies']> = []
  for (const [kind, count] of [
    ['good', fleet.proxies - fleet.liars],
    ['liar', fleet.liars],
  ] as const) {
    for (let number = 0; number < count; number++) {
      proxies.push({
        name: `${kind}-${number + 1}`,
        protocol: fleet.protocol,
        latency: { kind: 'lognormal', medianMs: 40, sigma: 0.3 },
        ...(countries.length > 0 && {
          country: countries[number % groups],
          countryListed: countriesListed ?? true,
        }),
        ...(kind === 'good' && quirk && number % 5 === 0 && { fault: { kind: 'lie', how: quirk } }),
        ...(kind === 'liar' && fleet.isBlock && { block: 'liars' }),
        ...(kind === 'liar' && lie && { fault: { kind: 'lie', ...lie } }),
      })
    }
  }
  return {
    name: each.name.slice(0, 100),
    seed,
    origins: {
      site: { site: siteOf(each, seed), latency: 5, ...manners },
      // Where a liar may send its victims, or was honest before.
      other: { site: { pages: 200, seed: seed + 1 }, latency: 5 },
    },
    proxies,
  }
}

export const isLiar = (name: string) => name.startsWith('liar')
