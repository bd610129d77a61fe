import type { Socket } from 'node:net'
import { connectFailure } from './connect-reply.ts'
import { Conversation } from './conversation.ts'
import type { ResponseHead } from './response-head.ts'
import { Failure } from './step-failure.ts'

/**
 * The CONNECT handshake of HTTP proxies (RFC 9110, 9.3.6). Any 2xx is a tunnel. Nothing of another reply's body is read:
 * a body that came from the proxy must never pass for the target's (the CVE-2009-2062 class), and the socket is closed.
 * By hand because clients report a refused CONNECT only as text and take nothing but 200.
 */
export async function httpConnect(
  socket: Socket,
  host: string,
  port: number,
  authorization: string | undefined,
  wall: number,
): Promise<Failure | undefined> {
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const talk = new Conversation(socket)
  const login = authorization === undefined ? '' : `Proxy-Authorization: ${authorization}\r\n`
  talk.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${login}\r\n`)
  for (;;) {
    const reply = await talk.takeHead()
    if (reply === 'closed') {
      return new Failure(
        'handshake',
        'handshake-closed',
        'The proxy closed the connection before its reply to CONNECT.',
      )
    }
    if (reply === 'garbage') {
      return new Failure('handshake', 'handshake-garbage', 'The reply of the proxy to CONNECT is not HTTP.')
    }
    if (reply.status < 200) continue // 100 and its like: the answer is still to come
    if (reply.status >= 300) return connectFailure(reply.status, flat(reply), wall)
    if (talk.release() === 0) return undefined
    return new Failure(
      'handshake',
      'connect-injected',
      'The proxy sent bytes into the tunnel before we spoke.',
    )
  }
}

/** Repeated headers joined by commas. */
function flat({ headers }: ResponseHead): ReadonlyMap<string, string> {
  return new Map(Object.entries(headers).map(([name, value]) => [name, [value].flat().join(', ')]))
}
