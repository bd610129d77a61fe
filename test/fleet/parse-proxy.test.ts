import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ProxyProtocol } from '../../src/contracts/endpoint.ts'
import { RegattaError } from '../../src/contracts/errors.ts'
import { labelProxy, proxyUrl } from '../../src/fleet/label.ts'
import { parseProxy, readProxy } from '../../src/fleet/parse-proxy.ts'

const shown = (text: string) => {
  const { endpoint, credentials } = parseProxy(text)
  return [endpoint.protocol, endpoint.host, endpoint.port, credentials?.username, credentials?.password]
}

test.each([
  ['192.0.2.1:1080', ['http', '192.0.2.1', 1080, undefined, undefined]],
  ['Gate.Example.:80', ['http', 'gate.example', 80, undefined, undefined]],
  ['[2001:DB8:0::1]:3128', ['http', '2001:db8::1', 3128, undefined, undefined]],
  ['user:pass@gate.example:8000', ['http', 'gate.example', 8000, 'user', 'pass']],
  ['user:p%40ss:word@gate.example:8000', ['http', 'gate.example', 8000, 'user', 'p@ss:word']],
  ['user:p@ss@gate.example:8000', ['http', 'gate.example', 8000, 'user', 'p@ss']],
  ['user:100%@gate.example:8000', ['http', 'gate.example', 8000, 'user', '100%']],
  ['user@gate.example:8000', ['http', 'gate.example', 8000, 'user', '']],
  ['gate.example:8000:user:pa:ss', ['http', 'gate.example', 8000, 'user', 'pa:ss']],
  ['gate.example:8000:user:p%40@ss', ['http', 'gate.example', 8000, 'user', 'p%40@ss']],
  ['[2001:db8::1]:3128:user:pass', ['http', '2001:db8::1', 3128, 'user', 'pass']],
  ['http://gate.example:80', ['http', 'gate.example', 80, undefined, undefined]],
  ['HTTPS://gate.example:443/', ['https', 'gate.example', 443, undefined, undefined]],
  ['socks://192.0.2.1:1080', ['socks5h', '192.0.2.1', 1080, undefined, undefined]],
  ['socks4://192.0.2.1:1080', ['socks4', '192.0.2.1', 1080, undefined, undefined]],
  ['socks4a://192.0.2.1:1080', ['socks4a', '192.0.2.1', 1080, undefined, undefined]],
  ['socks5://192.0.2.1:1080', ['socks5', '192.0.2.1', 1080, undefined, undefined]],
  ['socks5h://u%2Fr:p%23@[::1]:1080', ['socks5h', '::1', 1080, 'u/r', 'p#']],
  ['socks5://192.0.2.1:1080:user:pass', ['socks5', '192.0.2.1', 1080, 'user', 'pass']],
  ['  192.0.2.1:1080   # Frankfurt', ['http', '192.0.2.1', 1080, undefined, undefined]],
  ['gate.example:80:user:pass#word', ['http', 'gate.example', 80, 'user', 'pass#word']],
  ['bücher.example:80', ['http', 'xn--bcher-kva.example', 80, undefined, undefined]],
  ['direct', ['direct', '', 0, undefined, undefined]],
  ['direct://', ['direct', '', 0, undefined, undefined]],
])('%s is understood', (text, expected) => {
  expect(shown(text)).toEqual(expected)
})

test.each([
  ['', 'the entry is empty'],
  ['gate.example', 'it has no port'],
  ['192.0.2.1:99999', 'port 99999 is not in 1–65535'],
  ['192.0.2.1:0', 'port 0 is not in 1–65535'],
  ['alice:99999', 'the port is not in 1–65535'],
  ['2001:db8::1', 'an IPv6 address needs brackets before its port: [address]:port'],
  ['gate.example:80:user', 'its parts are not host, port, user and password'],
  [':pass@gate.example:80', 'a password stands without a user name'],
  ['vmess://gate.example:80', 'the scheme "vmess" is not one of'],
  ['s3cret://gate.example:80', 'the scheme is not one of'],
  ['http://gate.example:80/path', 'something follows the port'],
  ['http://user:pa/ss@gate.example:80', 'percent-encoded'],
  ['127.1:80', 'neither a name nor an IP address'],
  ['0x7f000001:80', 'neither a name nor an IP address'],
  ['2130706433:80', 'neither a name nor an IP address'],
  ['010.0.0.1:80', 'neither a name nor an IP address'],
  ['[fe80::1%eth0]:80', 'neither a name nor an IP address'],
  ['192.0.2.1:80 country=Germany', 'the tag country is not a code of two letters'],
  ['192.0.2.1:80 class=fast', 'the tag class is not one of'],
  ['192.0.2.1:80 contry=DE', 'a tag is not one of country, city, asn, class, price, provider'],
  ['192.0.2.1:80 elite', 'what follows the address is not tag=value'],
  ['constructor://192.0.2.1:80', 'the scheme is not one of'],
])('%s is rejected with its reason', (text, reason) => {
  expect(readProxy(text)).toContain(reason)
})

