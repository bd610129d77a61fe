import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { openSqliteFrontier } from '../../src/frontier/sqlite/open.ts'
import { startLab } from '../../src/lab/index.ts'
import { salvageCrawls } from '../../src/state/salvage-crawls.ts'
import { request } from '../frontier/model.ts'
import { mountSmallDisk } from './disk.ts'
import { inspectOutput, start } from './kills.ts'

const pages = 600
const flags = ['--no-politeness', '--param', 'sitemaps=false', '--concurrency', '8', '--quiet']

it.for([
  ['waits for room, and goes on', 'wait'],
  ['killed on a full disk, goes on when there is room', 'kill'],
  ['stopped twice on a full disk, ends at once, and goes on when there is room', 'stop'],
] as const)('a crawl %s, with each page once', { timeout: 90_000 }, async ([, what], { skip }) => {
  await using disk = await mountSmallDisk(2 * 1024 * 1024)
  if (!disk) return skip('needs the right to mount a small disk')
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
  if (what !== 'wait') {
    const ended = once(child, 'exit', { signal: AbortSignal.timeout(20_000) })
    child.stderr!.resume()
    if (what === 'kill') child.kill('SIGKILL')
    else {
      child.kill('SIGINT')
      await setTimeout(500)
      child.kill('SIGINT')
    }
    await ended
    disk.grow(256 * 1024 * 1024)
    child = start(argv)
    child.stderr!.resume()
  } else disk.grow(256 * 1024 * 1024)
  const [code] = await once(child, 'exit')
  expect(code).toBe(0)
  expect(await inspectOutput(file, url, pages)).toEqual({ lines: pages, torn: 0, doubled: [], missing: [] })
})

it('salvage that has no room for a new file leaves the damaged one where it is', async ({ skip }) => {
  await using disk = await mountSmallDisk(64 * 1024 * 1024)
  if (!disk) return skip('needs the right to mount a small disk')
  const path = join(disk.folder, 'crawl.db')
  const frontier = await openSqliteFrontier({ path, inline: true })
  const data = 'x'.repeat(200)
  const all = Array.from({ length: 4_000 }, (_, n) => ({ request: request(`r${n}`, { data }) }))
  await frontier.discover(all)
  await frontier.close()
  const bytes = await readFile(path)
  bytes.write('#', bytes.indexOf('{"id":"r777"'))
  await writeFile(path, bytes)
  for (const room of [1.3, 1.8, 2.4, 2.8]) {
    disk.grow(Math.ceil((bytes.length * room) / 4_096) * 4_096)
    await expect(salvageCrawls(disk.folder, systemClock)).rejects.toMatchObject({ code: 'STATE_FAILED' })
    expect((await readFile(path)).equals(bytes)).toBe(true)
    expect((await readdir(disk.folder)).filter((name) => name.includes('rescued'))).toEqual([])
  }
  disk.grow(64 * 1024 * 1024)
  expect(await salvageCrawls(disk.folder, systemClock)).toEqual([
    expect.stringContaining('3,999 requests left'),
  ])
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
