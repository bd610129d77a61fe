import { defineClassifier, defineSource, type Page, RegattaError, readForm, type SessionFetch } from 'regatta'
import { baseUrl, endpoint, file, list, listedNames, numeric } from 'regatta/source'
import { z } from 'zod'

/**
 * Price histories and quotes from Yahoo Finance. Its interface is the one that its own pages use: nobody promises it, and much is
 * known. It wants a cookie and a crumb, a word that goes with the cookie; both are good for the address that fetched them, and for no
 * other. So each session has an exit, and fetches both through it.
 *
 * The cookie comes with any page of `fc.yahoo.com`, which is a 404. From Europe it comes behind a form that asks for consent.
 */
const service = 'https://query1.finance.yahoo.com'
const cookiePage = 'https://fc.yahoo.com/'

/** Seconds that bars of a minute may span in one request. */
const mostMinutes = 8 * 86_400

/** Symbols of one request for quotes. */
const mostQuotes = 50

const day = z.union([z.iso.date(), z.iso.datetime({ offset: true })], {
  error: 'expected a date such as 2024-12-31, or one with a time, 2024-12-31T15:00:00Z',
})

const intervals = [
  '1m',
  '2m',
  '5m',
  '15m',
  '30m',
  '60m',
  '90m',
  '1h',
  '1d',
  '5d',
  '1wk',
  '1mo',
  '3mo',
] as const

const params = z
  .strictObject({
    symbols: list()
      .default([])
      .describe(
        'one symbol or several, as Yahoo writes them: `AAPL`, `^GSPC`, `BRK-B`, `EURUSD=X`, `RELIANCE.NS`, `BTC-USD`',
      ),
    file: file().optional().describe('a file with one on each line, or `-` for what is piped in'),
    what: z
      .enum(['history', 'quotes', 'both'])
      .default('history')
      .describe('`history`: bars, dividends and splits; `quotes`: the last price; or `both`'),
    interval: z
      .enum(intervals)
      .default('1d')
      .describe(
        'of one bar. Yahoo keeps those of a minute for 30 days (7 at once), up to 90 minutes for 60, of an hour for 730',
      ),
    from: day.optional().describe('first day, or moment, of the history. Default: all there is'),
    to: day.optional().describe('the day, or moment, before which the history ends. Default: today is in it'),
    base: baseUrl(service).describe('where the interface is'),
    cookies: z
      .url()
      .optional()
      .describe(
        'a page that sets the cookie. Default: that of Yahoo, or `base` itself where that is another place',
      ),
  })
  .refine((given) => given.symbols.length > 0 || given.file !== undefined, {
    path: ['symbols'],
    error: 'expected at least one symbol, such as AAPL, or a file of them',
  })
  .refine(({ from, to }) => from === undefined || to === undefined || Date.parse(from) < Date.parse(to), {
    path: ['to'],
    error: 'expected a moment behind `from`',
  })
  .refine(
    ({ interval, from, to }) =>
      interval !== '1m' || !from || !to || secondsOf(to) - secondsOf(from) <= mostMinutes,
    {
      path: ['from'],
      error: 'expected no more than 8 days for bars of a minute: Yahoo gives no more at once',
    },
  )

const bar = z.object({
  kind: z.literal('bar'),
  symbol: z.string().describe('as Yahoo writes it'),
  at: z.string().describe('when the bar begins. ISO 8601'),
  date: z.string().describe('the day there, where it is traded: `2024-12-31`'),
  open: numeric(),
  high: numeric(),
  low: numeric(),
  close: numeric(),
  adjustedClose: numeric().describe('the close, less later splits and dividends; null within a day'),
  volume: numeric(),
  currency: z.string().nullable().describe('`USD`'),
})

const dividend = z.object({
  kind: z.literal('dividend'),
  symbol: z.string(),
  date: z.string().describe('the day from which a buyer does not get it any more'),
  amount: numeric().describe('for one share'),
  currency: z.string().nullable(),
})

const split = z.object({
  kind: z.literal('split'),
  symbol: z.string(),
  date: z.string(),
  numerator: numeric().describe('so many new shares…'),
  denominator: numeric().describe('…for so many old ones'),
})

