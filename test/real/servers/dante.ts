import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Berth, RealProxy } from './proxy.ts'
import { Server } from './server.ts'

/** SOCKS5 by Dante, the proxy of large installations: it forks a process for each kind of work. */
export function dante({ folder, port, egress }: Berth): RealProxy {
  const isRoot = process.getuid?.() === 0
  const file = join(folder, `dante-${port}.conf`)
  writeFileSync(
    file,
    `logoutput: ${join(folder, `dante-${port}.log`)}
internal: 127.0.0.1 port = ${port}
external: ${egress}
clientmethod: none
socksmethod: none
${isRoot ? 'user.privileged: root\nuser.unprivileged: nobody' : ''}
client pass { from: 127.0.0.0/8 to: 0.0.0.0/0 }
socks pass { from: 127.0.0.0/8 to: 0.0.0.0/0 }
`,
  )
  const pid = join(folder, `dante-${port}.pid`)
  return {
    server: new Server('dante', port, ['/usr/sbin/danted', '-f', file, '-p', pid, '-N', '1']),
    url: `socks5://127.0.0.1:${port}`,
    egress,
  }
}
