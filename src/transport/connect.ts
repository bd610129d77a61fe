import type { Socket } from 'node:net'
import { connectFailure } from './connect-reply.ts'
import { Conversation } from './conversation.ts'
import { Failure } from './step-failure.ts'

/**
 * The CONNECT handshake of HTTP proxies (RFC 9110, 9.3.6). Any 2xx is a tunnel. Nothing of another reply's body is read:
 * a body that came from the proxy must never pass for the target's (the CVE-2009-2062 class), and the socket is closed.
 * By hand because undici reports a refused CONNECT only as text and takes nothing but 200.
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
    const head = await talk.takeHead(headLimit)
    if (head === 'closed') {
      return new Failure(
        'handshake',
        'handshake-closed',
        'The proxy closed the connection before its reply to CONNECT.',
      )
    }
    const reply = head === 'garbage' ? undefined : parseHead(head)
    if (!reply) {
      return new Failure('handshake', 'handshake-garbage', 'The reply of the proxy to CONNECT is not HTTP.')
    }
    if (reply.status < 200) continue // 100 and its like: the answer is still to come
    if (reply.status >= 300) return connectFailure(reply.status, reply.headers, wall)
    if (talk.release() === 0) return undefined
    return new Failure(
      'handshake',
      'connect-injected',
      'The proxy sent bytes into the tunnel before we spoke.',
    )
  }
}

const headLimit = 32 * 1024

interface Reply {
  readonly status: number
  /** Names in lower case; repeated ones joined by commas. */
  readonly headers: ReadonlyMap<string, string>
}

function parseHead(head: string): Reply | undefined {
  const lines = head.split('\r\n')
  const status = /^HTTP\/1\.[01] ([1-5]\d\d)(?: |$)/.exec(lines[0]!)
  if (!status) return undefined
  const headers = new Map<string, string>()
  for (const line of lines.slice(1)) {
    const colon = line.indexOf(':')
    if (colon <= 0) continue
    const name = line.slice(0, colon).trim().toLowerCase()
    const value = line.slice(colon + 1).trim()
    const before = headers.get(name)
    headers.set(name, before === undefined ? value : `${before}, ${value}`)
  }
  return { status: Number(status[1]), headers }
}
