import { PassThrough, type Transform } from 'node:stream'
import zlib from 'node:zlib'
import { gunzip, isGzip, roomFor } from './gunzip.ts'
import { codeOf, Failure } from './step-failure.ts'

/**
 * Content codings undone (RFC 9110, 8.4). A body in memory is decoded by one asynchronous call per coding, off this
 * thread; `maxOutputLength` is the guard against bombs: the decoder stops at the cap instead of filling the memory. For most
 * pages the way to the other thread and back costs more than the work, so one that is short, and stays short, is decoded here. A
 * body on its way to the disk passes through a stream per coding, which costs more and holds nothing (body-spill.ts).
 *
 * A body that is not encoded at all, whatever its header says, is taken as it is.
 */
export interface Coding {
  readonly decode: (body: Uint8Array, options: { maxOutputLength: number }, done: Done) => void
  /** The same at once; throws where it is not the usual case. */
  readonly decodeNow?: (body: Uint8Array, options: { maxOutputLength: number }) => Buffer
  /** A stream that undoes it; `start` is how the body begins, where that is known. */
  open(start: Uint8Array | undefined): Transform
}
type Done = (error: Error | null, decoded: Buffer) => void

const chunkSize = 64 * 1024
const gzip: Coding = {
  decode: (body, options, done) =>
    isGzip(body) ? gunzip(body, options, done) : done(null, Buffer.from(body)),
  decodeNow: (body, options) =>
    zlib.gunzipSync(body, { ...options, chunkSize: roomFor(body, options.maxOutputLength) }),
  open: (start) =>
    start === undefined || isGzip(start) ? zlib.createGunzip({ chunkSize }) : new PassThrough(),
}

const codings: Readonly<Record<string, Coding | undefined>> = {
  gzip,
  'x-gzip': gzip,
  deflate: {
    decode: (body, options, done) =>
      (hasZlibHeader(body) ? zlib.inflate : zlib.inflateRaw)(body, options, done),
    open: (start) =>
      start === undefined || hasZlibHeader(start)
        ? zlib.createInflate({ chunkSize })
        : zlib.createInflateRaw({ chunkSize }),
  },
  br: {
    decode: zlib.brotliDecompress,
    decodeNow: zlib.brotliDecompressSync,
    open: () => zlib.createBrotliDecompress({ chunkSize }),
  },
  // Not in every runtime.
  zstd:
    (zlib.zstdDecompress as unknown) === undefined
      ? undefined
      : { decode: zlib.zstdDecompress, open: () => zlib.createZstdDecompress({ chunkSize }) },
}

/**
 * What is offered to servers: the codings that this runtime undoes and whose truncated bodies it recognises. Deno 2.9
 * takes a truncated br or zstd body for whole, so they are not offered there; one that comes unasked is decoded.
 */
export const acceptEncoding = [
  'gzip',
  'deflate',
  ...(refuses(zlib.brotliDecompressSync, 'CwKAd2hvbA==') ? ['br'] : []),
  ...(refuses(zlib.zstdDecompressSync, 'KLUv/SAFKQAAd2hv') ? ['zstd'] : []),
].join(', ')

/** Whether a runtime has `decompress` and does not accept the truncated sample. */
function refuses(decompress: ((body: Uint8Array) => unknown) | undefined, sample: string): boolean {
  if (!decompress) return false
  try {
    decompress(Buffer.from(sample, 'base64'))
    return false
  } catch {
    return true
  }
}

const maxCodings = 5

/** The codings of a `content-encoding` header, outermost first; empty when there is nothing to undo. */
export function codingsOf(header: string | readonly string[] | undefined): readonly Coding[] | Failure {
  if (header === undefined) return []
  const names = (typeof header === 'string' ? header : header.join(',')).toLowerCase().split(',')
  if (names.length > maxCodings) {
    return new Failure('decode', 'decode-failed', `The body is encoded ${names.length} times over.`)
  }
  const steps: Coding[] = []
  for (let i = names.length - 1; i >= 0; i--) {
    const name = names[i]!.trim()
    if (name === '' || name === 'identity') continue
    const coding = codings[name]
    // A coding nobody knows (`utf-8` and `none` are common slips) is passed over.
    if (coding) steps.push(coding)
  }
  return steps
}

/** Bytes of a body that is decoded on this thread, before and behind. */
const shortBefore = 8 * 1024
const shortBehind = 64 * 1024

/** Calls `done` once, perhaps at once, with the decoded body or the failure: a `decode-bomb` when it is longer than `limit`. */
export function decode(
  body: Uint8Array,
  steps: readonly Coding[],
  limit: number,
  done: (result: Uint8Array | Failure) => void,
  from = 0,
): void {
  const step = steps[from]
  if (!step) {
    done(body)
    return
  }
  const now = decodedNow(body, step, limit)
  if (now) return decode(now, steps, limit, done, from + 1)
  step.decode(body, { maxOutputLength: limit }, (error, decoded) => {
    if (!error) return decode(decoded, steps, limit, done, from + 1)
    if (codeOf(error) !== 'ERR_BUFFER_TOO_LARGE' && isText(body))
      return decode(body, steps, limit, done, from + 1)
    done(codeOf(error) === 'ERR_BUFFER_TOO_LARGE' ? decodeBomb(limit) : decodeFailed(error))
  })
}

/** Undefined for what is long, or broken: that is seen by the other way. */
function decodedNow(body: Uint8Array, { decodeNow }: Coding, limit: number): Buffer | undefined {
  if (!decodeNow || body.length > shortBefore) return undefined
  try {
    return decodeNow(body, { maxOutputLength: Math.min(limit, shortBehind) })
  } catch {
    return undefined
  }
}

export function decodeBomb(limit: number): Failure {
  return new Failure('decode', 'decode-bomb', `The body decodes to more than ${limit} bytes.`)
}

export function decodeFailed(error: Error | null | undefined): Failure {
  const shown = codeOf(error) || error?.name || 'no code'
  return new Failure('decode', 'decode-failed', `The encoding of the body is broken (${shown}).`)
}

/** Whether a body that cannot be decoded was never encoded: encoded bytes are no text, not even the first few. */
function isText(body: Uint8Array): boolean {
  const start = body.subarray(0, 64)
  if (start.some((byte) => byte < 32 && byte !== 9 && byte !== 10 && byte !== 13)) return false
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(start, { stream: true })
    return true
  } catch {
    return false
  }
}

/** `deflate` means zlib (RFC 1950), but servers that send it raw are old and many. */
function hasZlibHeader(body: Uint8Array): boolean {
  return body.length >= 2 && (body[0]! & 0x0f) === 8 && ((body[0]! << 8) | body[1]!) % 31 === 0
}
