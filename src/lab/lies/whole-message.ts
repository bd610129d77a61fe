import { STATUS_CODES } from 'node:http'
import zlib from 'node:zlib'

/**
 * A whole HTTP response taken apart and put together again, for liars. They must be as hard to find as real ones, so what
 * was in chunks or compressed is so again, and every length is right.
 */
export interface Message {
  readonly status: number
  /** In their order, without those that say how the body is framed and encoded. */
  readonly headers: readonly Header[]
  /** Decoded. */
  readonly body: Buffer
  /** Name of its content coding; empty without one. */
  readonly coding: string
  readonly isChunked: boolean
}

export type Header = readonly [name: string, value: string]

const codings: Readonly<
  Record<string, { decode(body: Buffer): Buffer; encode(body: Buffer): Buffer } | undefined>
> = {
  gzip: { decode: zlib.gunzipSync, encode: zlib.gzipSync },
  deflate: { decode: zlib.inflateSync, encode: zlib.deflateSync },
  br: { decode: zlib.brotliDecompressSync, encode: zlib.brotliCompressSync },
  zstd: { decode: zlib.zstdDecompressSync, encode: zlib.zstdCompressSync },
}
const framing = new Set(['content-length', 'transfer-encoding', 'content-encoding'])
const chunkSize = 4_096

/** Undefined when the response is cut, or encoded in a way that is not known here: it passes as it is. */
export function readMessage(wire: Buffer): Message | undefined {
  const headEnd = wire.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const [statusLine, ...lines] = wire.toString('latin1', 0, headEnd).split('\r\n')
  const all = lines.map((line): Header => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 1).trim()]
  })
  const header = (wanted: string) => all.find(([name]) => name.toLowerCase() === wanted)?.[1]
  const rest = wire.subarray(headEnd + 4)
  const isChunked = header('transfer-encoding') !== undefined
  const length = header('content-length')
  const coded = isChunked ? joinChunks(rest) : length === undefined ? rest : cut(rest, Number(length))
  const coding = (header('content-encoding') ?? '').toLowerCase()
  const body = coded && decoded(coded, coding)
  if (!body) return undefined
  return {
    status: Number(statusLine!.split(' ')[1]),
    headers: all.filter(([name]) => !framing.has(name.toLowerCase())),
    body,
    coding,
    isChunked,
  }
}

export function writeMessage({ status, headers, body, coding, isChunked }: Message): Buffer {
  const isBodiless = status === 204 || status === 304
  const own: Header[] = []
  let bytes = isBodiless ? Buffer.alloc(0) : body
  if (coding !== '' && !isBodiless) {
    own.push(['content-encoding', coding])
    bytes = codings[coding]!.encode(bytes)
  }
  if (isChunked && !isBodiless) {
    own.push(['transfer-encoding', 'chunked'])
    bytes = intoChunks(bytes)
  } else if (!isBodiless) own.push(['content-length', String(bytes.length)])
  const lines = [...headers, ...own].map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\n${lines}\r\n`
  return Buffer.concat([Buffer.from(head, 'latin1'), bytes])
}

export function headerIn({ headers }: Message, wanted: string): string | undefined {
  return headers.find(([name]) => name.toLowerCase() === wanted)?.[1]
}

/** With this value in place of the header's own; undefined takes the header out. */
export function withHeader(message: Message, wanted: string, value: string | undefined): Message {
  const others = message.headers.filter(([name]) => name.toLowerCase() !== wanted)
  return { ...message, headers: value === undefined ? others : [...others, [wanted, value]] }
}

function cut(bytes: Buffer, length: number): Buffer | undefined {
  return bytes.length >= length ? bytes.subarray(0, length) : undefined
}

/** Undefined when it is not what its coding says, or the coding is not known here. */
export function decoded(body: Buffer, coding: string): Buffer | undefined {
  if (coding === '') return body
  try {
    return codings[coding]?.decode(body)
  } catch {
    return undefined
  }
}

function joinChunks(bytes: Buffer): Buffer | undefined {
  const parts: Buffer[] = []
  for (let at = 0; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at)
    const size = lineEnd < 0 ? Number.NaN : Number.parseInt(bytes.toString('latin1', at, lineEnd), 16)
    if (!(size >= 0) || bytes.length < lineEnd + 2 + size) return undefined
    if (size === 0) return Buffer.concat(parts)
    parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size))
    at = lineEnd + 4 + size
  }
}

function intoChunks(bytes: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; at < bytes.length; at += chunkSize) {
    const part = bytes.subarray(at, at + chunkSize)
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n'))
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')])
}
