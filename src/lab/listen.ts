import type { Server } from 'node:net'
import { RegattaError } from '../contracts/errors.ts'

/** Opens a port; 0 takes a free one. Resolves to the port. */
export function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (cause: Error) =>
      reject(
        new RegattaError(
          'SCENARIO_INVALID',
          `The lab cannot listen on ${host}:${port}; every address of 127.0.0.0/8 must be usable, as on Linux.`,
          { cause },
        ),
      )
    server.once('error', fail)
    server.listen({ port, host, backlog: 4_096 }, () => {
      server.off('error', fail)
      const address = server.address()
      resolve(typeof address === 'object' && address ? address.port : port)
    })
  })
}

/** Closes the port; resolves when the server's last socket is gone too. */
export function unlisten(server: Server): Promise<void> {
  return new Promise((resolve) => {
    if (server.listening) server.close(() => resolve())
    else resolve()
  })
}
