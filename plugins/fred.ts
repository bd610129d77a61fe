import { defineSource, type Page, RegattaError } from 'regatta'
import {
  baseUrl,
  endpoint,
  file,
  keyIn,
  keyVariable,
  list,
  listedNames,
  numeric,
  wholeNumber,
} from 'regatta/source'
import { z } from 'zod'

/**
 * Economic series of the Federal Reserve Bank of St. Louis: what a series is, and its observations, 100,000 to a page. The
 * interface (https://fred.stlouisfed.org/docs/api/fred/) wants a key in each query and allows 120 requests a minute to a key.
 */
const variable = 'FRED_API_KEY'
const day = z.iso.date('expected a date such as 2024-12-31')

/** Observations of one page; the interface gives no more. */
const mostOfPage = 100_000

const params = z
  .strictObject({
    series: list().default([]).describe('one series or several, by their ids: `GNPCA`, `UNRATE`'),
    file: file().optional().describe('a file with one on each line, or `-` for what is piped in'),
    from: day.optional().describe('first day of the observations. Default: all'),
    to: day.optional().describe('last day of the observations. Default: all'),
    units: z
      .enum(['lin', 'chg', 'ch1', 'pch', 'pc1', 'pca', 'cch', 'cca', 'log'])
      .optional()
      .describe(
        '`lin` as they are, `chg` change, `pch` percent change, `pc1` percent change from a year ago, … Default: as they are',
      ),
    frequency: z
      .string()
      .optional()
      .describe("a lower frequency to bring them to: `m`, `q`, `a`, … Default: the series' own"),
    aggregation: z
      .enum(['avg', 'sum', 'eop'])
      .optional()
      .describe('how several values become one. Default: `avg`'),
    pageSize: wholeNumber()
      .pipe(z.int().min(1).max(mostOfPage))
      .default(mostOfPage)
      .describe('observations of one page'),
    key: keyVariable(variable).describe('the variable of the environment that holds the key'),
    base: baseUrl('https://api.stlouisfed.org').describe('where the interface is'),
  })
  .refine((given) => given.series.length > 0 || given.file !== undefined, {
    path: ['series'],
    error: 'expected at least one id of a series, such as GNPCA, or a file of them',
  })

const series = z.object({
  kind: z.literal('series'),
  series: z.string().describe('its id'),
  title: z.string(),
  frequency: z.string().nullish().describe('`Monthly`, `Quarterly`, …'),
  units: z.string().nullish().describe('`Percent`, `Billions of Dollars`, …'),
  seasonalAdjustment: z.string().nullish().describe('`Seasonally Adjusted Annual Rate`, …'),
  from: z.string().nullish().describe('day of the first observation'),
  to: z.string().nullish().describe('day of the last observation'),
  lastUpdated: z.string().nullish().describe('as the service writes it: `2013-07-31 09:26:16-05`'),
  notes: z.string().nullish(),
})

const observation = z.object({
  kind: z.literal('observation'),
  series: z.string().describe('id of its series'),
  date: z.string().describe('the day that it begins with'),
  value: numeric(['.']).describe('null where the service has none: it sends a dot'),
})

/** What the interface sends, as far as it is read. Counts may come as texts. */
const seriesAnswer = z.object({ seriess: z.array(z.looseObject({ id: z.string(), title: z.string() })) })
const observationsAnswer = z.object({
  count: z.coerce.number().optional(),
  observations: z.array(z.looseObject({ date: z.string(), value: z.unknown() })),
})
/** Version 2 of the interface names them shorter. */
const errorAnswer = z.union([
  z.object({ error_message: z.string() }).transform(({ error_message }) => error_message),
  z.object({ message: z.string() }).transform(({ message }) => message),
])

const ofSeries = z.object({ series: z.string() })

