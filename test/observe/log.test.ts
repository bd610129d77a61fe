import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createCrawler, defineSource } from '../../src/index.ts'
import { startLab } from '../../src/lab/index.ts'
import type { Scenario } from '../../src/lab/scenario.ts'
import { attachLog, createLog } from '../../src/observe/log.ts'
import { hostReading, ObservedStation, statsReading } from '../cli/readings.ts'
import { ManualClock } from '../manual-clock.ts'

function setUp(level: 'info' | 'debug' | 'warn' = 'info') {
  const lines: { level: number; msg: string }[] = []
  const crawler = new ObservedStation()
  crawler.reading = { ...crawler.reading, tasks: { ...crawler.reading.tasks, racing: 0, parked: 0 } }
  const clock = new ManualClock()
  const log = createLog({ level, destination: { write: (line) => lines.push(JSON.parse(line)) } })
  const detach = attachLog(crawler, log, { clock })
  return { crawler, clock, detach, lines, messages: () => lines.map(({ msg }) => msg) }
}

const accepted = { task: 't1', url: 'http://a.example/', method: 'GET', host: 'a.example' }
const settled = {
  ...accepted,
  ok: true,
  verdict: 'success',
  reason: 'ok',
  attempts: 1,
  answeredBy: 1,
  hedges: 0,
  elapsedMs: 5,
} as const

describe('a logger that is not of pino', () => {
  const event = {
    host: 'a.example',
    from: 'serving',
    to: 'down',
    reason: 'refused',
    until: undefined,
  } as const

  test.each([
    ['info', 2],
    ['debug', 3],
    [undefined, 2],
  ] as const)('such as Fastify’s, which only has a level (%s), gets every line', async (level, expected) => {
    const lines: string[] = []
    const write = (fields: object, line: string) => lines.push(`${typeof fields} ${line}`)
    const crawler = new ObservedStation()
    const clock = new ManualClock()
    attachLog(crawler, { info: write, warn: write, debug: write, level }, { clock })
    crawler.emit('host.state', event)
    crawler.emit('task.settled', settled)
    crawler.emit('task.accepted', accepted)
    await clock.advance(30_000)
    expect(lines).toHaveLength(expected)
    expect(lines[0]).toBe('object [a.example] serving → down: refused')
  })

  test('that throws when it sums up stops nothing', async () => {
    const broken = () => {
      throw new Error('disk full')
    }
    const crawler = new ObservedStation()
    const clock = new ManualClock()
    attachLog(crawler, { info: broken, warn: broken, debug: broken }, { clock })
    crawler.emit('task.accepted', accepted)
    await expect(clock.advance(60_000)).resolves.toBeUndefined()
  })
})

