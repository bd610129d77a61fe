import { expect, test } from 'vitest'
import type { Phase } from '../../src/contracts/outcome.ts'
import { CredentialVault } from '../../src/transport/credentials.ts'
import {
  direct,
  endpoint,
  get,
  makeTransport,
  response,
  startHttpProxy,
  startOrigin,
  startSocks,
  startTlsOrigin,
  textOf,
} from './world.ts'

const account = { username: 'anna', password: 'pa:ss' }

function vaultFor(proxyId: string): CredentialVault {
  const vault = new CredentialVault()
  vault.set(proxyId, account)
  return vault
}

test.each(['socks5', 'socks5h', 'socks4', 'socks4a'] as const)(
  'a page comes through a %s proxy, which resolves the name',
  async (protocol) => {
    const origin = await startOrigin((request, answer) => answer.end(`host ${request.headers.host}`))
    const proxy = await startSocks(origin.port)
    const result = await response(makeTransport(), endpoint(protocol, proxy.port), get('http://shop.test/a'))
    expect(textOf(result)).toBe('host shop.test')
    expect(proxy.asked).toMatchObject([{ addressType: 3, host: 'shop.test', port: 80 }])
    expect(result).toMatchObject({
      url: 'http://shop.test/a',
      reused: false,
      verified: false,
      forwarded: false,
    })
  },
)

test('an IPv4 target is sent as an address', async () => {
  const origin = await startOrigin((_, answer) => answer.end())
  const proxy = await startSocks(origin.port)
  const transport = makeTransport()
  await response(transport, endpoint('socks5', proxy.port), get('http://192.0.2.7:81/'))
  await response(transport, endpoint('socks4', proxy.port), get('http://192.0.2.7:81/'))
  await response(transport, endpoint('socks5', proxy.port), get('http://[2001:db8::7]/'))
  expect(proxy.asked.map((each) => [each.version, each.addressType, each.port])).toEqual([
    [5, 1, 81],
    [4, 1, 81],
    [5, 4, 80],
  ])
  expect(proxy.asked[0]?.host).toBe('192.0.2.7')
})

test('SOCKS5 logs in with user name and password', async () => {
  const origin = await startOrigin((_, answer) => answer.end('in'))
  const proxy = await startSocks(origin.port, { account })
  const via = endpoint('socks5h', proxy.port)
  const result = await response(
    makeTransport({ credentials: vaultFor(via.id) }),
    via,
    get('http://shop.test/'),
  )
  expect(textOf(result)).toBe('in')
})

test('a SOCKS reply in single bytes is understood', async () => {
  const origin = await startOrigin((_, answer) => answer.end('bytewise'))
  const proxy = await startSocks(origin.port, { account, bytewise: true })
  const via = endpoint('socks5', proxy.port)
  const result = await response(
    makeTransport({ credentials: vaultFor(via.id) }),
    via,
    get('http://shop.test/'),
  )
  expect(textOf(result)).toBe('bytewise')
})

test.each(['socks5h', 'http', 'https'] as const)(
  'TLS is verified through a tunnel of %s',
  async (protocol) => {
    const origin = await startTlsOrigin((request, answer) => answer.end(`over TLS ${request.httpVersion}`))
    const proxy =
      protocol === 'socks5h'
        ? await startSocks(origin.port)
        : await startHttpProxy(origin.port, { secure: protocol === 'https' })
    const phases: Phase[] = []
    const result = await response(
      makeTransport(),
      endpoint(protocol, proxy.port),
      get('https://origin.test/'),
      {
        phases,
      },
    )
    expect(textOf(result)).toBe('over TLS 1.1')
    expect(result.verified).toBe(true)
    expect(phases).toEqual(['dial', 'handshake', 'tls', 'headers', 'body'])
  },
)

test('CONNECT carries the login of the proxy and any 2xx opens the tunnel', async () => {
  const origin = await startTlsOrigin((request, answer) => answer.end(JSON.stringify(request.headers)))
  const proxy = await startHttpProxy(origin.port)
  const via = endpoint('http', proxy.port)
  const result = await response(
    makeTransport({ credentials: vaultFor(via.id) }),
    via,
    get('https://origin.test/'),
  )
  expect(proxy.lines).toEqual(['CONNECT origin.test:443'])
  expect(proxy.logins).toEqual([`Basic ${Buffer.from('anna:pa:ss').toString('base64')}`])
  expect(textOf(result)).not.toContain('proxy-authorization')
})

test('plain HTTP through an HTTP proxy is sent in absolute form, the login to the proxy only', async () => {
  const origin = await startOrigin((request, answer) => answer.end(JSON.stringify(request.headers)))
  const proxy = await startHttpProxy(origin.port)
  const via = endpoint('http', proxy.port)
  const transport = makeTransport({ credentials: vaultFor(via.id) })
  const headers = { 'proxy-authorization': 'mine', 'x-kept': 'yes', connection: 'x-odd', te: 'trailers' }
  const result = await response(transport, via, get('http://shop.test/a?b=c', { headers }))
  expect(proxy.lines).toEqual(['GET http://shop.test/a?b=c'])
  expect(proxy.logins).toEqual([`Basic ${Buffer.from('anna:pa:ss').toString('base64')}`])
  expect(result.forwarded).toBe(true)
  expect(JSON.parse(textOf(result))).toMatchObject({ host: 'shop.test', 'x-kept': 'yes' })
  expect(textOf(result)).not.toContain('trailers')
})

test('an HTTPS proxy forwards plain HTTP', async () => {
  const origin = await startOrigin((_, answer) => answer.end('forwarded'))
  const proxy = await startHttpProxy(origin.port, { secure: true })
  const result = await response(makeTransport(), endpoint('https', proxy.port), get('http://shop.test/'))
  expect(textOf(result)).toBe('forwarded')
  expect(result.verified).toBe(false)
})

test('direct dials the target', async () => {
  const origin = await startTlsOrigin((_, answer) => answer.end('direct'))
  const result = await response(makeTransport(), direct, get(`https://localhost:${origin.port}/`))
  expect(textOf(result)).toBe('direct')
  expect(result.verified).toBe(true)
})

test('a body is sent and counted', async () => {
  const origin = await startOrigin((request, answer) => request.pipe(answer))
  const proxy = await startSocks(origin.port)
  const request = get('http://shop.test/', { method: 'POST', body: 'naïve' })
  const result = await response(makeTransport(), endpoint('socks5', proxy.port), request)
  expect(textOf(result)).toBe('naïve')
  expect(result.bytes).toBe(12)
})
