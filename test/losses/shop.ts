import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createTerminal } from '../cli/terminal.ts'

/** A folder with a site and sources of a user's own, and the command line in it. */
export interface Shop {
  readonly folder: string
  readonly url: string
  /** Paths that were asked for, in order. */
  readonly asked: string[]
  run(...argv: string[]): Promise<{ code: number; out: string; err: string }>
  /** Writes a source; `{ URL }` and what defineSource and zod give are there. */
  source(name: string, members: string): Promise<string>
  read(file: string): Promise<string>
  close(): Promise<void>
}

export async function openShop(answer: (path: string, response: ServerResponse) => void): Promise<Shop> {
  const folder = await mkdtemp(join(tmpdir(), 'regatta-losses-'))
  const asked: string[] = []
  const server: Server = createServer(({ url = '/' }, response) => {
    if (url === '/robots.txt') return void response.writeHead(404).end()
    asked.push(url)
    answer(url, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const regatta = fileURLToPath(new URL('../../src/index.ts', import.meta.url))
  const zod = fileURLToPath(import.meta.resolve('zod'))
  let sources = 0
  return {
    folder,
    url,
    asked,
    async run(...argv) {
      const terminal = createTerminal({ cwd: folder })
      const code = await terminal.run(...argv)
      return { code, out: terminal.stdout(), err: terminal.stderr() }
    },
    async source(name, members) {
      // A module is loaded once: a source that was mended has another path.
      const path = join(folder, `${name}-${++sources}.ts`)
      const text = `import { defineSource } from '${regatta}'
        import { z } from '${zod}'
        const URL = '${url}'
        export default defineSource({ name: '${name}', params: z.object({}), ${members} })`
      await writeFile(path, text)
      return path
    },
    read: (file) => readFile(join(folder, file), 'utf8'),
    async close() {
      server.closeAllConnections()
      server.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export const linesOf = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
