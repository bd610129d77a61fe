import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ResponseReader } from '../../src/transport/response-reader.ts'
import { standard } from '../conformance/wire.cases.ts'

/** What the reader makes of bytes that come in these pieces, and then end. */
function read(pieces: readonly Buffer[], isHead: boolean): string {
  let told = ''
  let ends = 0
  const reader = new ResponseReader(
    {
      onHead: ({ status, headers }) => {
        told += `${status} ${JSON.stringify(headers)} `
      },
      onBytes: (bytes) => {
        told += bytes.toString('latin1')
      },
      onEnd: () => {
        told += '|end'
        ends++
      },
      onBroken: (cause) => {
        // How much came before it is of no use to anybody.
        told = cause
        ends++
      },
    },
    isHead,
  )
  // Copies, because chunks are moved together where they stand.
  for (const piece of pieces) reader.push(Buffer.from(piece))
  reader.finish()
  expect(ends).toBeLessThanOrEqual(1)
  return told
}

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const places = [0, ...at.map((each) => each % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]
  return places.slice(1).map((place, index) => bytes.subarray(places[index], place))
}

const answers = standard.cases
  .map(({ input }) => input)
  .filter(({ send }) => send.length > 0 && send.length < 20_000)

test('a response is the same however it is cut', () => {
  fc.assert(
    fc.property(fc.constantFrom(...answers), fc.array(fc.nat(20_000), { maxLength: 12 }), (input, at) => {
      const bytes = Buffer.from(input.send, 'latin1')
      const isHead = input.method === 'HEAD'
      expect(read(cut(bytes, at), isHead)).toBe(read([bytes], isHead))
    }),
    { numRuns: 2_000 },
  )
})

test('whatever bytes come, the reader tells one end at most and never throws', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      'HTTP/1.1 200 OK\r\n',
      '\r\n',
      '\n',
      'Content-Length: 5\r\n',
      ': ',
      '5\r\nhello\r\n',
      '0\r\n',
    ),
    fc.constantFrom('Transfer-Encoding: chunked\r\n', 'HTTP/1.1 100\r\n\r\n', ';a="b', '\0', '\r', ' \t'),
    fc.string({ maxLength: 30 }),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      read(
        pieces.map((each) => Buffer.from(each, 'latin1')),
        false,
      )
    }),
    { numRuns: 2_000 },
  )
})

test('a head that comes byte by byte costs no more than its length', () => {
  const before = performance.now()
  const bytes = Buffer.from(`HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(42_000)}`)
  read(
    Array.from({ length: bytes.length }, (_, n) => bytes.subarray(n, n + 1)),
    false,
  )
  expect(performance.now() - before).toBeLessThan(5_000)
})
