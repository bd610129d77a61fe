import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { readHarFile } from '../../src/har/har-file.ts'
import { type Scenario, startLab } from '../../src/lab/index.ts'
import { entryOf, harOf } from '../har/entries.ts'
import { problemsOf } from '../har/har-standard.ts'
import { createTerminal } from './terminal.ts'

/** Crawls that are recorded over sockets, and repeated without any. */
const source = join(import.meta.dirname, 'contents.ts')
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regatta-record-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
})

const world: Scenario = {
  seed: 5,
  origins: {
    site: {
      host: 'regatta.lab',
      site: {
        pages: 40,
        linksPerPage: 6,
        missing: 2,
        disallowed: 1,
        redirects: 0.1,
        charsets: 0.3,
        orphans: 3,
        sitemap: 'gzip',
      },
      limit: { perIp: { requests: 20, perMs: 1_000, burst: 10 }, retryAfterSeconds: 1 },
    },
  },
  proxies: [
    { name: 'fast', count: 4 },
    { name: 'office', protocol: 'http', auth: { username: 'crew', password: 'ahoy' } },
    { name: 'flaky', flaky: { request: 0.4, failures: ['reset', 'mid-body'] } },
    { name: 'injecting', fault: { kind: 'inject', style: 'ads' } },
  ],
}

async function run(...argv: string[]): Promise<{ code: number; told: string; out: string }> {
  const terminal = createTerminal({ cwd: folder })
  const code = await terminal.run(...argv)
  expect(terminal.listeners()).toBe(0)
  return { code, told: terminal.stderr(), out: terminal.stdout() }
}

async function sorted(file: string): Promise<string[]> {
  return (await readFile(join(folder, file), 'utf8')).split('\n').sort()
}

