import { pickHash } from '../hash.ts'
import type { Exchange } from '../origin/origin-exchange.ts'
import { notice, type Reply, reply } from '../origin/reply.ts'
import type { Emulation, EmulationSetup } from './emulation.ts'

/**
 * Stooq, as those who download its tables tell of it: everything is said with status 200. Shares `lab0001.us`, `lab0002.us`, … have a
 * volume, currencies such as `eurusd` have none. An address has 60 hits a day, told in plain text when they are used up. One time in
 * thirty an error comes as an HTML page, and the table when it is asked for again.
 */
const hitsOfDay = 60
const dayMs = 86_400_000
const defaultSize = 100
/** Days of trade that it keeps: the first of 2024. */
export const stooqDays = 60
const glitches = 1 / 30
const manyVisitors = 100_000

export function createStooq({ seed, size = defaultSize }: EmulationSetup): Emulation {
  const hits = new Map<string, { day: number; count: number }>()
  const glitched = new Set<string>()

  function isUsedUp(address: string, now: number): boolean {
    const day = Math.floor(now / dayMs)
    const known = hits.get(address)
    const count = known?.day === day ? known.count + 1 : 1
    if (known || hits.size < manyVisitors) hits.set(address, { day, count })
    return count > hitsOfDay
  }

  return {
    answer(exchange, { address, now }) {
      const { path, query } = exchange
      if (path !== '/q/d/l/' && path !== '/q/l/') return undefined
      if (isUsedUp(address, now)) return text('Exceeded the daily hits limit')
      const what = `${path}?${query}`
      if (!glitched.has(what) && pickHash(seed, what) < glitches) {
        if (glitched.size < manyVisitors) glitched.add(what)
        return notice(200, 'Stooq', '<p>Temporarily unavailable.</p>')
      }
      const symbol = (exchange.parameter('s') ?? '').toLowerCase()
      const kind = kindOf(symbol, size)
      return path === '/q/l/' ? last(seed, symbol, kind) : history(seed, symbol, kind, exchange)
    },
  }
}

type Kind = 'share' | 'currency' | undefined

function kindOf(symbol: string, size: number): Kind {
  const number = Number(/^lab(\d{4,6})\.us$/.exec(symbol)?.[1] ?? 0)
  if (number >= 1 && number <= size) return 'share'
  return ['eurusd', 'gbpusd', 'xauusd'].includes(symbol) ? 'currency' : undefined
}

const text = (body: string) => reply(200, body, { type: 'text/html' })
const csv = (lines: readonly string[]) => reply(200, `${lines.join('\r\n')}\r\n`, { type: 'text/csv' })

/** Weekdays from 1 January 2024. */
function daysOfTrade(): string[] {
  const days: string[] = []
  for (let day = Date.UTC(2024, 0, 1); days.length < stooqDays; day += dayMs) {
    const date = new Date(day)
    if (date.getUTCDay() % 6 !== 0) days.push(date.toISOString().slice(0, 10))
  }
  return days
}

const days = daysOfTrade()

function rowOf(seed: number, symbol: string, date: string, kind: Kind): string {
  const price = 50 + pickHash(seed, `${symbol} ${date}`) * 100
  const prices = [price, price + 2, price - 2, price + 1].map((each) =>
    each.toFixed(kind === 'currency' ? 5 : 2),
  )
  const volume = kind === 'currency' ? '' : `,${Math.round(price * 1_000)}`
  return `${prices.join(',')}${volume}`
}

function history(seed: number, symbol: string, kind: Kind, exchange: Exchange): Reply {
  const from = exchange.parameter('d1') ?? '0'
  const to = exchange.parameter('d2') ?? '99999999'
  const some = days.filter((day) => day.replaceAll('-', '') >= from && day.replaceAll('-', '') <= to)
  if (kind === undefined || some.length === 0) return text('No data')
  const head = kind === 'share' ? 'Date,Open,High,Low,Close,Volume' : 'Date,Open,High,Low,Close'
  return csv([head, ...some.map((day) => `${day},${rowOf(seed, symbol, day, kind)}`)])
}

function last(seed: number, symbol: string, kind: Kind): Reply {
  const day = days.at(-1)!
  const name = symbol.toUpperCase()
  const row =
    kind === undefined
      ? `${name},N/D,N/D,N/D,N/D,N/D,N/D,N/D`
      : `${name},${day},22:00:09,${rowOf(seed, symbol, day, kind)}${kind === 'share' ? '' : ','}`
  return csv(['Symbol,Date,Time,Open,High,Low,Close,Volume', row])
}
