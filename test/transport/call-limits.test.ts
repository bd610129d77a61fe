import { expect, test } from 'vitest'
import type { TransportLimits } from '../../src/contracts/transport.ts'
import { endpoint, fault, get, makeTransport, response, startOrigin, startSocks } from './world.ts'

/** What a call may ask for, over what the transport was made with: that is generous here. */
const generous: TransportLimits = {
  timeouts: {
    dial: 2_000,
    handshake: 2_000,
    tls: 2_000,
    firstByte: 2_000,
    idle: 2_000,
    total: 10_000,
    minRate: 0,
  },
  maxBody: 1_000_000,
  connections: {
    rotation: 'connection',
    maxRequestsPerConnection: 1_000,
    connectionMaxAge: 300_000,
    idleMax: 15_000,
  },
}

async function openSite() {
  const origin = await startOrigin((request, answer) => {
    if (request.url === '/never') return
    if (request.url === '/stalls') answer.write('a')
    else answer.end('x'.repeat(5_000))
  })
  const proxy = await startSocks(origin.port)
  return { origin, via: endpoint('socks5h', proxy.port), transport: makeTransport() }
}

test.each<[string, string, Partial<TransportLimits>]>([
  ['headers-timeout', '/never', { timeouts: { ...generous.timeouts, firstByte: 60 } }],
  ['body-timeout', '/stalls', { timeouts: { ...generous.timeouts, idle: 60 } }],
  ['total-timeout', '/never', { timeouts: { ...generous.timeouts, total: 60 } }],
  ['body-too-large', '/page', { maxBody: 4_999 }],
])('%s comes by the call’s own limit', async (cause, path, own) => {
  const { transport, via } = await openSite()
  const result = await fault(transport, via, get(`http://a.test${path}`), { limits: { ...generous, ...own } })
  expect(result.cause).toBe(cause)
  const plain = await response(transport, via, get('http://a.test/page'))
  expect([plain.status, plain.body.length]).toEqual([200, 5_000])
})

test('a connection is kept as the call says that opened it', async () => {
  const { transport, via, origin } = await openSite()
  const own = {
    limits: { ...generous, connections: { ...generous.connections, rotation: 'request' as const } },
  }
  for (let n = 0; n < 3; n++) await response(transport, via, get('http://a.test/page'), own)
  expect([origin.accepted(), transport.stats().idle]).toEqual([3, 0])
  for (let n = 0; n < 3; n++) await response(transport, via, get('http://a.test/page'))
  expect([origin.accepted(), transport.stats().idle]).toEqual([4, 1])
})
