import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import type { Clock } from '../../src/base/clock.ts'
import type { ProxyProtocol } from '../../src/contracts/endpoint.ts'
import type { FaultCause, Phase } from '../../src/contracts/outcome.ts'
import { CredentialVault } from '../../src/transport/credentials.ts'
import { endpoint, fault, get, makeTransport, startRaw, startSocks, startTlsRaw, until } from './world.ts'

const short = { handshake: 150, tls: 150, dial: 150 }

/** A proxy that answers what it is asked with the given packets, one per read, and then does nothing more. */
function scripted(...packets: (readonly number[] | string)[]): (socket: Socket) => void {
  return (socket) => {
    let turn = 0
    socket.on('data', () => {
      const packet = packets[turn++]
      if (packet !== undefined) socket.write(typeof packet === 'string' ? packet : Uint8Array.from(packet))
    })
  }
}

type Case = [
  what: string,
  protocol: ProxyProtocol,
  serve: (socket: Socket) => void,
  phase: Phase,
  cause: FaultCause,
  code?: number,
]

const silent = () => {}
const hangUp = (socket: Socket) => socket.end()
const greeted: readonly number[] = [5, 0]
const reply = (code: number) => [5, code, 0, 1, 0, 0, 0, 0, 0, 0]

const socksCases: Case[] = [
  ['is silent after the connection', 'socks5', silent, 'handshake', 'handshake-timeout'],
  ['hangs up at once', 'socks5', hangUp, 'handshake', 'handshake-closed'],
  ['is silent after the greeting', 'socks5h', scripted(greeted), 'handshake', 'handshake-timeout'],
  ['speaks HTTP', 'socks5', scripted('HTTP/1.1 400 Bad Request\r\n\r\n'), 'handshake', 'handshake-garbage'],
  ['speaks HTTP to SOCKS4', 'socks4', scripted('HTTP/1.1 400 Bad\r\n\r\n'), 'handshake', 'handshake-garbage'],
  ['chooses an unknown method', 'socks5', scripted([5, 1]), 'handshake', 'handshake-garbage'],
  ['accepts no method', 'socks5', scripted([5, 0xff]), 'handshake', 'proxy-auth', 0xff],
  ['wants a password that we lack', 'socks5', scripted([5, 2]), 'handshake', 'proxy-auth', 2],
  [
    'sends a wrong version in its reply',
    'socks5',
    scripted(greeted, [4, 0]),
    'handshake',
    'handshake-garbage',
  ],
  ['fails in general', 'socks5', scripted(greeted, reply(1)), 'handshake', 'socks-general-failure', 1],
  ['does not allow it', 'socks5', scripted(greeted, reply(2)), 'handshake', 'socks-not-allowed', 2],
  ['has no network', 'socks5', scripted(greeted, reply(3)), 'handshake', 'socks-network-unreachable', 3],
  ['reaches no host', 'socks5', scripted(greeted, reply(4)), 'handshake', 'socks-host-unreachable', 4],
  [
    'is refused by the host',
    'socks5',
    scripted(greeted, reply(5)),
    'handshake',
    'socks-connection-refused',
    5,
  ],
  ['exceeds the TTL', 'socks5', scripted(greeted, reply(6)), 'handshake', 'socks-ttl-expired', 6],
  ['knows no CONNECT', 'socks5', scripted(greeted, reply(7)), 'handshake', 'socks-command-unsupported', 7],
  ['knows no names', 'socks5', scripted(greeted, reply(8)), 'handshake', 'socks-address-unsupported', 8],
  ['invents a reply', 'socks5', scripted(greeted, reply(0xf3)), 'handshake', 'socks-rejected', 0xf3],
  ['cuts its refusal short', 'socks5', scripted(greeted, [5, 4]), 'handshake', 'socks-host-unreachable', 4],
  ['cuts its consent short', 'socks5', scripted(greeted, [5, 0, 0, 1, 0]), 'handshake', 'handshake-timeout'],
  ['speaks first', 'socks5', scripted(greeted, [...reply(0), 1, 2]), 'handshake', 'handshake-garbage'],
  ['rejects', 'socks4a', scripted([0, 0x5b, 0, 0, 0, 0, 0, 0]), 'handshake', 'socks-rejected', 0x5b],
  ['wants an ident', 'socks4', scripted([0, 0x5d, 0, 0, 0, 0, 0, 0]), 'handshake', 'proxy-auth', 0x5d],
]

const head = (status: string, ...headers: string[]) => `HTTP/1.1 ${[status, ...headers].join('\r\n')}\r\n\r\n`

