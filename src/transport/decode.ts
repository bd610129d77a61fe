import zlib from 'node:zlib'
import { codeOf, Failure } from './failure.ts'

/**
 * Content codings undone (RFC 9110, 8.4): the whole body is there, so one asynchronous call per coding does it, off this
 * thread. `maxOutputLength` is the guard against bombs: the decoder stops at the cap instead of filling the memory.
 */
type Decoder = (body: Uint8Array, options: { maxOutputLength: number }, done: Done) => void
type Done = (error: Error | null, decoded: Buffer) => void

const decoders: Readonly<Record<string, Decoder | undefined>> = {
  gzip: zlib.gunzip,
  'x-gzip': zlib.gunzip,
  deflate: (body, options, done) =>
    (hasZlibHeader(body) ? zlib.inflate : zlib.inflateRaw)(body, options, done),
  br: zlib.brotliDecompress,
  zstd: zlib.zstdDecompress as Decoder | undefined,
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

/** The decoders for a `content-encoding` header, outermost first; empty when there is nothing to undo. */
export function decodersOf(header: string | readonly string[] | undefined): readonly Decoder[] | Failure {
  if (header === undefined) return []
  const names = (typeof header === 'string' ? header : header.join(',')).toLowerCase().split(',')
  if (names.length > maxCodings) {
    return new Failure('decode', 'decode-failed', `The body is encoded ${names.length} times over.`)
  }
  const steps: Decoder[] = []
  for (let i = names.length - 1; i >= 0; i--) {
    const name = names[i]!.trim()
    if (name === '' || name === 'identity') continue
    const decoder = decoders[name]
    // A coding nobody knows (`utf-8` is a common slip) is left as it is, as browsers do.
    if (!decoder) break
    steps.push(decoder)
  }
  return steps
}

/** Calls `done` once, later, with the decoded body or the failure. */
export function decode(
  body: Uint8Array,
  steps: readonly Decoder[],
  limit: number,
  done: (result: Uint8Array | Failure) => void,
  from = 0,
): void {
  const step = steps[from]
  if (!step) {
    done(body)
    return
  }
  step(body, { maxOutputLength: limit }, (error, decoded) => {
    if (!error) return decode(decoded, steps, limit, done, from + 1)
    if (codeOf(error) === 'ERR_BUFFER_TOO_LARGE') {
      return done(new Failure('decode', 'decode-bomb', `The body decodes to more than ${limit} bytes.`))
    }
    done(
      new Failure(
        'decode',
        'decode-failed',
        `The encoding of the body is broken (${codeOf(error) || error.name}).`,
      ),
    )
  })
}

/** `deflate` means zlib (RFC 1950), but servers that send it raw are old and many. */
function hasZlibHeader(body: Uint8Array): boolean {
  return body.length >= 2 && (body[0]! & 0x0f) === 8 && ((body[0]! << 8) | body[1]!) % 31 === 0
}
