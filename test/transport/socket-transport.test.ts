import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { systemClock } from '../../src/base/clock.ts'
import { Wheel } from '../../src/base/wheel.ts'
import { transportContract } from '../contracts/transport.ts'
import { endpoint, get, makeTransport, startSocks, startTlsOrigin } from './world.ts'

/** So long that it is decoded apart, and can be cancelled meanwhile. */
const zipped = gzipSync(randomBytes(20_000))

transportContract('the transport over SOCKS5 and TLS', async () => {
  const origin = await startTlsOrigin((request, answer) => {
    if (request.url === '/') answer.writeHead(200, { 'content-encoding': 'gzip' }).end(zipped)
    // and anything else waits for ever
  })
  const proxy = await startSocks(origin.port)
  const wheel = new Wheel(systemClock)
  const transport = makeTransport({ wheel })
  return {
    transport,
    request: get('https://origin.test/'),
    proxy: endpoint('socks5h', proxy.port),
    phases: ['dial', 'handshake', 'tls', 'headers', 'body', 'decode'],
    hanging: get('https://origin.test/never'),
    held: () => transport.stats().open - transport.stats().idle + transport.stats().running + wheel.armed,
    idle: () => transport.stats().idle,
  }
})