const connectCases: Case[] = [
  ['is silent', 'http', silent, 'handshake', 'handshake-timeout'],
  ['hangs up', 'http', hangUp, 'handshake', 'handshake-closed'],
  ['speaks SOCKS', 'http', scripted([5, 0]), 'handshake', 'handshake-garbage'],
  ['speaks SSH', 'http', (socket) => socket.write('SSH-2.0-OpenSSH\r\n'), 'handshake', 'handshake-garbage'],
  [
    'never ends its head',
    'http',
    (socket) => socket.write(`HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(50_000)}`),
    'handshake',
    'handshake-garbage',
  ],
  [
    'redirects',
    'http',
    scripted(head('302 Found', 'Location: http://a/')),
    'handshake',
    'handshake-garbage',
    302,
  ],
  ['wants a login', 'http', scripted(head('407 Login')), 'handshake', 'proxy-auth', 407],
  ['wants money', 'http', scripted(head('402 Pay')), 'handshake', 'proxy-quota', 402],
  ['is busy', 'http', scripted(head('429 Slow', 'Retry-After: 7')), 'handshake', 'proxy-busy', 429],
  ['forbids', 'http', scripted(head('403 No')), 'handshake', 'connect-forbidden', 403],
  ['knows no CONNECT', 'http', scripted(head('405 No')), 'handshake', 'connect-forbidden', 405],
  ['fails', 'http', scripted(head('502 Bad')), 'handshake', 'connect-failed', 502],
  ['fails in HTTP/1.0', 'http', scripted('HTTP/1.0 503 Bad\r\n\r\n'), 'handshake', 'connect-failed', 503],
  [
    'cannot resolve',
    'http',
    scripted(head('502 Bad', 'Proxy-Status: a; details="; error=x"; error=dns_error')),
    'handshake',
    'host-not-found',
    502,
  ],
  [
    'knows no such name',
    'http',
    scripted(head('503 Bad', 'X-Squid-Error: ERR_DNS_FAIL 0')),
    'handshake',
    'host-not-found',
    503,
  ],
  [
    'has a broken resolver',
    'http',
    scripted(head('502 Bad', 'Proxy-Status: a; error=dns_error; rcode="SERVFAIL"')),
    'handshake',
    'connect-target',
    502,
  ],
  [
    'blames itself',
    'http',
    scripted(head('500 Bad', 'proxy-status: a;error=proxy_loop_detected')),
    'handshake',
    'connect-proxy-error',
    500,
  ],
  [
    'denies',
    'http',
    scripted(head('500 Bad', 'Proxy-Status: a; error=http_request_denied')),
    'handshake',
    'connect-forbidden',
    500,
  ],
  [
    'is full',
    'http',
    scripted(head('503 Bad', 'Proxy-Status: a; error=connection_limit_reached')),
    'handshake',
    'proxy-busy',
    503,
  ],
  [
    'has a policy',
    'http',
    scripted(head('502 Bad', 'x-brd-err-code: policy_20050')),
    'handshake',
    'connect-forbidden',
    502,
  ],
  [
    'blames the target',
    'http',
    scripted(head('502 Bad', 'x-brd-err-code: target_40001')),
    'handshake',
    'connect-target',
    502,
  ],
  ['injects', 'http', scripted(`${head('200 OK')}<html>`), 'handshake', 'connect-injected'],
  ['opens the tunnel and is silent', 'http', scripted(head('200 OK')), 'tls', 'tls-timeout'],
  [
    'opens the tunnel and hangs up',
    'http',
    (socket) => socket.once('data', () => socket.end(head('200 OK'))),
    'tls',
    'tls-closed',
  ],
  [
    'answers TLS with text',
    'http',
    scripted(head('200 OK'), 'HTTP/1.1 400 Bad Request\r\n\r\n'),
    'tls',
    'tls-alert',
  ],
  [
    'refuses the TLS handshake',
    'http',
    scripted(head('200 OK'), [0x15, 3, 3, 0, 2, 2, 0x28]),
    'tls',
    'tls-alert',
  ],
  ['speaks no TLS', 'https', scripted('HTTP/1.1 400 Bad Request\r\n\r\n'), 'handshake', 'proxy-tls'],
  ['never finishes TLS', 'https', silent, 'handshake', 'handshake-timeout'],
]

test.each([...socksCases, ...connectCases])(
  'a proxy that %s (%s)',
  async (_, protocol, serve, phase, cause, code) => {
    const proxy = await startRaw(serve)
    const transport = makeTransport({ timeouts: short })
    const result = await fault(transport, endpoint(protocol, proxy.port), get('https://shop.test/'))
    expect([result.phase, result.cause, result.code]).toEqual([phase, cause, code])
    expect(transport.stats()).toEqual({ open: 0, idle: 0, running: 0 })
    await until(() => proxy.open() === 0)
  },
)

