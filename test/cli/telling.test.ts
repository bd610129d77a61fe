import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createTerminal } from './terminal.ts'

/** What the command line says of pages and of sources while it crawls: on the screen, in the log, in the dead letters. */
let server: Server
let site: string
let folder: string

const link = (...paths: string[]) => paths.map((path) => `<a href="${path}">${path}</a>`).join(' ')
const pages: Record<string, string> = {
  '/robots.txt': 'User-agent: *\nDisallow: /private',
  '/': `<title>Home</title>${link('/private', '/old', '/quiet', '/moved', 'http://elsewhere.test/')}`,
  '/old': '<title>Old</title><link rel="canonical" href="/new">',
  '/new': '<title>New</title>',
  '/quiet': '<title>Quiet</title><meta name="robots" content="noindex">',
}

beforeAll(async () => {
  server = createServer(({ url = '/' }, response) => {
    if (url.startsWith('/slow')) return setTimeout(() => response.end('<p>slow</p>'), 60)
    if (url === '/moved') return response.writeHead(302, { location: '/new' }).end()
    if (url === '/broken') return response.writeHead(500).end('broken')
    const body = pages[url]
    const type = url.endsWith('.txt') ? 'text/plain' : 'text/html'
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': type }).end(body ?? 'none')
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  folder = await mkdtemp(join(tmpdir(), 'regatta-telling-'))
  const define = new URL('../../src/source/define-source.ts', import.meta.url).href
  const head = `import { defineSource } from '${define}'; import { z } from '${import.meta.resolve('zod')}'
export const mine = defineSource({ name: 'mine', params: z.object({ start: z.string() }), item: z.object({ title: z.string() }),
  *seeds({ start }) { yield* start.split(' ') },\n`
  const sources = {
    'talks.ts': `${head}  *parse(page, { log }) { log('seen ' + page.url); yield page.item({ title: 'one' }) } })`,
    'fails.ts': `${head}  *parse(page) {\n    const titles: any = undefined\n    yield page.item({ title: titles[0] })\n  } })`,
    'selects.ts': `${head}  *parse(page) { yield page.item({ title: page.$('h1[').text() }) } })`,
    'finds-nothing.ts': `${head}  *parse(page) { yield page.follow('a.none') } })`,
  }
  for (const [name, text] of Object.entries(sources)) await writeFile(join(folder, name), text)
})
beforeEach(() => rm(join(folder, '.regatta'), { recursive: true, force: true }))
afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await rm(folder, { recursive: true })
})

async function crawl(target: string, ...flags: string[]) {
  const isOwnStart = flags.some((flag) => flag.startsWith('start='))
  const terminal = createTerminal({ cwd: folder })
  const param = target.endsWith('.ts') && !isOwnStart ? ['--param', `start=${site}/`] : []
  const code = await terminal.run('crawl', target, '--direct', ...param, '--no-politeness', ...flags)
  return { code, out: terminal.stdout(), err: terminal.stderr(), terminal }
}

describe('what a source says', () => {
  test('is on the screen and in the log', async () => {
    const { err } = await crawl('./talks.ts', '--log', 'talks.log')
    expect(err).toContain(`seen ${site}/\n`)
    const log = await readFile(join(folder, 'talks.log'), 'utf8')
    expect(log).toMatch(new RegExp(`"level":30.*"kind":"source".*"msg":"seen ${site}/"`))
  })

  test('is not on a quiet screen', async () => {
    expect((await crawl('./talks.ts', '--quiet')).err).toBe('')
  })
})

describe('a mistake in a source', () => {
  test('is on the screen once for each place, with request, file, line and stack', async () => {
    const { err } = await crawl('./fails.ts', '--param', `start=${site}/ ${site}/new ${site}/old`)
    expect(err).toMatch(
      new RegExp(
        `gave up ${site}/\\S*: parse\\(\\) of source "mine" failed at ${folder}/fails.ts:6:\\d+: Cannot read .*\\n    at \\S*parse `,
      ),
    )
    expect(err.match(/ {4}at \S*parse/g)).toHaveLength(1)
    expect(err.match(/gave up/g)).toHaveLength(3)
  })

  test('is in the log and in the dead letter', async () => {
    const { err, terminal } = await crawl('./selects.ts', '--log', 'selects.log')
    expect(err).toContain('"h1[" is no CSS selector')
    const line = (await readFile(join(folder, 'selects.log'), 'utf8'))
      .split('\n')
      .map((text) => (text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)))
      .find(({ code }) => code === 'source-failed')
    const spot = {
      where: expect.stringContaining(`${folder}/selects.ts:4:`),
      selector: 'h1[',
      stack: expect.stringMatching(/^at .*\.parse /m),
    }
    expect(line).toMatchObject({ url: `${site}/`, ...spot })
    const kept = /dead show (\S+)|resume (\S+)/.exec(err)?.[0]
    expect(kept, 'nothing is left to go on with').toBeUndefined()
    const [state] = await keptFolders()
    expect(await terminal.run('dead', 'list', state!, '--json')).toBe(0)
    expect(JSON.parse(terminal.stdout())).toMatchObject({ reason: { code: 'source-failed', ...spot } })
    const shown = createTerminal({ cwd: folder })
    await shown.run('dead', 'show', state!, `${site}/`)
    expect(shown.stdout()).toMatch(/ {2}where {5}\/.*selects\.ts:4:\d+\n {2}selector {2}h1\[\n {12}at /)
  })
})