describe('the log', () => {
  test('a change of a host is one line with the host in front', () => {
    const { crawler, lines } = setUp()
    crawler.emit('host.state', {
      host: 'a.example',
      from: 'serving',
      to: 'throttled',
      reason: 'status-429',
      until: 4_000,
    })
    expect(lines).toEqual([
      expect.objectContaining({ level: 40, msg: '[a.example] serving → throttled: status-429, for 4.0 s' }),
    ])
  })

  test('a proxy is told with its host, or alone when it is out for the whole fleet', () => {
    const { crawler, messages } = setUp()
    const move = {
      proxy: 'socks5://192.0.2.1:1080',
      from: 'closed',
      to: 'open',
      reason: 'dial-refused',
      until: undefined,
    } as const
    crawler.emit('proxy.state', { ...move, host: undefined })
    crawler.emit('proxy.state', { ...move, host: 'a.example' })
    expect(messages()).toEqual([
      'socks5://192.0.2.1:1080 closed → open: dial-refused',
      '[a.example] socks5://192.0.2.1:1080 closed → open: dial-refused',
    ])
  })

  test('single attempts are told at debug only, and not listened to above it', () => {
    const { crawler } = setUp('info')
    expect(crawler.events.listenerCount('outcome')).toBe(0)
    expect(setUp('debug').crawler.events.listenerCount('outcome')).toBe(1)
  })

  test('there is a summary every 30 s while there is work', async () => {
    const { crawler, clock, messages } = setUp()
    crawler.emit('task.accepted', accepted)
    await clock.advance(29_999)
    expect(messages()).toEqual([])
    await clock.advance(1)
    expect(messages()).toEqual([expect.stringContaining('10 succeeded')])
    await clock.advance(30_000)
    expect(messages()).toHaveLength(2)
  })

  test('no timer is left when the work is done', async () => {
    const { crawler, clock } = setUp()
    crawler.emit('task.accepted', accepted)
    expect(clock.waiting).toBe(1)
    crawler.emit('task.settled', settled)
    expect(clock.waiting).toBe(0)
  })

  test('many short tasks still get their summary in time', async () => {
    const { crawler, clock, messages } = setUp()
    for (let turn = 0; turn < 40; turn++) {
      crawler.emit('task.accepted', accepted)
      await clock.advance(1_000)
      crawler.emit('task.settled', settled)
    }
    expect(messages()).toHaveLength(1)
  })

  test('nothing listens after it was detached', () => {
    const { crawler, clock, detach, messages } = setUp('debug')
    crawler.emit('task.accepted', accepted)
    detach()
    expect(crawler.events.eventNames()).toEqual([])
    expect(clock.waiting).toBe(0)
    crawler.emit('alert', { code: 'LEAK', message: 'A lease was lost.' })
    expect(messages()).toEqual([])
  })
})

