import { describe, expect, it } from 'vitest'
import { createClassifier } from '../../src/classify/chain.ts'
import { expectLanguage, mustContain } from '../../src/classify/expectations.ts'
import { taxonomy } from '../../src/classify/taxonomy.ts'
import type { ClassifyContext } from '../../src/contracts/classifier.ts'
import type { Exchange, Verdict } from '../../src/contracts/outcome.ts'
import { context, fault, plain, plainContext, response, seasonedNorm } from './exchanges.ts'
import { injected, ordinaryPage, refusing } from './fixtures.ts'

/** The failure taxonomy, row by row. Rows that no single exchange can show (9's cooldown, 48's second half) stop where it can. */
type Row = [row: number, what: string, exchange: Exchange, verdict: Partial<Verdict>, where?: ClassifyContext]

const http = context({ protocol: 'http' })
const forwarded = plainContext({ protocol: 'http' })

const rows: Row[] = [
  [1, 'the name of a proxy does not resolve', fault('proxy-dns', 'dial'), { kind: 'dead' }],
  [2, 'a refused dial', fault('dial-refused', 'dial'), { kind: 'dead', hard: true }],
  [2, 'an unreachable proxy', fault('dial-unreachable', 'dial'), { kind: 'dead', hard: true }],
  [3, 'a dial without an answer counts half', fault('dial-timeout', 'dial'), { kind: 'dead', weight: 0.5 }],
  [4, 'a machine out of sockets', fault('local-resources', 'local'), { kind: 'neutral' }],
  [5, 'the wrong protocol', fault('handshake-garbage', 'handshake'), { kind: 'dead', hard: true }],
  [6, 'silence after the dial', fault('handshake-timeout', 'handshake'), { kind: 'dead' }],
  [7, 'a refused password', fault('proxy-auth', 'handshake'), { kind: 'dead', credential: true }],
  [8, 'a general SOCKS failure', fault('socks-general-failure', 'handshake'), { kind: 'transient' }],
  [9, 'a SOCKS ruleset', fault('socks-not-allowed', 'handshake'), { kind: 'blocked' }],
  [10, 'an unreachable host', fault('socks-host-unreachable', 'handshake'), { kind: 'transient' }],
  [10, 'an unreachable network', fault('socks-network-unreachable', 'handshake'), { kind: 'transient' }],
  [
    11,
    'a host that refuses the proxy',
    fault('socks-connection-refused', 'handshake'),
    { kind: 'transient' },
  ],
  [12, 'an expired TTL', fault('socks-ttl-expired', 'handshake'), { kind: 'transient' }],
  [13, 'an unsupported command', fault('socks-command-unsupported', 'handshake'), { kind: 'neutral' }],
  [13, 'an unsupported address', fault('socks-address-unsupported', 'handshake'), { kind: 'neutral' }],
  [14, 'a SOCKS4 rejection', fault('socks-rejected', 'handshake'), { kind: 'transient' }],
  [15, 'a SOCKS reply cut short', fault('handshake-closed', 'handshake'), { kind: 'dead' }],
  [
    16,
    'a 407 on forwarded HTTP',
    plain({ status: 407, forwarded: true }),
    { kind: 'dead', credential: true },
    forwarded,
  ],
  [16, 'a 407 from a host inside a tunnel', response({ status: 407 }), { kind: 'blocked' }],
  [17, 'a proxy that serves no such port', fault('connect-forbidden', 'handshake'), { kind: 'blocked' }],
  [
    18,
    'a proxy that limits',
    fault('proxy-busy', 'handshake', { retryAfterMs: 9e9 }),
    { kind: 'rate-limited', limiter: 'proxy', retryAfterMs: 3_600_000 },
  ],
  [19, 'CONNECT 502 without a word', fault('connect-failed', 'handshake'), { kind: 'transient' }],
  [19, 'CONNECT 502 that names the host', fault('connect-target', 'handshake'), { kind: 'transient' }],
  [19, 'CONNECT 502 that names the proxy', fault('connect-proxy-error', 'handshake'), { kind: 'dead' }],
  [20, 'a quota used up', fault('proxy-quota', 'handshake'), { kind: 'dead', credential: true }],
  [
    20,
    'a quota used up, on forwarded HTTP',
    plain({ status: 402, forwarded: true, headers: { 'x-brd-err-code': 'client_10050' } }),
    { kind: 'dead', credential: true },
    forwarded,
  ],
  [
    21,
    'a refused CONNECT with a page in it',
    fault('connect-forbidden', 'handshake', { code: 403 }),
    { kind: 'blocked' },
    http,
  ],
  [
    22,
    'a socket that closes during CONNECT',
    fault('handshake-closed', 'handshake'),
    { kind: 'transient' },
    http,
  ],
  [23, 'bytes behind the CONNECT head', fault('connect-injected', 'handshake'), { kind: 'dead' }],
  [24, 'TLS that never completes', fault('tls-timeout', 'tls'), { kind: 'transient' }],
  [24, 'TLS cut off', fault('tls-closed', 'tls'), { kind: 'transient' }],
  [25, 'a bad certificate', fault('tls-certificate', 'tls'), { kind: 'dead', permanent: true }],
  [
    25,
    'a bad certificate without a proxy',
    fault('tls-certificate', 'tls'),
    { kind: 'target' },
    context({ protocol: 'direct' }),
  ],
  [26, 'a TLS alert', fault('tls-alert', 'tls'), { kind: 'target' }],
  [27, 'a reset before the head', fault('reset'), { kind: 'transient' }],
  [28, 'no first byte', fault('headers-timeout'), { kind: 'transient' }],
  [29, 'a body that trickles', fault('body-slow', 'body'), { kind: 'transient' }],
  [29, 'a body that stops', fault('body-timeout', 'body'), { kind: 'transient' }],
  [30, 'a short body', fault('body-short', 'body'), { kind: 'transient' }],
  [30, 'gzip cut short', fault('decode-failed', 'decode'), { kind: 'transient' }],
  [
    31,
    'broken framing on plain HTTP counts half',
    fault('http-garbage', 'body'),
    { kind: 'dead', weight: 0.5 },
  ],
  [
    31,
    'broken framing inside verified TLS',
    fault('http-garbage', 'body', { verified: true }),
    { kind: 'target' },
  ],
  [32, 'a body over the cap', fault('body-too-large', 'body'), { kind: 'final' }],
  [32, 'a decompression bomb', fault('decode-bomb', 'decode'), { kind: 'final' }],
  [
    33,
    'the page of another host',
    plain({
      body: ordinaryPage().replace('<meta', '<link rel="canonical" href="http://other.example/x"><meta'),
    }),
    { kind: 'dead', reason: 'wrong-page' },
    plainContext({ norm: seasonedNorm() }),
  ],
  [
    34,
    'an injected portal',
    plain({ body: injected['a free wifi login']! }),
    { kind: 'dead' },
    plainContext(),
  ],
  [
    34,
    'HTML from a host that sends none',
    plain(),
    { kind: 'dead', reason: 'unexpected-html' },
    plainContext({ norm: seasonedNorm(20, () => plain({ body: '{"a":1}', type: 'application/json' })) }),
  ],
  [
    34,
    'plain HTTP redirected to a hotspot',
    plain({ url: 'http://hotspot.hotel.example/login?x=1', redirects: ['http://quotes.example/page/1'] }),
    { kind: 'dead', reason: 'injected-redirect' },
    plainContext(),
  ],
  [
    35,
    'a redirect to a login',
    response({ url: 'https://quotes.example/login?next=1', redirects: ['https://quotes.example/page/1'] }),
    { kind: 'blocked', reason: 'redirect-login' },
  ],
  [
    35,
    'a redirect to a consent host',
    response({ url: 'https://consent.quotes.example/m', redirects: ['https://quotes.example/page/1'] }),
    { kind: 'blocked', reason: 'redirect-consent' },
  ],
  [
    35,
    'a redirect to a captcha that was not followed',
    response({ status: 302, body: '', headers: { location: '/captcha?u=1' } }),
    { kind: 'blocked', reason: 'redirect-block' },
  ],
  [36, 'an empty 200 counts half', response({ body: '' }), { kind: 'blocked', weight: 0.5 }],
  [36, 'HTML with nothing in it', response({ body: '<html></html>' }), { kind: 'blocked', weight: 0.5 }],
  [
    37,
    'a soft block',
    response({ body: refusing['an apology']! }),
    { kind: 'blocked', reason: 'soft-block' },
  ],
  [
    37,
    'a page far smaller than all others',
    response({ body: '<html><p>Nothing to see.</p></html>' }),
    { kind: 'blocked', reason: 'shape-outlier' },
    context({ norm: seasonedNorm() }),
  ],
  [
    38,
    'a Cloudflare challenge, even as 503',
    response({ status: 503, headers: { 'cf-mitigated': 'challenge' } }),
    { kind: 'challenge', reason: 'challenge-cloudflare' },
  ],
  [
    38,
    'a DataDome page',
    response({ status: 403, body: '<script src="https://ct.captcha-delivery.com/c.js"></script>' }),
    { kind: 'challenge', reason: 'challenge-datadome' },
  ],
  [
    38,
    'a PerimeterX page',
    response({ status: 403, body: '<div id="px-captcha"></div>' }),
    { kind: 'challenge', reason: 'challenge-perimeterx' },
  ],
  [
    38,
    'an Imperva page with status 200',
    response({ body: '<html><body><iframe src="/_Incapsula_Resource?CWUDNSAI=1"></iframe></body></html>' }),
    { kind: 'challenge', reason: 'challenge-imperva' },
  ],
  [
    38,
    'an Akamai challenge',
    response({ status: 428, body: '<div id="sec-if-cpt-container"></div>' }),
    { kind: 'challenge', reason: 'challenge-akamai' },
  ],
  [39, 'a 401', response({ status: 401 }), { kind: 'final', reason: 'status-401' }],
  [
    39,
    'a 401 within a session',
    response({ status: 401 }),
    { kind: 'final', reason: 'status-401' },
    context({ session: 's' }),
  ],
  [40, 'a 403', response({ status: 403 }), { kind: 'blocked', reason: 'status-403' }],
  ...[400, 404, 405, 406, 410, 414, 422].map(
    (status): Row => [41, `a ${status}`, response({ status }), { kind: 'final', reason: `status-${status}` }],
  ),
  [42, 'a 408', response({ status: 408 }), { kind: 'transient' }],
  [42, 'a 425', response({ status: 425 }), { kind: 'transient' }],
  [
    43,
    'a 429 that says when',
    response({ status: 429, headers: { 'retry-after': '120' } }),
    { kind: 'rate-limited', retryAfterMs: 120_000 },
  ],
  [
    43,
    'a 503 that says when',
    response({ status: 503, headers: { 'retry-after': '5' } }),
    { kind: 'rate-limited', retryAfterMs: 5_000 },
  ],
  [44, 'a 451', response({ status: 451 }), { kind: 'blocked', reason: 'geo', permanent: true }],
  [
    44,
    'a 403 that names the country',
    response({ status: 403, body: '<p>This site is not available in your country.</p>' }),
    { kind: 'blocked', reason: 'geo', permanent: true },
  ],
  [
    44,
    'a 200 that names the country',
    response({ body: '<p>Our service is not available in your country.</p>' }),
    { kind: 'blocked', reason: 'geo' },
  ],
  ...[500, 502, 503, 504, 520, 530].map(
    (status): Row => [45, `a ${status} over verified TLS`, response({ status }), { kind: 'target' }],
  ),
  [45, 'a forwarded 502', plain({ status: 502, forwarded: true }), { kind: 'transient' }, forwarded],
  [
    45,
    'a 500 of the proxy’s own software',
    plain({ status: 500, forwarded: true, headers: { server: 'tinyproxy/1.11.1' } }),
    { kind: 'transient' },
    forwarded,
  ],
  [
    45,
    'a forwarded 502 with Proxy-Status',
    plain({ status: 502, forwarded: true, headers: { 'proxy-status': 'gate; error=proxy_internal_error' } }),
    { kind: 'dead', reason: 'proxy-error' },
    forwarded,
  ],
  [45, 'a forwarded 500', plain({ status: 500, forwarded: true }), { kind: 'target' }, forwarded],
  [46, 'a redirect loop', fault('redirect-limit', 'redirect'), { kind: 'final' }],
  [
    49,
    'a redirect into a local network, by the host',
    fault('private-target', 'redirect', { verified: true }),
    { kind: 'final' },
  ],
  [
    49,
    'the same over plain HTTP, where it may be the portal of the proxy',
    fault('private-target', 'redirect'),
    { kind: 'transient' },
  ],
  [49, 'a redirect to mailto:', fault('redirect-not-web', 'redirect'), { kind: 'final' }],
  [50, 'a cancelled attempt', fault('cancelled', 'tls'), { kind: 'neutral' }],
  [51, 'a stale keep-alive connection', fault('stale-socket'), { kind: 'neutral' }],
  [
    52,
    'a request the server never processed',
    fault('stale-socket', 'headers', { verified: true }),
    { kind: 'neutral' },
  ],
  [53, 'a page that a replay does not hold', fault('not-recorded', 'local'), { kind: 'final' }],
]

