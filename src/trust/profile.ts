import { Buffer } from 'node:buffer'
import { isRedirectStatus, locationOf } from '../base/location.ts'
import type { Exchange, HttpResponse } from '../contracts/outcome.ts'
import { digestOfBody, sizeOfBody } from '../contracts/response-body.ts'
import { type BodyFamily, familyOf, isUtf16 } from './body-family.ts'
import { hashOfBytes } from './byte-hash.ts'
import { comparableTarget } from './comparable-link.ts'
import { headerParts } from './header-parts.ts'
import { countJson } from './json-parts.ts'
import { countLines } from './line-parts.ts'
import { countMarkup } from './markup-parts.ts'
import { type Part, PartTally } from './part-tally.ts'

export type { Part } from './part-tally.ts'

/**
 * What an answer consists of, for comparison with another answer to the same question (difference.ts). Bytes of honest answers
 * differ all the time, so it is taken apart into what may differ (a nonce in a script) and what may not (one script more):
 * at each path a count, and apart from it a hash of what stands there.
 *
 * The body is read when its parts are first asked for: most answers are equal, byte for byte.
 */
export interface Profile {
  /** HTTP status; 0 for a fault that ends a page, such as `redirect-limit` or `body-too-large`. */
  readonly status: number
  /** What the body is, told by its bytes. */
  readonly type: BodyFamily
  /** Where a redirect leads: absolute, without fragment and without what is new at each visit. */
  readonly target: string | undefined
  /** SHA-256 of the whole body, hex; empty where there is none. */
  readonly digest: string
  /** Bytes of the whole body. */
  readonly size: number
  /** Whether `parts` are of the beginning only: of a body in a file, and of one of more than 4 MiB. The digest is of all. */
  readonly isPartial: boolean
  /** What the headers say of the page, by path. Part of `parts`, and told without reading the body. */
  readonly headers: ReadonlyMap<string, Part>
  /** By path (part-path.ts says how they are written), headers included. At most 4,160, and the headers'. */
  readonly parts: ReadonlyMap<string, Part>
  /** A sketch of all values of the body, for `sharedValues`. */
  readonly sketch: Uint32Array
}

/** Never throws. `leadsTo`: where a redirect leads, if the caller knows; default: what its `location` says. */
export function profileOf(exchange: Exchange, leadsTo?: string): Profile {
  if (exchange.kind === 'response') return new AnswerProfile(exchange, leadsTo)
  const headers = new Map([[`fault ${exchange.cause}`, { count: 1, value: 0 }]])
  return {
    status: 0,
    type: 'none',
    target: leadsTo === undefined ? undefined : comparableTarget(leadsTo),
    digest: '',
    size: 0,
    isPartial: false,
    headers,
    parts: headers,
    sketch: new PartTally().bins,
  }
}

/** As much is read, some 10 ms per MiB. */
const mostBytes = 4 * 1024 * 1024

class AnswerProfile implements Profile {
  readonly status: number
  readonly type: BodyFamily
  readonly target: string | undefined
  readonly digest: string
  readonly size: number
  readonly isPartial: boolean
  readonly headers: ReadonlyMap<string, Part>
  readonly #url: string
  /** Let go once it was read. */
  #body: Uint8Array | undefined
  #parts: ReadonlyMap<string, Part> | undefined
  #sketch: Uint32Array | undefined

  constructor(response: HttpResponse, leadsTo: string | undefined) {
    this.status = response.status
    this.type = familyOf(response.body, response.headers['content-type'])
    this.target = targetOf(response, leadsTo)
    this.size = sizeOfBody(response)
    this.digest = this.size === 0 ? '' : digestOfBody(response)
    this.isPartial = response.file !== undefined || this.size > mostBytes
    this.headers = headerParts(response)
    this.#url = response.url
    this.#body = response.body
  }

  get parts(): ReadonlyMap<string, Part> {
    this.#parts ?? this.#read()
    return this.#parts!
  }

  get sketch(): Uint32Array {
    this.#sketch ?? this.#read()
    return this.#sketch!
  }

  #read(): void {
    const tally = new PartTally()
    const body = this.#body!.subarray(0, mostBytes)
    this.#body = undefined
    countBody(this.type, this.type === 'binary' ? body : readable(body), this.#url, tally)
    const { parts } = tally
    for (const [path, part] of this.headers) parts.set(path, part)
    this.#parts = parts
    this.#sketch = tally.bins
  }
}

function countBody(type: BodyFamily, bytes: Uint8Array, url: string, tally: PartTally): void {
  if (type === 'html' || type === 'xml') countMarkup(bytes, type === 'xml', url, tally)
  else if (type === 'json') countJson(bytes, 0, bytes.length, tally)
  else if (type === 'text') countLines(bytes, tally)
  else if (type === 'binary') sketchBlocks(bytes, tally)
}

/** Of what cannot be read only the likeness is of interest: how many blocks are the same. */
const blockBytes = 512

function sketchBlocks(bytes: Uint8Array, tally: PartTally): void {
  for (let from = 0; from < bytes.length; from += blockBytes) {
    tally.sketch(hashOfBytes(bytes, from, Math.min(from + blockBytes, bytes.length)))
  }
}

/** Without a byte order mark, and UTF-16 as UTF-8: the readers know markup by single bytes. */
function readable(body: Uint8Array): Uint8Array {
  const bytes = isUtf16(body) ? narrowed(body) : body
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes
}

function narrowed(body: Uint8Array): Uint8Array {
  const isBigEndian = body[0] === 0xfe || body[0] === 0
  const whole = Buffer.from(body.subarray(0, body.length & ~1))
  return Buffer.from((isBigEndian ? whole.swap16() : whole).toString('utf16le'), 'utf8')
}

function targetOf(response: HttpResponse, leadsTo: string | undefined): string | undefined {
  if (leadsTo !== undefined) return comparableTarget(leadsTo)
  if (!isRedirectStatus(response.status)) return undefined
  const target = locationOf(response)
  return target === undefined
    ? undefined
    : comparableTarget(typeof target === 'string' ? target : target.href)
}
