import { describe, expect, it } from 'vitest'
import { coingecko } from '../../plugins/coingecko.ts'
import { fred } from '../../plugins/fred.ts'
import { stooq } from '../../plugins/stooq.ts'
import { yahooFinance } from '../../plugins/yahoo-finance.ts'
import type { Classifier } from '../../src/contracts/classifier.ts'
import type { Source } from '../../src/contracts/source.ts'
import { type Answer, collect, contextOf, pageOf, responseOf } from '../source/fixtures.ts'

/** What services have been seen to answer, beside what they are documented to. */
const read = async (source: Source, params: object, data: object, label: string, answer: Answer) => {
  const page = pageOf(source, params, 'http://service.lab/', {
    ...answer,
    type: answer.type ?? 'application/json',
    request: { data, label },
  })
  const outputs = await collect(source.parse(page, contextOf()))
  const items: unknown[] = []
  const skipped: string[] = []
  for (const output of outputs) {
    if (output?.kind === 'item') items.push(output.value)
    if (output?.kind === 'refused') throw output.error
    if (output?.kind === 'skipped') skipped.push(output.reason)
  }
  return { items, skipped, outputs }
}

const chart = (body: unknown, status = 200) =>
  read(yahooFinance as Source, { symbols: 'X' }, { symbol: 'X' }, 'chart', {
    body: typeof body === 'string' ? body : JSON.stringify(body),
    status,
  })
const result = (over: object) => ({ chart: { result: [{ meta: {}, ...over }], error: null } })

describe('yahoo-finance', () => {
  it('reads numbers that are texts, short arrays, and a bar of which a part is missing', async () => {
    const quote = [{ open: ['1', null], close: ['2.5'], volume: [null, '7'] }]
    const { items } = await chart(
      result({ timestamp: ['1704205800', 1704292200, 1704378600], indicators: { quote } }),
    )
    expect(items).toMatchObject([
      { at: '2024-01-02T14:30:00.000Z', open: 1, high: null, close: 2.5, volume: null, adjustedClose: null },
    ])
  })

  it('says the day of the exchange by its zone, and by its offset where the zone is not known', async () => {
    const body = (meta: object) =>
      result({ meta, timestamp: [1719788400], indicators: { quote: [{ close: [1] }] } })
    const dayOf = async (meta: object) => ((await chart(body(meta))).items[0] as { date: string }).date
    // Half past eleven in the evening of 30 June, in London: summer time.
    expect(await dayOf({})).toBe('2024-06-30')
    expect(await dayOf({ exchangeTimezoneName: 'Europe/London', gmtoffset: 0 })).toBe('2024-07-01')
    expect(await dayOf({ exchangeTimezoneName: 'No/Where', gmtoffset: 3_600 })).toBe('2024-07-01')
  })

  it.each([
    ['no result at all', { chart: { result: null, error: null } }, 200, 'no-data'],
    ['an empty result', { chart: { result: [], error: null } }, 200, 'no-data'],
    ['a shell without prices', result({ indicators: { quote: [{}], adjclose: [{}] } }), 200, 'no-data'],
    [
      'a symbol that is not known',
      {
        chart: {
          result: null,
          error: { code: 'Not Found', description: 'No data found, symbol may be delisted' },
        },
      },
      404,
      'no-symbol',
    ],
    [
      'the same with status 200',
      {
        chart: {
          result: null,
          error: { code: 'Not Found', description: 'No data found, symbol may be delisted' },
        },
      },
      200,
      'no-symbol',
    ],
    ['a bare 404', 'Not Found', 404, 'no-symbol'],
    [
      'a time without data',
      {
        chart: {
          result: null,
          error: { code: 'Bad Request', description: "Data doesn't exist for startDate = 1, endDate = 2" },
        },
      },
      400,
      'no-data',
    ],
    [
      'a range that is too long',
      {
        chart: {
          result: null,
          error: {
            code: 'Unprocessable Entity',
            description: '1m data not available for startTime=1 and endTime=2.',
          },
        },
      },
      422,
      'out-of-range',
    ],
  ])('leaves out %s, and says why', async (_, body, status, reason) => {
    expect(await chart(body, status)).toMatchObject({ items: [], skipped: [reason] })
  })

  it('tells what Yahoo says of anything else', async () => {
    const body = { finance: { result: null, error: { code: 'Unauthorized', description: 'Invalid Crumb' } } }
    await expect(chart(body, 401)).rejects.toThrow(/401.*Invalid Crumb/)
    await expect(chart('<html>', 500)).rejects.toThrow(/500/)
    await expect(chart({ chart: 'odd' })).rejects.toMatchObject({ code: 'SOURCE_FAILED' })
  })

  it.each([
    [401, 'x', true],
    [403, '{"finance":{"error":{"description":"Invalid Cookie"}}}', true],
    [200, '<form><input type="hidden" name="csrfToken" value="1">', true],
    [404, '{"chart":{"error":{"description":"No data found"}}}', false],
    [200, '{"chart":{"result":[]}}', false],
  ])('knows whether status %i with %s is the end of a session', (status, body, isOver) => {
    expect(yahooFinance.session?.invalid?.(responseOf('http://service.lab/', { status, body }))).toBe(isOver)
  })
})

