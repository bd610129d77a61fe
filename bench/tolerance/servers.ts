import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { createServer as createSecureServer } from 'node:tls'
import type { Authority } from '../../src/lab/certificates.ts'
import type { Answer, ToleranceCase } from './case.ts'

/** A server of its own for each case, on loopback: it reads heads and writes bytes. */
export interface CaseServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string
}

export async function serve(each: ToleranceCase, authority: Authority): Promise<CaseServer> {
  const { host = '127.0.0.1', secure = false } = each
  const sockets = new Set<Socket>()
  let origin = ''
  const greet = (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    socket.setNoDelay(true)
    let heard = ''
    let answering = Promise.resolve()
    socket.setEncoding('latin1').on('data', (bytes) => {
      heard += bytes
      for (let end = heard.indexOf('\r\n\r\n'); end >= 0; end = heard.indexOf('\r\n\r\n')) {
        const head = heard.slice(0, end)
        heard = heard.slice(end + 4)
        const path = head.split(' ', 2)[1] ?? ''
        answering = answering.then(async () => send(socket, await each.answer({ path, head }, origin)))
      }
    })
  }
  // A name with a dot behind it is the same name, to a certificate.
  const server = secure
    ? createSecureServer(authority.issue([host.replace(/\.$/, '')]), greet)
    : createServer(greet)
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  origin = `${secure ? 'https' : 'http'}://${host}:${port}`
  return {
    origin,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

async function send(socket: Socket, { pieces, after }: Answer): Promise<void> {
  for (const piece of pieces) {
    if (socket.destroyed) return
    socket.write(typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece)
    if (pieces.length > 1) await delay(1)
  }
  if (after === 'close') socket.end()
  if (after === 'reset') {
    await delay(30)
    socket.resetAndDestroy()
  }
}
