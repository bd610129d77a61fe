import { STATUS_CODES } from 'node:http'
import { headerOf } from '../origin/origin-exchange.ts'
import type { Client } from './client.ts'
import type { Passage, Refusal, Replies } from './passage.ts'
import type { Tunnel } from './tunnel.ts'

/** An HTTP proxy: CONNECT makes a tunnel, a request in absolute form is forwarded (RFC 9110, 9112). */
export async function serveHttp(client: Client, passage: Passage): Promise<void> {
  let tunnel: Tunnel | undefined
  let reached = ''
  for (;;) {
    const head = (await client.takeThrough('\r\n\r\n')).toString('latin1')
    const [method, target] = head.slice(0, head.indexOf('\r\n')).split(' ')
    if (!isAdmitted(head, passage)) {
      await passage.refuse(client, answer(407, { 'proxy-authenticate': 'Basic realm="lab"' }))
      return
    }
    if (passage.behaviour.fault?.kind === 'greeting-then-silent') {
      client.discard()
      return
    }
    const connects = method === 'CONNECT'
    const url = URL.parse(connects ? `http://${target}` : target!)
    if (!url || (!connects && url.protocol !== 'http:')) {
      await passage.refuse(client, answer(400))
      return
    }
    const port = Number(url.port || 80)
    if (connects) {
      ;(await passage.reach(client, url.hostname, port, connectReplies))?.join()
      return
    }
    const body = await takeBody(client, head)
    const goal = `${url.hostname}:${port}`
    if (goal !== reached) {
      tunnel?.leave()
      tunnel = await passage.reach(client, url.hostname, port, forwardReplies)
      reached = goal
      if (!tunnel) return
    }
    const start = Buffer.from(rewrite(head, method!, url, client, passage), 'latin1')
    tunnel!.fromClient(body.length > 0 ? Buffer.concat([start, body]) : start)
  }
}

function isAdmitted(head: string, passage: Passage): boolean {
  if (!passage.auth && passage.behaviour.fault?.kind !== 'bad-auth') return true
  const encoded = /^basic\s+(.+)$/i.exec(headerOf(head, 'proxy-authorization') ?? '')?.[1] ?? ''
  const [username = '', ...password] = Buffer.from(encoded, 'base64').toString().split(':')
  return passage.admits(username, password.join(':'))
}

/** Origin form, without what was meant for the proxy, and with what this proxy gives away. */
function rewrite(head: string, method: string, url: URL, client: Client, passage: Passage): string {
  const [, ...lines] = head.slice(0, -4).split('\r\n')
  const kept = lines.filter((line) => !/^proxy-/i.test(line))
  const { anonymity } = passage.behaviour
  if (anonymity !== 'elite') kept.push('via: 1.1 lab')
  if (anonymity === 'transparent') kept.push(`x-forwarded-for: ${client.socket.remoteAddress ?? ''}`)
  return `${[`${method} ${url.pathname}${url.search} HTTP/1.1`, ...kept].join('\r\n')}\r\n\r\n`
}

async function takeBody(client: Client, head: string): Promise<Buffer> {
  if (!headerOf(head, 'transfer-encoding')) {
    const length = Number(headerOf(head, 'content-length') ?? 0)
    return length > 0 ? client.take(length) : Buffer.alloc(0)
  }
  const parts: Buffer[] = []
  for (;;) {
    const line = await client.takeThrough('\r\n')
    const size = Number.parseInt(line.toString('latin1'), 16)
    parts.push(line, await client.take((Number.isNaN(size) ? 0 : size) + 2))
    if (!(size > 0)) return Buffer.concat(parts)
  }
}

function answer(status: number, headers: Readonly<Record<string, string>> = {}, body = ''): Uint8Array {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\n${lines.join('')}content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}

/** Proxy-Status is RFC 9209. */
function refusalAnswer(refusal: Refusal): Uint8Array {
  if (typeof refusal === 'object') return answer(refusal.status, refusal.headers)
  switch (refusal) {
    case 'not-allowed':
      return answer(403, { 'proxy-status': 'lab; error=http_request_denied' })
    case 'fake-connect':
      return answer(
        403,
        { 'content-type': 'text/html', 'set-cookie': 'tracker=1; Path=/' },
        '<html><title>Welcome</title><body>Not the page you asked for</body></html>',
      )
    case 'unknown-host':
      return answer(502, { 'proxy-status': 'lab; error=dns_error; rcode=NXDOMAIN' })
    case 'refused':
      return answer(502, { 'proxy-status': 'lab; error=connection_refused' })
    case 'unreachable':
      return answer(502, { 'proxy-status': 'lab; error=destination_ip_unroutable' })
    case 'quota':
      return answer(402, {}, 'Traffic quota exceeded')
    case 'busy':
      return answer(429, { 'retry-after': '1' }, 'Too many sessions')
    default:
      return answer(502)
  }
}

const connectReplies: Replies = {
  granted: Buffer.from('HTTP/1.1 200 Connection established\r\n\r\n'),
  refused: refusalAnswer,
}
const forwardReplies: Replies = { granted: Buffer.alloc(0), refused: refusalAnswer }
