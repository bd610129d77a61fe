import { defineClassifier, defineSource, type Page, RegattaError } from 'regatta'
import { baseUrl, endpoint, keyIn, keyVariable, list, numeric, wholeNumber } from 'regatta/source'
import { z } from 'zod'

/**
 * Coins, their markets and their prices over time from CoinGecko (https://docs.coingecko.com). Without a key an address may ask
 * 5 to 15 times a minute; with a free one, in COINGECKO_API_KEY, the key may ask 30 times or more. It says 429 a lot.
 *
 * Markets are asked for in the order of their ids. In that of their worth coins change places while pages are turned: one
 * moves up to a page that was read before and is missed, another comes twice.
 */
const variable = 'COINGECKO_API_KEY'

/** Coins of one page, and of one request that names them. */
const mostOfPage = 250

const params = z.strictObject({
  currency: z.string().min(1).default('usd').describe('what prices are in: `usd`, `eur`, `btc`'),
  coins: list()
    .optional()
    .describe('only these coins, by their ids: `bitcoin`, `ethereum`. Default: all there are'),
  days: z
    .union([z.literal('max'), wholeNumber().pipe(z.int().min(1))])
    .optional()
    .describe('also the prices of each coin over so many days: a number, or `max`. Only with `coins`'),
  pages: wholeNumber()
    .pipe(z.int().min(1))
    .optional()
    .describe('pages of coins at most. Default: all there are'),
  pageSize: wholeNumber()
    .pipe(z.int().min(1).max(mostOfPage))
    .default(mostOfPage)
    .describe('coins of one page'),
  order: z
    .enum(['id_asc', 'id_desc', 'market_cap_desc', 'market_cap_asc', 'volume_desc', 'volume_asc'])
    .default('id_asc')
    .describe(
      '`market_cap_desc` has the largest first, for the first few pages. In any other than the default coins may be missed',
    ),
  key: keyVariable(variable).describe('the variable of the environment that holds a key, where there is one'),
  base: baseUrl('https://api.coingecko.com').describe(
    'where the interface is; https://pro-api.coingecko.com for a paid key',
  ),
})

const market = z.object({
  kind: z.literal('market'),
  id: z.string().describe('id of the coin: `bitcoin`'),
  symbol: z.string().describe('`btc`'),
  name: z.string(),
  currency: z.string().describe('what the prices are in'),
  price: numeric(),
  marketCap: numeric(),
  rank: numeric().describe('1 for the largest'),
  volume: numeric().describe('traded in the last 24 hours'),
  high24h: numeric(),
  low24h: numeric(),
  change24h: numeric().describe('percent in the last 24 hours'),
  circulatingSupply: numeric(),
  totalSupply: numeric(),
  maxSupply: numeric().describe('null where there is no end to it'),
  updatedAt: z.string().nullish().describe('ISO 8601'),
})

const price = z.object({
  kind: z.literal('price'),
  coin: z.string().describe('id of the coin'),
  currency: z.string().describe('what the prices are in'),
  at: z.string().describe('ISO 8601'),
  price: numeric(),
  marketCap: numeric(),
  volume: numeric(),
})

/** What the interface sends, as far as it is read. */
const marketsAnswer = z.array(z.looseObject({ id: z.string() }))
const points = z.array(z.tuple([z.coerce.number(), z.unknown()])).default([])
const chartAnswer = z.looseObject({ prices: points, market_caps: points, total_volumes: points })
/** `{ "error": "coin not found" }`, and `{ "status": { "error_code": 429, "error_message": … } }`. */
const refusal = z.looseObject({
  error: z.union([z.string(), z.looseObject({})]).optional(),
  status: z.looseObject({ error_code: z.coerce.number(), error_message: z.string().optional() }).optional(),
})

/** A limit is one in the body alone, too: some answer it with 200. The rest is left to the rules. */
const classifier = defineClassifier({
  name: 'coingecko',
  classify(exchange) {
    if (exchange.kind === 'fault' || exchange.status === 429 || exchange.body.length > 2_000) return undefined
    const code = refusalIn(new TextDecoder().decode(exchange.body))?.status?.error_code
    return code === 429 ? { kind: 'rate-limited', reason: 'status-429' } : undefined
  },
})

