import type { HttpResponse } from '../contracts/outcome.ts'
import type { Reply } from '../lab/origin/reply.ts'

/** What a client reads out of the bytes that the lab would have sent. */
export interface Read {
  readonly status: number
  readonly headers: HttpResponse['headers']
  readonly body: Uint8Array
}

const known = new WeakMap<Reply, Read>()

/** Head and body of a whole reply; a fixed one is read once. */
export function readReply(reply: Reply): Read {
  let read = known.get(reply)
  if (!read) {
    read = readWire(reply.wire.subarray(0, reply.headLength), reply.wire.subarray(reply.headLength))
    known.set(reply, read)
  }
  return read
}

export function readWire(head: Uint8Array, body: Uint8Array): Read {
  const [first, ...lines] = Buffer.from(head).toString('latin1').trimEnd().split('\r\n')
  const headers: Record<string, string | string[]> = {}
  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    const value = line.slice(colon + 1).trim()
    if (name === 'set-cookie') headers[name] = [...(headers[name] ?? []), value]
    else headers[name] = name in headers ? `${headers[name]}, ${value}` : value
  }
  return { status: Number(first!.split(' ')[1]), headers, body }
}
