import type { Manners } from './manners.ts'
import { type Reply, reply } from './reply.ts'

type Kind = NonNullable<Manners['malformed']>['kind']

/** Answers that no client reads, each built once: the connection ends after it. */
const replies: Readonly<Record<Kind, Reply>> = {
  chunks: reply(200, 'no chunk\r\n', {
    sized: false,
    close: true,
    headers: { 'transfer-encoding': 'chunked' },
  }),
  lengths: reply(200, 'hello', { close: true, headers: { 'content-length': 6 } }),
  head: reply(200, 'hello', { close: true, headers: { 'x-long': 'v'.repeat(300_000) } }),
  garbage: { status: 200, wire: Buffer.from('220 lab ESMTP\r\n'), headLength: 0, close: true },
}

export function malformedReply(kind: Kind): Reply {
  return replies[kind]
}
