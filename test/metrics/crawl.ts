import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** `regatta crawl … --metrics 0` as a user types it, in a process of its own. */
export interface RunningCrawl extends AsyncDisposable {
  /** Where it serves its metrics, `127.0.0.1:40123`. */
  readonly address: string
}

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

export async function startCrawl(
  url: string,
  proxies: readonly string[],
  ...more: readonly string[]
): Promise<RunningCrawl> {
  const folder = await mkdtemp(join(tmpdir(), 'regatta-crawl-'))
  await writeFile(join(folder, 'proxies.txt'), proxies.join('\n'))
  const argv = [
    main,
    'crawl',
    url,
    '--proxies',
    'proxies.txt',
    '--out',
    'pages.jsonl',
    '--metrics',
    '0',
    '--quiet',
  ]
  const child = spawn(process.execPath, [...argv, ...more], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = once(child, 'exit')
  let said = ''
  let address: string | undefined
  for await (const line of createInterface({ input: child.stderr })) {
    said += `${line}\n`
    address = /^Metrics at http:\/\/(\S+)\/metrics$/.exec(line)?.[1]
    if (address !== undefined) break
  }
  child.stderr.resume()
  if (address === undefined) throw new Error(`It serves no metrics:\n${said}`)
  return {
    address,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}
