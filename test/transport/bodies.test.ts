import { randomBytes } from 'node:crypto'
import type { OutgoingHttpHeaders } from 'node:http'
import zlib from 'node:zlib'
import { expect, test } from 'vitest'
import { acceptEncoding } from '../../src/transport/decode.ts'
import { direct, fault, get, makeTransport, response, startOrigin, textOf } from './world.ts'

const text = 'the quick brown fox '.repeat(50)

async function serving(body: Uint8Array | string, headers: OutgoingHttpHeaders, status = 200) {
  const seen: unknown[] = []
  const origin = await startOrigin((request, answer) => {
    seen.push(request.headers['accept-encoding'])
    answer.writeHead(status, headers).end(body)
  })
  return { url: `http://127.0.0.1:${origin.port}/`, seen }
}

test.each([
  ['gzip', zlib.gzipSync(text)],
  ['x-gzip', zlib.gzipSync(text)],
  ['deflate', zlib.deflateSync(text)],
  ['deflate', zlib.deflateRawSync(text)],
  ['br', zlib.brotliCompressSync(text)],
  ['zstd', zlib.zstdCompressSync(text)],
  ['GZIP, br', zlib.brotliCompressSync(zlib.gzipSync(text))],
  ['identity', Buffer.from(text)],
  ['utf-8', Buffer.from(text)],
])('a body encoded as %s is decoded', async (coding, body) => {
  const { url, seen } = await serving(body, { 'content-encoding': coding })
  const result = await response(makeTransport(), direct, get(url))
  expect(textOf(result)).toBe(text)
  expect(result.bytes).toBe(body.length)
  expect(seen).toEqual([acceptEncoding])
})

/** In hexadecimal it packs to half its length: 4 KiB are decoded on this thread, 200 KiB on another. */
const digits = (length: number) => randomBytes(length / 2).toString('hex')

test.each([
  ['of what is not packed to less', [randomBytes(4_000).toString('latin1')], undefined],
  ['of a few bytes', ['a'], undefined],
  ['of two megabytes', [digits(2_000_000)], undefined],
  ['of two members', [digits(200_000), digits(4_096)], undefined],
  ['of two members, the last one empty', [digits(200_000), ''], undefined],
  ['that says it was empty', [digits(4_096)], 0],
  ['that says it was empty, and is long', [digits(200_000)], 0],
  ['that says it was shorter', [digits(200_000)], 150_000],
  ['that says it was longer', [digits(4_096)], 50_000],
  ['that says it was four gigabytes long', [digits(200_000)], 0xffffffff],
])('gzip %s is decoded to what it is', async (_, members, says) => {
  const body = Buffer.concat(members.map((each) => zlib.gzipSync(Buffer.from(each, 'latin1'))))
  if (says !== undefined) body.writeUInt32LE(says, body.length - 4)
  const { url } = await serving(body, { 'content-encoding': 'gzip' })
  const result = await response(makeTransport({ maxBody: 4_000_000 }), direct, get(url))
  expect(Buffer.from(result.body).toString('latin1')).toBe(members.join(''))
})

test.each([
  ['gzip', zlib.gzipSync(Buffer.alloc(3_000_000))],
  ['deflate', zlib.deflateSync(Buffer.alloc(3_000_000))],
  ['br', zlib.brotliCompressSync(Buffer.alloc(3_000_000))],
  ['zstd', zlib.zstdCompressSync(Buffer.alloc(3_000_000))],
  ['gzip, gzip', zlib.gzipSync(zlib.gzipSync(Buffer.alloc(3_000_000)))],
])('a bomb in %s is stopped at the cap', async (coding, body) => {
  const { url } = await serving(body, { 'content-encoding': coding })
  const result = await fault(makeTransport(), direct, get(url))
  expect([result.phase, result.cause]).toEqual(['decode', 'decode-bomb'])
})

test.each([
  ['gzip', zlib.gzipSync(text).subarray(0, 40)],
  ['gzip', Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xff, 0xff, 0xff])],
  ['br', Buffer.from([0xff, 0xff, 0xff, 0, 1, 2])],
  ['zstd', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xff, 0xff, 0xff])],
  ['gzip,gzip,gzip,gzip,gzip,gzip', zlib.gzipSync(text)],
])('a broken body in %s is a fault', async (coding, body) => {
  const { url } = await serving(body, { 'content-encoding': coding })
  const result = await fault(makeTransport(), direct, get(url))
  expect([result.phase, result.cause]).toEqual(['decode', 'decode-failed'])
})

test.each([
  ['HEAD', 200],
  ['GET', 204],
  ['GET', 304],
])('%s with %d has no body to decode', async (method, status) => {
  const { url } = await serving('', { 'content-encoding': 'gzip' }, status)
  const result = await response(makeTransport(), direct, get(url, { method }))
  expect([result.status, result.body.length]).toEqual([status, 0])
})

test('no coding is offered whose truncated bodies would pass for whole', async () => {
  const cut = {
    gzip: zlib.gzipSync(text),
    deflate: zlib.deflateSync(text),
    br: zlib.brotliCompressSync(text),
    zstd: zlib.zstdCompressSync(text),
  }
  expect(acceptEncoding).toContain('gzip, deflate')
  for (const [coding, body] of Object.entries(cut)) {
    if (!acceptEncoding.split(', ').includes(coding)) continue
    const { url } = await serving(body.subarray(0, -3), { 'content-encoding': coding })
    expect((await fault(makeTransport(), direct, get(url))).cause, coding).toBe('decode-failed')
  }
})

test('HEAD of a page over the cap is no fault', async () => {
  const { url } = await serving('', { 'content-length': 90_000_000 })
  const result = await response(makeTransport(), direct, get(url, { method: 'HEAD' }))
  expect(result.headers['content-length']).toBe('90000000')
})

test('the caller may choose the encoding, and a range is asked for plain', async () => {
  const { url, seen } = await serving('', {})
  const transport = makeTransport()
  await response(transport, direct, get(url, { headers: { 'accept-encoding': 'identity' } }))
  await response(transport, direct, get(url, { headers: { range: 'bytes=0-1' } }))
  expect(seen).toEqual(['identity', undefined])
})

test('set-cookie is always a list', async () => {
  const { url } = await serving('', { 'Set-Cookie': 'a=1' })
  const result = await response(makeTransport(), direct, get(url))
  expect(result.headers['set-cookie']).toEqual(['a=1'])
})
