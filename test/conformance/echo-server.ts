import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'

/** A request as the server saw it: its method, its path, its body, and those headers that no client sends by itself. */
export interface Seen {
  readonly method: string
  readonly url: string
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

/** What it packs a page into. */
export const packed = gzipSync('packed')

/** What a client sends by itself. */
const usual = new Set(['host', 'connection', 'user-agent', 'accept', 'accept-encoding', 'accept-language'])

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url!, 'http://server')
  const [, kind, status, words] = pathname.split('/')
  switch (kind) {
    case 'echo':
      return response.end(JSON.stringify(await seenOf(request)))
    case 'status':
      response.writeHead(Number(status), words && decodeURIComponent(words), { 'x-a': '1' })
      return response.end()
    case 'hi':
      return answer(response, 'hi', { 'content-type': 'text/plain' })
    case 'form':
      return answer(response, 'a=1&b=2', { 'content-type': 'application/x-www-form-urlencoded' })
    case 'redirect':
      response.writeHead(302, { location: '/hi' })
      return response.end()
    case 'packed':
      return answer(response, packed, { 'content-encoding': 'gzip' })
    case 'cookies':
      response.setHeader('set-cookie', ['a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT', 'b=2'])
      response.setHeader('x-b', ['1', '2'])
      return response.end('cookies')
  }
})

async function seenOf(request: IncomingMessage): Promise<Seen> {
  const body = (await buffer(request)).toString('latin1')
  const boundary = /boundary=(.*)/.exec(request.headers['content-type'] ?? '')?.[1]
  const withoutBoundary = (text: string) => (boundary ? text.replaceAll(boundary, 'B') : text)
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(request.headers)) {
    const isNoise = usual.has(name) || (boundary !== undefined && name === 'content-length')
    if (!isNoise) headers[name] = withoutBoundary(String(value))
  }
  return { method: request.method!, url: request.url!, body: withoutBoundary(body), headers }
}

function answer(response: ServerResponse, body: string | Buffer, headers: Record<string, string>): void {
  response.writeHead(200, { ...headers, 'content-length': body.length })
  response.end(body)
}

/** A server that tells what it was asked, and answers in the ways of its paths. */
export async function startEchoServer(): Promise<{ readonly origin: string; close(): void }> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
