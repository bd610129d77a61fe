import { pickHash } from '../hash.ts'
import type { Exchange } from '../origin/origin-exchange.ts'
import { type Counted, waitFor } from '../origin/rate.ts'
import { json, type Reply } from '../origin/reply.ts'
import type { EmulatedVisit, Emulation, EmulationSetup } from './emulation.ts'

/**
 * CoinGecko, version 3 of its interface (https://docs.coingecko.com): coins `coin-00001`, `coin-00002`, …, whose markets are turned page by
 * page until one is empty. An address without a key may ask ten times a minute, a demo key thirty times, and what is more is 429.
 * In the order of their worth coins change places all the time, in that of their ids they do not.
 */
const keyless = { requests: 10, perMs: 60_000, burst: 3 }
const demo = { requests: 30, perMs: 60_000, burst: 5 }
const defaultSize = 600
const manyKeys = 1_000
/** Milliseconds, in the service's own time, in which a coin moves by one place. */
const movesEvery = 5_000

const idOf = (number: number) => `coin-${String(number).padStart(5, '0')}`

export function createCoinGecko({ seed, size = defaultSize }: EmulationSetup): Emulation {
  const keys = new Map<string, Counted>()

  function limited(key: string, { now }: EmulatedVisit): Reply | undefined {
    const counted = keys.get(key) ?? { arrival: 0 }
    if (keys.size < manyKeys) keys.set(key, counted)
    const wait = waitFor(counted, demo, now)
    return wait > 0 ? tooMany(wait) : undefined
  }

  return {
    limitOf: (exchange) => (isOwn(exchange) && keyOf(exchange) === undefined ? keyless : undefined),
    refuse: tooMany,
    answer(exchange, visit) {
      if (!isOwn(exchange)) return undefined
      const key = keyOf(exchange)
      if (key !== undefined && !/^CG-\w+$/.test(key)) return failure(401, 10_002, 'API Key Missing')
      const refused = key === undefined ? undefined : limited(key, visit)
      if (refused) return refused
      const path = exchange.path.slice('/api/v3'.length)
      if (path === '/ping') return json(200, { gecko_says: '(V3) To the Moon!' })
      if (path === '/coins/markets') return markets(seed, size, exchange, visit)
      const [, id] = /^\/coins\/([^/]+)\/market_chart$/.exec(path) ?? []
      return id === undefined ? undefined : chart(seed, size, id, exchange)
    },
  }
}

const isOwn = ({ path }: Exchange) => path.startsWith('/api/v3/')

const keyOf = (exchange: Exchange) =>
  exchange.header('x-cg-demo-api-key') ?? exchange.parameter('x_cg_demo_api_key')

function failure(status: number, code: number, message: string, headers = {}): Reply {
  return json(status, { status: { error_code: code, error_message: message } }, headers)
}

function tooMany(waitMs: number): Reply {
  const message =
    "You've exceeded the Rate Limit. Please visit https://www.coingecko.com/en/api/pricing to subscribe to our API plans for higher rate limits."
  return failure(429, 429, message, { 'retry-after': String(Math.max(1, Math.ceil(waitMs / 1_000))) })
}

function markets(seed: number, size: number, exchange: Exchange, { now }: EmulatedVisit): Reply {
  const currency = exchange.parameter('vs_currency')
  if (currency === undefined) return json(422, { error: 'Missing parameter vs_currency' })
  if (!/^[a-z]{3,4}$/.test(currency)) return json(422, { error: 'invalid vs_currency' })
  const perPage = Math.min(250, Math.max(1, Number(exchange.parameter('per_page') ?? 100) || 100))
  const page = Math.max(1, Number(exchange.parameter('page') ?? 1) || 1)
  const ids = exchange.parameter('ids')
  const order = exchange.parameter('order') ?? 'market_cap_desc'
  const shift = order.startsWith('id_') ? 0 : Math.floor(now / movesEvery)
  // By worth a coin that rises takes the place before it, and the first one falls to the last.
  const numbers = Array.from({ length: size }, (_, place) => ((place + shift) % size) + 1)
  if (order.endsWith('id_desc')) numbers.reverse()
  const wanted =
    ids === undefined ? numbers : numbers.filter((number) => ids.split(',').includes(idOf(number)))
  const start = (page - 1) * perPage
  return json(
    200,
    wanted.slice(start, start + perPage).map((number, at) => marketOf(seed, number, start + at + 1)),
  )
}

function marketOf(seed: number, number: number, rank: number) {
  const luck = pickHash(seed, `coin ${number}`)
  const price = Number((0.01 + luck * 900).toPrecision(6))
  const supply = 1_000_000 * number
  return {
    id: idOf(number),
    symbol: `c${number}`,
    name: `Coin ${number}`,
    image: `https://coin-images.coingecko.com/coins/images/${number}/large/coin.png`,
    current_price: price,
    market_cap: luck < 0.05 ? 0 : Math.round(price * supply),
    // Of small ones little is known.
    market_cap_rank: luck < 0.05 ? null : rank,
    fully_diluted_valuation: luck < 0.3 ? null : Math.round(price * supply * 1.2),
    total_volume: Math.round(price * 1_000),
    high_24h: luck < 0.02 ? null : price * 1.01,
    low_24h: luck < 0.02 ? null : price * 0.99,
    price_change_24h: price * 0.002,
    price_change_percentage_24h: luck < 0.02 ? null : 0.2,
    circulating_supply: supply,
    total_supply: luck < 0.3 ? null : supply * 1.2,
    max_supply: luck < 0.6 ? null : supply * 1.2,
    ath: price * 2,
    roi: null,
    last_updated: '2024-12-31T12:00:00.000Z',
  }
}

/** One point for each day, of 31 December 2024 the last. */
function chart(seed: number, size: number, id: string, exchange: Exchange): Reply {
  const number = Number(/^coin-(\d{5})$/.exec(id)?.[1] ?? 0)
  if (number < 1 || number > size) return json(404, { error: 'coin not found' })
  const asked = exchange.parameter('days') ?? '1'
  const days = asked === 'max' ? 365 : Number(asked)
  if (!(days >= 1 && days <= 365)) return failure(401, 10_012, 'Your request exceeds the allowed time range.')
  const end = Date.UTC(2024, 11, 31)
  const points = Array.from({ length: days }, (_, at) => ({
    time: end - (days - 1 - at) * 86_400_000,
    price: Number((1 + pickHash(seed, `${id} ${days - at}`) * 100).toFixed(6)),
  }))
  return json(200, {
    prices: points.map(({ time, price }) => [time, price]),
    market_caps: points.map(({ time, price }, at) => [time, at % 7 === 3 ? null : price * 1e6]),
    total_volumes: points.map(({ time, price }) => [time, price * 1e3]),
  })
}