describe('stooq', () => {
  const history = (body: string) =>
    read(stooq as Source, { symbols: 'x' }, { symbol: 'x' }, 'history', { body, type: 'text/plain' })

  it('reads tables with a time, without a volume, and with line ends of any kind', async () => {
    const { items } = await history('Date,Time,Open,High,Low,Close\n2024-01-02,15:30:00,1,2,0.5,1.5\n')
    expect(items).toMatchObject([{ date: '2024-01-02', time: '15:30:00', close: 1.5, volume: null }])
    expect((await history('Date,Open,High,Low,Close,Volume\r\n')).skipped).toEqual(['no-data'])
    expect((await history('Brak danych')).skipped).toEqual(['no-data'])
  })

  it('tells how an answer begins that is no table', async () => {
    await expect(history('Service closed')).rejects.toThrow(/begins with "Service closed"/)
  })
})

describe('fred', () => {
  const observations = (body: unknown, status = 200) =>
    read(fred as Source, { series: 'A' }, { series: 'A', offset: 0 }, 'observations', {
      body: typeof body === 'string' ? body : JSON.stringify(body),
      status,
      type: 'text/xml;charset=utf-8',
    })

  it('reads counts and values of either kind, and follows until all is there', async () => {
    const { items, outputs } = await observations({
      count: '3',
      observations: [
        { date: '2024-01-01', value: '1.5' },
        { date: '2024-02-01', value: 2 },
      ],
    })
    expect(items).toMatchObject([{ value: 1.5 }, { value: 2 }])
    expect(JSON.stringify(outputs)).toContain('offset=2')
  })

  it('knows a series that is not there in JSON and in XML, and tells every other refusal', async () => {
    const unknown = { error_code: 400, error_message: 'Bad Request.  The series does not exist.' }
    expect((await observations(unknown, 400)).skipped).toEqual(['no-series'])
    const xml = '<error code="400" message="Bad Request.  The series does not exist."/>'
    expect((await observations(xml, 400)).skipped).toEqual(['no-series'])
    const noKey = { error_code: 400, error_message: 'The value for variable api_key is not registered.' }
    await expect(observations(noKey, 400)).rejects.toThrow(/api_key is not registered.*FRED_API_KEY/)
  })
})

describe('coingecko', () => {
  const markets = (body: unknown, status = 200) =>
    read(coingecko as Source, {}, { page: 1 }, 'markets', { body: JSON.stringify(body), status })

  it('reads coins of which little is known, and turns pages until one is empty', async () => {
    const { items, outputs } = await markets([
      { id: 'a', current_price: '1.5', max_supply: null, new_field: 1 },
    ])
    expect(items).toMatchObject([{ id: 'a', name: 'a', price: 1.5, maxSupply: null, marketCap: null }])
    expect(JSON.stringify(outputs)).toContain('page=2')
    expect((await markets([])).outputs.filter((output) => output?.kind === 'requests')).toEqual([])
  })

  it('tells what is refused in the words of the service', async () => {
    const body = { status: { error_code: 10_002, error_message: 'API Key Missing' } }
    await expect(markets(body, 401)).rejects.toThrow(/401.*API Key Missing.*COINGECKO_API_KEY/)
  })

  it('declares its rate by address, or by key where there is one', () => {
    const limitsWith = (env: Record<string, string>) =>
      coingecko.limits?.(coingecko.params.parse({}), { env })
    expect(limitsWith({})).toEqual({ perProxy: { requests: 10, per: 'minute' } })
    expect(limitsWith({ COINGECKO_API_KEY: 'CG-x' })).toEqual({ perHost: { requests: 30, per: 'minute' } })
  })
})

describe('what the classifiers say', () => {
  const said = (classifier: Classifier | undefined, body: string, status = 200) =>
    classifier?.classify(responseOf('http://service.lab/', { body, status }), {
      wall: Date.UTC(2024, 0, 1, 18),
    } as Parameters<Classifier['classify']>[1])

  it('a limit is a limit, whatever its status, and rests one address alone where it counts by address', () => {
    expect(said(stooq.classifier, 'Exceeded the daily hits limit')).toEqual({
      kind: 'rate-limited',
      reason: 'daily-limit',
      limiter: 'proxy',
      retryAfterMs: 6 * 3_600_000,
    })
    expect(said(yahooFinance.classifier, 'Edge: Too Many Requests')?.kind).toBe('rate-limited')
    expect(said(coingecko.classifier, '{"status":{"error_code":429}}')?.kind).toBe('rate-limited')
  })

  it('a page in place of a table is the host, or a challenge, and never the proxy', () => {
    expect(said(stooq.classifier, '<!DOCTYPE html><html>Error')?.kind).toBe('target')
    expect(said(stooq.classifier, '<html><script>fetch("/__verify")</script>')?.kind).toBe('challenge')
    expect(said(stooq.classifier, 'Date,Open,High,Low,Close\n')).toBeUndefined()
  })
})
