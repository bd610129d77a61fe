import { pickHash } from '../hash.ts'
import type { Exchange } from '../origin/origin-exchange.ts'
import { json, type Reply, redirect, reply, text } from '../origin/reply.ts'
import type { EmulatedVisit, Emulation, EmulationSetup } from './emulation.ts'
import { isYahooSymbol, yahooChart, yahooEnd, yahooQuote } from './yahoo-chart.ts'

/**
 * Yahoo Finance as its users know it: any page that is not there sets a cookie, `/v1/test/getcrumb` gives the crumb that goes with it, and
 * both are good for the address that fetched them, and for an hour. One address in five is in Europe, and is led to a form first. An
 * address that asks more than 2,000 times an hour is told "Too Many Requests", in plain text and without a time.
 */
const rate = { requests: 2_000, perMs: 3_600_000, burst: 60 }
const crumbMs = 3_600_000
const defaultSize = 500
const european = 0.2
const manyCookies = 100_000

interface Given {
  readonly address: string
  readonly at: number
  crumb: string | undefined
}

export function createYahoo({ seed, size = defaultSize }: EmulationSetup): Emulation {
  const cookies = new Map<string, Given>()
  const agreed = new Set<string>()
  let count = 0

  const token = (what: string) => Math.floor(pickHash(seed, what) * 2 ** 32).toString(36)
  const mustAgree = (address: string) =>
    pickHash(seed, `region ${address}`) < european && !agreed.has(address)

  function welcome({ address, now }: EmulatedVisit): Reply {
    const cookie = `d=${token(`cookie ${++count}`)}${count}`
    if (cookies.size >= manyCookies) cookies.delete(cookies.keys().next().value!)
    cookies.set(cookie, { address, at: now, crumb: undefined })
    const value = `A3=${cookie}; Path=/; Max-Age=31557600; HttpOnly; SameSite=None`
    return reply(404, '<html><body>Not Found</body></html>', { headers: { 'set-cookie': value } })
  }

  /** The form, and what it sends to. */
  function consent(exchange: Exchange, visit: EmulatedVisit): Reply | undefined {
    const { path, method } = exchange
    if (path === '/v2/collectConsent' && method === 'POST') {
      const fields = new URLSearchParams(exchange.body)
      const isRight = fields.get('csrfToken') === token(`csrf ${visit.address}`) && fields.has('agree')
      if (!isRight) return text(400, 'Bad Request')
      agreed.add(visit.address)
      return redirect('/copyConsent')
    }
    if (path === '/copyConsent') return redirect('/')
    if (path !== '/consent') return undefined
    const form = `<form method="post" action="/v2/collectConsent?sessionId=1">
      <input type="hidden" name="csrfToken" value="${token(`csrf ${visit.address}`)}">
      <input type="hidden" name="sessionId" value="1"><input type="hidden" name="originalDoneUrl" value="/">
      <button type="submit" name="agree" value="agree">Accept all</button>
      <button type="submit" name="reject" value="reject">Reject all</button></form>`
    return reply(
      200,
      `<!doctype html><html><head><title>Before you continue</title></head><body>${form}</body></html>`,
    )
  }

  function sessionOf(exchange: Exchange, { address, now }: EmulatedVisit): Given | undefined {
    const cookie = exchange.cookie('A3') ?? ''
    exchange.row.session = cookie
    const given = cookies.get(cookie)
    return given?.address === address && now - given.at < crumbMs ? given : undefined
  }

  function api(exchange: Exchange, visit: EmulatedVisit): Reply {
    const { path } = exchange
    const given = sessionOf(exchange, visit)
    if (given === undefined) return unauthorized('Invalid Cookie')
    if (path === '/v1/test/getcrumb') {
      given.crumb ??= token(`crumb ${exchange.row.session}`)
      exchange.row.crumb = given.crumb
      return text(200, given.crumb)
    }
    const crumb = exchange.parameter('crumb') ?? ''
    exchange.row.crumb = crumb
    if (given.crumb === undefined || crumb !== given.crumb) return unauthorized('Invalid Crumb')
    return path === '/v7/finance/quote' ? quotes(exchange) : chart(exchange)
  }

  function quotes(exchange: Exchange): Reply {
    const symbols = (exchange.parameter('symbols') ?? '')
      .split(',')
      .filter((each) => isYahooSymbol(each, size))
    const result = symbols.map((symbol) => yahooQuote(seed, symbol))
    return json(200, { quoteResponse: { result, error: null } })
  }

  function chart(exchange: Exchange): Reply {
    const symbol = decodeURIComponent(exchange.path.slice('/v8/finance/chart/'.length))
    if (!isYahooSymbol(symbol, size))
      return refused(404, 'Not Found', 'No data found, symbol may be delisted')
    const days = /^(\d+)d$/.exec(exchange.parameter('range') ?? '')?.[1]
    const end = Number(exchange.parameter('period2') ?? yahooEnd)
    const start =
      days === undefined ? Number(exchange.parameter('period1') ?? 0) : end - Number(days) * 86_400
    if (exchange.parameter('interval') === '1m' && end - start > 8 * 86_400)
      return refused(
        422,
        'Unprocessable Entity',
        '1m data not available for startTime. Only 8 days worth of 1m granularity data are allowed to be fetched per request.',
      )
    const result = yahooChart(seed, symbol, start, end)
    if (result !== undefined) return json(200, { chart: { result: [result], error: null } })
    const why = `Data doesn't exist for startDate = ${start}, endDate = ${end}`
    return refused(400, 'Bad Request', why)
  }

  return {
    limitOf: ({ path }) => (isApi(path) ? rate : undefined),
    refuse: () => reply(429, 'Too Many Requests\r\n', { type: 'text/plain' }),
    answer(exchange, visit) {
      if (exchange.path === '/robots.txt') return undefined
      const asked = consent(exchange, visit)
      if (asked) return asked
      if (mustAgree(visit.address)) return redirect('/consent?sessionId=1')
      if (isApi(exchange.path)) return api(exchange, visit)
      return exchange.path === '/' ? welcome(visit) : undefined
    },
  }
}

const isApi = (path: string) =>
  path === '/v1/test/getcrumb' || path === '/v7/finance/quote' || path.startsWith('/v8/finance/chart/')

function unauthorized(description: string): Reply {
  return json(401, { finance: { result: null, error: { code: 'Unauthorized', description } } })
}

function refused(status: number, code: string, description: string): Reply {
  return json(status, { chart: { result: null, error: { code, description } } })
}
