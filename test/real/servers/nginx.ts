import { writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Server } from './server.ts'

/** One line of the origin's log: the truth about who asked for what. */
export interface Hit {
  /** The address it came from. */
  readonly from: string
  readonly path: string
  readonly status: number
  /** The whole answer was handed over. */
  readonly isComplete: boolean
}

/** nginx, serving `root` on loopback. */
export function nginx(folder: string, port: number, root: string) {
  const file = join(folder, 'nginx.conf')
  const log = join(folder, 'access.log')
  const scratch = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  writeFileSync(
    file,
    `daemon off;
master_process off;
pid ${join(folder, 'nginx.pid')};
error_log ${join(folder, 'error.log')};
events { worker_connections 512; }
http {
  types { text/html html; text/plain txt py; }
  ${scratch.map((name) => `${name}_temp_path ${join(folder, name)};`).join('\n  ')}
  log_format hits '$remote_addr $status $request_completion $request';
  access_log ${log} hits;
  gzip on;
  gzip_types text/plain;
  server {
    listen 127.0.0.1:${port};
    root ${root};
  }
}
`,
  )
  const server = new Server('nginx', port, ['/usr/sbin/nginx', '-c', file, '-e', join(folder, 'error.log')])
  return { server, hits: async () => readHits(await readFile(log, 'utf8')) }
}

function readHits(log: string): Hit[] {
  return log.split('\n').flatMap((line) => {
    const [, from, status, completion, path] = /^(\S+) (\d+) (OK)? ?[A-Z]+ (\S+) HTTP/.exec(line) ?? []
    if (from === undefined || path === undefined) return []
    return [{ from, path, status: Number(status), isComplete: completion === 'OK' }]
  })
}
