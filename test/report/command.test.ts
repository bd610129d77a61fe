import { existsSync, rmSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { startLab } from '../../src/lab/index.ts'
import { createTerminal } from '../cli/terminal.ts'
import { ManualClock } from '../manual-clock.ts'

/** A site of five pages. `onPage` is called at each request of a page. */
let server: Server
let folder: string
let onPage: (url: string) => void = () => {}
/** Whether its pages lead to `/loop`, which leads to itself. */
let hasLoop = false

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regatta-report-'))
  onPage = () => {}
  hasLoop = false
  server = createServer((request, response) => {
    const { url = '' } = request
    if (url === '/robots.txt') return void response.writeHead(404).end()
    onPage(url)
    if (url === '/loop') return void response.writeHead(302, { location: '/loop' }).end()
    const links = ['/', '/one', '/two', '/three', '/%3Cscript%3Ealert(1)%3C/script%3E']
    if (hasLoop) links.push('/loop')
    const body = `<title>${url}</title><p>This is the page ${url} of a small shop.</p>${links.map((path) => `<a href="${path}">x</a>`).join(' ')}`
    response.writeHead(200, { 'content-type': 'text/html' }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await rm(folder, { recursive: true, force: true })
})

const site = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
const argv = (...more: string[]) => [
  ...['crawl', `${site()}/`, '--direct', '--no-politeness', '--param', 'sitemaps=false', '--state', 'st'],
  ...more,
]

async function run(...words: string[]) {
  const terminal = createTerminal({ cwd: folder })
  const code = await terminal.run(...words)
  return { code, out: terminal.stdout(), err: terminal.stderr() }
}

const pageIn = (file: string) => readFile(join(folder, file), 'utf8')

describe('--expect', () => {
  test('a mistake in it ends the command before anything is asked', async () => {
    let asked = 0
    onPage = () => asked++
    const { code, err } = await run(...argv('--expect', 'itms>=5'))
    expect(code).toBe(2)
    expect(err).toMatch(/there is no "itms"\. There are pages, items/)
    expect(asked).toBe(0)
    expect(await readdir(folder)).toEqual([])
  })

  test('what is missed makes the exit code 4, over 3, and stands in the summary; what is kept changes nothing', async () => {
    hasLoop = true
    const missed = await run(
      ...argv('--expect', 'items>=100, pages>=2', '--summary', 's.json', '--report', 'r.html'),
    )
    expect(missed.code, missed.err).toBe(4)
    expect(missed.err).toMatch(/^missed {4}items>=100: it is 5$/m)
    expect(missed.err).toMatch(/^kept {6}pages>=2: it is 5$/m)
    expect(JSON.parse(await pageIn('s.json')).expect).toEqual([
      { expectation: 'items>=100', actual: 5, shown: '5', kept: false },
      { expectation: 'pages>=2', actual: 5, shown: '5', kept: true },
    ])
    expect(await pageIn('r.html')).toContain('missed')
    // A page was given up.
    const kept = await run(...argv('--fresh', '--expect', 'pages>=2'))
    expect(kept.code, kept.err).toBe(3)
  })

  test('a crawl that failed ends with 1, whatever was expected, and says what was missed', async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    const { code, err } = await run(
      'crawl',
      'http://127.0.0.1:9/',
      '--direct',
      '--no-state',
      '--expect',
      'pages>=1',
    )
    expect(code, err).toBe(1)
    expect(err).toContain('missed    pages>=1: it is 0')
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })

  test('a crawl that goes on is held to what it was begun with, over all its runs', async () => {
    const first = await run(...argv('--max-pages', '2', '--expect', 'pages>=5'))
    expect(first.code, first.err).toBe(4)
    const second = await run('resume', 'st', '--max-pages', '100')
    expect(second.err).toContain('kept      pages>=5: it is 5')
    expect(second.code).toBe(0)
  })
})

describe('the report of a crawl', () => {
  test('is written at its limit, and again from its folder', async () => {
    const { code, err } = await run(...argv('--max-pages', '2', '--report', 'r.html'))
    expect(code, err).toBe(0)
    expect(err).toMatch(/^report {4}r\.html$/m)
    expect(await pageIn('r.html')).toContain('It ended at its limit of pages.')
    const again = await run('report', 'st', '--out', 'again.html')
    expect(again).toMatchObject({ code: 0, err: 'The report is in again.html.\n' })
    expect(await pageIn('again.html')).toContain('regatta resume st --max-pages 4')
    const text = await run('report', 'st')
    expect(text.out).toMatch(/: 2 pages, .* in .*, at its limit\n/)
    expect(text.out).toMatch(/^left .* go on with: regatta resume st --max-pages 4$/m)
    const { out } = await run('report', 'st', '--json')
    expect(JSON.parse(out)).toMatchObject({ version: 1, ending: 'limit' })
    await run('report', 'st', '--json', '--out', 'r.json')
    expect(await pageIn('r.json')).toBe(out)
  })

  test('names what was given up with what to do, and shows foreign addresses as text', async () => {
    hasLoop = true
    const { code } = await run(...argv('--report', 'r.html'))
    expect(code).toBe(3)
    const page = await pageIn('r.html')
    expect(page).toMatch(/regatta dead retry st --reason [a-z-]+/)
    expect(page).not.toContain('<script')
  })

  test('is written when the crawl is stopped', async () => {
    const terminal = createTerminal({ cwd: folder })
    onPage = (url) => {
      if (url === '/') terminal.signal()
    }
    expect(await terminal.run(...argv('--report', 'r.html', '--expect', 'pages>=5'))).toBe(130)
    expect(await pageIn('r.html')).toContain('It was stopped.')
    expect(terminal.stderr()).toContain('missed    pages>=5')
  })

  test('is written when the crawl fails', async () => {
    await writeFile(
      join(folder, 'bad.mjs'),
      `const any = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } }
      export default { name: 'bad', params: any, item: any, *seeds() { throw new Error('no <seeds>') }, *parse() {} }`,
    )
    const { code, err } = await run('crawl', './bad.mjs', '--direct', '--no-state', '--report', 'r.html')
    expect(code, err).toBe(1)
    const page = await pageIn('r.html')
    expect(page).toMatch(/It failed:.*no &lt;seeds&gt;/)
  })

  test('that cannot be written is refused before anything is asked', async () => {
    let asked = 0
    onPage = () => asked++
    const { code, err } = await run(...argv('--report', 'missing/r.html'))
    expect(code).not.toBe(0)
    expect(err).toContain('missing/r.html')
    expect(asked).toBe(0)
  })

  test('that cannot be written any more at the end is said to be missing, and not where it is', async () => {
    await mkdir(join(folder, 'gone'))
    onPage = () => rmSync(join(folder, 'gone'), { recursive: true, force: true })
    const { code, err } = await run(...argv('--report', 'gone/r.html'))
    expect(code, err).toBe(0)
    expect(err).toContain('The report is missing.')
    expect(err).not.toMatch(/^report /m)
  })

  test('of a folder that has none says what is missing and where the totals are', async () => {
    await run(...argv('--max-pages', '1'))
    for (const file of await readdir(join(folder, 'st'))) {
      if (file.endsWith('.run.json')) await rm(join(folder, 'st', file))
    }
    const none = await run('report', 'st', '--out', 'r.html')
    expect(none.code).toBe(1)
    expect(none.err).toMatch(/No run of .* has left a report here.*regatta status st/)
    expect(existsSync(join(folder, 'r.html'))).toBe(false)
    const [crawl] = (await readdir(join(folder, 'st'))).filter((file) => /^127.*\.db$/.test(file))
    await writeFile(join(folder, 'st', crawl!.replace('.db', '.run.json')), '{"version":1')
    expect((await run('report', 'st')).err).toContain('it is damaged')
    // What is damaged there harms nothing else.
    expect((await run('status', 'st')).code).toBe(0)
  })
})

test('status --watch tells it again every two seconds, until Ctrl-C', async () => {
  await run(...argv('--max-pages', '2'))
  const clock = new ManualClock()
  const terminal = createTerminal({ cwd: folder, clock })
  const ended = terminal.run('status', 'st', '--watch')
  const times = () => terminal.stdout().split('at its limit of 2 pages').length - 1
  for (let told = 1; told <= 3; told++) {
    await vi.waitFor(() =>
      expect({ times: times(), waiting: clock.waiting }).toEqual({ times: told, waiting: 1 }),
    )
    await clock.advance(1_999)
    expect(times()).toBe(told)
    await clock.advance(1)
  }
  terminal.signal()
  expect(await ended).toBe(130)
})

test('status tells how proxies and hosts fare, and keep leaves the useless out of a list', async () => {
  await using lab = await startLab({
    origins: { shop: { site: { pages: 40, pageBytes: 600 } } },
    proxies: [
      { name: 'good', count: 3 },
      { name: 'dead', count: 2, fault: 'dead' },
    ],
  })
  await writeFile(join(folder, 'list.txt'), lab.proxies.map((each) => `${each}\n`).join(''))
  const crawl = await run(
    ...['crawl', `${lab.origins.shop!.url}/`, '--proxies', 'list.txt', '--state', 'st', '--interval', '20ms'],
    ...['--allow-private', '--trust', 'blind', '--max-pages', '40'],
  )
  expect(crawl.err).toMatch(/pages?, /)
  const { out } = await run('status', 'st')
  expect(out).toMatch(/^ {2}proxies +5 proxies: /m)
  expect(out).toMatch(/^ {2}hosts +\S+: \d+ requests? left, \d+ done/m)
  const [row] = JSON.parse((await run('status', 'st', '--json')).out)
  expect(row.proxies).toHaveLength(5)
  expect(row.proxies[0]).toMatchObject({ good: 0, success: expect.any(Number) })
  expect(row.hosts[0]).toMatchObject({ left: expect.any(Number), failed: 0, state: 'serving' })
  expect(row).toMatchObject({ moreHosts: 0, moreProxies: 0, recordedAt: expect.any(Number) })

  const kept = await run('proxies', 'keep', 'list.txt', '--after', 'st', '--out', 'keep.txt')
  expect(kept, kept.err).toMatchObject({
    code: 0,
    err: '3 proxies written to keep.txt, 2 proxies left out.\n',
  })
  const good = lab.proxies.slice(0, 3).map((each) => new URL(each).host)
  const lines = (await pageIn('keep.txt')).trim().split('\n')
  expect(lines.map((line) => new URL(line).host).sort()).toEqual(good.sort())
})
