import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseList, parseStrictList, splitPool } from '../../src/fleet/proxy-list.ts'

const mine = { trusted: true }
const theirs = { trusted: false }
const ids = (text: string, options = mine) =>
  parseList(text, options).proxies.map((proxy) => proxy.endpoint.id)

test('a text with a byte order mark, CRLF, comments and blank lines is read, and bad lines are named by number', () => {
  const text = [
    '\uFEFF# my proxies',
    '192.0.2.1:1080',
    '',
    '   # none here',
    'nonsense',
    '192.0.2.1:1080 # again',
    '192.0.2.2:99999',
  ].join('\r\n')
  const list = parseList(text, mine)
  expect(list.proxies.map((proxy) => proxy.endpoint.id)).toEqual(['http://192.0.2.1:1080'])
  expect(list.duplicates).toBe(1)
  expect(list.rejected).toEqual(['line 5: it has no port', 'line 7: port 99999 is not in 1–65535'])
})

test('the label of an account is its address with a digest, and the same everywhere', () => {
  const [one] = ids('alice:s3cret@gate.example:8000')
  expect(one).toMatch(/^http:\/\/gate\.example:8000#[0-9a-f]{5}$/)
  expect(ids('gate.example:8000:alice:s3cret')).toEqual([one])
  expect(ids('192.0.2.1:80\nalice:s3cret@gate.example:8000')).toContain(one)
})

test('proxies that share an account at one host share a credential group, others do not', () => {
  const groups = parseList(
    [
      'http://a:x@gate.example:1',
      'http://a:x@gate.example:2',
      'http://a:y@gate.example:1',
      'http://a:x@other.example:1',
      'http://gate.example:1',
    ].join('\n'),
    mine,
  ).proxies.map((proxy) => proxy.endpoint.credentialGroup)
  expect(groups[0]).toBe(groups[1])
  expect(new Set(groups).size).toBe(4)
  expect(groups[4]).toBe('')
})

test('a network is a provider, a /24, a /48 or a registrable domain', () => {
  const networks = parseList(
    '192.0.2.77:1\n[2001:db8:1:2::3]:1\na.gate.example.co.uk:1\n192.0.2.1:2 provider=acme\nlocalhost:1',
    mine,
  ).proxies.map((proxy) => proxy.endpoint.network)
  expect(networks).toEqual(['192.0.2.0/24', '2001:db8:1::/48', 'example.co.uk', 'acme', 'localhost'])
})

test('labels stay unique when digests collide, whatever the order of the list', () => {
  // 6,000 accounts at one gateway: some 17 pairs share their first 20 bits.
  const lines = Array.from({ length: 6_000 }, (_, i) => `user${i}:pass@gate.example:8000`)
  const forwards = ids(lines.join('\n'))
  expect(new Set(forwards).size).toBe(6_000)
  expect(
    forwards.some((id) => id.length > forwards.reduce((low, each) => Math.min(low, each.length), 99)),
  ).toBe(true)
  expect(ids(lines.toReversed().join('\n')).reverse()).toEqual(forwards)
})

test.each([
  '127.0.0.1',
  '127.99.0.1',
  '0.0.0.0',
  '10.1.2.3',
  '172.16.0.1',
  '192.168.1.1',
  '100.64.0.1',
  '100.100.100.200',
  '169.254.169.254',
  '168.63.129.16',
  '192.0.0.192',
  '224.0.0.1',
  '255.255.255.255',
  '[::]',
  '[::1]',
  '[::7f00:1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:a9fe:a9fe]',
  '[64:ff9b::a9fe:a9fe]',
  '[2002:7f00:1::]',
  '[fe80::1]',
  '[fec0::1]',
  '[fd00:ec2::254]',
  '[ff02::1]',
  'localhost',
  'LOCALHOST.',
  'app.localhost',
  'metadata',
  'metadata.google.internal',
  'printer.local',
  'router.lan',
])('%s is refused from a fetched list and taken from the user', (host) => {
  const text = `${host}:80\nsocks5://user:pass@${host}:1080`
  expect(parseList(text, theirs).proxies).toEqual([])
  expect(parseList(text, theirs).rejected).toHaveLength(2)
  expect(parseList(text, mine).proxies).toHaveLength(2)
})

test.each(['8.8.8.8', '[2606:4700::1111]', 'gate.example', '172.15.0.1', '11.0.0.1'])(
  '%s is taken from a fetched list',
  (host) => {
    expect(parseList(`${host}:80`, theirs).rejected).toEqual([])
  },
)

test('no fetched list can point at a loopback address, however it is written', () => {
  const octet = fc.integer({ min: 0, max: 255 })
  const spelling = fc.constantFrom(
    (a: number, b: number, c: number, d: number) => `${a}.${b}.${c}.${d}`,
    (a: number, b: number, c: number, d: number) => `${(((a * 256 + b) * 256 + c) * 256 + d) >>> 0}`,
    (a: number, b: number, c: number, d: number) => `0x${a.toString(16)}.${b}.${c * 256 + d}`,
    (a: number, b: number, c: number, d: number) => `0${a.toString(8)}.${b}.${c}.${d}`,
    (a: number, b: number, c: number, d: number) => `[::ffff:${a}.${b}.${c}.${d}]`,
    (a: number, b: number, c: number, d: number) => `%31%32%37.${b}.${c}.${d + 0 * a}`,
    (a: number, b: number, c: number, d: number) => `${a}。${b}。${c}。${d}`,
  )
  fc.assert(
    fc.property(spelling, octet, octet, octet, (spell, b, c, d) => {
      expect(parseList(`${spell(127, b, c, d)}:80`, theirs).proxies).toEqual([])
    }),
  )
})

test('a fetched list cannot send us out directly', () => {
  expect(parseList('direct\ndirect://', theirs)).toEqual({
    proxies: [],
    duplicates: 0,
    rejected: ['line 1: only the user may ask for direct', 'line 2: only the user may ask for direct'],
  })
  expect(ids('direct')).toEqual(['direct'])
})

test('a strict list names the position of the entry that is wrong, and not the entry', () => {
  const entries = splitPool('192.0.2.1:80,http://user:s3cret@gate.example,192.0.2.2:80')
  expect(() => parseStrictList(entries, { name: 'PROXY_POOL' })).toThrow(
    expect.objectContaining({
      code: 'PROXY_LINE_INVALID',
      message: expect.stringMatching(/^Entry 2 of PROXY_POOL cannot be used: (?!.*s3cret)/),
      value: expect.objectContaining({ position: 2 }),
    }),
  )
})

test('a strict list forgives a comma too many', () => {
  expect(parseStrictList(splitPool('192.0.2.1:80,,192.0.2.2:80,'), { name: 'pool' }).proxies).toHaveLength(2)
})