test('the head of a CONNECT reply may come in pieces, after a 100', async () => {
  const proxy = await startRaw((socket) => {
    socket.setNoDelay(true)
    socket.once('data', async () => {
      for (const letter of `${head('100 Wait')}${head('429 Slow', 'retry-after: 3')}`) {
        socket.write(letter)
        await new Promise((resolve) => setImmediate(resolve))
      }
    })
  })
  const result = await fault(makeTransport(), endpoint('http', proxy.port), get('https://shop.test/'))
  expect(result).toMatchObject({ cause: 'proxy-busy', retryAfterMs: 3_000 })
})

test.each([
  ['seconds with their unit', 'retry-after: 30s'],
  [
    'a date, by the clock of the proxy',
    'date: Sat, 21 Nov 2026 12:00:00 GMT\r\nretry-after: Sat, 21 Nov 2026 12:00:30 GMT',
  ],
  ['a date of ISO 8601', 'date: Sat, 21 Nov 2026 12:00:00 GMT\r\nretry-after: 2026-11-21T12:00:30Z'],
])('a proxy that is busy says until when: %s', async (_, lines) => {
  const proxy = await startRaw((socket) => {
    socket.once('data', () => socket.end(head('429 Slow', ...lines.split('\r\n'))))
  })
  const result = await fault(makeTransport(), endpoint('http', proxy.port), get('https://shop.test/'))
  expect(result).toMatchObject({ cause: 'proxy-busy', retryAfterMs: 30_000 })
})

test('a password that SOCKS5 refuses is a refused login', async () => {
  const proxy = await startRaw(scripted([5, 2], [1, 1]))
  const via = endpoint('socks5', proxy.port)
  const credentials = new CredentialVault()
  credentials.set(via.id, { username: 'anna', password: 'hush' })
  const result = await fault(makeTransport({ credentials }), via, get('http://shop.test/'))
  expect(result).toMatchObject({ cause: 'proxy-auth', code: 1 })
  expect(JSON.stringify(result)).not.toContain('hush')
})

test('nobody listens: dial-refused', async () => {
  const result = await fault(makeTransport(), endpoint('socks5', 1), get('http://shop.test/'))
  expect(result).toMatchObject({ phase: 'dial', cause: 'dial-refused', firstByteMs: undefined })
})

test('the name of the proxy does not resolve: proxy-dns', async () => {
  // No label may be longer than 63 letters, so no name server is asked.
  const via = endpoint('socks5', 1080, `${'a'.repeat(64)}.invalid`)
  const result = await fault(makeTransport(), via, get('http://shop.test/'))
  expect(result).toMatchObject({ phase: 'dial', cause: 'proxy-dns' })
})

test('a proxy whose system does not answer: dial-timeout', async () => {
  // Four seconds pass before the connection can stand: loopback has no slower network.
  let now = 0
  const clock: Clock = {
    now: () => now,
    wall: () => now,
    soon: (fire) => void setImmediate(fire),
    after(ms, fire) {
      let cancelled = false
      Promise.resolve().then(() => {
        now += ms
        if (!cancelled) fire()
      })
      return () => {
        cancelled = true
      }
    },
  }
  const proxy = await startRaw(silent)
  const transport = makeTransport({ clock, timeouts: { dial: 4_000 } })
  const result = await fault(transport, endpoint('socks5', proxy.port), get('http://shop.test/'))
  expect(result).toMatchObject({ phase: 'dial', cause: 'dial-timeout' })
  expect(result.totalMs).toBeGreaterThanOrEqual(4_000)
  expect(transport.stats().open).toBe(0)
})

test('SOCKS4 cannot reach an IPv6 target', async () => {
  const proxy = await startRaw(silent)
  const result = await fault(makeTransport(), endpoint('socks4', proxy.port), get('http://[2001:db8::1]/'))
  expect(result.cause).toBe('socks-address-unsupported')
})

test('a certificate for another name is refused', async () => {
  const origin = await startTlsRaw(() => {})
  const proxy = await startSocks(origin.port)
  const result = await fault(makeTransport(), endpoint('socks5', proxy.port), get('https://shop.test/'))
  expect(result).toMatchObject({ phase: 'tls', cause: 'tls-certificate', verified: false })
})

test('a certificate of an authority that is not trusted is refused', async () => {
  const origin = await startTlsRaw(() => {})
  const transport = makeTransport({ ca: undefined })
  const result = await fault(transport, endpoint('direct', 0), get(`https://localhost:${origin.port}/`))
  expect(result).toMatchObject({ phase: 'tls', cause: 'tls-certificate', verified: false })
})

test('an HTTPS proxy with a certificate for another name is refused', async () => {
  const proxy = await startTlsRaw(() => {})
  const transport = makeTransport({ ca: undefined })
  const result = await fault(transport, endpoint('https', proxy.port), get('http://shop.test/'))
  expect(result).toMatchObject({ phase: 'handshake', cause: 'proxy-tls' })
})
