import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Berth, RealProxy } from './proxy.ts'
import { Server } from './server.ts'

/** A plain HTTP proxy. It closes each connection after one request. */
export function tinyproxy({ folder, port, egress }: Berth): RealProxy {
  const file = join(folder, `tinyproxy-${port}.conf`)
  writeFileSync(
    file,
    `Port ${port}
Listen 127.0.0.1
Bind ${egress}
Allow 127.0.0.1
Timeout 30
MaxClients 50
LogLevel Error
DisableViaHeader Yes
`,
  )
  return {
    server: new Server('tinyproxy', port, ['/usr/bin/tinyproxy', '-d', '-c', file]),
    url: `http://127.0.0.1:${port}`,
    egress,
  }
}