export const coingecko = defineSource({
  name: 'coingecko',
  description: 'Markets of coins from CoinGecko, and their prices over time',
  params,
  item: z.discriminatedUnion('kind', [market, price]),
  data: {
    markets: z.object({ page: z.number(), ids: z.array(z.string()).optional(), last: z.string().optional() }),
    chart: z.object({ coin: z.string() }),
  },
  robots: false, // the interface is made for programs
  parsesErrors: true,
  classifier,

  limits: ({ key }, context) =>
    keyIn(context, key) === undefined
      ? { perProxy: { requests: 10, per: 'minute' } }
      : { perHost: { requests: 30, per: 'minute' } },

  credentials({ base, key }, context) {
    const value = keyIn(context, key)
    if (value === undefined) return undefined
    const isPro = new URL(base).hostname.startsWith('pro-')
    return { headers: { [`x-cg-${isPro ? 'pro' : 'demo'}-api-key`]: value }, origin: base }
  },

  *seeds(params) {
    const { coins, days, pageSize } = params
    if (coins === undefined) yield markets(params, { page: 1 })
    for (let at = 0; at < (coins?.length ?? 0); at += pageSize)
      yield markets(params, { page: 1, ids: coins!.slice(at, at + pageSize) })
    if (days === undefined) return
    for (const coin of coins ?? []) {
      const query = { vs_currency: params.currency, days }
      const url = endpoint(params.base, `/api/v3/coins/${encodeURIComponent(coin)}/market_chart`, query)
      yield { url, headers, label: 'chart', data: { coin } }
    }
  },

  parse: {
    *markets(page) {
      if (page.status >= 400) throw refused(page)
      const { currency, pages = Number.POSITIVE_INFINITY } = page.params
      const coins = page.json(marketsAnswer)
      for (const coin of coins) yield page.item(marketOf(coin, currency))
      const { page: number, ids, last } = page.data
      const end = coins.at(-1)?.id
      // An end that is the same twice: this service does not turn pages.
      if (ids || end === undefined || end === last || number >= pages) return
      yield page.follow(markets(page.params, { page: number + 1, last: end }))
    },

    *chart(page) {
      const { coin } = page.data
      const why = page.status >= 400 ? whyRefused(page) : ''
      if (/coin not found|could not find coin/i.test(why)) {
        yield page.skip('no-coin', { detail: `CoinGecko has no coin ${coin}` })
        return
      }
      if (page.status >= 400) throw refused(page)
      const { prices, market_caps, total_volumes } = page.json(chartAnswer)
      const caps = new Map(market_caps)
      const volumes = new Map(total_volumes)
      for (const [time, price] of prices) {
        yield page.item({
          kind: 'price',
          coin,
          currency: page.params.currency,
          at: new Date(time).toISOString(),
          price,
          marketCap: caps.get(time),
          volume: volumes.get(time),
        })
      }
    },
  },
})

const headers = { accept: 'application/json' }

type Params = z.output<typeof params>

function markets(
  params: Params,
  data: { page: number; ids?: string[] | undefined; last?: string | undefined },
) {
  const { currency, pageSize, order } = params
  const url = endpoint(params.base, '/api/v3/coins/markets', {
    vs_currency: currency,
    ids: data.ids?.join(','),
    order,
    per_page: pageSize,
    page: data.page,
  })
  return { url, headers, label: 'markets' as const, data }
}

function marketOf(coin: Readonly<Record<string, unknown>> & { id: string }, currency: string) {
  const text = (value: unknown, otherwise: string) => (typeof value === 'string' ? value : otherwise)
  return {
    kind: 'market' as const,
    id: coin.id,
    symbol: text(coin.symbol, ''),
    name: text(coin.name, coin.id),
    currency,
    price: coin.current_price,
    marketCap: coin.market_cap,
    rank: coin.market_cap_rank,
    volume: coin.total_volume,
    high24h: coin.high_24h,
    low24h: coin.low_24h,
    change24h: coin.price_change_percentage_24h,
    circulatingSupply: coin.circulating_supply,
    totalSupply: coin.total_supply,
    maxSupply: coin.max_supply,
    updatedAt: typeof coin.last_updated === 'string' ? coin.last_updated : null,
  }
}

type Refused = Pick<Page, 'status' | 'text' | 'url'>

function refused(page: Refused): RegattaError {
  const way = page.status === 401 ? ` Look at ${variable}.` : ''
  const sentence = `CoinGecko refuses ${page.url} (${page.status}): ${whyRefused(page)}.${way}`
  return new RegattaError('SOURCE_FAILED', sentence, { value: { url: page.url } })
}

function whyRefused(page: Refused): string {
  const body = page.text()
  const { error, status } = refusalIn(body) ?? {}
  return status?.error_message ?? (typeof error === 'string' ? error : body.slice(0, 200))
}

function refusalIn(body: string): z.output<typeof refusal> | undefined {
  if (!body.trimStart().startsWith('{')) return undefined
  try {
    return refusal.safeParse(JSON.parse(body)).data
  } catch {
    return undefined
  }
}
