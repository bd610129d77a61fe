import { createRandom, pickIndex, uniform } from '../../src/base/random.ts'
import { harmlessKinds, type LieKind, lieKinds } from '../../src/lab/lies/lie-schema.ts'
import type { Fleet, LieCase } from './case.ts'

/** Every lie of the lab in two fleets, with what makes it hard to see, and lies that are drawn. */
const few: Fleet = { proxies: 30, liars: 3, protocol: 'socks5' }
const fifth: Fleet = { proxies: 100, liars: 20, protocol: 'http' }

/** What a lie needs to be one. */
const needs: Partial<Record<LieKind, Partial<LieCase>>> = {
  'old-copy': { site: { revision: 3 } },
  'no-cookies': { site: { varies: { cookies: true } } },
  'empty-json': { walk: 'items', site: { api: true } },
  'robots-forbid': { times: 6 },
  'robots-allow': { site: { disallowed: 5 }, times: 6 },
  'sitemap-empty': { walk: 'sitemap', site: { sitemap: 'plain' }, times: 6 },
}

/** They change bytes and nothing that an item is made of. */
const cosmetic: readonly LieKind[] = ['minified', 'comment']
const lyingKinds = lieKinds.filter((how) => !harmlessKinds.has(how) && !cosmetic.includes(how))

export const cosmeticCases = cosmetic.map((how): LieCase => ({ name: how, fleet: few, lie: { how } }))

const plain = lyingKinds.flatMap((how) =>
  [few, fifth].map((fleet): LieCase => ({ name: how, fleet, lie: { how }, ...needs[how] })),
)

const modified: readonly LieCase[] = [
  { name: 'numbers in JSON', fleet: few, lie: { how: 'numbers' }, walk: 'items', site: { api: true } },
  { name: 'other-page for JSON', fleet: few, lie: { how: 'other-page' }, walk: 'items', site: { api: true } },
  {
    name: 'empty-json, by fetch',
    fleet: few,
    lie: { how: 'empty-json' },
    walk: 'fetch-items',
    site: { api: true },
  },
  {
    name: 'redirect-away, somebody there',
    fleet: few,
    lie: { how: 'redirect-away', to: 'http://other.lab/' },
  },
  ...(['notice', 'likeness', 'script-at-end', 'not-found'] as const).flatMap((how): LieCase[] => [
    { name: `${how}, 40 % of the time`, fleet: few, lie: { how, share: 0.4 } },
    { name: `${how}, behind 6 honest answers`, fleet: few, lie: { how, afterAnswers: 6 } },
    { name: `${how}, from a moment on`, fleet: fifth, lie: { how, afterMs: 400 } },
    { name: `${how}, on some pages`, fleet: few, lie: { how, paths: ['/page/1', '/page/3'] } },
    { name: `${how}, one band`, fleet: fifth, lie: { how, band: 'north' } },
    {
      name: `${how}, one band in one block`,
      fleet: { ...fifth, isBlock: true },
      lie: { how, band: 'north' },
    },
    { name: `${how}, honest elsewhere`, fleet: few, lie: { how, hosts: ['site.lab'] }, hasPast: true },
    { name: `${how}, by fetch`, fleet: few, lie: { how }, walk: 'fetch' },
    {
      name: `${how}, compressed site`,
      fleet: few,
      lie: { how },
      site: { coding: 'gzip', framing: 'chunks' },
    },
  ]),
  {
    name: 'likeness on a lively site',
    fleet: few,
    lie: { how: 'likeness' },
    site: { varies: { ads: true, nonces: true, clock: true, related: true } },
  },
  {
    name: 'script-at-end on a lively site',
    fleet: few,
    lie: { how: 'script-at-end' },
    site: { varies: { ads: true, nonces: true, clock: true, related: true } },
  },
]

/** Nobody can tell who is right: nothing may be wrong in silence. */
const third: Fleet = { proxies: 30, liars: 10, protocol: 'socks5' }
const twoFifths: Fleet = { proxies: 30, liars: 12, protocol: 'socks5' }

export const contestedCases: readonly LieCase[] = (
  ['notice', 'likeness', 'not-found', 'prices'] as const
).flatMap((how): LieCase[] => [
  { name: `${how}, a third of the fleet`, fleet: third, lie: { how } },
  { name: `${how}, a third in one band`, fleet: third, lie: { how, band: 'north' } },
  { name: `${how}, 40 % in one band`, fleet: twoFifths, lie: { how, band: 'north' } },
  { name: `${how}, 40 % in one block`, fleet: { ...twoFifths, isBlock: true }, lie: { how, band: 'north' } },
])

export const lieCases: readonly LieCase[] = [...plain, ...modified]

/** A lie that nobody chose, from its seed: so that thresholds are not tuned to a list. */
export function drawnCase(seed: number): LieCase {
  const random = createRandom(seed * 31 + 5)
  const pick = <Item>(items: readonly Item[]) => items[pickIndex(random, items.length)]!
  const how = pick(lyingKinds)
  const proxies = 15 + pickIndex(random, 100)
  const liars = Math.max(1, Math.floor(proxies * uniform(random, 0.03, 0.2)))
  const share = random() < 0.6 ? 1 : uniform(random, 0.2, 0.9)
  const afterAnswers = random() < 0.7 ? 0 : 1 + pickIndex(random, 15)
  const chance = (of: number) => random() < of
  const varies = {
    nonces: chance(0.2),
    ads: chance(0.2),
    clock: chance(0.2),
    related: chance(0.2),
    counter: chance(0.1),
    cookies: how === 'no-cookies',
    experiment: chance(0.1) ? ('request' as const) : ('none' as const),
    ...(chance(0.1) && { redesignAtMs: uniform(random, 100, 800) }),
  }
  return {
    name: `drawn ${seed}: ${how}, ${liars} of ${proxies}`,
    fleet: { proxies, liars, protocol: pick(['socks5', 'http']) },
    ...needs[how],
    lie: { how, share, afterAnswers, ...(chance(0.2) && { band: 'drawn' }) },
    site: {
      ...needs[how]?.site,
      pageBytes: pick([0, 2_048, 8_000]),
      linksPerPage: 4 + pickIndex(random, 12),
      varies,
    },
  }
}
