import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sniffMime } from '../../src/base/sniff-mime.ts'
import { documentText } from '../../src/source/charset.ts'
import { documentUrl } from '../../src/source/document-url.ts'

/** fast-check prints the seed and the smallest example of a failure. */
const runs = { numRuns: 1_000 }

const names = [
  'utf-8',
  'utf-16',
  'windows-1251',
  'shift_jis',
  'gbk',
  'big5',
  'euc-jp',
  'euc-kr',
  'gb18030',
].concat(['iso-2022-jp', 'iso-2022-kr', 'x-user-defined', 'koi8-r', 'klingon', '', '"', "'"])
const label = fc.constantFrom(...names)
const types = [
  'text/html',
  'text/plain',
  'application/xml',
  'application/json',
  'image/png',
  'text',
  '',
  '*/*',
]
const contentType = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(...types),
      fc.constantFrom('', '; charset=', ';charset="', ',', ' ; x=y; CharSet='),
      label,
    )
    .map((parts) => parts.join('')),
  fc.string(),
)

/** What means something to a reader of bytes, between bytes that mean nothing. */
const pieces = [
  '<meta ',
  'charset=',
  'http-equiv=content-type ',
  'content="',
  '<!--',
  '-->',
  '<?xml encoding="',
  '">',
  '/>',
].concat([
  '<script>',
  '</script>',
  '<html',
  '<',
  '>',
  '\0',
  '\xef\xbb\xbf',
  '\xff\xfe',
  '\xfe\xff',
  '\0<',
  '<\0',
  ' ',
  '\x1b$B',
  '"',
  'RIFF',
  '{',
])
const bytes = fc
  .array(
    fc.oneof(
      fc.constantFrom(...pieces),
      label,
      fc.uint8Array({ maxLength: 40 }).map((some) => Buffer.from(some).toString('latin1')),
    ),
    { maxLength: 60 },
  )
  .map((parts) => Buffer.from(parts.join(''), 'latin1'))

test('any bytes of any type become text, and a type, without an error', () => {
  fc.assert(
    fc.property(bytes, contentType, fc.boolean(), (body, type, nosniff) => {
      const headers = { 'content-type': type, ...(nosniff && { 'x-content-type-options': 'nosniff' }) }
      const { text, encoding } = documentText(body, headers)
      expect(text.length).toBeLessThanOrEqual(body.length)
      expect(encoding).toMatch(/^[a-z\d_-]+$/)
      expect(sniffMime(headers, body)).toMatch(/^[^/\s]+\/[^/\s]+$/)
    }),
    runs,
  )
})

test('any link in any encoding is a URL in ASCII, or none, and means the same when it is read again', () => {
  const reference = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.webUrl(),
    fc
      .tuple(fc.constantFrom('?', '/?', '#', '//a/?', 'http:'), fc.string({ unit: 'binary' }))
      .map((parts) => parts.join('')),
  )
  const encoding = fc.constantFrom(
    'utf-8',
    'windows-1251',
    'shift_jis',
    'gbk',
    'big5',
    'iso-2022-jp',
    'replacement',
    'utf-16le',
    'x-user-defined',
  )
  fc.assert(
    fc.property(reference, encoding, (given, name) => {
      const url = documentUrl(given, 'https://a.example/b/c?d', name)
      if (url === undefined) return
      expect(url).toMatch(/^https?:\/\/[\x21-\x7e]+$/)
      expect(documentUrl(url, undefined, name)).toBe(url)
    }),
    runs,
  )
})

test.each([
  ['brackets', '<'],
  ['comments that never end', '<!--'],
  ['scripts that never end', '<script><'],
  ['meta elements', '<meta charset='],
  ['attributes', '<a b c="" d=\'\' '],
  ['declarations', '<?xml encoding'],
])('megabytes of %s are decoded as quickly as they are long', (_, piece) => {
  const took = (length: number) => {
    const body = Buffer.from(piece.repeat(length / piece.length), 'latin1')
    const start = performance.now()
    for (const type of ['text/html', 'application/xml', '']) documentText(body, { 'content-type': type })
    return performance.now() - start
  }
  took(1_000_000)
  expect(took(8_000_000)).toBeLessThan(2_000)
})