async function startServer(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

describe('regatta record', () => {
  test('a crawl through good and bad proxies is repeated from its recording, byte for byte and without any network', async () => {
    const lab = await startLab(world)
    await writeFile(join(folder, 'proxies.txt'), lab.proxies.join('\n'))
    const base = ['--param', 'base=http://regatta.lab/', '--interval', '0']
    const recorded = await run(
      ...['record', source, ...base, '--proxies', 'proxies.txt', '--out', 'site.har', '--out', 'items.jsonl'],
    )
    await lab.close()
    expect(recorded.code, recorded.told).toBeLessThan(4)
    expect(recorded.told).toMatch(/recorded {2}site\.har: \d+ answers/)
    expect(existsSync(join(folder, '.regatta'))).toBe(false)

    const file = await readFile(join(folder, 'site.har'), 'utf8')
    expect(problemsOf(file)).toEqual([])
    expect(file).not.toMatch(/crew|ahoy/)

    const replayed = await run(
      ...['crawl', source, ...base, '--replay', 'site.har', '--out', 'again.jsonl', '--proxies', 'gone.txt'],
    )
    expect(replayed.told).toMatch(/replay {4}site\.har: \d+ answers/)
    expect(replayed.code, `${recorded.told}\n${replayed.told}`).toBe(recorded.code)
    const items = await sorted('items.jsonl')
    expect(items.length).toBeGreaterThan(40)
    expect(items.join()).toContain('windows-1252')
    expect(await sorted('again.jsonl')).toEqual(items)
    expect(existsSync(join(folder, '.regatta'))).toBe(false)
  })

  test('a recording is not overwritten by accident, nor by a crawl that brought nothing', async () => {
    const base = await startServer((_, answer) => answer.end('<title>x</title>'))
    const argv = ['record', source, '--param', `base=${base}`, '--direct', '--out', 'x.har']
    expect((await run(...argv)).code).toBe(0)
    const again = await run(...argv)
    expect(again).toMatchObject({ code: 2, told: expect.stringContaining('--overwrite begins it anew') })
    expect((await run(...argv, '--overwrite')).code).toBe(0)
    expect(readHarFile(join(folder, 'x.har')).exchanges.map(({ url }) => url)).toContain(base)
  })

  test('a failure of a proxy is in the recording with its words, and is no answer', async () => {
    await writeFile(join(folder, 'proxies.txt'), 'socks5://127.0.0.1:1\n')
    const argv = ['record', 'http://shop.example/', '--proxies', 'proxies.txt', '--out', 'x.har']
    expect((await run(...argv)).code).not.toBe(0)
    const { exchanges, leftOut } = readHarFile(join(folder, 'x.har'))
    expect(exchanges).toEqual([])
    expect(leftOut[0]!.reason).toContain('dial-refused')
  })

  test.each([
    ['record needs --out', ['record', 'http://shop.example/', '--direct']],
    ['give one --out', ['record', 'http://shop.example/', '--direct', '--out', 'a.har', '--out', 'b.har']],
    ['leave out --cache', ['record', 'http://a.example/', '--direct', '--out', 'a.har', '--cache', 'c.db']],
    ['leave out --append', ['record', 'http://a.example/', '--direct', '--out', 'a.har', '--append']],
    ['--offline needs', ['crawl', 'http://shop.example/', '--offline']],
    ['There is no cache at c.db', ['crawl', 'http://shop.example/', '--offline', '--cache', 'c.db']],
    ['--replay or --cache', ['crawl', 'http://shop.example/', '--replay', 'a.har', '--cache', 'c.db']],
  ])('%s: the command line says what is wrong', async (words, argv) => {
    expect(await run(...argv)).toMatchObject({ code: 2, told: expect.stringContaining(words) })
  })
})

describe('--replay', () => {
  const page = (url: string, text: string, more: object = {}) =>
    entryOf({ request: { url }, response: { content: { text, mimeType: 'text/html' }, ...more } })

  async function replay(...entries: object[]) {
    await writeFile(join(folder, 'site.har'), harOf(...entries))
    const argv = ['crawl', source, '--param', 'base=https://shop.example/', '--replay', 'site.har']
    const { code, told } = await run(...argv, '--out', 'items.jsonl', '--summary', 'sum.json')
    const summary = JSON.parse(await readFile(join(folder, 'sum.json'), 'utf8'))
    return { code, told, summary }
  }

  test('what is not in the file is given up at once, and its dead letter says so', async () => {
    const { code, told, summary } = await replay(page('https://shop.example/', '<a href="/books">'))
    expect(code).toBe(3)
    expect(told).toContain(
      'gave up https://shop.example/books: shop.example: GET https://shop.example/books is not in site.har; the nearest there is GET https://shop.example/ (not-recorded)',
    )
    expect(summary).toMatchObject({
      pages: 1,
      failed: 1,
      proxies: { healthy: 1 },
      hosts: { 'shop.example': { state: 'serving' } },
    })
  })

  test('robots.txt is obeyed, but its delay and the pauses that a site asks for hold nobody up', async () => {
    const links = Array.from({ length: 20 }, (_, i) => `<a href="/${i}">`).join('')
    const { told, summary } = await replay(
      page('https://shop.example/robots.txt', 'User-agent: *\nCrawl-delay: 30\nDisallow: /7\n', {
        headers: [{ name: 'content-type', value: 'text/plain' }],
      }),
      page('https://shop.example/', links),
      ...Array.from({ length: 18 }, (_, i) => page(`https://shop.example/${i}`, '')),
      page('https://shop.example/18', '', { status: 503, headers: [{ name: 'retry-after', value: '600' }] }),
      page('https://shop.example/19', '', { status: 429, headers: [{ name: 'retry-after', value: '600' }] }),
    )
    expect(summary).toMatchObject({ pages: 18, skipped: 1, failed: 2 })
    expect(told).toContain('https://shop.example/18: the page answered 503 (status-503)')
    expect(told).toContain('https://shop.example/19: the page answered 429 (status-429)')
  })

  test('a robots.txt that failed in the recording holds nobody up', async () => {
    const { code } = await replay(
      page('https://shop.example/robots.txt', 'busy', { status: 503 }),
      page('https://shop.example/', 'home'),
    )
    expect(code).toBe(0)
  })

  test('a file that is no HAR, or holds no answer, ends the crawl before it begins', async () => {
    await writeFile(join(folder, 'site.har'), '{"log": {}}')
    const argv = ['crawl', 'https://shop.example/', '--replay', 'site.har']
    expect((await run(...argv)).told).toContain('log.entries: expected a list')
    await writeFile(join(folder, 'site.har'), harOf(entryOf({ response: { status: 0 } })))
    expect(await run(...argv)).toMatchObject({
      code: 2,
      told: expect.stringContaining('no answer in site.har'),
    })
    expect((await run('crawl', 'https://shop.example/', '--replay', 'none.har')).told).toContain('none.har')
  })
})

describe('--cache and --offline', () => {
  test('a crawl is repeated from its cache alone: pages, robots.txt and sitemaps', async () => {
    const lab = await startLab({
      origins: { site: { site: { pages: 20, orphans: 4, missing: 2, disallowed: 1, sitemap: 'gzip' } } },
      proxies: [{ count: 2 }],
    })
    await writeFile(join(folder, 'proxies.txt'), lab.proxies.join('\n'))
    const base = ['--param', `base=${lab.origins.site!.url}/`, '--cache', 'pages.db', '--no-state']
    const polite = ['--interval', '0', '--trust', 'blind']
    const first = await run(
      'crawl',
      source,
      ...base,
      ...polite,
      '--proxies',
      'proxies.txt',
      '--out',
      'a.jsonl',
    )
    const asked = (await lab.books()).origins.site!.requests
    const second = await run(
      'crawl',
      source,
      ...base,
      '--offline',
      '--out',
      'b.jsonl',
      '--proxies',
      'proxies.txt',
    )
    expect((await lab.books()).origins.site!.requests).toBe(asked)
    await lab.close()
    expect(second.code).toBe(first.code)
    expect(await sorted('b.jsonl')).toEqual(await sorted('a.jsonl'))
    expect(second.told).toContain('2 not there')
  })

  test('what the site itself failed with is kept, told as such, and not asked for again', async () => {
    const asked: string[] = []
    const base = await startServer(({ url = '' }, answer) => {
      asked.push(url)
      answer.statusCode = url === '/robots.txt' ? 404 : url === '/' ? 200 : Number(url.slice(1))
      answer.setHeader('content-type', 'text/html').end('<a href="/500"><a href="/404"><a href="/403">')
    })
    const argv = [
      'crawl',
      source,
      '--param',
      `base=${base}`,
      '--cache',
      'pages.db',
      '--no-state',
      '--direct',
      '--set',
      'budgets.target=2',
    ]
    const first = await run(...argv)
    expect(asked.filter((url) => url === '/500').length).toBeGreaterThan(1)
    asked.length = 0
    const second = await run(...argv)
    // A refusal speaks of the exit, so that page is asked for again; robots.txt is in the cache.
    expect(new Set(asked)).toEqual(new Set(['/403']))
    expect([first.code, second.code]).toEqual([3, 3])
    expect(second.told).toMatch(
      /gave up \S+\/500: .*status 500.*\(kept in the cache [\d.]+ m?s ago\) \(target-faults\)/,
    )
    asked.length = 0
    const offline = await run(...argv, '--offline')
    expect(offline.told).toMatch(/\/500: .*kept in the cache/)
    expect(offline.told).toMatch(/\/403: .*is not in the cache/)
    expect(asked).toEqual([])
  })

  test('what is not in the cache is given up, and nobody is asked for it', async () => {
    let asked = 0
    const base = await startServer(({ url }, answer) => {
      asked++
      answer.setHeader('content-type', url === '/robots.txt' ? 'text/plain' : 'text/html')
      answer.end(url === '/' ? '<a href="/a"><a href="/b">' : '')
    })
    const argv = ['crawl', source, '--param', `base=${base}`, '--cache', 'pages.db', '--no-state']
    await run(...argv, '--direct', '--max-pages', '1', '--concurrency', '1')
    const before = asked
    const { code, told } = await run(...argv, '--offline')
    expect([code, asked]).toEqual([3, before])
    expect(told).toContain(`GET ${base}a is not in the cache, and offline nothing is asked (not-recorded)`)
  })
})
