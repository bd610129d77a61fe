import { pickHash } from '../hash.ts'

/**
 * What the emulated Yahoo Finance knows: weekdays of trade in the first quarter of 2024, with a holiday on which all is null, a dividend
 * and a split for some. Summer time begins in New York in between, so days are not 24 hours apart.
 */
const dayS = 86_400

/** Symbols of every kind that Yahoo writes in its own way. */
const odd = ['^GSPC', 'BRK-B', 'EURUSD=X', 'RELIANCE.NS', 'BTC-USD']

/** `LAB0001`, `LAB0002`, … up to `size`, and some odd ones. */
export function isYahooSymbol(symbol: string, size: number): boolean {
  const number = Number(/^LAB(\d{4,6})$/.exec(symbol)?.[1] ?? 0)
  return (number >= 1 && number <= size) || odd.includes(symbol)
}

interface Place {
  readonly zone: string
  readonly offset: number
  readonly currency: string
  readonly kind: string
  /** Seconds after midnight UTC at which its day begins; in New York an hour less in summer. */
  readonly opens: (day: number) => number
}

const summer = Date.UTC(2024, 2, 10) / 1_000

function placeOf(symbol: string): Place {
  if (symbol === 'BTC-USD')
    return { zone: 'UTC', offset: 0, currency: 'USD', kind: 'CRYPTOCURRENCY', opens: () => 0 }
  if (symbol === 'EURUSD=X')
    return { zone: 'Europe/London', offset: 0, currency: 'USD', kind: 'CURRENCY', opens: () => 0 }
  if (symbol === 'RELIANCE.NS')
    return { zone: 'Asia/Kolkata', offset: 19_800, currency: 'INR', kind: 'EQUITY', opens: () => 13_500 }
  const kind = symbol.startsWith('^') ? 'INDEX' : 'EQUITY'
  const opens = (day: number) => (day < summer ? 52_200 : 48_600)
  return { zone: 'America/New_York', offset: -18_000, currency: 'USD', kind, opens }
}

/** Seconds at which what it knows ends. */
export const yahooEnd = Date.UTC(2024, 3, 1) / 1_000

/** Seconds at which its bars begin. */
function momentsOf({ kind, opens }: Place): number[] {
  const moments: number[] = []
  for (let day = Date.UTC(2024, 0, 1) / 1_000; day < yahooEnd; day += dayS) {
    const isWeekday = new Date(day * 1_000).getUTCDay() % 6 !== 0
    if (isWeekday || kind === 'CRYPTOCURRENCY') moments.push(day + opens(day))
  }
  return moments
}

/** The answer of `/v8/finance/chart/SYMBOL`: undefined where it has nothing from `start` to `end`, in seconds. */
export function yahooChart(seed: number, symbol: string, start: number, end: number): object | undefined {
  const place = placeOf(symbol)
  const timestamp = momentsOf(place).filter((moment) => moment >= start && moment < end)
  if (timestamp.length === 0) return undefined
  const { zone, offset, currency, kind } = place
  const bars = timestamp.map((moment) => barOf(seed, symbol, moment))
  const of = (name: keyof NonNullable<Bar>) => bars.map((bar) => bar?.[name] ?? null)
  const paid = Math.floor(pickHash(seed, `dividend ${symbol}`) * timestamp.length)
  const events = {
    dividends: { [timestamp[paid]!]: { amount: 0.24, date: timestamp[paid] } },
    splits: {
      [timestamp[0]!]: { date: timestamp[0], numerator: 4, denominator: 1, splitRatio: '4:1' },
    },
  }
  return {
    meta: {
      currency,
      symbol,
      exchangeName: 'LAB',
      instrumentType: kind,
      gmtoffset: offset,
      timezone: 'LAB',
      exchangeTimezoneName: zone,
      regularMarketPrice: bars.at(-1)?.close ?? null,
      dataGranularity: '1d',
      range: '',
    },
    timestamp,
    ...(kind === 'EQUITY' && { events }),
    indicators: {
      quote: [
        { open: of('open'), high: of('high'), low: of('low'), close: of('close'), volume: of('volume') },
      ],
      ...(kind !== 'CURRENCY' && { adjclose: [{ adjclose: of('close') }] }),
    },
  }
}

type Bar = { open: number; high: number; low: number; close: number; volume: number } | undefined

/** Undefined on the holiday of its place. */
function barOf(seed: number, symbol: string, moment: number): Bar {
  if (new Date(moment * 1_000).toISOString().startsWith('2024-01-15')) return undefined
  const open = 50 + pickHash(seed, `${symbol} ${moment}`) * 100
  return { open, high: open + 2, low: open - 2, close: open + 1, volume: Math.round(open * 1_000) }
}

/** One of the answers of `/v7/finance/quote`. */
export function yahooQuote(seed: number, symbol: string): object {
  const { kind, currency } = placeOf(symbol)
  const price = 50 + pickHash(seed, `quote ${symbol}`) * 100
  return {
    language: 'en-US',
    region: 'US',
    quoteType: kind,
    symbol,
    shortName: `${symbol} of the lab`,
    currency,
    fullExchangeName: 'Lab',
    marketState: 'CLOSED',
    regularMarketPrice: price,
    regularMarketChange: 1,
    regularMarketChangePercent: 100 / price,
    regularMarketTime: Date.UTC(2024, 2, 28, 20) / 1_000,
    regularMarketPreviousClose: price - 1,
    ...(kind !== 'CURRENCY' && { regularMarketVolume: Math.round(price * 1_000) }),
  }
}
