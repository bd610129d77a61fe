import { connect, type Socket } from 'node:net'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import type { Certificate } from '../certificates.ts'
import type { Place } from '../geography.ts'
import { listen } from '../listen.ts'
import type { Resources } from '../resources.ts'

/** Makes a certificate for a name, by an authority nobody trusts. */
export type Forger = (host: string) => Certificate

/** Connects from the proxy's own exit address; what failed, in a proxy's words. With a forger the line is tapped. */
export function dial(
  place: Place,
  exitIp: string,
  resources: Resources,
  tap?: { readonly forger: Forger; readonly host: string },
): Promise<Socket | 'refused' | 'unreachable'> {
  if (tap) return dialTapped(place, exitIp, resources, tap.forger(tap.host))
  return new Promise((resolve) => {
    const socket = connect({ host: place.address, port: place.port, localAddress: exitIp, noDelay: true })
    const fail = (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ECONNREFUSED' ? 'refused' : 'unreachable')
    resources.track(socket)
    socket.once('error', fail)
    socket.once('connect', () => {
      socket.off('error', fail)
      resolve(socket)
    })
  })
}

/**
 * The man in the middle is a TLS server of its own, one per tunnel, that reads along and speaks TLS to the true origin. It
 * ends with its one connection.
 */
async function dialTapped(place: Place, exitIp: string, resources: Resources, forged: Certificate) {
  const server = createTlsServer({ ...forged, ALPNProtocols: ['http/1.1'] }, (near) => {
    resources.track(near)
    const line = connect({ host: place.address, port: place.port, localAddress: exitIp, noDelay: true })
    const far = connectTls({ socket: line, rejectUnauthorized: false })
    resources.track(line)
    resources.track(far)
    near.pipe(far).pipe(near)
    near.on('close', () => far.destroy())
    far.on('close', () => near.destroy())
  })
  server.on('connection', (socket: Socket) => {
    resources.track(socket)
    server.close()
  })
  server.on('tlsClientError', (_error: Error, socket: Socket) => socket.destroy())
  if (resources.closed) return 'refused'
  const port = await listen(server, 0, '127.0.0.1')
  return dial({ address: '127.0.0.1', port, speaksTls: true }, exitIp, resources)
}
