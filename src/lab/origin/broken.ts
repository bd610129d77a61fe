import type { Socket } from 'node:net'
import zlib from 'node:zlib'
import type { Resources } from '../resources.ts'
import { filler } from './filler.ts'
import { type Reply, reply } from './reply.ts'

/** Bodies that are wrong, hostile or merely unusual. Each path names what is the matter with it. */
export function brokenReply(path: string, resources: Resources): Reply | undefined {
  switch (path) {
    case '/broken/short': // fewer bytes than Content-Length
      return reply(200, filler(500), { sized: false, headers: { 'content-length': 1_000 }, play: hangUp })
    case '/broken/long': // more bytes than Content-Length
      return reply(200, filler(1_000), { sized: false, headers: { 'content-length': 500 } })
    case '/broken/reset': // a reset in the middle
      return reply(200, filler(500), {
        sized: false,
        headers: { 'content-length': 1_000 },
        play: (socket) => void resources.after(5, () => socket.resetAndDestroy()),
      })
    case '/broken/gzip': // complete on the wire, cut within the encoding
      return reply(200, zlib.gzipSync(filler(5_000)).subarray(0, -20), {
        headers: { 'content-encoding': 'gzip' },
      })
    case '/broken/encoding': // not gzip at all
      return reply(200, filler(200), { headers: { 'content-encoding': 'gzip' } })
    case '/broken/chunk': // a chunk size that is no number
      return chunked('5\r\nhello\r\nzz\r\n', (socket) => socket.end())
    case '/broken/unterminated': // the last chunk never comes
      return chunked('5\r\nhello\r\n', (socket) => socket.end())
    case '/broken/garbage': // not HTTP
      return { status: 200, wire: Buffer.from('\x00\x01not a response\r\n\r\n'), headLength: 0, close: true }
    case '/broken/empty': // closed without a word
      return { status: 200, wire: Buffer.alloc(0), headLength: 0, close: true }
    case '/bomb':
      bomb ??= reply(200, zlib.gzipSync(Buffer.alloc(64 * 1024 * 1024)), {
        headers: { 'content-encoding': 'gzip' },
      })
      return bomb
    default:
      return undefined
  }
}

let bomb: Reply | undefined

/** `/encoded/gzip/2048`, also br, deflate, zstd. */
export function encodedReply(coding: string, size: number): Reply | undefined {
  const encode = {
    gzip: zlib.gzipSync,
    br: zlib.brotliCompressSync,
    deflate: zlib.deflateSync,
    zstd: zlib.zstdCompressSync,
  }[coding]
  return encode && reply(200, encode(filler(size)), { headers: { 'content-encoding': coding } })
}

/** `/chunked/100000`: without a length, in chunks of 4 KiB. */
export function chunkedReply(size: number): Reply {
  const body = filler(size).toString('latin1')
  let wire = ''
  for (let at = 0; at < size; at += 4_096) {
    const part = body.slice(at, at + 4_096)
    wire += `${part.length.toString(16)}\r\n${part}\r\n`
  }
  return chunked(`${wire}0\r\n\r\n`)
}

/** `/unbounded/1000`: the end of the connection ends the body. */
export function unboundedReply(size: number): Reply {
  return reply(200, filler(size), { sized: false, close: true })
}

/** `/slow?bytes=100&every=1000`: the head at once, then a byte every so many milliseconds. */
export function slowReply(bytes: number, everyMs: number, resources: Resources): Reply {
  return reply(200, '', {
    sized: false,
    headers: { 'content-length': bytes },
    play(socket, done) {
      let sent = 0
      const drip = () => {
        if (socket.destroyed) return
        if (sent++ >= bytes) return done()
        socket.write('.')
        resources.after(everyMs, drip)
      }
      resources.after(everyMs, drip)
    },
  })
}

function chunked(body: string, play?: (socket: Socket) => void): Reply {
  const options = { sized: false, headers: { 'transfer-encoding': 'chunked' } }
  return reply(200, body, play ? { ...options, play } : options)
}

function hangUp(socket: Socket): void {
  socket.end()
}
