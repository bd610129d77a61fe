import { messageOf, RegattaError } from '../contracts/errors.ts'
import { optionInvalid } from './fetch-options.ts'

/**
 * The body of a request, as fetch reads one ("extract a body"): what it is and its content type. Several attempts may send
 * it, so a stream is read to its end before the first, and kept in memory.
 */
export interface Content {
  readonly type?: string | undefined
  /** At hand, and a copy. */
  readonly bytes?: Uint8Array
  /** To be read, once. */
  readonly stream?: ReadableStream | AsyncIterable<unknown>
}

const expected =
  'expected text, bytes, URLSearchParams, FormData, a Blob, a ReadableStream or an async iterable of bytes'

/** Throws OPTION_INVALID for what is no body; an object among it, which fetch would send as "[object Object]". */
export function readBodyInit(body: unknown, duplex: unknown): Content {
  if (typeof body === 'string')
    return { type: 'text/plain;charset=UTF-8', bytes: Buffer.from(body.toWellFormed()) }
  if (body instanceof URLSearchParams)
    return { type: 'application/x-www-form-urlencoded;charset=UTF-8', bytes: Buffer.from(String(body)) }
  if (body instanceof ArrayBuffer) return { bytes: new Uint8Array(body.slice(0)) }
  if (ArrayBuffer.isView(body))
    return { bytes: new Uint8Array(body.buffer, body.byteOffset, body.byteLength).slice() }
  if (typeof body !== 'object' || body === null) throw noBody(body)
  if (body instanceof Blob) return { type: body.type || undefined, stream: body.stream() }
  const form = formOf(body)
  if (form) {
    const packed = new Response(form)
    return { type: packed.headers.get('content-type')!, stream: packed.body! }
  }
  if (!(Symbol.asyncIterator in body)) throw noBody(body)
  if (duplex !== 'half') {
    throw optionInvalid(
      'duplex',
      'Option "duplex": a body that is a stream needs duplex: "half", as in fetch.',
    )
  }
  if (body instanceof ReadableStream && body.locked) {
    throw optionInvalid('body', 'Option "body": the stream has a reader already, or was read.')
  }
  return { stream: body as AsyncIterable<unknown> }
}

function noBody(body: unknown): RegattaError {
  const isData = typeof body === 'object' && body !== null
  const way = isData ? ' Send JSON as JSON.stringify(…) with a content-type of application/json.' : ''
  return optionInvalid(
    'body',
    `Option "body": ${expected} (got ${isData ? 'an object' : typeof body}).${way}`,
  )
}

/** A form; that of another copy of undici is read into one of ours. Undefined for anything else. */
function formOf(body: object): FormData | undefined {
  if (body instanceof FormData) return body
  if (Object.prototype.toString.call(body) !== '[object FormData]' || !(Symbol.iterator in body))
    return undefined
  const form = new FormData()
  for (const [name, value] of body as Iterable<[string, string | Blob]>) {
    if (typeof value === 'string') form.append(name, value)
    else form.append(name, value)
  }
  return form
}

/** Reads it to its end. Rejects with OPTION_INVALID when it has more than `most` bytes, and with EXTENSION_FAILED when it breaks. */
export function readContent(
  { stream }: Content,
  most: number,
): { readonly bytes: Promise<Uint8Array>; cancel(): void } {
  const iterator = (stream as AsyncIterable<unknown>)[Symbol.asyncIterator]()
  // A generator that waits hears of its end when it goes on; a stream hears at once.
  const cancel = () => void Promise.resolve(iterator.return?.()).catch(() => {})
  return { bytes: readAll(iterator, most, cancel), cancel }
}

async function readAll(
  iterator: AsyncIterator<unknown>,
  most: number,
  cancel: () => void,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for (;;) {
    const { done, value } = await iterator.next().catch((error: unknown) => {
      const sentence = `The body of the request could not be read: ${messageOf(error)}.`
      throw new RegattaError('EXTENSION_FAILED', sentence, { value: { extension: 'body' }, cause: error })
    })
    if (done) return Buffer.concat(chunks)
    const chunk = bytesOf(value)
    size += chunk?.length ?? 0
    if (chunk && size <= most) {
      chunks.push(chunk)
      continue
    }
    cancel()
    throw chunk
      ? optionInvalid('body', `Option "body": longer than ${most} bytes, which is the option "maxBody".`)
      : optionInvalid('body', 'Option "body": the stream brought something that is neither bytes nor text.')
  }
}

function bytesOf(chunk: unknown): Uint8Array | undefined {
  if (typeof chunk === 'string') return Buffer.from(chunk)
  if (chunk instanceof ArrayBuffer) return new Uint8Array(chunk)
  if (!ArrayBuffer.isView(chunk)) return undefined
  return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)
}
