import dns from 'node:dns'
import net from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import {
  direct,
  endpoint,
  fault,
  get,
  makeTransport,
  response,
  startHttpProxy,
  startOrigin,
  startRaw,
  startSocks,
  startTlsOrigin,
  textOf,
  until,
} from './world.ts'

const page = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'

async function countingWorld() {
  const origin = await startOrigin((_, answer) => answer.end('page'))
  const proxy = await startSocks(origin.port)
  return { origin, proxy, via: endpoint('socks5', proxy.port) }
}

test('a connection serves one request after the other', async () => {
  const { proxy, via } = await countingWorld()
  const transport = makeTransport()
  const first = await response(transport, via, get('http://shop.test/1'))
  const second = await response(transport, via, get('http://shop.test/2'))
  expect(proxy.accepted()).toBe(1)
  expect([first.reused, second.reused]).toEqual([false, true])
  expect([first.connectMs > 0, second.connectMs]).toEqual([true, 0])
  expect(transport.stats()).toEqual({ open: 1, idle: 1, running: 0 })
})

test('origins and sessions do not share connections', async () => {
  const { proxy, via } = await countingWorld()
  const transport = makeTransport()
  await response(transport, via, get('http://shop.test/'))
  await response(transport, via, get('http://other.test/'))
  await response(transport, via, get('http://shop.test/'), { session: 'a' })
  await response(transport, via, get('http://shop.test/'), { session: 'b' })
  await response(transport, via, get('http://shop.test/'), { session: 'a' })
  expect(proxy.accepted()).toBe(4)
})

test('rotation by request opens a connection each time and says that it closes', async () => {
  const said: unknown[] = []
  const origin = await startOrigin((request, answer) => {
    said.push(request.headers.connection)
    answer.end()
  })
  const proxy = await startSocks(origin.port)
  const transport = makeTransport({ connections: { rotation: 'request' } })
  for (let i = 0; i < 3; i++) {
    await response(transport, endpoint('socks5', proxy.port), get('http://shop.test/'))
    expect(transport.stats().open).toBe(0)
  }
  expect(proxy.accepted()).toBe(3)
  expect(said).toEqual(['close', 'close', 'close'])
})

test('a connection is replaced after its last request', async () => {
  const { proxy, via } = await countingWorld()
  const transport = makeTransport({ connections: { maxRequestsPerConnection: 2 } })
  for (let i = 0; i < 5; i++) await response(transport, via, get('http://shop.test/'))
  expect(proxy.accepted()).toBe(3)
})

test.each(['connectionMaxAge', 'idleMax'] as const)(
  'a connection beyond %s is not used again',
  async (limit) => {
    const { proxy, via } = await countingWorld()
    let shift = 0
    const clock = { ...systemClock, now: () => systemClock.now() + shift }
    const transport = makeTransport({ clock, connections: { [limit]: 60_000 } })
    await response(transport, via, get('http://shop.test/'))
    shift = 61_000
    await response(transport, via, get('http://shop.test/'))
    expect(proxy.accepted()).toBe(2)
    expect(transport.stats()).toEqual({ open: 1, idle: 1, running: 0 })
  },
)

test('an idle connection is closed when its time is over', async () => {
  const { proxy, via } = await countingWorld()
  const transport = makeTransport({ connections: { idleMax: 100 } })
  await response(transport, via, get('http://shop.test/'))
  expect(transport.stats().idle).toBe(1)
  await until(() => transport.stats().open === 0 && proxy.open() === 0)
  expect(transport.stats().idle).toBe(0)
})

test('of too many idle connections the one goes that has waited longest', async () => {
  const { proxy, via } = await countingWorld()
  const transport = makeTransport({ mostIdle: 2 })
  const ask = async (name: string) => (await response(transport, via, get(`http://${name}.test/`))).reused
  expect([await ask('one'), await ask('two'), await ask('one'), await ask('three')]).toEqual([
    false,
    false,
    true,
    false,
  ])
  expect(transport.stats()).toEqual({ open: 2, idle: 2, running: 0 })
  expect([await ask('one'), await ask('three'), await ask('two')]).toEqual([true, true, false])
  await until(() => proxy.open() === 2)
})

