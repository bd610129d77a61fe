import type { FaultCause, HttpResponse, Phase } from '../contracts/outcome.ts'
import { decoded } from '../lab/lies/whole-message.ts'
import type { Reply } from '../lab/origin/reply.ts'
import type { ResponseHead } from '../transport/response-head.ts'
import { ResponseReader } from '../transport/response-reader.ts'

/** What a client reads out of the bytes that the lab would have sent. */
export interface Read {
  readonly status: number
  readonly headers: HttpResponse['headers']
  readonly body: Uint8Array
}

/** Why it cannot. */
export interface Unread {
  readonly phase: Phase
  readonly cause: FaultCause
}

const known = new WeakMap<Reply, Read | Unread>()

/** A whole reply; a fixed one is read once. */
export function readReply(reply: Reply): Read | Unread {
  let read = known.get(reply)
  if (!read) {
    read = readWire(reply.wire)
    known.set(reply, read)
  }
  return read
}

/** By the transport's own reader; the connection ends behind these bytes. `most`: bytes of a body that are taken. */
export function readWire(wire: Buffer, isHead = false, most = Number.POSITIVE_INFINITY): Read | Unread {
  let head: ResponseHead | undefined
  let broken: Unread | undefined
  let isWhole = false
  const parts: Buffer[] = []
  const reader = new ResponseReader(
    {
      onHead: (each, { length }) => {
        head = each
        if (Number.isFinite(length) && length > most) broken = { phase: 'body', cause: 'body-too-large' }
      },
      onBytes: (bytes) => void parts.push(bytes),
      onEnd: () => {
        isWhole = true
      },
      onBroken: (cause) => {
        broken = { phase: head ? 'body' : 'headers', cause }
      },
    },
    isHead,
  )
  // A copy, because chunks are moved together where they stand.
  reader.push(Buffer.from(wire))
  reader.finish()
  if (broken) return broken
  if (!head) return { phase: 'headers', cause: 'reset' }
  if (!isWhole) return { phase: 'body', cause: 'body-short' }
  const { status, headers } = head
  const cookie = headers['set-cookie']
  if (typeof cookie === 'string') headers['set-cookie'] = [cookie]
  const bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts)
  const coding = isHead ? undefined : headers['content-encoding']
  const body = typeof coding === 'string' && bytes.length > 0 ? decoded(bytes, coding) : undefined
  return { status, headers, body: body ?? bytes }
}