describe('what a line is about', () => {
  const task = { ...accepted, crawl: 'shop-1', request: 'r1' }
  const proxy = 'socks5://192.0.2.1:1080'
  const outcome = {
    ...task,
    attempt: 1,
    proxy,
    verdict: 'success',
    reason: 'ok',
    status: 200,
    firstByteMs: 80,
    elapsedMs: 120,
    bytes: 2_000,
    blame: { proxy: 0, host: 0 },
    won: true,
  } as const
  const page = { crawl: 'shop-1', request: 'r1', url: task.url, host: task.host }

  /** Every event that a line is written of, once each. */
  function tellAll(crawler: ObservedStation): void {
    const until = undefined
    crawler.emit('task.accepted', task)
    crawler.emit('task.parked', { ...task, reason: 'interval', until })
    crawler.emit('request.waits', { crawl: 'shop-1', request: 'r1', task: 't1', reason: 'robots', until })
    crawler.emit('attempt.started', { ...task, attempt: 1, proxy, why: 'first' })
    crawler.emit('outcome', outcome)
    crawler.emit('task.settled', { ...settled, ...task })
    crawler.emit('request.skipped', { ...page, reason: 'robots', detail: 'robots.txt disallows it' })
    crawler.emit('request.dead', { ...page, code: 'target-faults', detail: 'it is ill' })
    crawler.emit('request.dead', { ...page, code: 'status-404', detail: 'the page answered 404' })
    crawler.emit('host.state', { host: task.host, from: 'serving', to: 'down', reason: 'refused', until })
    crawler.emit('host.state', { host: task.host, from: 'down', to: 'serving', reason: '', until })
    crawler.emit('proxy.state', {
      proxy,
      host: task.host,
      from: 'closed',
      to: 'open',
      reason: 'captcha',
      until,
    })
    crawler.emit('crawl.state', { crawl: 'shop-1', from: 'idle', to: 'running' })
    crawler.emit('log', { crawl: 'shop-1', kind: 'source', message: 'hello' })
    crawler.emit('log', { crawl: 'shop-1', kind: 'skipped', message: 'skipped http://a.example/' })
    crawler.emit('alert', { code: 'LEAK', message: 'Look.' })
    crawler.emit('alert', { code: 'ITEM_INVALID', message: 'Lost.' })
  }

  function written(level: 'trace' | 'debug' | 'info' | 'warn' | 'error') {
    const raw: string[] = []
    const crawler = new ObservedStation()
    const log = createLog({ level, destination: { write: (line) => raw.push(line) } })
    attachLog(crawler, log, { clock: new ManualClock() })
    tellAll(crawler)
    return { raw, lines: raw.map((line) => JSON.parse(line) as Record<string, unknown>) }
  }

  test('stands in fields, each of them once, whatever the line says', () => {
    const { raw, lines } = written('trace')
    expect(lines.filter(({ host }) => host === 'a.example')).toHaveLength(11)
    expect(lines.filter(({ crawl }) => crawl === 'shop-1')).toHaveLength(11)
    expect(lines.filter(({ request }) => request === 'r1')).toHaveLength(9)
    expect(lines.filter(({ task: id }) => id === 't1')).toHaveLength(6)
    expect(lines.filter((line) => line.proxy === proxy)).toHaveLength(3)
    for (const line of lines) {
      if (line.host !== undefined) expect(line.msg).toMatch(/^\[a\.example\] /)
      expect(line.event).toEqual(expect.any(String))
    }
    for (const line of raw.map((each) => each.replace(/"blame":{[^}]*}/, '')))
      for (const name of ['host', 'crawl', 'request', 'task', 'event', 'msg'])
        expect(line.split(`"${name}":`).length, `${name} in ${line}`).toBeLessThanOrEqual(2)
  })

  test('is the same for a logger without children', () => {
    const fields: object[] = []
    const write = (each: object) => fields.push(each)
    const crawler = new ObservedStation()
    const log = { trace: write, debug: write, info: write, warn: write, error: write, level: 'trace' }
    attachLog(crawler, log, { clock: new ManualClock() })
    tellAll(crawler)
    const { lines } = written('trace')
    const bare = lines.map(({ level: _level, time: _time, msg: _msg, ...rest }) => rest)
    expect(JSON.parse(JSON.stringify(fields))).toEqual(bare)
  })

  test.each([
    ['error', ['request.dead', 'alert']],
    ['warn', ['request.dead', 'request.dead', 'host.state', 'alert', 'alert']],
    [
      'info',
      [
        'request.skipped',
        'request.dead',
        'request.dead',
        'host.state',
        'host.state',
        'proxy.state',
        'crawl.state',
        'log',
        'alert',
        'alert',
      ],
    ],
    ['debug', 12],
    ['trace', 16],
  ] as const)('at level %s the lines are those that matter there', (level, expected) => {
    const events = written(level).lines.map(({ event }) => event)
    if (typeof expected === 'number') expect(events).toHaveLength(expected)
    else expect(events).toEqual(expected)
  })

  test('more subjects than are remembered lose none of their fields', () => {
    const { crawler, lines } = setUp('debug')
    for (let n = 0; n < 2_500; n++)
      crawler.emit('outcome', { ...outcome, task: `t${n}`, host: `${n}.example` })
    const told = lines as unknown as { host: string; task: string }[]
    expect(new Set(told.map(({ host, task: id }) => `${host} ${id}`)).size).toBe(2_500)
  })
})

describe('the summary of hosts', () => {
  const told = async (hosts: Record<string, Parameters<typeof hostReading>[0]>, most?: number) => {
    const lines: { msg: string; event: string; host?: string }[] = []
    const crawler = new ObservedStation()
    const clock = new ManualClock()
    const readings = Object.entries(hosts).map(([host, change]) => [host, hostReading(change)])
    crawler.reading = statsReading({ hosts: Object.fromEntries(readings) })
    const log = createLog({ destination: { write: (line) => lines.push(JSON.parse(line)) } })
    attachLog(crawler, log, { clock, ...(most !== undefined && { hosts: most }) })
    await clock.advance(30_000)
    const first = lines.splice(0)
    await clock.advance(30_000)
    return { first, second: lines }
  }

  test('tells of those in trouble, then of the busiest, and how many more there are', async () => {
    const busy = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`${n}.example`, { attempts: n }]))
    const ill = { state: 'down', reason: 'reset', attempts: 1, waiting: 3, waitingFor: 'host-down' } as const
    const { first, second } = await told({ ...busy, 'ill.example': ill })
    expect(first.map(({ event, host }) => host ?? event)).toEqual([
      'summary',
      'ill.example',
      '39.example',
      '38.example',
      '37.example',
      '36.example',
      'summary.host',
    ])
    expect(first[1]!.msg).toBe(
      '[ill.example] down (reset), 1 attempt since the last summary, 0 in flight, 3 waiting (host-down), 20 of 20 proxies healthy, p50 –',
    )
    expect(first.at(-1)!.msg).toBe('and 35 more hosts')
    // Nothing was tried at the others since.
    expect(second.map(({ event, host }) => host ?? event)).toEqual(['summary', 'ill.example'])
  })

  test('is left out where nobody wants it', async () => {
    const { first } = await told({ 'a.example': { attempts: 3 } }, 0)
    expect(first.map(({ event }) => event)).toEqual(['summary'])
  })
})