/** The row says that this may come of it. */
function expectListed(number: number, { kind, reason }: Verdict): void {
  const { kinds, reasons } = taxonomy[number - 1]!
  expect(kinds).toContain(kind)
  expect(reasons).toContain(/^status-\d+$/.test(reason) ? 'status-*' : reason)
}

describe('the failure taxonomy', () => {
  it.each(rows)('row %i: %s', (number, _what, exchange, verdict, where = context()) => {
    const judged = createClassifier().classify(exchange, where)
    expect(judged).toMatchObject(verdict)
    expectListed(number, judged)
  })

  it('has no row that is shown nowhere', () => {
    const shown = new Set([...rows.map(([number]) => number), 47, 48])
    expect(taxonomy.filter(({ row }) => !shown.has(row))).toEqual([])
  })

  it('row 37: a page without its must-have text is blocked', () => {
    const classifier = createClassifier([mustContain('class="product"', { host: 'quotes.example' })])
    expect(classifier.classify(response(), context())).toMatchObject({
      kind: 'blocked',
      reason: 'marker-missing',
    })
    expect(classifier.classify(response({ url: 'https://other.example/' }), context()).kind).toBe('success')
    const good = response({ body: ordinaryPage(3, '<b class="product">') })
    expect(classifier.classify(good, context()).kind).toBe('success')
  })

  it('row 47: a page in another language is blocked by half when a language is expected', () => {
    const classifier = createClassifier([expectLanguage('de')])
    expect(classifier.classify(response(), context())).toMatchObject({ kind: 'blocked', weight: 0.5 })
    const german = response({ body: ordinaryPage().replace('lang="en"', 'lang="de-AT"') })
    expect(classifier.classify(german, context()).kind).toBe('success')
  })

  it('row 48: an answer that shows our own address is a leak, and a longer address is not ours', () => {
    const classifier = createClassifier([], { ownAddresses: ['203.0.113.7'] })
    const echo = (text: string) =>
      classifier.classify(response({ body: text, type: 'text/plain' }), context())
    expect(echo('{"origin": "203.0.113.7"}')).toMatchObject({ kind: 'dead', reason: 'leak', permanent: true })
    expect(echo('203.0.113.70').kind).toBe('success')
  })
})
