import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Berth, login, type RealProxy } from './proxy.ts'
import { Server } from './server.ts'

/** `openssl passwd -apr1` of the password: squid's helper takes hashes only. */
const hash = '$apr1$regatta1$gPfnlzKXjycdRNs/PwGGr/'

/** A caching proxy with basic authentication; here it may cache nothing, so that the origin sees every request. */
export function squid({ folder, port, egress }: Berth): RealProxy {
  const home = join(folder, `squid-${port}`)
  mkdirSync(home)
  chmodSync(home, 0o777) // started as root, it goes on as user `proxy`
  const accounts = join(home, 'accounts')
  writeFileSync(accounts, `${login.username}:${hash}\n`)
  const file = join(home, 'squid.conf')
  writeFileSync(
    file,
    `http_port 127.0.0.1:${port}
tcp_outgoing_address ${egress}
auth_param basic program /usr/lib/squid/basic_ncsa_auth ${accounts}
auth_param basic children 2 startup=1
auth_param basic realm crew
acl crew proxy_auth REQUIRED
http_access allow crew
http_access deny all
cache deny all
cache_mem 8 MB
access_log none
cache_log ${join(home, 'cache.log')}
cache_store_log none
coredump_dir ${home}
pid_filename none
pinger_enable off
icp_port 0
netdb_filename none
via off
forwarded_for delete
visible_hostname regatta
shutdown_lifetime 0 seconds
max_filedescriptors 1024
`,
  )
  return {
    server: new Server('squid', port, ['/usr/sbin/squid', '-N', '-f', file, '-n', `regatta${port}`]),
    url: `http://${login.username}:${login.password}@127.0.0.1:${port}`,
    egress,
  }
}