describe('with a crawler', () => {
  const scenario: Scenario = {
    origins: { a: {}, b: { ban: { afterRequests: 2, answer: 403 } } },
    proxies: [{ name: 'good', count: 3, auth: { username: 'ann', password: 'S3CRET' } }],
  }
  const source = defineSource({
    name: 'two',
    params: z.object({ urls: z.array(z.string()) }),
    item: z.object({ url: z.string() }),
    *seeds({ urls }) {
      for (const url of urls) yield { url, headers: { cookie: 'sid=S3CRET', authorization: 'Bearer S3CRET' } }
    },
    *parse(page) {
      yield page.item({ url: page.url })
    },
  })

  test('all lines of a host are found by its field and by its name in brackets, and none holds a secret', async () => {
    await using lab = await startLab(scenario)
    const raw: string[] = []
    await using crawler = await createCrawler({
      proxies: [...lab.proxies],
      politeness: false,
      trust: 'blind',
    })
    attachLog(crawler, createLog({ level: 'trace', destination: { write: (line) => raw.push(line) } }))
    const { a, b } = lab.origins
    const urls = [1, 2, 3, 4, 5, 6].flatMap((n) => [
      `${a!.url}/bytes/${n}?token=S3CRET`,
      `${b!.url}/bytes/${n}`,
    ])
    await crawler.crawl(source, { urls }).run()
    const lines = raw.map((line) => JSON.parse(line) as Record<string, string | undefined>)
    for (const { host } of [a!, b!]) {
      const byField = lines.filter((line) => line.host === host)
      expect(byField.length).toBeGreaterThan(20)
      expect(lines.filter(({ msg }) => msg!.includes(`[${host}]`))).toEqual(byField)
    }
    // From its first wait to its last word a request is one query.
    const dead = lines.find(({ event }) => event === 'request.dead')
    const life = lines.filter(
      ({ request }) => request === (dead ?? lines.find(({ event }) => event === 'request.done'))!.request,
    )
    expect(new Set(life.map(({ event }) => event))).toContain('attempt.started')
    expect(raw.join('')).not.toContain('S3CRET')
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('the log is broken')
      },
    ],
    ['rejects', () => Promise.reject(new Error('the log is broken'))],
  ])('a logger that %s does not hurt, and is told of once', async (_what, broken) => {
    await using lab = await startLab(scenario)
    await using crawler = await createCrawler({
      proxies: [...lab.proxies],
      politeness: false,
      trust: 'blind',
    })
    const alerts: string[] = []
    crawler.on('alert', ({ code }) => alerts.push(code))
    const log = { trace: broken, debug: broken, info: broken, warn: broken, error: broken, level: 'trace' }
    attachLog(crawler, log as never, { summaryEvery: 1 })
    const urls = [1, 2, 3].map((n) => `${lab.origins.a!.url}/bytes/${n}`)
    const summary = await crawler.crawl(source, { urls }).run()
    expect(summary).toMatchObject({ pages: 3, ending: 'finished' })
    expect(new Set(alerts)).toEqual(new Set(['EXTENSION_FAILED']))
  })
})
