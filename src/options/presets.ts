import { redact } from '../base/redact.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { CrawlerOptions } from './options.ts'

/**
 * Options that belong together, by the kind of proxies they are for. A preset goes over the defaults, and the
 * user's own options go over the preset. Each was measured in the simulator against the defaults; the figures, and what
 * was tried and left out, are in docs/tuning.md.
 */
export type PresetName = 'datacenter' | 'residential' | 'high-churn' | 'long-lived' | 'free-list' | 'dev'

/** Options that a preset may hold. */
export type Preset = Omit<CrawlerOptions, 'preset' | 'proxies' | 'env' | 'hosts'>

/**
 * Paid servers in a data centre: quick, nearly all alive, the same for weeks. A dial that takes two seconds, which is long
 * enough for one lost packet, will not succeed. Where pages may be hedged that is as fast as the defaults and no faster;
 * what may not be hedged, a post above all, waits half as long for a server that is gone.
 */
const datacenter: Preset = {
  proxyClass: 'datacenter',
  timeouts: { dial: 2_000, handshake: 2_000, firstByte: 6_000 },
}

/**
 * Addresses of homes, sold by the gigabyte: slow, with a long tail, one answer in eight lost. Requests cost money, so a
 * page has two attempts at most and the second one comes late: 3 % fewer attempts at the same speed, and the slowest page in a
 * hundred takes 2 % longer. A slow dial is usual and is waited for.
 */
const residential: Preset = {
  proxyClass: 'residential',
  timeouts: { dial: 8_000, handshake: 8_000, firstByte: 20_000 },
  hedge: { max: 2, minDelay: 1_000, coldDelay: 4_000 },
}

/**
 * Proxies that come and go within minutes: what was learnt is soon wrong. It forgets within a minute, weighs no past more
 * than a dozen answers, shuts out for two minutes at most instead of an hour, and reads the list again every minute.
 */
const highChurn: Preset = {
  refresh: 60_000,
  breaker: { cap: 60_000 },
  posterior: { hostHalfLife: 60_000, fleetHalfLife: 120_000, cap: 12 },
}

/**
 * The same proxies for days: what was learnt stays true. It remembers for hours, so that it need not try the bad ones
 * again and again, and lets those that it shut out wait longer.
 */
const longLived: Preset = {
  breaker: { base: 60_000, cap: 7_200_000 },
  posterior: { hostHalfLife: 7_200_000, fleetHalfLife: 86_400_000 },
  connections: { connectionMaxAge: 1_800_000 },
}

/**
 * Lists from the internet, of which one in ten works: it sends two requests at once over one proxy at most, waits two
 * seconds for a dial, and gives up on a proxy after two refusals. Nobody knows who runs them, so over plain HTTP each page
 * needs two exits that agree; that is twice the requests, and `trust: 'learn'` takes it back.
 */
const freeList: Preset = {
  proxyClass: 'free',
  timeouts: { dial: 2_000, handshake: 2_000 },
  breaker: { run: 2 },
  trust: 'verify',
}

/**
 * For the desk: a run that repeats itself, few requests at a time, and a page that cannot be had fails within half a
 * minute instead of waiting for better days. Politeness stays.
 */
const dev: Preset = {
  seed: 1,
  concurrency: 8,
  deadline: 30_000,
  timeouts: { dial: 2_000, handshake: 2_000, tls: 3_000, firstByte: 5_000, total: 15_000 },
  budgets: { target: 2, blocked: 3 },
}

/** The presets by name, as `createCrawler({ preset })` takes them. */
export const presets: Readonly<Record<PresetName, Preset>> = {
  datacenter,
  residential,
  'high-churn': highChurn,
  'long-lived': longLived,
  'free-list': freeList,
  dev,
}

export const presetNames = Object.keys(presets) as readonly PresetName[]

/**
 * The user's options over those of the named preset, part by part: `{ preset: 'residential', hedge: { max: 3 } }` keeps
 * the preset's other hedge options, `hedge: false` none of them. What is undefined was not said. Throws OPTION_INVALID for
 * a name that is not there.
 */
export function withPreset(
  input: Omit<CrawlerOptions, 'preset'> & { readonly preset?: string | undefined },
): CrawlerOptions {
  const { preset, ...own } = input
  if (preset === undefined) return own
  if (!Object.hasOwn(presets, preset)) {
    throw new RegattaError(
      'OPTION_INVALID',
      `Option "preset": there is no preset ${JSON.stringify(redact(String(preset)))}; there are ${presetNames.join(', ')}.`,
      { value: { path: 'preset', value: redact(String(preset)) } },
    )
  }
  return merge({ ...presets[preset as PresetName] }, { ...own }) as CrawlerOptions
}

/** The options of one layer over those of another, part by part. What is undefined was not said. */
export function mergeOptions(base: CrawlerOptions, over: CrawlerOptions): CrawlerOptions {
  return merge({ ...base }, { ...over }) as CrawlerOptions
}

type Plain = Record<string, unknown>

function merge(base: Plain, over: Plain): Plain {
  // As entries, because a key `__proto__` would else be set as a prototype, where no check sees it.
  const merged = new Map(Object.entries(base))
  for (const [key, value] of Object.entries(over)) {
    if (value === undefined) continue
    const below = merged.get(key)
    merged.set(key, isPlain(below) && isPlain(value) ? merge(below, value) : value)
  }
  return Object.fromEntries(merged)
}

function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}
