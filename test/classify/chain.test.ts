import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createWordScan } from '../../src/base/word-scan.ts'
import { createClassifier } from '../../src/classify/chain.ts'
import { defineClassifier } from '../../src/classify/define-classifier.ts'
import { verdictReasons } from '../../src/classify/verdicts.ts'
import type { Classifier } from '../../src/contracts/classifier.ts'
import type { Exchange, FaultCause, Phase, Verdict } from '../../src/contracts/outcome.ts'
import { context, fault, plain, plainContext, response } from './exchanges.ts'
import { harmless, injected, refusing } from './fixtures.ts'

const causes = [
  'proxy-dns',
  'dial-refused',
  'dial-unreachable',
  'dial-timeout',
  'dial-reset',
  'handshake-timeout',
  'handshake-closed',
  'handshake-garbage',
  'proxy-tls',
  'proxy-auth',
  'proxy-quota',
  'proxy-busy',
  'socks-general-failure',
  'socks-not-allowed',
  'socks-network-unreachable',
  'socks-host-unreachable',
  'socks-connection-refused',
  'socks-ttl-expired',
  'socks-command-unsupported',
  'socks-address-unsupported',
  'socks-rejected',
  'connect-forbidden',
  'connect-failed',
  'host-not-found',
  'connect-target',
  'connect-proxy-error',
  'connect-injected',
  'tls-timeout',
  'tls-closed',
  'tls-certificate',
  'tls-alert',
  'stale-socket',
  'reset',
  'headers-timeout',
  'http-garbage',
  'malformed',
  'head-too-large',
  'body-timeout',
  'body-slow',
  'body-short',
  'body-reset',
  'body-too-large',
  'decode-failed',
  'decode-bomb',
  'total-timeout',
  'redirect-limit',
  'redirect-not-web',
  'redirect-refused',
  'private-target',
  'request-invalid',
  'not-recorded',
  'local-resources',
  'local-disk',
  'local-network',
  'cancelled',
] as const satisfies readonly FaultCause[]

/** Does not compile when a cause is missing above. */
const covered: Exclude<FaultCause, (typeof causes)[number]> extends never ? true : never = true

const phases: Phase[] = ['dial', 'handshake', 'tls', 'headers', 'body', 'decode', 'redirect', 'local']
const kinds = [
  'success',
  'final',
  'blocked',
  'challenge',
  'dead',
  'target',
  'rate-limited',
  'transient',
  'neutral',
]
const bodies = [...Object.values(refusing), ...Object.values(harmless), ...Object.values(injected)]

const anyFault = fc
  .record({ cause: fc.constantFrom(...causes), phase: fc.constantFrom(...phases), verified: fc.boolean() })
  .map(({ cause, phase, verified }) => fault(cause, phase, { verified }))

const anyResponse = fc
  .record({
    url: fc.oneof(fc.webUrl(), fc.string()),
    status: fc.oneof(fc.integer({ min: 100, max: 600 }), fc.constant(200)),
    headers: fc.dictionary(
      fc.constantFrom(
        'server',
        'via',
        'location',
        'retry-after',
        'proxy-status',
        'cf-mitigated',
        'x-brd-error',
        'set-cookie',
      ),
      fc.oneof(fc.string(), fc.array(fc.string())),
    ),
    body: fc.oneof(fc.uint8Array({ maxLength: 3_000 }), fc.constantFrom(...bodies), fc.string()),
    type: fc.constantFrom(null, 'text/html', 'application/json', 'image/png', ''),
    redirects: fc.array(fc.oneof(fc.webUrl(), fc.string()), { maxLength: 3 }),
    forwarded: fc.boolean(),
    verified: fc.boolean(),
  })
  .map((parts) => response(parts))

const anyContext = fc.record({
  url: fc.oneof(fc.webUrl(), fc.string()),
  method: fc.constantFrom('GET', 'HEAD', 'POST'),
  protocol: fc.constantFrom('http', 'https', 'socks4', 'socks5h', 'direct'),
} as const)

function isDocumented({ kind, reason }: Verdict): boolean {
  if ((causes as readonly string[]).includes(reason)) return true
  const entry =
    verdictReasons[(/^status-\d+$/.test(reason) ? 'status-*' : reason) as keyof typeof verdictReasons]
  return (
    (entry?.kinds as readonly string[] | undefined)?.includes(kind) === true ||
    (kind === 'target' && entry !== undefined)
  )
}