const quote = z.object({
  kind: z.literal('quote'),
  symbol: z.string(),
  name: z.string().nullable(),
  type: z.string().nullable().describe('`EQUITY`, `INDEX`, `CURRENCY`, `CRYPTOCURRENCY`, …'),
  exchange: z.string().nullable(),
  currency: z.string().nullable(),
  price: numeric(),
  change: numeric(),
  changePercent: numeric(),
  previousClose: numeric(),
  open: numeric(),
  high: numeric(),
  low: numeric(),
  volume: numeric(),
  marketCap: numeric(),
  at: z.string().nullable().describe('of the price. ISO 8601'),
})

/** What the interface sends, as far as it is read. Whatever may be missing has been seen missing. */
const values = z.array(z.unknown()).nullish()
const event = z.looseObject({ date: z.coerce.number() })
const events = z.record(z.string(), event).nullish()
const chart = z.looseObject({
  meta: z.looseObject({
    symbol: z.string().nullish(),
    currency: z.string().nullish(),
    exchangeTimezoneName: z.string().nullish(),
    gmtoffset: z.coerce.number().nullish(),
  }),
  timestamp: z.array(z.coerce.number()).nullish(),
  events: z.looseObject({ dividends: events, splits: events }).nullish(),
  indicators: z
    .looseObject({
      quote: z
        .array(
          z.looseObject({ open: values, high: values, low: values, close: values, volume: values }).nullish(),
        )
        .nullish(),
      adjclose: z.array(z.looseObject({ adjclose: values }).nullish()).nullish(),
    })
    .nullish(),
})
const failure = z.looseObject({ code: z.string().nullish(), description: z.string().nullish() }).nullish()
const chartAnswer = z.object({ chart: z.object({ result: z.array(chart).nullish(), error: failure }) })
const quoted = z.looseObject({ symbol: z.string() })
const quoteAnswer = z.object({
  quoteResponse: z.object({ result: z.array(quoted).nullish(), error: failure }),
})
/** An error comes under the name of what was asked for, or under `finance`. */
const refusal = z.record(z.string(), z.looseObject({ error: failure }))

