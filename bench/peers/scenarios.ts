import { findScenario, type Scenario } from '../../src/lab/index.ts'

/**
 * The five worlds in which the peers meet. All proxies speak HTTP, the one protocol that every peer speaks. Sizes are
 * such that a peer that does well ends in some seconds; one that does not is cut.
 */
export interface PeerScenario {
  /** Also the name of its plot's file. */
  readonly name: string
  readonly title: string
  readonly world: Scenario
  readonly pages: number
  /** The host has limits, so each peer keeps the politeness it has by default. */
  readonly polite: boolean
}

const site = { pages: 2_000, linksPerPage: 8, pageBytes: 2_048 }
const around = (medianMs: number, sigma = 0.3) => ({ kind: 'lognormal' as const, medianMs, sigma })
const speakHttp = (world: Scenario): Scenario => ({
  ...world,
  proxies: (world.proxies ?? []).map((proxy) => ({ ...proxy, protocol: 'http' as const })),
})

export const peerScenarios: readonly PeerScenario[] = [
  {
    name: 'clean-20',
    title: 'Clean 20: twenty proxies without a fault and without latency',
    world: speakHttp({ ...findScenario('clean-20'), origins: { site: { site } } }),
    pages: 10_000,
    polite: false,
  },
  {
    name: 'mixed-100',
    title: 'Mixed 100: 45 fast, 30 slow, 8 flaky, 10 refusing, 5 hanging, 2 injecting',
    world: speakHttp(findScenario('mixed-100')),
    pages: 1_500,
    polite: false,
  },
  {
    name: 'half-dead',
    title: 'Half dead: 50 good, 25 refusing, 25 hanging',
    world: speakHttp({
      name: 'half-dead',
      seed: 50,
      origins: { site: { site } },
      proxies: [
        { name: 'good', count: 50, latency: around(60) },
        { name: 'refusing', count: 25, fault: 'dead' },
        { name: 'hanging', count: 25, fault: 'blackhole' },
      ],
    }),
    pages: 1_500,
    polite: false,
  },
  {
    name: 'limited-30',
    title: 'Limited host: 30 clean exits, one request a second for each, five at once after a pause',
    world: speakHttp({
      name: 'limited-30',
      seed: 30,
      origins: {
        site: { site, latency: around(20), limit: { perIp: { requests: 1, perMs: 1_000, burst: 5 } } },
      },
      proxies: [{ name: 'exit', count: 30, latency: around(40) }],
    }),
    pages: 400,
    polite: true,
  },
  {
    name: 'free-list',
    title: 'Free list: 20 of 200 alive, 120 refusing, 50 hanging, 10 injecting',
    world: speakHttp({
      name: 'free-list',
      seed: 10,
      origins: { site: { site } },
      proxies: [
        {
          name: 'alive',
          count: 20,
          latency: around(200, 0.6),
          flaky: { request: 0.1, failures: ['reset', 'mid-body'] },
        },
        { name: 'refusing', count: 120, fault: 'dead' },
        { name: 'hanging', count: 50, fault: 'blackhole' },
        { name: 'injecting', count: 10, latency: around(200), fault: { kind: 'inject', style: 'ads' } },
      ],
    }),
    pages: 400,
    polite: false,
  },
]

/** Page numbers 1–1,999, again and again; a query tells rounds apart, so that no peer takes a page for one that it has already. */
export function pagesOf(origin: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const round = Math.floor(index / 1_999)
    return `${origin}/page/${(index % 1_999) + 1}${round > 0 ? `?round=${round}` : ''}`
  })
}
