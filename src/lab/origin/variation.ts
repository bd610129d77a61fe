import { z } from 'zod'
import { pickHash } from '../hash.ts'

/**
 * What honest sites change from visit to visit. A crawler that compares what several proxies bring must not take any of
 * it for a lie. Whatever a page depends on besides its number stands in the page, or is one of few: so it can be told
 * later, of any body, whether the site could have sent it.
 */
const no = z.boolean().default(false)

export const variationSchema = z.strictObject({
  /** The same small page for every URL, which fetches what it shows from `/api/items/N`. */
  shell: no,
  /** What is not there is answered with 200 and a page that says so: always the same, or one that names the path. Default 404. */
  softMissing: z.enum(['no', 'plain', 'named']).default('no'),
  /** Two variants of each page: drawn for each `request`, or kept for an `address`. Default none. */
  experiment: z.enum(['none', 'request', 'address']).default('none'),
  /** A token against forged requests in the head, and an inline script with a nonce. */
  nonces: no,
  /** None to four blocks of promotions, others on each visit. */
  ads: no,
  /**
   * What the visitor's country decides: the price and its currency, the language, or where a page leads: `/page/7` to
   * `/de/page/7`. Default nothing.
   */
  country: z.enum(['nothing', 'prices', 'language', 'redirect']).default('nothing'),
  /** Greets the visitor by address. */
  greeting: no,
  /** How often the site was visited. */
  counter: no,
  /** When the page was made, and how long that took. */
  clock: no,
  /** Four of eight related pages, in another order each time. */
  related: no,
  /** Title and text are others on each visit. */
  random: no,
  /** A cookie with another value on each visit. */
  cookies: no,
  /** Another template, from this millisecond of the lab's time on. */
  redesignAtMs: z.number().min(0).max(1e10).optional(),
})

export type Variation = z.output<typeof variationSchema>

/** Who asks, and when. */
export interface Visit {
  readonly address: string
  /** Two letters. */
  readonly country: string
  /** Of the lab's time. */
  readonly atMs: number
}

/** All that one answer of a page depends on. */
export interface Look {
  readonly address: string
  readonly country: string
  readonly atMs: number
  /** Visits of the site so far. */
  readonly count: number
  /** Of promotions and related pages: one of `moods`. */
  readonly mood: number
  /** Eight hexadecimal digits, others on each visit. */
  readonly token: string
  readonly variant: 'a' | 'b'
  readonly design: 'first' | 'second'
}

export const moods = 64

/** Of a site that does not vary. */
export const plainLook: Look = {
  address: '',
  country: 'US',
  atMs: 0,
  count: 0,
  mood: 0,
  token: '00000000',
  variant: 'a',
  design: 'first',
}

/** How the site looks on its `count`th visit. */
export function lookOf(varies: Variation, visit: Visit, count: number, seed: number): Look {
  const draw = (what: string) => pickHash(seed, `${what} ${count}`)
  const chance =
    varies.experiment === 'address' ? pickHash(seed, `variant ${visit.address}`) : draw('variant')
  return {
    ...visit,
    atMs: Math.floor(visit.atMs),
    count,
    mood: Math.floor(draw('mood') * moods),
    token: Math.floor(draw('token') * 2 ** 32)
      .toString(16)
      .padStart(8, '0'),
    variant: chance < 0.5 ? 'a' : 'b',
    design: visit.atMs >= (varies.redesignAtMs ?? Number.POSITIVE_INFINITY) ? 'second' : 'first',
  }
}

/** Every look that this page may have, by what it says of itself. */
export function* looksIn(varies: Variation, text: string): Generator<Look> {
  const said: Look = {
    address: /Hello, ([\w.:]+)!/.exec(text)?.[1] ?? '',
    country: /(?:Shown as in |"country":")([A-Z]{2})\b/.exec(text)?.[1] ?? 'US',
    atMs: Number(/data-made="(\d+)"/.exec(text)?.[1] ?? 0),
    count: Number(/Visit number (\d+)/.exec(text)?.[1] ?? 0),
    mood: 0,
    token: /(?:data-token=|"request":)"([0-9a-f]{8})"/.exec(text)?.[1] ?? '00000000',
    variant: 'a',
    design: 'first',
  }
  const variants = varies.experiment === 'none' ? (['a'] as const) : (['a', 'b'] as const)
  const designs = varies.redesignAtMs === undefined ? (['first'] as const) : (['first', 'second'] as const)
  for (const design of designs) {
    for (const variant of variants) {
      for (let mood = 0; mood < (varies.ads || varies.related ? moods : 1); mood++) {
        yield { ...said, design, variant, mood }
      }
    }
  }
}
