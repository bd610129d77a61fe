import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalUrl, fetchableUrl, fingerprint } from '../../src/admission/canonical-url.ts'

describe('two spellings of one page have one canonical form', () => {
  test.each([
    ['https://EXAMPLE.com/a', 'https://example.com/a'],
    ['https://example.com:443/a', 'https://example.com/a'],
    ['http://example.com./a', 'http://example.com/a'],
    ['http://example.com', 'http://example.com/'],
    ['http://example.com/a/./b/../c', 'http://example.com/a/c'],
    ['http://example.com/%7euser/%e4?x=%2f', 'http://example.com/~user/%E4?x=%2F'],
    ['http://example.com/a?', 'http://example.com/a'],
    ['http://example.com/a?#', 'http://example.com/a'],
    ['http://example.com/a?&b=1&&a=2&', 'http://example.com/a?a=2&b=1'],
    ['http://example.com/?utm_source=x&id=7&fbclid=y&GCLID=z', 'http://example.com/?id=7'],
    ['http://bücher.example/ä', 'http://xn--bcher-kva.example/%C3%A4'],
    ['http://user:secret@example.com/', 'http://example.com/'],
  ])('%s is %s', (spelling, canonical) => {
    expect(canonicalUrl(spelling)).toBe(canonical)
  })
})

test.each([
  ['a trailing slash', '/a', '/a/'],
  ['the case of the path', '/a', '/A'],
  ['a value', '/?a=1', '/?a=2'],
  ['the order of one name', '/?a=1&a=2', '/?a=2&a=1'],
  ['an escaped slash', '/a%2Fb', '/a/b'],
  ['an empty value', '/?a', '/?a='],
])('%s makes another page', (_, one, two) => {
  expect(fingerprint({ url: `http://example.com${one}` })).not.toBe(
    fingerprint({ url: `http://example.com${two}` }),
  )
})

/** Paths and queries out of everything that is easy to get wrong. */
const fragmentOfUrl = fc
  .array(
    fc.constantFrom(
      'a',
      'B',
      '%',
      '%4',
      '%41',
      '%2f',
      '%25',
      '%7E',
      '~',
      '.',
      '..',
      '/',
      '//',
      '+',
      ' ',
      'ü',
    ),
    {
      maxLength: 12,
    },
  )
  .map((parts) => parts.join(''))
const url = fc
  .tuple(fragmentOfUrl, fc.array(fc.tuple(fragmentOfUrl, fragmentOfUrl), { maxLength: 4 }))
  .map(([path, pairs]) => `http://example.com/${path}?${pairs.map((pair) => pair.join('=')).join('&')}`)

test('canonicalizing twice is canonicalizing once', () => {
  fc.assert(
    fc.property(url, (each) => {
      const once = canonicalUrl(each)
      expect(canonicalUrl(once)).toBe(once)
    }),
    { numRuns: 2_000 },
  )
})

const name = fc.stringMatching(/^[a-z]{1,6}$/)
const pairs = fc.uniqueArray(fc.tuple(name, name), { selector: ([each]) => each, maxLength: 6 })
const tracking = fc.constantFrom('utm_source=a', 'utm_x=b', 'gclid=1', 'fbclid=2', 'msclkid=3', 'mc_eid=4')

test('parameter order, tracking parameters and fragments do not change the identity', () => {
  const shuffled = pairs.chain((all) =>
    fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }), fc.array(tracking), name),
  )
  fc.assert(
    fc.property(shuffled, ([one, other, noise, fragment]) => {
      const join = (all: [string, string][]) => all.map((pair) => pair.join('='))
      const left = `http://example.com/p?${join(one).join('&')}`
      const right = `http://example.com/p?${[...noise, ...join(other)].join('&')}#${fragment}`
      expect(fingerprint({ url: right })).toBe(fingerprint({ url: left }))
    }),
  )
})

test('different paths, methods, bodies and keys have different identities', () => {
  const path = fc.array(fc.stringMatching(/^[a-zA-Z0-9_-]{1,8}$/), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(path, path, (one, two) => {
      fc.pre(one.join('/') !== two.join('/'))
      const left = `http://example.com/${one.join('/')}`
      expect(fingerprint({ url: left })).not.toBe(fingerprint({ url: `http://example.com/${two.join('/')}` }))
    }),
  )
  const at = 'http://example.com/'
  const all = [
    { url: at },
    { url: at, method: 'POST' },
    { url: at, method: 'POST', body: 'a' },
    { url: at, method: 'POST', body: 'b' },
    { url: at, key: 'a' },
    { url: at, key: 'b' },
  ]
  expect(new Set(all.map(fingerprint)).size).toBe(all.length)
})

test('requests with one key are one request wherever they go', () => {
  expect(fingerprint({ url: 'http://a.example/', key: 'k' })).toBe(
    fingerprint({ url: 'http://b.example/', key: 'k' }),
  )
})

test('an identity stays the same from release to release, because stores hold it', () => {
  expect(fingerprint({ url: 'https://example.com/a?b=1' })).toBe('WgYCZRoTv6OFbtUB')
  expect(fingerprint({ url: 'https://example.com/', key: 'k' })).toMatch(/^~[\w-]{15}$/)
})

test('what is sent is the spelling of the site without its fragment', () => {
  expect(fetchableUrl('b?z=1&a=2&utm_source=x#top', 'http://example.com/a/')).toBe(
    'http://example.com/a/b?z=1&a=2&utm_source=x',
  )
})

test.each([
  'javascript:alert(1)',
  'mailto:a@b.example',
  'data:text/plain,a',
  'http://',
  'http://u:p@a.example/',
  '',
])('%j cannot be fetched', (reference) => {
  expect(fetchableUrl(reference)).toBeUndefined()
})
