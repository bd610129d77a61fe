import { spawn } from 'node:child_process'
import { openSync } from 'node:fs'
import { readdir, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { linesOf, openShop, type Shop } from './shop.ts'

/** Outputs of a process that cannot take anything, and a state that is not what it was. */
let shop: Shop
beforeEach(async () => {
  shop = await openShop((path, response) => {
    response.setHeader('content-type', 'text/html')
    response.end(`<title>${path}</title><a href="/1">1</a><a href="/2">2</a>`)
  })
})
afterEach(() => shop.close())

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const polite = ['--direct', '--no-politeness', '--param', 'sitemaps=false']

async function runInto(full: { stdout?: true; stderr?: true }, ...argv: string[]) {
  const device = openSync('/dev/full', 'w')
  const stdio = ['ignore', full.stdout ? device : 'pipe', full.stderr ? device : 'pipe'] as const
  const child = spawn(process.execPath, [main, ...argv], { cwd: shop.folder, stdio: [...stdio] })
  let err = ''
  child.stderr?.on('data', (chunk) => (err += chunk))
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, err }
}

const crawl = (...more: string[]) => ['crawl', `${shop.url}/`, ...polite, ...more]

test.skipIf(process.platform !== 'linux')('a full disk under stderr stops nothing', async () => {
  const { code } = await runInto({ stderr: true }, ...crawl('--no-state', '--out', 'out.jsonl'))
  expect(code).toBe(0)
  expect(linesOf(await shop.read('out.jsonl'))).toHaveLength(3)
})

test.skipIf(process.platform !== 'linux').each([
  ['crawl', () => crawl('--no-state', '--out', '-')],
  ['sources', () => ['sources']],
])('a full disk under the stdout of %s is told in a sentence, and ends with 1', async (_, argv) => {
  const { code, err } = await runInto({ stdout: true }, ...argv())
  expect(code).toBe(1)
  expect(err).toContain('regatta: Cannot write to stdout: the disk is full.')
  expect(err).not.toMatch(/bug|\n {4}at /)
})

test.skipIf(process.platform !== 'linux')(
  'a log that cannot be written is told once, and the crawl goes on',
  async () => {
    const { code, err } = await shop.run(...crawl('--no-state', '--log', '/dev/full', '--log-level', 'debug'))
    expect(code, err).toBe(0)
    expect(err.match(/Cannot write to \/dev\/full: the disk is full/g)).toHaveLength(1)
    expect(err).toContain('3 pages, 3 items')
  },
)

test('a state that was emptied is not taken for a crawl that begins', async () => {
  const argv = crawl('--state', 's', '--out', 'out.jsonl')
  expect((await shop.run(...argv, '--max-pages', '2')).code).toBe(0)
  const name = (await readdir(join(shop.folder, 's'))).find((file) => /\d\.db$|[0-9a-f]{8}\.db$/.test(file))!
  await truncate(join(shop.folder, 's', name), 0)
  for (const command of [argv, ['resume', 's'], ['status', 's'], ['resume', 's', '--salvage']]) {
    const { code, err } = await shop.run(...command)
    expect(code, err).toBe(1)
    expect(err).toMatch(/it is empty.*\(STATE_CORRUPT\)/)
  }
  expect(linesOf(await shop.read('out.jsonl'))).toHaveLength(2)
  const fresh = await shop.run('resume', 's', '--fresh', '--max-pages', '9')
  expect(fresh.code, fresh.err).toBe(0)
})
