import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { BodyFile } from '../../src/contracts/body-file.ts'
import { glanceAt } from '../../src/trust/glance.ts'
import { harmless, refusing } from '../classify/fixtures.ts'
import { answer, labPage } from './answers.ts'

const skeleton = (body: string, parts = {}) => glanceAt(answer(body, parts)).skeleton
const body = (bytes: string | Uint8Array, parts = {}) => glanceAt(answer(bytes, parts)).body

test('one body is one, whatever the URL, and each other body another', () => {
  expect(body('<p>x')).toBe(body('<p>x', { url: 'http://other.example/' }))
  const all = [...Object.values(harmless), ...Object.values(refusing), '', 'x', 'y', 'xx', '\0'].map((each) =>
    body(each),
  )
  expect(new Set(all).size).toBe(all.length)
  for (const each of all) expect(Number.isSafeInteger(each) && each >= 0).toBe(true)
})

test('pages of one template have one skeleton', () => {
  const pages = Array.from({ length: 40 }, (_, at) => labPage(`/page/${at + 1}`, { shop: true }))
  expect(new Set(pages.map((each) => skeleton(each))).size).toBe(1)
  expect(new Set(pages.map((each) => body(each))).size).toBe(40)
})

test('how many elements there are, what stands in them, and numbers in their classes make no other skeleton', () => {
  const one = skeleton('<ul class="list-1"><li>a</li></ul><!-- <b> --><script>"<i>"</script><style>u</style>')
  expect(
    skeleton('<UL class=list-27 id=x><li>b</li><li>c</li></UL><script src=/a></script><style></style>'),
  ).toBe(one)
})

test.each([
  ['another element', '<p>a</p><b>c</b>', {}],
  ['another class', '<p class="x">a</p>', {}],
  ['another status', '<p>a</p>', { status: 404 }],
  ['another kind of body', '{"p": "a"}', {}],
])('%s is another skeleton', (_, other, parts) => {
  expect(skeleton(other, parts)).not.toBe(skeleton('<p>a</p>'))
})

test('the skeleton of JSON is the set of its keys, but for numbers and ids', () => {
  const one = skeleton('{"id": 1, "tags": ["a", "b:"], "by": {"4711": true}}')
  expect(skeleton('{"tags":[],"id":2,"by":{"4712":0,"4713":1}}')).toBe(one)
  expect(skeleton('{"tags":[],"id":2,"by":{},"more":1}')).not.toBe(one)
  expect(skeleton('{"status":"ok","data":[]}')).not.toBe(one)
})

test('a large page is looked at from both ends, and its body is told by its size', () => {
  const long = '<p>x</p>'.repeat(400_000)
  expect(skeleton(`${long}<script></script>`)).not.toBe(skeleton(long))
  expect(body(`${long}<p>`)).not.toBe(body(`${long}<p>x</p>`))
  expect(body(`${long}a`)).not.toBe(body(`${long}b`))
})

test('a body in a file is told by its beginning, its end and its size', () => {
  const head = Buffer.from('<p>x</p>')
  const file = (tail: string, size: number) => ({ size, tail: Buffer.from(tail) }) as unknown as BodyFile
  const of = (tail: string, size: number) => body(head, { file: file(tail, size) })
  expect(of('a', 100)).toBe(of('a', 100))
  expect(of('b', 100)).not.toBe(of('a', 100))
  expect(of('a', 101)).not.toBe(of('a', 100))
})

test('any bytes have a glance, and the same one again', () => {
  const pieces = ['<', '</', '<!--', '-->', '<script', 'class=', '"', '\\', '{', ':', '>', '\0']
  const bytes = fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 8 })), { maxLength: 40 })
  fc.assert(
    fc.property(bytes, fc.constantFrom('text/html', 'text/xml', 'application/json', null), (parts, type) => {
      const response = answer(parts.join(''), { type })
      expect(glanceAt(response)).toEqual(glanceAt(response))
    }),
    { numRuns: 1_000 },
  )
})
