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
  const seen: { line: string; headers: NodeJS.Dict<string | string[]>; body: string }[] = []
  const origin = await startOrigin(async (request, answer) => {
    let body = ''
    for await (const chunk of request) body += chunk
    seen.push({
      line: `${request.method} ${request.headers.host}${request.url}`,
      headers: request.headers,
      body,
    })
    const [status, location] = pages[request.url!] ?? [200, '']
    if (location) answer.setHeader('location', location)
    answer.writeHead(status).end(request.url)
  })
  const proxy = await startSocks(origin.port)
  return { seen, proxy, via: endpoint('socks5h', proxy.port) }
}

test('redirects are followed through the same proxy, hop by hop', async () => {
  const { via, proxy, seen } = await site({
    '/a': [301, '/b?x=1#part'],
    '/b?x=1': [302, 'http://other.test/c'],
    '/c': [307, '//third.test/d'],
  })
  const result = await response(makeTransport(), via, get('http://shop.test/a'))
  expect([result.url, textOf(result)]).toEqual(['http://third.test/d', '/d'])
  expect(result.redirects).toEqual(['http://shop.test/a', 'http://shop.test/b?x=1', 'http://other.test/c'])
  expect(proxy.asked.map((each) => each.host)).toEqual(['shop.test', 'other.test', 'third.test'])
  expect(seen).toHaveLength(4)
  expect(result.bytes).toBe('/a/b?x=1/c/d'.length)
})

test.each([
  [301, 'POST', 'GET', ''],
  [302, 'POST', 'GET', ''],
  [303, 'POST', 'GET', ''],
  [303, 'PUT', 'GET', ''],
  [303, 'HEAD', 'HEAD', ''],
  [302, 'PUT', 'PUT', 'order'],
  [307, 'POST', 'POST', 'order'],
  [308, 'POST', 'POST', 'order'],
])('%d turns %s into %s', async (status, before, after, body) => {
  const { via, seen } = await site({ '/a': [status, '/b'] })
  const headers = { 'content-type': 'text/plain', 'x-mine': 'yes' }
  const request = get('http://shop.test/a', {
    method: before,
    headers,
    ...(before !== 'HEAD' && { body: 'order' }),
  })
  await response(makeTransport(), via, request)
  expect(seen[1]).toMatchObject({ line: `${after} shop.test/b`, body })
  expect(seen[1]?.headers['x-mine']).toBe('yes')
  if (before !== after) expect(seen[1]?.headers).not.toHaveProperty('content-type')
})

test('what proves who we are does not leave the origin', async () => {
  const { via, seen } = await site({ '/a': [302, '/b'], '/b': [302, 'http://other.test/c'] })
  const headers = { authorization: 'Bearer x', cookie: 'a=1', accept: '*/*' }
  await response(makeTransport(), via, get('http://shop.test/a', { headers }))
  expect(seen[1]?.headers).toMatchObject(headers)
  expect(seen[2]?.headers).not.toHaveProperty('authorization')
  expect(seen[2]?.headers).not.toHaveProperty('cookie')
  expect(seen[2]?.headers.accept).toBe('*/*')
})

test('a circle ends', async () => {
  const { via, seen } = await site({ '/a': [302, '/b'], '/b': [302, '/a'] })
  const result = await fault(makeTransport(), via, get('http://shop.test/a'))
  expect([result.phase, result.cause]).toEqual(['redirect', 'redirect-limit'])
  expect(seen).toHaveLength(2)
})

test('more redirects than allowed end', async () => {
  const { via } = await site({ '/a': [302, '/b'], '/b': [302, '/c'], '/c': [302, '/d'] })
  const result = await fault(makeTransport({ maxRedirects: 2 }), via, get('http://shop.test/a'))
  expect(result.cause).toBe('redirect-limit')
})

test('without redirects allowed, the redirect is the answer', async () => {
  const { via } = await site({ '/a': [302, '/b'] })
  const result = await response(makeTransport({ maxRedirects: 0 }), via, get('http://shop.test/a'))
  expect([result.status, result.headers.location]).toEqual([302, '/b'])
})

test('a redirect that leads nowhere is the answer', async () => {
  const { via } = await site({ '/a': [302, ''] })
  expect((await response(makeTransport(), via, get('http://shop.test/a'))).status).toBe(302)
})

test.each([
  'ftp://shop.test/',
  'file:///etc/passwd',
  'http://',
  'javascript:alert(1)',
  'mailto:a@shop.test',
  'data:text/html,hello',
])('a redirect to %s is not followed', async (location) => {
  const { via } = await site({ '/a': [302, location] })
  const result = await fault(makeTransport(), via, get('http://shop.test/a'))
  expect([result.phase, result.cause]).toEqual(['redirect', 'redirect-not-web'])
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
])('a crawl that must stay outside goes nowhere near %s', async (location) => {
  const { via, seen } = await site({ '/a': [302, location] })
  const transport = makeTransport({ allowPrivateTargets: false })
  expect((await fault(transport, via, get('http://shop.test/a'))).cause).toBe('private-target')
  expect(seen).toHaveLength(1)
  expect((await fault(transport, via, get(location))).cause).toBe('private-target')
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
