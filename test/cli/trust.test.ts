import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Lab, startLab } from '../../src/lab/index.ts'
import { createTerminal } from './terminal.ts'

/** A shop behind five proxies, one of which changes the numbers in its pages. */
let lab: Lab
let folder: string

beforeAll(async () => {
  lab = await startLab({
    seed: 1,
    origins: { shop: { site: { pages: 150, linksPerPage: 4 } } },
    proxies: [
      { name: 'honest', count: 4, protocol: 'http' },
      { name: 'liar', protocol: 'http', fault: { kind: 'lie', how: 'numbers' } },
      { name: 'portal', protocol: 'http', fault: { kind: 'lie', how: 'portal' } },
    ],
  })
})
afterAll(() => lab?.close())
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regatta-trust-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function run(...words: string[]) {
  const terminal = createTerminal({ cwd: folder })
  const code = await terminal.run(...words)
  return { code, out: terminal.stdout(), err: terminal.stderr() }
}

async function listOf(...names: string[]): Promise<string> {
  await writeFile(join(folder, 'proxies.txt'), names.map((name) => lab.proxy(name).url).join('\n'))
  return join(folder, 'proxies.txt')
}

const honest = ['honest-1', 'honest-2', 'honest-3', 'honest-4']
const crawl = (list: string, ...more: string[]) => {
  const argv = ['crawl', `${lab.origins.shop!.url}/`, '--proxies', list, '--interval', '20ms', '--seed', '3']
  return run(...argv, '--param', 'sitemaps=false', '--summary', 'sum.json', ...more)
}
const summary = async () => JSON.parse(await readFile(join(folder, 'sum.json'), 'utf8'))

describe('a crawl over plain HTTP with a proxy that lies', () => {
  test('names it while it runs, in its summary, and in the status of its folder', async () => {
    const { code, err } = await crawl(await listOf(...honest, 'liar'))
    expect(code, err).toBe(0)
    const { url } = lab.proxy('liar')
    expect(err).toContain(`regatta: ${url} lies: what it brings from shop.lab`)
    expect(err).toMatch(/^trust {5}\d+ comparisons \(.*\), 1 proxy found lying/m)
    expect(err).toMatch(/^proxies .*, 1 isolated$/m)
    const { trust, contested, pages } = await summary()
    expect({ pages, contested }).toEqual({ pages: 150, contested: 0 })
    expect(trust).toMatchObject({ convictions: 1, comparisons: expect.any(Number) })
    expect(trust.bytes).toBeGreaterThan(trust.comparisons)

    const kept = join('.regatta', (await readdir(join(folder, '.regatta')))[0]!)
    const { out } = await run('status', kept)
    expect(out).toContain(`lies      1 proxy: ${url}\n`)
    // What it brought counted as good until it was compared: nothing of that is told as its success.
    expect(out).toMatch(new RegExp(`^ +${url}: found lying, \\d+ attempts?, `, 'm'))
    expect(JSON.parse((await run('status', kept, '--json')).out)).toMatchObject([{ liars: [url] }])
  })

  test('--trust says how much is compared, and a crawl that goes on remembers it', async () => {
    const list = await listOf(...honest)
    const comparisons = async (...more: string[]) => {
      const { code, err } = await crawl(list, ...more)
      expect(code, err).toBe(0)
      return (await summary()).trust.comparisons as number
    }
    const [blind, learn, verify] = [
      await comparisons('--no-state', '--trust', 'blind'),
      await comparisons('--no-state'),
      await comparisons('--no-state', '--trust', 'verify'),
    ]
    expect(blind).toBe(0)
    expect(learn).toBeGreaterThan(0)
    expect(learn).toBeLessThan(20)
    expect(verify).toBeGreaterThanOrEqual(40)
    await crawl(list, '--trust', 'verify', '--max-pages', '10', '--state', 'kept')
    const resumed = ['resume', 'kept', '--max-pages', '30', '--summary', 'sum.json']
    expect((await run(...resumed)).code).toBe(0)
    expect((await summary()).trust.comparisons).toBeGreaterThanOrEqual(20)
    expect((await run('resume', 'kept', '--max-pages', '40', '--trust', 'blind')).code).toBe(0)
    expect((await summary()).trust.comparisons).toBe(0)
  })
})

test('proxies check tells which proxy puts a page of its own in place of an echo, and leaves it out of the list', async () => {
  const list = await listOf(...honest, 'portal')
  const argv = ['proxies', 'check', list, '--echo', `${lab.origins.shop!.url}/echo`, '--out', 'alive.txt']
  const { code, out, err } = await run(...argv)
  expect(code, err).toBe(0)
  expect(out).toMatch(new RegExp(`^${lab.proxy('portal').url} +lies .* not-an-echo$`, 'm'))
  expect(err).toContain('regatta: 1 proxy brings something else in place of')
  expect((await readFile(join(folder, 'alive.txt'), 'utf8')).trim().split('\n')).toHaveLength(4)
})
