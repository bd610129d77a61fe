import { createCipheriv } from 'node:crypto'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import { filler } from './filler.ts'
import { type Reply, reply } from './reply.ts'

/**
 * Bodies that no buffer should hold, made while they are sent and only as fast as they are taken. The same bytes every
 * time; half of them are noise, so that gzip makes half of them.
 */
const blockLength = 64 * 1024

export function* largeBlocks(size: number): Generator<Buffer> {
  const noise = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16))
  const text = filler(blockLength / 2)
  const silence = Buffer.alloc(blockLength / 2)
  for (let left = size; left > 0; left -= blockLength) {
    const block = Buffer.concat([noise.update(silence), text])
    yield left < blockLength ? block.subarray(0, left) : block
  }
}

/** `/large/209715200`, `/large/gzip/209715200`; `?cut=1000000` resets the connection after so many bytes of it. */
export function largeReply(size: number, isEncoded: boolean, cut: number | undefined): Reply {
  return reply(200, '', {
    type: 'application/octet-stream',
    sized: false,
    headers: isEncoded
      ? { 'content-encoding': 'gzip', 'transfer-encoding': 'chunked' }
      : { 'content-length': size },
    play: (socket, done) =>
      void send(socket, size, isEncoded, cut ?? Number.POSITIVE_INFINITY).then(done, done),
  })
}

async function send(socket: Socket, size: number, isEncoded: boolean, cut: number): Promise<void> {
  const plain = Readable.from(largeBlocks(size), { objectMode: true, highWaterMark: 1 })
  let sent = 0
  for await (const chunk of isEncoded ? plain.pipe(createGzip({ level: 1 })) : plain) {
    if (socket.destroyed) return
    const piece: Buffer = chunk
    const wire = isEncoded
      ? Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')])
      : piece
    if (!socket.write(wire)) await drained(socket)
    sent += piece.length
    if (sent >= cut) return void socket.resetAndDestroy()
  }
  if (isEncoded) socket.write('0\r\n\r\n')
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const over = () => {
      socket.off('drain', over)
      socket.off('close', over)
      resolve()
    }
    socket.on('drain', over)
    socket.on('close', over)
  })
}
