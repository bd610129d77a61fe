import dns from 'node:dns'
import { expect, test, vi } from 'vitest'
import {
  direct,
  endpoint,
  fault,
  get,
  makeTransport,
  response,
  startOrigin,
  startRaw,
  startSocks,
  textOf,
} from './world.ts'

async function site(pages: Record<string, [status: number, location: string]>) {
  const seen: string[] = []
  const origin = await startOrigin((request, answer) => {
    seen.push(`${request.method} ${request.headers.host}${request.url}`)
    const [status, location] = pages[request.url!] ?? [200, '']
    if (location) answer.setHeader('location', location)
    answer.writeHead(status).end(request.url)
  })
  const proxy = await startSocks(origin.port)
  return { seen, proxy, via: endpoint('socks5h', proxy.port) }
}

test('a redirect is delivered as it is, and nothing is asked where it leads', async () => {
  const { via, seen } = await site({ '/a': [302, '/b'] })
  const result = await response(makeTransport(), via, get('http://shop.test/a'))
  expect([result.status, result.headers.location, textOf(result)]).toEqual([302, '/b', '/a'])
  expect([result.url, result.redirects]).toEqual(['http://shop.test/a', []])
  expect(seen).toEqual(['GET shop.test/a'])
})

test.each([
  ['ends too early', 'Content-Length: 100\r\n\r\nmoved'],
  ['is no gzip', 'Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nmoved'],
  ['has a coding that nobody knows', 'Content-Encoding: odd\r\nContent-Length: 5\r\n\r\nmoved'],
  ['is too long', `Content-Length: 2000000\r\n\r\n`],
])('a redirect whose body %s is one all the same', async (_, rest) => {
  const server = await startRaw((socket) => {
    socket.once('data', () => socket.end(`HTTP/1.1 302 Found\r\nLocation: /b\r\n${rest}`))
  })
  const result = await response(makeTransport(), direct, get(`http://127.0.0.1:${server.port}/`))
  expect([result.status, result.headers.location]).toEqual([302, '/b'])
})

test.each([
  'http://127.0.0.1/',
  'http://localhost/',
  'http://a.localhost./',
  'http://2130706433/',
  'http://0x7f.1/',
  'http://[::1]/',
  'http://[::ffff:10.0.0.1]/',
  'http://10.1.2.3/',
  'http://169.254.169.254/latest/meta-data',
  'http://192.168.0.1/',
  'http://0.0.0.0/',
])('a request that must stay outside goes nowhere near %s', async (location) => {
  const { via, seen } = await site({})
  const transport = makeTransport({ allowPrivateTargets: false })
  expect((await fault(transport, via, get(location))).cause).toBe('private-target')
  expect(seen).toEqual([])
})

// Deno's sockets look names up where a test cannot reach.
test.skipIf('Deno' in globalThis)(
  'a name that leads to a private address is refused when there is no proxy to refuse it',
  async () => {
    const inside = await startRaw(() => {})
    const lookup = vi.spyOn(dns, 'lookup').mockImplementation(((_: string, __: unknown, done: unknown) => {
      ;(done as (error: null, found: unknown) => void)(null, [{ address: '127.0.0.1', family: 4 }])
    }) as typeof dns.lookup)
    try {
      const transport = makeTransport({ allowPrivateTargets: false })
      const result = await fault(transport, direct, get(`http://inside.test:${inside.port}/`))
      expect(result.cause).toBe('private-target')
      expect(transport.stats().open).toBe(0)
      // Not even knocked at; and the address that was checked is the only one there was to dial.
      expect(inside.accepted()).toBe(0)
      expect(lookup).toHaveBeenCalledOnce()
    } finally {
      lookup.mockRestore()
    }
  },
)
