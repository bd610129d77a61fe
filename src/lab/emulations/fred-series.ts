import { pickHash } from '../hash.ts'
import type { Exchange } from '../origin/origin-exchange.ts'
import { type Counted, waitFor } from '../origin/rate.ts'
import { json, type Reply } from '../origin/reply.ts'
import type { EmulatedVisit, Emulation, EmulationSetup } from './emulation.ts'

/**
 * FRED, version 1 of its interface (https://fred.stlouisfed.org/docs/api/fred/): series `LAB0001`, `LAB0002`, … of monthly values, some of
 * them missing, each as long as `fredObservations` says. A key is 32 small letters and digits; it counts by key, and not by address. What
 * it answers to a wrong one, and to a series that is not there, is in its documents; that a limit is 120 a minute is told by its users.
 */
const rate = { requests: 120, perMs: 60_000, burst: 20 }
const defaultSize = 20
const mostOfPage = 100_000
const manyKeys = 1_000

/** Observations of the series with this number, from 1: 300 to 699. */
export function fredObservations(seed: number, number: number): number {
  return 300 + Math.floor(pickHash(seed, `length ${number}`) * 400)
}

/** Missing values among them. */
export function fredMissing(seed: number, number: number): number {
  return Array.from({ length: fredObservations(seed, number) }, (_, at) => valueAt(seed, number, at)).filter(
    (value) => value === '.',
  ).length
}

export function createFred({ seed, size = defaultSize }: EmulationSetup): Emulation {
  const keys = new Map<string, Counted>()

  function refusalOf(exchange: Exchange, { now }: EmulatedVisit): Reply | undefined {
    const key = exchange.parameter('api_key')
    if (key === undefined) return bad('Variable api_key is not set.')
    if (!/^[a-z0-9]{32}$/.test(key))
      return bad(
        `The value for variable api_key is not a 32 character alpha-numeric lower-case string.${more}`,
      )
    if (/^0+$/.test(key)) return bad(`The value for variable api_key is not registered.${more}`)
    const counted = keys.get(key) ?? { arrival: 0 }
    if (keys.size < manyKeys) keys.set(key, counted)
    return waitFor(counted, rate, now) > 0
      ? failure(429, 'Too Many Requests.  Exceeded Rate Limit')
      : undefined
  }

  return {
    answer(exchange, visit) {
      const { path } = exchange
      if (path !== '/fred/series' && path !== '/fred/series/observations') return undefined
      const refused = refusalOf(exchange, visit)
      if (refused) return refused
      const id = exchange.parameter('series_id')
      if (id === undefined) return bad('Variable series_id is not set.')
      const number = Number(/^LAB(\d{4,6})$/.exec(id)?.[1] ?? 0)
      if (number < 1 || number > size) return bad('The series does not exist.')
      return path === '/fred/series'
        ? json(200, seriesOf(seed, number, id))
        : observations(seed, number, exchange)
    },
  }
}

const more = '  Read https://fred.stlouisfed.org/docs/api/api_key.html for more information.'

function failure(status: number, message: string): Reply {
  return json(status, { error_code: status, error_message: message })
}

const bad = (message: string) => failure(400, `Bad Request.  ${message}`)

/** A month after the first of 1960. */
function monthAt(at: number): string {
  return new Date(Date.UTC(1960, at)).toISOString().slice(0, 10)
}

const today = { realtime_start: '2024-12-31', realtime_end: '2024-12-31' }

function seriesOf(seed: number, number: number, id: string) {
  const last = fredObservations(seed, number) - 1
  return {
    ...today,
    seriess: [
      {
        id,
        ...today,
        title: `Index ${number} of the lab`,
        observation_start: monthAt(0),
        observation_end: monthAt(last),
        frequency: 'Monthly',
        frequency_short: 'M',
        units: 'Index 1960=100',
        units_short: 'Index 1960=100',
        seasonal_adjustment: 'Not Seasonally Adjusted',
        seasonal_adjustment_short: 'NSA',
        last_updated: '2024-12-19 07:01:03-06',
        popularity: 1 + (number % 90),
      },
    ],
  }
}

/** As it is sent: a text, and a dot where there is none. */
function valueAt(seed: number, number: number, at: number): string {
  const luck = pickHash(seed, `${number} ${at}`)
  return luck < 0.02 ? '.' : (100 + at / 4 + luck * 10).toFixed(3)
}

function observations(seed: number, number: number, exchange: Exchange): Reply {
  const limit = Number(exchange.parameter('limit') ?? mostOfPage)
  const offset = Number(exchange.parameter('offset') ?? 0)
  if (!(Number.isInteger(limit) && limit >= 1 && limit <= mostOfPage))
    return bad(`The value for variable limit must be between 1 and ${mostOfPage}.`)
  const from = exchange.parameter('observation_start') ?? '1776-07-04'
  const to = exchange.parameter('observation_end') ?? '9999-12-31'
  const all = Array.from({ length: fredObservations(seed, number) }, (_, at) => ({
    ...today,
    date: monthAt(at),
    value: valueAt(seed, number, at),
  })).filter(({ date }) => date >= from && date <= to)
  return json(200, {
    ...today,
    observation_start: from,
    observation_end: to,
    units: exchange.parameter('units') ?? 'lin',
    output_type: 1,
    file_type: 'json',
    order_by: 'observation_date',
    sort_order: 'asc',
    count: all.length,
    offset,
    limit,
    observations: all.slice(offset, offset + limit),
  })
}