test('idle connections are closed when this machine is out of sockets', async () => {
  const { proxy, via } = await countingWorld()
  const transport = makeTransport()
  await response(transport, via, get('http://shop.test/'))
  const connect = vi.spyOn(net.Socket.prototype, 'connect')
  onTestFinished(() => connect.mockRestore())
  connect.mockImplementationOnce(function (this: net.Socket) {
    return this.destroy(Object.assign(new Error('too many'), { code: 'EMFILE' }))
  })
  const result = await fault(transport, via, get('http://other.test/'))
  expect(result.cause).toBe('local-resources')
  expect(transport.stats()).toEqual({ open: 0, idle: 0, running: 0 })
  await until(() => proxy.open() === 0)
})

test('an idle connection that the server closes is dropped at once', async () => {
  const { origin, via } = await countingWorld()
  const transport = makeTransport()
  await response(transport, via, get('http://shop.test/'))
  for (const socket of origin.sockets) socket.end()
  await until(() => transport.stats().open === 0)
  expect(transport.stats().idle).toBe(0)
})

/** Serves the first request of each connection; lets the next one run into a reset, until `limit` connections. */
async function startStale(limit: number) {
  let connections = 0
  const received: string[] = []
  const running = await startRaw((socket) => {
    const stale = ++connections <= limit
    let requests = 0
    socket.on('data', (chunk) => {
      received.push(chunk.toString('latin1').split(' ')[0]!)
      if (++requests > 1 && stale) socket.resetAndDestroy()
      else socket.write(page)
    })
  })
  return { ...running, received }
}

test('a kept connection that turns out dead is replaced without anybody noticing', async () => {
  const origin = await startStale(1)
  const transport = makeTransport()
  const url = `http://127.0.0.1:${origin.port}/`
  await response(transport, direct, get(url))
  const second = await response(transport, direct, get(url))
  expect(second).toMatchObject({ status: 200, reused: false })
  expect(origin.accepted()).toBe(2)
})

test('what must not be sent twice is delivered as a stale socket', async () => {
  const origin = await startStale(1)
  const transport = makeTransport()
  const url = `http://127.0.0.1:${origin.port}/`
  await response(transport, direct, get(url))
  const result = await fault(transport, direct, get(url, { method: 'POST', body: 'order' }))
  expect(result).toMatchObject({ phase: 'headers', cause: 'stale-socket', reused: true })
  expect(origin.received.filter((method) => method === 'POST')).toHaveLength(1)
})

/** Answers the first request with one text, and all others with another. */
async function startAnswers(first: string, later: string) {
  const methods: string[] = []
  const running = await startRaw((socket) => {
    socket.on('data', (chunk) => {
      socket.write(methods.push(chunk.toString('latin1').split(' ')[0]!) === 1 ? first : later)
    })
  })
  return { ...running, methods, url: `http://127.0.0.1:${running.port}/` }
}

const chunkedHead = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'

test('on a kept connection the empty line behind the last chunk may be missing', async () => {
  const origin = await startAnswers(page, `${chunkedHead}2\r\nok\r\n0\r\n`)
  const transport = makeTransport()
  await response(transport, direct, get(origin.url))
  const answer = await response(transport, direct, get(origin.url, { method: 'POST', body: 'order' }))
  expect([answer.status, textOf(answer), answer.reused]).toEqual([200, 'ok', true])
  expect(origin.methods).toEqual(['GET', 'POST'])
  expect(transport.stats().open).toBe(0)
})

test('on a kept connection bytes behind the answer make it doubtful', async () => {
  const origin = await startAnswers(page, `${page}${page}`)
  const transport = makeTransport()
  await response(transport, direct, get(origin.url))
  const result = await fault(transport, direct, get(origin.url, { method: 'POST', body: 'order' }))
  expect(result).toMatchObject({ cause: 'stale-socket', reused: true })
})