/** Where somebody from Europe is led first: a form with a token. */
const consentForm = /name=["']?csrfToken/i
const tooMany = /^\s*(edge: )?too many requests/i
const notAccepted = /invalid (crumb|cookie)/i

/** What is no table of prices, and no fault of the exit's. */
const classifier = defineClassifier({
  name: 'yahoo-finance',
  classify(exchange) {
    if (exchange.kind === 'fault') return undefined
    const start = new TextDecoder().decode(exchange.body.subarray(0, 65_536))
    if (tooMany.test(start) && exchange.status !== 429) return { kind: 'rate-limited', reason: 'status-429' }
    return consentForm.test(start) ? { kind: 'success', reason: 'ok' } : undefined
  },
})

export const yahooFinance = defineSource({
  name: 'yahoo-finance',
  description: 'Price histories, dividends, splits and quotes from Yahoo Finance',
  params,
  item: z.discriminatedUnion('kind', [bar, dividend, split, quote]),
  data: { chart: z.object({ symbol: z.string() }), quotes: z.object({ symbols: z.array(z.string()) }) },
  robots: false,
  parsesErrors: true,
  classifier,
  // The session sees to it: it agrees, and its page is asked for again.
  accept: 'redirect-consent',

  session: {
    async acquire(fetch, _session, { base, cookies }) {
      const from = cookies ?? (base === service ? cookiePage : base)
      const welcome = await fetch(from, { judge: false })
      if (welcome.status === 429 || welcome.status > 502)
        throw new Error(`${from} answered ${welcome.status} in place of a cookie`)
      if (consentForm.test(await welcome.clone().text())) await agree(welcome, fetch)
      const answer = await fetch(endpoint(base, '/v1/test/getcrumb'))
      const crumb = (await answer.text()).trim()
      // A crumb is a short word; what goes wrong comes as a page, as JSON, or as a sentence.
      if (answer.status !== 200 || !/^[^\s<>{}]{1,64}$/.test(crumb))
        throw new Error(`Yahoo gave no crumb (${answer.status}): ${crumb.slice(0, 80)}`)
      return { query: { crumb } }
    },
    invalid({ status, body }) {
      if (status === 401) return true
      const start = new TextDecoder().decode(body.subarray(0, 65_536))
      return consentForm.test(start) || (status >= 400 && notAccepted.test(start))
    },
    maxUses: 500,
    maxAge: 30 * 60_000,
  },

  async *seeds(params, context) {
    const { what, base } = params
    const headers = { accept: 'application/json' }
    const quotesOf = (symbols: string[]) => {
      const url = endpoint(base, '/v7/finance/quote', { symbols: symbols.join(',') })
      return { url, headers, label: 'quotes' as const, data: { symbols } }
    }
    let some: string[] = []
    for await (const symbol of listedNames(params.symbols, params.file, context)) {
      const url = endpoint(base, `/v8/finance/chart/${encodeURIComponent(symbol)}`, queryOf(params))
      if (what !== 'quotes') yield { url, headers, label: 'chart' as const, data: { symbol } }
      if (what !== 'history') some.push(symbol)
      if (some.length < mostQuotes) continue
      yield quotesOf(some)
      some = []
    }
    if (some.length > 0) yield quotesOf(some)
  },

  parse: {
    *chart(page) {
      const lack = lackOf(page)
      if (lack) {
        yield page.skip(lack.reason, { detail: `${page.data.symbol}: ${lack.detail}` })
        return
      }
      const results = page.json(chartAnswer).chart.result ?? []
      const found = results.flatMap((result) => [...itemsOf(result, page.data.symbol)])
      if (found.length === 0) {
        yield page.skip('no-data', { detail: `Yahoo has no prices of ${page.data.symbol}` })
        return
      }
      for (const item of found) yield page.item(item)
    },

    *quotes(page, context) {
      const { symbols } = page.data
      const lack = lackOf(page)
      if (lack) {
        yield page.skip(lack.reason, { detail: `${symbols.join(', ')}: ${lack.detail}` })
        return
      }
      const found = page.json(quoteAnswer).quoteResponse.result ?? []
      for (const each of found) yield page.item(quoteOf(each))
      const known = new Set(found.map(({ symbol }) => symbol.toUpperCase()))
      const missing = symbols.filter((symbol) => !known.has(symbol.toUpperCase()))
      if (missing.length > 0) context.log(`Yahoo has no quote of ${missing.join(', ')}`)
    },
  },
})

type Params = z.output<typeof params>
type Chart = z.output<typeof chart>

/** Agrees, as a press on the button would. */
async function agree(page: Response, fetch: SessionFetch): Promise<void> {
  const form = await readForm(page, 'form:has([name=csrfToken])')
  const filled = form.names.includes('agree') ? form : form.add('agree', 'agree')
  const { url, ...request } = filled.request({ button: 'agree' })
  await fetch(url, { ...request, judge: false })
}

/** Days that Yahoo keeps bars for which are shorter than a day. */
function daysKept(interval: Params['interval']): number | undefined {
  if (interval === '1m') return 7
  if (interval === '60m' || interval === '1h') return 729
  return interval.endsWith('m') ? 59 : undefined
}

function queryOf({ interval, from, to }: Params) {
  const days = daysKept(interval)
  const common = { interval, events: 'div,splits', includePrePost: false }
  // What is kept of a short interval ends now, and now is not known here.
  if (days !== undefined && from === undefined && to === undefined) return { ...common, range: `${days}d` }
  const end = to === undefined ? endOfTime : secondsOf(to)
  const start = from === undefined ? (days === undefined ? firstPrice : end - days * 86_400) : secondsOf(from)
  return { ...common, period1: start, period2: end }
}

/** 1900, before the first price that there is; and a day that is never reached. */
const firstPrice = -2_208_988_800
const endOfTime = 9_999_999_999

const secondsOf = (time: string) => Math.floor(Date.parse(time) / 1_000)

/** Bars whose day had no trade, a holiday, are null throughout, and left out. */
function* itemsOf({ meta, timestamp, events, indicators }: Chart, asked: string) {
  const symbol = meta.symbol ?? asked
  const currency = meta.currency ?? null
  const dayOf = dayIn(meta)
  const { open, high, low, close, volume } = indicators?.quote?.[0] ?? {}
  const adjusted = indicators?.adjclose?.[0]?.adjclose
  for (const [at, seconds] of (timestamp ?? []).entries()) {
    const prices = { open: open?.[at], high: high?.[at], low: low?.[at], close: close?.[at] }
    if (Object.values(prices).every((price) => price === null || price === undefined)) continue
    yield {
      kind: 'bar' as const,
      symbol,
      at: isoOf(seconds),
      date: dayOf(seconds),
      ...prices,
      adjustedClose: adjusted?.[at],
      volume: volume?.[at],
      currency,
    }
  }
  for (const { date, amount } of inOrder(events?.dividends))
    yield { kind: 'dividend' as const, symbol, date: dayOf(date), amount, currency }
  for (const { date, numerator, denominator } of inOrder(events?.splits))
    yield { kind: 'split' as const, symbol, date: dayOf(date), numerator, denominator }
}

type Event = z.output<typeof event>

function inOrder(events: Readonly<Record<string, Event>> | null | undefined): readonly Event[] {
  return Object.values(events ?? {}).toSorted((one, two) => one.date - two.date)
}

const isoOf = (seconds: number) => new Date(seconds * 1_000).toISOString()

/** Days where it is traded. The offset is that of today, and a summer or a winter away it is an hour off: the zone is better. */
function dayIn({ exchangeTimezoneName, gmtoffset }: Chart['meta']): (seconds: number) => string {
  try {
    if (exchangeTimezoneName) {
      const format = new Intl.DateTimeFormat('sv-SE', { timeZone: exchangeTimezoneName })
      return (seconds) => format.format(seconds * 1_000)
    }
  } catch {
    // A zone that this machine does not know.
  }
  return (seconds) => isoOf(seconds + (gmtoffset ?? 0)).slice(0, 10)
}

function quoteOf(quote: z.output<typeof quoted>) {
  const text = (...texts: readonly unknown[]) => texts.find((each) => typeof each === 'string') ?? null
  const at = Number(quote.regularMarketTime ?? Number.NaN)
  return {
    kind: 'quote' as const,
    symbol: quote.symbol,
    name: text(quote.longName, quote.shortName, quote.displayName),
    type: text(quote.quoteType),
    exchange: text(quote.fullExchangeName, quote.exchange),
    currency: text(quote.currency),
    price: quote.regularMarketPrice,
    change: quote.regularMarketChange,
    changePercent: quote.regularMarketChangePercent,
    previousClose: quote.regularMarketPreviousClose,
    open: quote.regularMarketOpen,
    high: quote.regularMarketDayHigh,
    low: quote.regularMarketDayLow,
    volume: quote.regularMarketVolume,
    marketCap: quote.marketCap,
    at: Number.isFinite(at) ? isoOf(at) : null,
  }
}

/** That a symbol is not known, or has nothing in this time, is an answer about it. Everything else is told as Yahoo tells it. */
function lackOf(page: Pick<Page, 'status' | 'text' | 'url'>) {
  const error = errorIn(page.text())
  if (page.status < 400 && error === undefined) return undefined
  const why = error ?? page.text().slice(0, 200)
  if (page.status === 404 || /no data found|delisted/i.test(why)) return { reason: 'no-symbol', detail: why }
  if (page.status === 422 || /not available for|granularity/i.test(why))
    return { reason: 'out-of-range', detail: why }
  if (/data doesn't exist/i.test(why)) return { reason: 'no-data', detail: why }
  throw new RegattaError('SOURCE_FAILED', `Yahoo refuses ${page.url} (${page.status}): ${why}`, {
    value: { url: page.url },
  })
}

/** What it says went wrong. Undefined where nothing did. */
function errorIn(body: string): string | undefined {
  if (!body.includes('"error"')) return undefined
  try {
    const [answer] = Object.values(refusal.parse(JSON.parse(body)))
    const { description, code } = answer?.error ?? {}
    return description ?? code ?? undefined
  } catch {
    return undefined
  }
}