describe('a page that was left out', () => {
  test('is counted in the totals with the reason, and named', async () => {
    const { err } = await crawl(`${site}/`, '--param', 'sitemaps=false')
    // robots.txt is ignored with --no-politeness.
    expect(err).toContain(`left out  1 page: canonical, such as ${site}/old\n`)
    expect(err).toContain(`left out  1 page: noindex, such as ${site}/quiet\n`)
    expect(err).toContain(`left out  1 page: duplicate, such as ${site}/moved\n`)
    expect(err).toContain('not followed  1 link: scope, such as http://elsewhere.test/\n')
  })

  test('has a line of its own with --verbose, as every page has', async () => {
    const { err } = await crawl(`${site}/`, '--verbose', '--param', 'sitemaps=false', '--log', 'all.log')
    expect(err).toMatch(new RegExp(`200 ${site}/: 1 item, 4 links, \\d.* via direct\n`))
    expect(err).toContain(`skipped ${site}/old: its canonical address is ${site}/new\n`)
    expect(err).toContain(`skipped ${site}/quiet: it asks not to be indexed\n`)
    expect(err).toContain(`skipped ${site}/moved: it leads to ${site}/new, which is known by itself\n`)
    expect(await readFile(join(folder, 'all.log'), 'utf8')).toContain(`skipped ${site}/quiet`)
  })

  test('because of robots.txt is told so', async () => {
    const terminal = createTerminal({ cwd: folder })
    const argv = [
      'crawl',
      `${site}/`,
      '--direct',
      '--verbose',
      '--param',
      'sitemaps=false',
      '--interval',
      '1ms',
    ]
    await terminal.run(...argv)
    expect(terminal.stderr()).toContain(`skipped ${site}/private: robots.txt disallows it\n`)
    expect(terminal.stderr()).toContain(`left out  1 page: robots, such as ${site}/private\n`)
  })
})

test('a crawl ends in good order when its time is over, and is gone on with', async () => {
  const start = `start=${Array.from({ length: 50 }, (_, n) => `${site}/slow?${n}`).join(' ')}`
  const flags = ['--param', start, '--concurrency', '1', '--max-duration', '900ms']
  const { code, err } = await crawl('./talks.ts', ...flags)
  expect(code).toBe(0)
  expect(err).toContain('900 ms are over (--max-duration)')
  expect(err).toMatch(/\d+ requests left; go on with: .* resume \.regatta/)
})

test('a page that gave neither items nor links is counted and named', async () => {
  const { err } = await crawl('./finds-nothing.ts', '--summary', 'sum.json')
  expect(err).toContain(`empty     1 page gave neither items nor links, such as ${site}/\n`)
  expect(err).toContain('No page gave an item')
  const summary = JSON.parse(await readFile(join(folder, 'sum.json'), 'utf8'))
  expect(summary).toMatchObject({ pages: 1, empty: 1, emptyPages: [`${site}/`] })
})

test('dead letters are found by the answer that they are listed with', async () => {
  const { terminal } = await crawl(`${site}/broken`, '--preset', 'dev', '--param', 'sitemaps=false')
  const [state] = await keptFolders()
  expect(await terminal.run('dead', 'list', state!, '--reason', 'status-500')).toBe(0)
  expect(terminal.stdout()).toContain(`${site}/broken`)
  const other = createTerminal({ cwd: folder })
  await other.run('dead', 'list', state!, '--reason', 'status-418')
  expect(other.stderr()).toContain('Nothing was given up for status-418. Given up: 1 ')
})

async function keptFolders(): Promise<string[]> {
  const { readdir } = await import('node:fs/promises')
  return (await readdir(join(folder, '.regatta'))).map((name) => join('.regatta', name))
}