export const fred = defineSource({
  name: 'fred',
  description: 'Economic series and their observations from FRED; needs a key',
  params,
  item: z.discriminatedUnion('kind', [series, observation]),
  data: { series: ofSeries, observations: ofSeries.extend({ offset: z.number() }) },
  robots: false, // the interface is made for programs
  parsesErrors: true,
  limits: () => ({ perHost: { requests: 120, per: 'minute' } }),

  /** The key is good from every address, and belongs in no log: it is put on when a request leaves. */
  credentials({ base, key }, context) {
    const value = keyIn(context, key)
    if (value !== undefined) return { query: { api_key: value }, origin: base }
    const name = key.slice(2, -1)
    const sentence = `Source "fred" needs an API key. Set ${name} to one from https://fredaccount.stlouisfed.org/apikeys (it is free); a program gives it as env: { ${name} }.`
    throw new RegattaError('MISSING_API_KEY', sentence, { value: { variable: name } })
  },

  async *seeds(params, context) {
    for await (const series of listedNames(params.series, params.file, context)) {
      const url = endpoint(params.base, '/fred/series', { series_id: series, file_type: 'json' })
      yield { url, headers, label: 'series' as const, data: { series } }
      yield observations(params, series, 0)
    }
  },

  parse: {
    *series(page) {
      if (isUnknown(page)) {
        yield page.skip('no-series', { detail: `FRED has no series ${page.data.series}` })
        return
      }
      const [found] = page.json(seriesAnswer).seriess
      if (!found) {
        yield page.skip('no-series', { detail: `FRED says nothing of ${page.data.series}` })
        return
      }
      yield page.item({
        kind: 'series',
        series: found.id,
        title: found.title,
        frequency: text(found.frequency),
        units: text(found.units),
        seasonalAdjustment: text(found.seasonal_adjustment),
        from: text(found.observation_start),
        to: text(found.observation_end),
        lastUpdated: text(found.last_updated),
        notes: text(found.notes),
      })
    },

    *observations(page) {
      const { series, offset } = page.data
      if (isUnknown(page)) {
        yield page.skip('no-series', { detail: `FRED has no series ${series}` })
        return
      }
      const answer = page.json(observationsAnswer)
      for (const { date, value } of answer.observations) {
        yield page.item({ kind: 'observation', series, date, value })
      }
      const { length } = answer.observations
      const next = offset + length
      const isLast = answer.count === undefined ? length < page.params.pageSize : next >= answer.count
      if (length > 0 && !isLast) yield page.follow(observations(page.params, series, next))
    },
  },
})

const headers = { accept: 'application/json' }

type Params = z.output<typeof params>

function observations(params: Params, series: string, offset: number) {
  const url = endpoint(params.base, '/fred/series/observations', {
    series_id: series,
    file_type: 'json',
    observation_start: params.from,
    observation_end: params.to,
    units: params.units,
    frequency: params.frequency,
    aggregation_method: params.aggregation,
    limit: params.pageSize,
    offset,
  })
  return { url, headers, label: 'observations' as const, data: { series, offset } }
}

/** That there is no such series is an answer. Everything else that is refused is told as the service tells it. */
function isUnknown(page: Pick<Page, 'status' | 'text' | 'url'>): boolean {
  if (page.status < 400) return false
  const why = messageOf(page.text())
  if (/does not exist/i.test(why)) return true
  const way = /api_key/i.test(why) ? ` Look at ${variable}.` : ''
  throw new RegattaError('SOURCE_FAILED', `FRED refuses ${page.url} (${page.status}): ${why}${way}`, {
    value: { url: page.url },
  })
}

/** JSON, whatever its type says, or the XML that comes where the request could not be read at all. */
function messageOf(body: string): string {
  try {
    return errorAnswer.parse(JSON.parse(body))
  } catch {
    return /message="([^"]*)"/.exec(body)?.[1] ?? body.slice(0, 200)
  }
}

const text = (value: unknown) => (typeof value === 'string' ? value : null)
