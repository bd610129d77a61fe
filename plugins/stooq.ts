import { defineClassifier, defineSource, type Page, RegattaError } from 'regatta'
import {
  baseUrl,
  endpoint,
  file,
  keyIn,
  keyVariable,
  list,
  listedNames,
  numeric,
  readCsv,
} from 'regatta/source'
import { z } from 'zod'

/**
 * Prices of shares, indices, currencies and commodities from Stooq, as CSV. Nothing about them is documented by Stooq itself, but much
 * is known: whatever it has to say, it says it with status 200. That there is no data, that an address has had its hits for today,
 * that something went wrong, all are pages in place of the table.
 */
const date = z
  .string()
  .regex(/^\d{4}-?\d{2}-?\d{2}$/, 'expected a date such as 2024-12-31')
  .transform((text) => text.replaceAll('-', ''))

const params = z
  .strictObject({
    symbols: list()
      .default([])
      .describe('one symbol or several, as Stooq writes them: `aapl.us`, `^spx`, `eurusd`'),
    file: file().optional().describe('a file with one on each line, or `-` for what is piped in'),
    what: z
      .enum(['history', 'quotes', 'both'])
      .default('history')
      .describe('`history`: bars over time; `quotes`: the last price; or `both`'),
    interval: z
      .enum(['d', 'w', 'm', 'q', 'y', '60', '5'])
      .default('d')
      .describe('one bar for each day, week, month, quarter or year; `60` and `5` are minutes'),
    from: date.optional().describe('first day of the history. Default: all there is'),
    to: date.optional().describe('last day of the history. Default: today'),
    key: keyVariable('STOOQ_API_KEY').describe(
      'the variable of the environment that holds a key, where there is one',
    ),
    base: baseUrl('https://stooq.com').describe('where Stooq is'),
  })
  .refine((given) => given.symbols.length > 0 || given.file !== undefined, {
    path: ['symbols'],
    error: 'expected at least one symbol, such as aapl.us, or a file of them',
  })

/** Prices; null where there are none. */
const prices = {
  open: numeric(['N/D']),
  high: numeric(['N/D']),
  low: numeric(['N/D']),
  close: numeric(['N/D']),
  volume: numeric(['N/D']).describe('null where none is known: of currencies, say'),
}

const bar = z.object({
  kind: z.literal('bar'),
  symbol: z.string().describe('as it was asked for'),
  date: z.string().describe('`2024-12-31`; of a week, a month, … its last day'),
  time: z.string().nullable().describe('`15:30:00`; null where bars are days or more'),
  ...prices,
})

const quote = z.object({
  kind: z.literal('quote'),
  symbol: z.string().describe('as Stooq writes it'),
  date: z.string().describe('of the last price'),
  time: z.string().nullable(),
  ...prices,
})

const noData = /^(no data|brak danych)\b/i
const limitOfDay = /^(exceeded the daily hits limit|przekroczony dzienny limit)/i
/** A page that has a browser work for its pass. */
const challenge = /__verify|proof.of.work|crypto\.subtle/i

/** What is said with status 200 in place of a table. */
const classifier = defineClassifier({
  name: 'stooq',
  classify(exchange, { wall }) {
    if (exchange.kind === 'fault' || exchange.status !== 200) return undefined
    const start = new TextDecoder().decode(exchange.body.subarray(0, 8_192)).trimStart()
    if (noData.test(start)) return { kind: 'success', reason: 'ok' }
    // The address has had its hits, and no other one: it rests alone, and the page goes over another.
    if (limitOfDay.test(start))
      return {
        kind: 'rate-limited',
        reason: 'daily-limit',
        limiter: 'proxy',
        retryAfterMs: untilTomorrow(wall),
      }
    if (!/^<(!doctype|html|head|body|script)\b/i.test(start)) return undefined
    return challenge.test(start)
      ? { kind: 'challenge', reason: 'challenge-page' }
      : { kind: 'target', reason: 'html-in-place-of-csv' }
  },
})

const ofSymbol = z.object({ symbol: z.string() })

export const stooq = defineSource({
  name: 'stooq',
  description: 'Historical and last prices from Stooq',
  params,
  item: z.discriminatedUnion('kind', [bar, quote]),
  data: { history: ofSymbol, quotes: ofSymbol },
  classifier,

  /** Stooq asks some for a key. */
  credentials({ base, key }, context) {
    const apikey = keyIn(context, key)
    return apikey === undefined ? undefined : { query: { apikey }, origin: base }
  },

  async *seeds({ base, symbols, file, what, interval, from, to }, context) {
    for await (const symbol of listedNames(symbols, file, context)) {
      const data = { symbol }
      const history = { s: symbol, i: interval, d1: from, d2: to }
      if (what !== 'quotes')
        yield { url: endpoint(base, '/q/d/l/', history), label: 'history' as const, data }
      const last = { s: symbol, f: 'sd2t2ohlcv', h: '', e: 'csv' }
      if (what !== 'history') yield { url: endpoint(base, '/q/l/', last), label: 'quotes' as const, data }
    }
  },

  parse: {
    *history(page) {
      const { symbol } = page.data
      const rows = rowsOf(page)
      if (rows.length === 0) {
        yield page.skip('no-data', { detail: `Stooq has no history of ${symbol}` })
        return
      }
      for (const row of rows) yield page.item({ ...row, kind: 'bar', symbol })
    },

    *quotes(page) {
      const rows = rowsOf(page).filter(({ date, close }) => date !== 'N/D' && close !== 'N/D')
      if (rows.length === 0) {
        yield page.skip('no-data', { detail: `Stooq has no price of ${page.data.symbol}` })
        return
      }
      for (const { symbol = page.data.symbol, ...row } of rows)
        yield page.item({ ...row, kind: 'quote', symbol })
    },
  },
})

/** The rows of a table. Throws SOURCE_FAILED when it is none. */
function rowsOf(page: Pick<Page, 'url' | 'text'>) {
  const text = page.text().trimStart()
  if (noData.test(text)) return []
  const [head = ''] = text.split(/[\r\n]/, 1)
  if (!/\bdate\b.*\bclose\b/i.test(head)) {
    const sentence = `${page.url} is no table of prices with a date and a close; it begins with "${head.slice(0, 100)}".`
    throw new RegattaError('SOURCE_FAILED', sentence, { value: { url: page.url } })
  }
  return readCsv(page).map((row) => {
    const cells = Object.fromEntries(Object.entries(row).map(([name, cell]) => [name.toLowerCase(), cell]))
    const { symbol, date = '', time = null, open, high, low, close, volume } = cells
    return { symbol, date, time, open, high, low, close, volume }
  })
}

/** Milliseconds until the next day begins. */
function untilTomorrow(wall: number): number {
  const day = 86_400_000
  return day - (wall % day)
}
