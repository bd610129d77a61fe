import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import type { Clock } from '../../src/base/clock.ts'
import { systemClock } from '../../src/base/clock.ts'
import type { FaultCause, Phase } from '../../src/contracts/outcome.ts'
import { direct, endpoint, fault, get, makeTransport, response, startRaw, textOf, until } from './world.ts'

const short = { firstByte: 150, idle: 150 }

type Serve = (socket: Socket) => void

/** Waits for a request, then does `answer`. */
const answering =
  (answer: Serve): Serve =>
  (socket) => {
    socket.once('data', () => answer(socket))
  }
const writing = (text: string) => answering((socket) => socket.write(text))
const ending = (text: string) => answering((socket) => socket.end(text))
const ok = (...headers: string[]) => `HTTP/1.1 200 OK\r\n${headers.map((each) => `${each}\r\n`).join('')}\r\n`

const cases: [string, Serve, Phase, FaultCause][] = [
  ['is silent', () => {}, 'headers', 'headers-timeout'],
  ['hangs up without an answer', ending(''), 'headers', 'reset'],
  ['resets without an answer', answering((socket) => socket.resetAndDestroy()), 'headers', 'reset'],
  ['hangs up inside its head', ending('HTTP/1.1 200 OK\r\ncontent-'), 'headers', 'reset'],
  ['does not speak HTTP', writing('220 mail.test ESMTP\r\n'), 'headers', 'http-garbage'],
  [
    'sends an endless head',
    writing(`HTTP/1.1 200 OK\r\n${'a: bbbbbbbb\r\n'.repeat(30_000)}`),
    'headers',
    'head-too-large',
  ],
  ['stops inside the body', writing(`${ok('content-length: 9')}half`), 'body', 'body-timeout'],
  ['ends before the announced length', ending(`${ok('content-length: 9')}half`), 'body', 'body-short'],
  [
    'closes before the announced length',
    ending(`${ok('connection: close', 'content-length: 9')}half`),
    'body',
    'body-short',
  ],
  [
    'ends without the last chunk',
    ending(`${ok('transfer-encoding: chunked')}4\r\nhalf\r\n`),
    'body',
    'body-short',
  ],
  [
    'ends inside a chunk',
    ending(`${ok('connection: close', 'transfer-encoding: chunked')}9\r\nhalf`),
    'body',
    'body-short',
  ],
  ['sends a bad chunk', writing(`${ok('transfer-encoding: chunked')}zz\r\nhalf\r\n`), 'body', 'malformed'],
  ['sends two lengths', writing(ok('content-length: 1', 'content-length: 2')), 'headers', 'malformed'],
  ['announces a body over the cap', writing(ok('content-length: 9000000')), 'body', 'body-too-large'],
  ['sends a body over the cap', writing(`${ok()}${'x'.repeat(1_100_000)}`), 'body', 'body-too-large'],
]

test.each(cases)('a target that %s', async (_, serve, phase, cause) => {
  const origin = await startRaw(serve)
  const transport = makeTransport(cause.endsWith('timeout') ? { timeouts: short } : {})
  const result = await fault(transport, direct, get(`http://127.0.0.1:${origin.port}/`))
  expect([result.phase, result.cause], result.detail).toEqual([phase, cause])
  expect(transport.stats()).toEqual({ open: 0, idle: 0, running: 0 })
  await until(() => origin.open() === 0)
})

test('a target that resets inside the body', async () => {
  const origin = await startRaw(writing(`${ok('content-length: 9')}half`))
  const phases: Phase[] = []
  const result = fault(makeTransport(), direct, get(`http://127.0.0.1:${origin.port}/`), { phases })
  await until(() => phases.includes('body'))
  for (const socket of origin.sockets) socket.resetAndDestroy()
  expect(await result).toMatchObject({ phase: 'body', cause: 'body-reset' })
})

test('a body that ends with the connection is complete', async () => {
  const origin = await startRaw(ending('HTTP/1.0 200 OK\r\n\r\nto the end'))
  const result = await response(makeTransport(), direct, get(`http://127.0.0.1:${origin.port}/`))
  expect(textOf(result)).toBe('to the end')
})

test('a response before the response (103) is passed over', async () => {
  const origin = await startRaw(
    writing(`HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n${ok('content-length: 2')}ok`),
  )
  const result = await response(makeTransport(), direct, get(`http://127.0.0.1:${origin.port}/`))
  expect([result.status, textOf(result)]).toEqual([200, 'ok'])
})

test('a body at one byte a time is given up by its rate', async () => {
  // Time runs thirty times as fast, so that the judgement after five seconds comes soon.
  const fast: Clock = {
    now: () => systemClock.now() * 30,
    wall: () => systemClock.wall(),
    after: (ms, fire) => systemClock.after(ms / 30, fire),
    soon: systemClock.soon,
  }
  const origin = await startRaw(
    answering((socket) => {
      socket.write(ok('content-length: 100000'))
      const drip = () => {
        if (socket.destroyed) return
        socket.write('x')
        setImmediate(() => setImmediate(drip))
      }
      drip()
    }),
  )
  const transport = makeTransport({
    clock: fast,
    timeouts: { idle: 60_000, total: 600_000, minRate: 1_000_000 },
  })
  const result = await fault(transport, direct, get(`http://127.0.0.1:${origin.port}/`))
  expect(result).toMatchObject({ phase: 'body', cause: 'body-slow' })
  expect(result.totalMs).toBeGreaterThanOrEqual(5_000)
})

test('the total limit ends a body that goes on and on', async () => {
  const origin = await startRaw(
    answering((socket) => {
      socket.write(ok())
      const drip = () => {
        if (socket.destroyed) return
        socket.write('x')
        setImmediate(drip)
      }
      drip()
    }),
  )
  const transport = makeTransport({ timeouts: { total: 200 } })
  const result = await fault(transport, direct, get(`http://127.0.0.1:${origin.port}/`))
  expect(result).toMatchObject({ phase: 'body', cause: 'total-timeout' })
})

test('a login that is asked for behind a forwarding proxy is the proxy’s', async () => {
  const proxy = await startRaw(writing('HTTP/1.1 407 Login\r\ncontent-length: 0\r\n\r\n'))
  const transport = makeTransport()
  const forwarded = await fault(transport, endpoint('http', proxy.port), get('http://shop.test/'))
  expect(forwarded).toMatchObject({ cause: 'proxy-auth', code: 407 })
  const tunnelled = await response(transport, direct, get(`http://127.0.0.1:${proxy.port}/`))
  expect(tunnelled.status).toBe(407)
})

test.each(['ftp://shop.test/', 'nonsense', 'file:///etc/passwd'])('%s is not fetched', async (url) => {
  const result = await fault(makeTransport(), direct, get(url))
  expect(result.cause).toBe('request-invalid')
})

test('a header that HTTP does not allow is a fault, not an exception', async () => {
  const origin = await startRaw(() => {})
  const headers = { 'x-bad': 'a\r\nb: c' }
  const transport = makeTransport()
  const result = await fault(transport, direct, get(`http://127.0.0.1:${origin.port}/`, { headers }))
  expect(result.cause).toBe('request-invalid')
  expect(transport.stats().open).toBe(0)
})