describe('the chain', () => {
  it('every exchange gets one verdict, with a documented reason', () => {
    fc.assert(
      fc.property(
        fc.oneof<fc.Arbitrary<Exchange>[]>(anyFault, anyResponse),
        anyContext,
        (exchange, where) => {
          const verdict = createClassifier().classify(exchange, context(where))
          expect(kinds).toContain(verdict.kind)
          expect(isDocumented(verdict), verdict.reason).toBe(true)
          expect(verdict.weight === undefined || (verdict.weight > 0 && verdict.weight <= 1)).toBe(true)
          if (where.protocol === 'direct') expect(verdict.kind).not.toBe('dead')
        },
      ),
      { numRuns: 1_000 },
    )
  })

  it.each(causes)('%s has a verdict that names it', (cause) => {
    expect(covered).toBe(true)
    const verdict = createClassifier().classify(fault(cause), context())
    expect(verdict.reason).toBe(cause)
    expect(verdict.kind).not.toBe('success')
  })

  it('what no archive holds ends its request, whatever a classifier says', () => {
    const harsh = defineClassifier({ name: 'harsh', classify: () => ({ kind: 'dead', reason: 'harsh' }) })
    const missing = { ...fault('not-recorded'), phase: 'local' } as const
    expect(createClassifier([harsh]).classify(missing, context())).toMatchObject({ kind: 'final' })
  })

  it('cancelled and local faults are neutral, whatever a classifier says', () => {
    const harsh = defineClassifier({ name: 'harsh', classify: () => ({ kind: 'dead', reason: 'harsh' }) })
    fc.assert(
      fc.property(anyFault, (exchange) => {
        fc.pre(exchange.cause !== 'not-recorded')
        fc.pre(
          exchange.phase === 'local' ||
            ['cancelled', 'local-resources', 'local-disk', 'local-network'].includes(exchange.cause),
        )
        expect(createClassifier([harsh]).classify(exchange, context()).kind).toBe('neutral')
      }),
    )
  })

  it('the caller’s classifiers come first, in order, and the first verdict wins', () => {
    const answer = (name: string, kind?: 'final' | 'blocked'): Classifier =>
      defineClassifier({ name, classify: () => (kind === undefined ? undefined : { kind, reason: name }) })
    const classifier = createClassifier([
      answer('silent'),
      answer('first', 'final'),
      answer('second', 'blocked'),
    ])
    expect(classifier.classify(response({ status: 500 }), context())).toEqual({
      kind: 'final',
      reason: 'first',
    })
  })

  it('a canary that does not know the page makes the proxy dead over plain HTTP and blocked over TLS', () => {
    const classifier = createClassifier([], { canary: (page) => page.headers['x-nonce'] === '7' })
    expect(classifier.classify(plain(), plainContext())).toEqual({ kind: 'dead', reason: 'canary-missing' })
    expect(classifier.classify(response(), context())).toEqual({ kind: 'blocked', reason: 'canary-missing' })
    expect(classifier.classify(response({ headers: { 'x-nonce': '7' } }), context()).kind).toBe('success')
    expect(classifier.classify(response({ status: 404 }), context()).kind).toBe('final')
  })

  it.each([undefined, { name: '', classify: () => undefined }, { name: 'x' }, { name: 'x', classify: 'y' }])(
    'defineClassifier refuses %j',
    (wrong) => {
      expect(() => defineClassifier(wrong as unknown as Classifier)).toThrow(
        expect.objectContaining({ code: 'OPTION_INVALID' }),
      )
    },
  )

  it.each(['<', '<!--', '<script', '<title', '<h1>', 'href=', 'src= ', '<meta ', 'access denied <', ' '])(
    'a hostile page of nothing but "%s" is judged in time',
    { timeout: 2_000 },
    (piece) => {
      const body = `captcha wifi log ${piece.repeat(Math.floor(32_000 / piece.length))}`
      for (let n = 0; n < 5; n++) createClassifier().classify(plain({ body }), plainContext())
      expect(createClassifier().classify(plain({ body }), plainContext())).toHaveProperty('kind')
    },
  )
})

describe('the marker scan', () => {
  it('finds what a search for each word finds', () => {
    const words = ['captcha', 'access denied', 'wispaccess']
    const scan = createWordScan(words)
    const text = fc.array(
      fc.oneof(
        fc.constantFrom(...words, 'CAPTCHA', 'capt', 'access ', 'c'),
        fc.string({ unit: 'grapheme-ascii' }),
      ),
    )
    fc.assert(
      fc.property(text, (parts) => {
        const joined = parts.join('')
        const expected = words.some((word) => joined.toLowerCase().includes(word))
        expect(scan.found(Buffer.from(joined), 65_536)).toBe(expected)
      }),
      { numRuns: 2_000 },
    )
  })
})