test.each([
  ['of HTTP/1.0', 'HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ntransfer-encoding: chunked'],
  ['announced twice', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked'],
  ['with a coding behind them', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked, identity'],
  ['of an odd name', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked;q=1'],
])('after chunks %s, which another reader may not see, the connection is not used again', async (_, head) => {
  const origin = await startAnswers(`${head}\r\n\r\n2\r\nok\r\n0\r\n\r\n`, page)
  const transport = makeTransport()
  expect(textOf(await response(transport, direct, get(origin.url)))).toBe('ok')
  expect(transport.stats().open).toBe(0)
})

test('a length that no number holds lasts until the connection ends, which is not kept', async () => {
  const head = `HTTP/1.1 200 OK\r\ncontent-length: ${'9'.repeat(400)}\r\n\r\n`
  const origin = await startRaw((socket) => socket.once('data', () => socket.end(`${head}ok`)))
  const transport = makeTransport()
  const answer = await response(transport, direct, get(`http://127.0.0.1:${origin.port}/`))
  expect([textOf(answer), transport.stats().idle]).toEqual(['ok', 0])
})

test('what must not be sent twice does not follow at once where a proxy forwards, which may be closing', async () => {
  const proxy = await startStale(1)
  let shift = 0
  const transport = makeTransport({ clock: { ...systemClock, now: () => systemClock.now() + shift } })
  const ask = (method: string) =>
    response(transport, endpoint('http', proxy.port), get('http://shop.test/', { method, body: 'order' }))
  await ask('GET')
  expect(await ask('POST')).toMatchObject({ status: 200, reused: false })
  shift = 1_000
  expect(await ask('POST')).toMatchObject({ status: 200, reused: true })
  expect(proxy.received).toEqual(['GET', 'POST', 'POST'])
})

test('a response that says close is the last of its connection', async () => {
  const origin = await startOrigin((_, answer) => answer.writeHead(200, { connection: 'close' }).end('bye'))
  const transport = makeTransport()
  await response(transport, direct, get(`http://127.0.0.1:${origin.port}/`))
  expect(transport.stats()).toEqual({ open: 0, idle: 0, running: 0 })
})

test('many at once through one proxy come home, and the sockets do not grow', async () => {
  const { proxy, via } = await countingWorld()
  const transport = makeTransport()
  for (let round = 0; round < 5; round++) {
    await Promise.all(Array.from({ length: 20 }, () => response(transport, via, get('http://shop.test/'))))
  }
  expect(proxy.accepted()).toBe(20)
  transport.forget(via.id)
  await until(() => proxy.open() === 0)
})

test('no name of a target is ever resolved here', async () => {
  const looked: unknown[] = []
  const lookup = dns.lookup
  const spies = [
    vi.spyOn(dns, 'lookup').mockImplementation(((...call: unknown[]) => {
      looked.push(call[0])
      return Reflect.apply(lookup, dns, call)
    }) as typeof dns.lookup),
    vi.spyOn(dns, 'resolve4'),
    vi.spyOn(dns, 'resolve'),
  ]
  const connect = vi.spyOn(net.Socket.prototype, 'connect')
  try {
    const plain = await startOrigin((_, answer) => answer.end())
    const secure = await startTlsOrigin((_, answer) => answer.end())
    const transport = makeTransport()
    for (const protocol of ['socks5', 'socks5h', 'socks4', 'socks4a'] as const) {
      const proxy = await startSocks(plain.port)
      const secureProxy = await startSocks(secure.port)
      await response(transport, endpoint(protocol, proxy.port, 'localhost'), get('http://plain.origin.test/'))
      await response(transport, endpoint(protocol, secureProxy.port), get('https://origin.test/'))
      expect(proxy.asked).toMatchObject([{ addressType: 3, host: 'plain.origin.test' }])
      expect(secureProxy.asked).toMatchObject([{ addressType: 3, host: 'origin.test' }])
    }
    const http = await startHttpProxy(plain.port)
    const https = await startHttpProxy(secure.port, { secure: true })
    await response(transport, endpoint('http', http.port, 'localhost'), get('http://plain.origin.test/'))
    await response(transport, endpoint('https', https.port, 'localhost'), get('https://origin.test/'))
    expect(https.lines).toEqual(['CONNECT origin.test:443'])
    // Deno's sockets look names up elsewhere; there, what was dialled is the proof.
    if (!('Deno' in globalThis)) expect(looked).toContain('localhost')
    expect(looked.filter((name) => String(name).endsWith('origin.test'))).toEqual([])
    expect(spies[1]).not.toHaveBeenCalled()
    expect(spies[2]).not.toHaveBeenCalled()
    const dialled = connect.mock.calls.flat(2).map((each) => (each as { host?: string } | null)?.host)
    expect(dialled.filter((host) => host?.endsWith('origin.test'))).toEqual([])
  } finally {
    vi.restoreAllMocks()
  }
})
