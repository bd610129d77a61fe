import type { LieKind } from '../../src/lab/lies/lie-schema.ts'
import type { LieCase, SiteInput } from './case.ts'

/** Honest sites whose answers differ: nobody may be convicted who does not lie, and no page may be lost. */
const exits = { proxies: 30, liars: 0, protocol: 'socks5' } as const

interface Control extends Omit<LieCase, 'fleet' | 'lie' | 'site'> {
  readonly site?: Partial<Omit<SiteInput, 'varies'>>
  readonly varies?: NonNullable<SiteInput['varies']>
}

const lively = { nonces: true, ads: true, clock: true, counter: true, related: true }

const controls: readonly Control[] = [
  { name: 'plain pages' },
  { name: 'one shell for every URL', varies: { shell: true }, walk: 'list' },
  { name: 'soft 404s', varies: { softMissing: 'plain' }, site: { missing: 60 } },
  { name: 'soft 404s that name the path', varies: { softMissing: 'named' }, site: { missing: 60 } },
  { name: 'true 404s', site: { missing: 60 } },
  { name: 'two variants at random', varies: { experiment: 'request' } },
  { name: 'two variants by address', varies: { experiment: 'address' } },
  { name: 'nonces', varies: { nonces: true } },
  { name: 'promotions', varies: { ads: true } },
  { name: 'prices by country, known', varies: { country: 'prices' }, countries: ['de', 'us', 'jp'] },
  { name: 'language by country, known', varies: { country: 'language' }, countries: ['de', 'us', 'jp'] },
  {
    name: 'prices by country, not known',
    varies: { country: 'prices' },
    countries: ['de', 'us', 'jp'],
    countriesListed: false,
  },
  {
    name: 'language by country, not known',
    varies: { country: 'language' },
    countries: ['de', 'us', 'jp'],
    countriesListed: false,
  },
  { name: 'redirects by country', varies: { country: 'redirect' }, countries: ['de', 'us', 'jp'] },
  { name: 'headers of caches', quirk: 'extra-headers' },
  { name: 'decompressed on the way', quirk: 'recoded', site: { coding: 'gzip', framing: 'chunks' } },
  { name: 'greetings', varies: { greeting: true } },
  { name: 'hit counter', varies: { counter: true } },
  { name: 'time stamps', varies: { clock: true } },
  { name: 'related pages, shuffled', varies: { related: true } },
  { name: 'random pages', varies: { random: true } },
  { name: 'cookies', varies: { cookies: true } },
  { name: 'a redesign in the middle', varies: { redesignAtMs: 400 } },
  { name: 'much at once', varies: lively },
  { name: 'much at once and a redesign', varies: { ...lively, experiment: 'address', redesignAtMs: 300 } },
  { name: 'JSON items', walk: 'items', site: { api: true } },
  { name: 'JSON items with a request id', walk: 'items', site: { api: true }, varies: { nonces: true } },
  { name: 'a sitemap', walk: 'sitemap', site: { sitemap: 'plain' } },
  { name: 'redirects inside the site', site: { redirects: 0.4 } },
  { name: 'old encodings', site: { charsets: 1 } },
  { name: 'compressed, in chunks', site: { coding: 'gzip', framing: 'chunks' } },
  { name: 'pages by fetch', walk: 'fetch', varies: { nonces: true } },
  { name: 'captchas for some exits', manners: { softBlock: { share: 0.1, style: 'captcha' } } },
  { name: 'a limit for each exit', manners: { limit: { perIp: { requests: 20, burst: 5 } } } },
]

export const controlCases: readonly LieCase[] = controls.map(({ varies, site, ...rest }) => ({
  ...rest,
  fleet: exits,
  site: { ...site, ...(varies && { varies }) },
}))

const told: readonly LieKind[] = ['notice', 'likeness', 'script-at-end', 'not-found']

/** The same sites with three liars among thirty. */
export const mixedControlCases: readonly LieCase[] = controlCases.map((each, index) => ({
  ...each,
  name: `${each.name}, and ${told[index % told.length]}`,
  fleet: { ...exits, liars: 3 },
  lie: { how: told[index % told.length]! },
}))

/** What it costs when nobody lies. */
export const priceCases: readonly LieCase[] = [
  { name: '10,000 pages, 100 exits', pages: 10_000, fleet: { proxies: 100, liars: 0, protocol: 'socks5' } },
  {
    name: '10,000 lively pages, 100 exits',
    pages: 10_000,
    fleet: { proxies: 100, liars: 0, protocol: 'http' },
    site: { varies: lively },
  },
  {
    name: '10,000 pages, 100 exits, TLS',
    pages: 10_000,
    fleet: { proxies: 100, liars: 0, protocol: 'socks5' },
    manners: { tls: true },
  },
]
