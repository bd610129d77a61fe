import { SocksProxyAgent } from 'socks-proxy-agent'
import { Pool } from 'undici'
import type { Lab } from '../src/lab/index.ts'

/**
 * The yardstick: undici pools, one per proxy, each through SocksProxyAgent's own handshake, in turn. `url` has 2,048
 * bytes. `kept` overrides undici's own limits: connections of a pool, and how long an idle one is kept, in ms.
 */
export function rawClient(
  lab: Pick<Lab, 'proxies'>,
  url: string,
  kept?: { connections: number; idleMax: number },
) {
  const { origin, pathname, hostname, port } = new URL(url)
  const pools = lab.proxies.map((proxy) => {
    const agent = new SocksProxyAgent(proxy.replace('socks5:', 'socks5h:'))
    const target = { host: hostname, port: Number(port || 80), secureEndpoint: false }
    return new Pool(origin, {
      ...(kept && {
        connections: kept.connections,
        keepAliveTimeout: kept.idleMax,
        keepAliveMaxTimeout: kept.idleMax,
      }),
      connect: (_options, callback) => {
        agent.connect({ emit() {}, destroy() {} } as never, target as never).then(
          (socket) => callback(null, socket as never),
          (error: Error) => callback(error, null),
        )
      },
    })
  })
  let turn = 0
  return {
    async fetch() {
      const { body } = await pools[turn++ % pools.length]!.request({ path: pathname, method: 'GET' })
      const bytes = await body.arrayBuffer()
      if (bytes.byteLength !== 2048) throw new Error(`a body of ${bytes.byteLength} bytes`)
    },
    close: () => Promise.all(pools.map((pool) => pool.close())),
  }
}
