import { promisify } from 'node:util'
import { deflate, inflate } from 'node:zlib'
import { z } from 'zod'
import type { FailedAnswer, KeptResponse } from '../contracts/cache.ts'
import type { HttpResponse } from '../contracts/outcome.ts'

/** An answer as a row, and back. What a row holds beside columns is JSON: it is written and read as a whole. */
export interface Row {
  readonly meta: string
  readonly body: Uint8Array
  /** 1 when the body is compressed. */
  readonly packed: number
  /** Of the body in memory, in bytes. */
  readonly length: number
  readonly kept_at: number
}

const metaSchema = z.object({
  url: z.string(),
  status: z.number(),
  headers: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
  redirects: z.array(z.string()),
  forwarded: z.boolean(),
  connectMs: z.number(),
  firstByteMs: z.number().optional(),
  totalMs: z.number(),
  bytes: z.number(),
  reused: z.boolean(),
  verified: z.boolean(),
})

const pack = promisify(deflate)
const unpack = promisify(inflate)
/** Below this there is nothing to win. */
const shortest = 256

/** Cookies stay out: they are credentials, and the page has been read with them already. */
export async function toRow(response: HttpResponse, keptAt: number): Promise<Row> {
  const { body, kind: _kind, file: _file, headers, firstByteMs, ...rest } = response
  const { 'set-cookie': _cookie, ...kept } = headers
  const meta = JSON.stringify({ ...rest, headers: kept, firstByteMs })
  const packed = body.length < shortest ? undefined : await pack(body, { level: 1 })
  // A picture does not shrink; unpacking it each time would be for nothing.
  const pays = packed !== undefined && packed.length < body.length * 0.9
  return { meta, body: pays ? packed : body, packed: pays ? 1 : 0, length: body.length, kept_at: keptAt }
}

/** Undefined when the row makes no sense: it is damaged. */
export async function fromRow(row: Row): Promise<KeptResponse | undefined> {
  try {
    const { firstByteMs, ...meta } = metaSchema.parse(JSON.parse(row.meta))
    const body = row.packed === 1 ? await unpack(row.body, { maxOutputLength: row.length }) : row.body
    if (body.length !== row.length) return undefined
    return { kind: 'response', ...meta, firstByteMs, body: new Uint8Array(body), keptAt: row.kept_at }
  } catch {
    return undefined
  }
}

const failureSchema = z.object({
  code: z.string(),
  detail: z.string(),
  heads: z.array(
    z.object({
      proxy: z.string(),
      reason: z.string(),
      status: z.number().optional(),
      headers: z.record(z.string(), z.string()).optional(),
      body: z.string().optional(),
      at: z.number(),
    }),
  ),
})

/** Undefined when the text makes no sense: it is damaged. */
export function failureFrom(meta: string): FailedAnswer | undefined {
  try {
    return failureSchema.parse(JSON.parse(meta)) as FailedAnswer
  } catch {
    return undefined
  }
}
