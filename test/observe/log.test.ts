import { describe, expect, test } from 'vitest'
import { attachLog, createLog } from '../../src/observe/log.ts'
import { ObservedStation } from '../cli/readings.ts'
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

const accepted = { task: 't1', url: 'http://a.example/', host: 'a.example' }
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
    crawler.emit('task.parked', { task: 't1', host: 'a.example', reason: 'host-down', until: undefined })
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
