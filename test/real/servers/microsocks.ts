import { type Berth, login, type RealProxy } from './proxy.ts'
import { Server } from './server.ts'

/** SOCKS5, with a password when asked for. All its settings are arguments. */
export function microsocks({ port, egress }: Berth, wantsPassword: boolean): RealProxy {
  const account = wantsPassword ? ['-u', login.username, '-P', login.password] : []
  const place = ['-i', '127.0.0.1', '-p', String(port), '-b', egress]
  return {
    server: new Server('microsocks', port, ['/usr/bin/microsocks', ...place, ...account]),
    url: `socks5h://${wantsPassword ? `${login.username}:${login.password}@` : ''}127.0.0.1:${port}`,
    egress,
  }
}
