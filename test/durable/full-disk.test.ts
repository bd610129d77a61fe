import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { startLab } from '../../src/lab/index.ts'
import { mountSmallDisk } from './disk.ts'
import { inspectOutput, start } from './kills.ts'

const pages = 600
const flags = ['--no-politeness', '--param', 'sitemaps=false', '--concurrency', '8', '--quiet']

it.each([
  ['waits for room, and goes on', false],
  ['killed on a full disk, goes on when there is room', true],
])('a crawl %s, with each page once', { timeout: 90_000 }, async (_, isKilled) => {
  await using disk = await mountSmallDisk(2 * 1024 * 1024)
  if (!disk) return expect(process.getuid?.(), 'root can mount a small disk').not.toBe(0)
  const { folder } = disk
  await using lab = await startLab({
    origins: { site: { site: { pages, linksPerPage: 8, pageBytes: 6_000 } } },
    proxies: [{ count: 6 }],
  })
  const { url } = lab.origins.site!
  const list = join(folder, 'proxies.txt')
  await writeFile(list, lab.proxies.join('\n'))
  const [state, file] = [join(folder, 'state'), join(folder, 'pages.jsonl')]
  const argv = ['crawl', `${url}/`, '--proxies', list, '--out', file, '--state', state, ...flags]

  let child = start(argv)
  await untilSaid(child, /disk is full/)
  if (isKilled) {
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
    disk.grow(256 * 1024 * 1024)
    child = start(argv)
    child.stderr!.resume()
  } else disk.grow(256 * 1024 * 1024)
  const [code] = await once(child, 'exit')
  expect(code).toBe(0)
  expect(await inspectOutput(file, url, pages)).toEqual({ lines: pages, torn: 0, doubled: [], missing: [] })
})

function untilSaid(child: ReturnType<typeof start>, pattern: RegExp): Promise<void> {
  let text = ''
  return new Promise((resolve, reject) => {
    child.stderr!.setEncoding('utf8').on('data', (piece: string) => {
      text += piece
      if (pattern.test(text)) resolve()
    })
    child.once('exit', (code) => reject(new Error(`it ended with ${code} before: ${text}`)))
  })
}
