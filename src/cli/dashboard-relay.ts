import { once } from 'node:events'
import { request as ask, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { type DashboardAddress, readAddress } from '../dashboard/address-file.ts'
import type { Relay } from '../dashboard/serve-dashboard.ts'
import { ownerOf } from '../state/folder-lock.ts'

/**
 * What a page asks goes to the process that crawls, where that has a dashboard of its own: its address and token are in the
 * folder, for the folder's owner alone. A file that a killed process has left leads nowhere, also when
 * another one has the port now, and then the folder answers.
 */
export function relayTo(dir: string): Relay {
  return async () => {
    const owner = ownerOf(dir)
    if (!owner) return undefined
    const address = await readAddress(dir)
    if (address?.pid !== owner.pid || !(await listens(address.port))) return undefined
    return (request, response) => forward(request, response, address)
  }
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

async function forward(
  request: IncomingMessage,
  response: ServerResponse,
  { port, token }: DashboardAddress,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost')
  // The token of this server is none of that one's business.
  url.searchParams.delete('token')
  const type = request.headers['content-type']
  const asked = ask({
    host: '127.0.0.1',
    port,
    method: request.method,
    path: `${url.pathname}${url.search}`,
    headers: { authorization: `Bearer ${token}`, ...(type !== undefined && { 'content-type': type }) },
  })
  // A process that is killed breaks the connection in the middle of an answer.
  asked.on('error', () => response.headersSent && response.destroy())
  response.on('close', () => asked.destroy())
  request.pipe(asked)
  try {
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    for (const name of passedOn) {
      const value = answer.headers[name]
      if (value !== undefined) response.setHeader(name, value)
    }
    response.writeHead(answer.statusCode ?? 502)
    answer.on('error', () => response.destroy())
    answer.pipe(response)
  } catch {
    if (!response.headersSent) response.writeHead(502, { 'content-type': 'application/json' })
    const sentence = 'The process of the crawl has ended while it was asked.'
    response.end(JSON.stringify({ ok: false, code: 'UNAVAILABLE', sentence }))
  }
}

const passedOn = ['content-type', 'content-disposition', 'content-security-policy'] as const
