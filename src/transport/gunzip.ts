import zlib from 'node:zlib'
import { codeOf } from './step-failure.ts'

type Done = (error: Error | null, decoded: Buffer) => void

/** Whether a body begins as gzip does (RFC 1952, 2.3.1). A server may say so of one that does not. */
export function isGzip(body: Uint8Array): boolean {
  return body.length < 2 || (body[0] === 0x1f && body[1] === 0x8b)
}

/**
 * gzip as servers send it. What follows the last member (zeros, a comment of a cache) is left out, as gzip itself does, and a checksum
 * that was never sent is not missed, because the data says by itself that it has ended. What breaks off, or does not fit its
 * checksum, is refused.
 */
export function gunzip(body: Uint8Array, options: { maxOutputLength: number }, done: Done): void {
  zlib.gunzip(body, { ...options, chunkSize: roomFor(body, options.maxOutputLength) }, (error, decoded) => {
    if (!error || codeOf(error) === 'ERR_BUFFER_TOO_LARGE') done(error, decoded)
    else readMember(body, 0, [], options.maxOutputLength, error, done)
  })
}

/**
 * Bytes of memory to decode into. The last four bytes of a member say how long it was: so it is written once, at its length, and
 * not in pieces that are joined, which cost a way to another thread each and wait for a collection. They are no more than a
 * hint: where they say too little, more memory is taken on the way.
 */
export function roomFor(body: Uint8Array, most: number): number {
  if (body.length < 18) return usualRoom
  const length = new DataView(body.buffer, body.byteOffset + body.length - 4, 4).getUint32(0, true)
  // Packed to more than it was: the hint is of an empty last member, or what stands there is none.
  if (length < body.length) return usualRoom
  // One byte more, or zlib asks for another piece before it sees the end.
  return Math.max(leastRoom, Math.min(length + 1, most, mostRoom))
}

/** What zlib takes by itself, the least that it accepts, and what nobody gets by a hint alone. */
const usualRoom = 16 * 1024
const leastRoom = 64
const mostRoom = 1024 * 1024

/** Reads the member that begins at `at`, and those behind it. `error`: why it could not be read in one go. */
function readMember(
  body: Uint8Array,
  at: number,
  before: readonly Buffer[],
  most: number,
  error: Error,
  done: Done,
): void {
  const start = endOfMemberHead(body, at)
  if (start === undefined) return before.length > 0 ? done(null, Buffer.concat(before)) : done(error, nothing)
  zlib.inflateRaw(body.subarray(start), { maxOutputLength: most, info: true }, (failure, result) => {
    if (failure) return done(failure, nothing)
    const { buffer, engine } = result as unknown as { buffer: Buffer; engine: { bytesWritten: number } }
    const end = start + engine.bytesWritten
    const members = [...before, buffer]
    const trailer = body.subarray(end, end + trailerLength)
    if (trailer.length === 0) return done(null, Buffer.concat(members))
    if (trailer.length < trailerLength) return done(error, nothing)
    if (Buffer.from(trailer).readUInt32LE() !== zlib.crc32(buffer)) return done(error, nothing)
    readMember(body, end + trailerLength, members, most - buffer.length, error, done)
  })
}

const nothing = Buffer.alloc(0)
const trailerLength = 8

/** Where the data of a member begins; undefined when none begins at `at`. */
function endOfMemberHead(body: Uint8Array, at: number): number | undefined {
  if (body[at] !== 0x1f || body[at + 1] !== 0x8b || body[at + 2] !== 8) return undefined
  const flags = body[at + 3]!
  let end = at + 10
  if (flags & 4) end += 2 + (body[end]! | (body[end + 1]! << 8))
  for (const text of [8, 16]) {
    if (!(flags & text)) continue
    const zero = body.indexOf(0, end)
    if (zero < 0) return undefined
    end = zero + 1
  }
  if (flags & 2) end += 2
  return end < body.length ? end : undefined
}