test('an entry that is not understood throws PROXY_LINE_INVALID and says what to write', () => {
  expect(() => parseProxy('gate.example')).toThrow(
    expect.objectContaining({ code: 'PROXY_LINE_INVALID', message: expect.stringContaining('host:port') }),
  )
})

test('tags are read, and those of the entry win over the defaults', () => {
  const defaults = { protocol: 'socks5', tags: { class: 'free', country: 'US' } } as const
  const { endpoint } = parseProxy('192.0.2.1:80 country=de provider=acme # good one', defaults)
  expect(endpoint.protocol).toBe('socks5')
  expect(endpoint.tags).toEqual({ country: 'DE', provider: 'acme', class: 'free' })
  expect(endpoint.network).toBe('acme')
})

const credentials = fc.record({
  username: fc.string({ minLength: 1, unit: 'grapheme' }).filter((text) => text.isWellFormed()),
  password: fc.string({ unit: 'grapheme' }).filter((text) => text.isWellFormed()),
})
const host = fc.oneof(
  fc.ipV4(),
  fc.ipV6().map((address) => new URL(`http://[${address}]/`).hostname.slice(1, -1)),
  fc.domain().map((name) => name.toLowerCase()),
)
const protocol = fc.constantFrom<Exclude<ProxyProtocol, 'direct'>>(
  'http',
  'https',
  'socks4',
  'socks4a',
  'socks5',
  'socks5h',
)
const port = fc.integer({ min: 1, max: 65_535 })

describe('what is written is read back', () => {
  test('as a URL', () => {
    fc.assert(
      fc.property(
        protocol,
        host,
        port,
        fc.option(credentials, { nil: undefined }),
        (scheme, name, number, account) => {
          const proxy = parseProxy(
            proxyUrl(
              labelProxy({
                protocol: scheme,
                host: name,
                port: number,
                ...(account && { credentials: account }),
                tags: {},
              }),
            ),
          )
          const { endpoint } = proxy
          expect([endpoint.protocol, endpoint.port]).toEqual([scheme, number])
          expect(
            new URL(`http://${endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host}`).hostname,
          ).toBe(new URL(`http://${name.includes(':') ? `[${name}]` : name}`).hostname)
          expect(proxy.credentials).toEqual(account)
        },
      ),
    )
  })

  test('as host:port:user:pass, whatever the password holds', () => {
    const word = fc.stringMatching(/^[!-~]{1,20}$/)
    const user = fc.stringMatching(/^[A-Za-z0-9_-]{1,12}$/)
    fc.assert(
      fc.property(fc.ipV4(), port, user, word, (address, number, username, password) => {
        fc.pre(!/@[^@]*:\d+\/?$/.test(password)) // that is the other form, with the proxy behind the @
        expect(parseProxy(`${address}:${number}:${username}:${password}`).credentials).toEqual({
          username,
          password,
        })
      }),
    )
  })
})

test('no error shows a credential, however the entry is broken', () => {
  const secret = 's3cr3tW0rd'
  const shapes = fc.constantFrom(
    (rest: string) => `${rest}:${secret}`,
    (rest: string) => `${secret}:${rest}`,
    (rest: string) => `user:${secret}@${rest}`,
    (rest: string) => `http://user:${secret}@${rest}`,
    (rest: string) => `http://${secret}/${rest}`,
    (rest: string) => `user:${secret}:${rest}`,
    (rest: string) => `${rest}:80:user:${secret} country=${secret}`,
    (rest: string) => `${rest} ${secret}=x`,
    (rest: string) => `${secret}://${rest}`,
    (rest: string) => `${rest}:80 class=${secret}`,
  )
  fc.assert(
    fc.property(shapes, fc.string(), (shape, rest) => {
      try {
        parseProxy(shape(rest))
      } catch (error) {
        expect(error).toBeInstanceOf(RegattaError)
        expect(
          JSON.stringify([(error as RegattaError).message, (error as RegattaError).value]),
        ).not.toContain(secret)
      }
    }),
    { numRuns: 1_000 },
  )
})
