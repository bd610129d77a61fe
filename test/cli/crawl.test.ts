import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Lab, startLab } from '../../src/lab/index.ts'
import { endCommands, startCommand } from './process.ts'
import { createTerminal } from './terminal.ts'

/** Whole commands against a lab: a quick site and a slow one behind four proxies, one of which is dead. */
let lab: Lab
let folder: string
let list: string
const polite = ['--no-politeness', '--param', 'sitemaps=false']

beforeAll(async () => {
  lab = await startLab({
    origins: {
      quick: { site: { pages: 30, linksPerPage: 5 } },
      slow: { site: { pages: 300, linksPerPage: 10 }, latency: 150 },
    },
    proxies: [
      { name: 'good', count: 3 },
      { name: 'dead', fault: 'dead' },
    ],
  })
})
afterAll(() => lab?.close())
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regatta-crawl-'))
  list = join(folder, 'proxies.txt')
  await writeFile(list, lab.proxies.join('\n'))
})
afterEach(async () => {
  await endCommands()
  await rm(folder, { recursive: true, force: true })
})

const url = (name: 'quick' | 'slow') => `${lab.origins[name]!.url}/`
const lines = (text: string) => text.split('\n').filter((line) => line !== '')

describe('regatta crawl', () => {
  test('every page comes home once; items, totals and exit code agree', async () => {
    const terminal = createTerminal({ cwd: folder })
    const argv = ['crawl', url('quick'), '--proxies', list, '--out', 'pages.jsonl', '--summary', 'sum.json']
    expect(await terminal.run(...argv, ...polite), terminal.stderr()).toBe(0)
    expect(terminal.stdout()).toBe('')
    expect(terminal.listeners()).toBe(0)

    const urls = lines(await readFile(join(folder, 'pages.jsonl'), 'utf8')).map(
      (line) => (JSON.parse(line) as { url: string }).url,
    )
    expect(new Set(urls).size).toBe(urls.length)
    const summary = JSON.parse(await readFile(join(folder, 'sum.json'), 'utf8'))
    expect(summary).toMatchObject({
      ending: 'finished',
      items: urls.length,
      proxies: { total: 4 },
      latencyMs: { p50: expect.any(Number) },
      hosts: { [lab.origins.quick!.host]: { state: expect.any(String) } },
    })
    expect(summary.pages).toBeGreaterThanOrEqual(30)
    expect(summary.attempts).toBeGreaterThanOrEqual(summary.pages)
    expect(terminal.stderr()).toMatch(/\d+ pages, \d+ items in .*\n(.*\n)*proxies/)
  })

  test('with --out - nothing but items is on stdout', async () => {
    const terminal = createTerminal({ cwd: folder })
    const argv = ['crawl', url('quick'), '--proxies', list, '--out', '-', '--max-pages', '5', ...polite]
    expect(await terminal.run(...argv), terminal.stderr()).toBe(0)
    const items = lines(terminal.stdout()).map((line) => JSON.parse(line) as { url: string })
    expect(items.length).toBeGreaterThan(0)
    expect(items.length).toBeLessThanOrEqual(5)
  })

  test('quiet says nothing when all is well', async () => {
    const terminal = createTerminal({ cwd: folder })
    const argv = ['crawl', url('quick'), '--proxies', list, '--max-pages', '3', '--quiet', ...polite]
    expect(await terminal.run(...argv)).toBe(0)
    expect(terminal.stderr()).toBe('')
  })

  test('a table has a header and a row per item', async () => {
    const terminal = createTerminal({ cwd: folder })
    const argv = [
      'crawl',
      url('quick'),
      '--proxies',
      list,
      '--out',
      'pages.csv',
      '--max-pages',
      '3',
      ...polite,
    ]
    expect(await terminal.run(...argv), terminal.stderr()).toBe(0)
    const rows = (await readFile(join(folder, 'pages.csv'), 'utf8')).split('\r\n')
    expect(rows[0]).toMatch(/^url,status,title/)
  })

  test('proxies come from stdin and from the environment', async () => {
    const argv = ['crawl', url('quick'), '--max-pages', '2', '--quiet', ...polite]
    const piped = createTerminal({ cwd: folder, stdin: lab.proxies.join('\n') })
    expect(await piped.run(...argv, '--proxies', '-'), piped.stderr()).toBe(0)
    const fromEnv = createTerminal({ cwd: folder, env: { PROXY_POOL: lab.proxies.join(',') } })
    expect(await fromEnv.run(...argv), fromEnv.stderr()).toBe(0)
  })

  test('a proxy list that is missing or empty ends with 1, says so, and leaves a summary', async () => {
    const argv = ['crawl', url('quick'), '--summary', 'sum.json']
    const missing = createTerminal({ cwd: folder })
    expect(await missing.run(...argv, '--proxies', join(folder, 'none.txt'))).toBe(1)
    expect(missing.stderr()).toMatch(/^regatta: .*none\.txt.*\(PROXY_LIST_UNREADABLE\)\n$/)
    expect(JSON.parse(await readFile(join(folder, 'sum.json'), 'utf8'))).toMatchObject({
      ending: 'failed',
      error: { code: 'PROXY_LIST_UNREADABLE' },
      pages: 0,
    })

    await writeFile(list, '# nothing\nnonsense:99999\n')
    const empty = createTerminal({ cwd: folder })
    expect(await empty.run(...argv, '--proxies', list)).toBe(1)
    expect(empty.stderr()).toMatch(/line 2.*\(PROXY_LIST_EMPTY\)/)
  })

  test('an output that cannot be written ends with 1 and names it', async () => {
    const terminal = createTerminal({ cwd: folder })
    const argv = ['crawl', url('quick'), '--proxies', list, '--out', 'none/pages.jsonl', ...polite]
    expect(await terminal.run(...argv)).toBe(1)
    expect(terminal.stderr()).toMatch(/regatta: Cannot write to .*none\/pages\.jsonl.*\(SINK_FAILED\)\n$/)
  })

  test('a source that throws ends with 1 and names itself', async () => {
    const source = join(folder, 'broken.ts')
    await writeFile(source, brokenSource)
    const terminal = createTerminal({ cwd: folder })
    expect(
      await terminal.run('crawl', source, '--proxies', list, '--summary', 'sum.json', ...polite.slice(0, 1)),
    ).toBe(1)
    expect(terminal.stderr()).toMatch(/broken.*no seeds today.*\(SOURCE_FAILED\)/)
    expect(JSON.parse(await readFile(join(folder, 'sum.json'), 'utf8'))).toMatchObject({ ending: 'failed' })
  })

  test('the log names hosts and can be read line by line', async () => {
    const terminal = createTerminal({ cwd: folder })
    const argv = [
      'crawl',
      url('quick'),
      '--proxies',
      list,
      '--max-pages',
      '5',
      '--log',
      'log.jsonl',
      '--log-level',
      'debug',
      '--log-name',
      'shop-north',
    ]
    expect(await terminal.run(...argv, ...polite), terminal.stderr()).toBe(0)
    const told = lines(await readFile(join(folder, 'log.jsonl'), 'utf8')).map(
      (line) => JSON.parse(line) as { msg: string; name?: string },
    )
    expect(new Set(told.map(({ name }) => name))).toEqual(new Set(['shop-north']))
    const messages = told.map(({ msg }) => msg)
    expect(messages[0]).toMatch(/^seed \d+$/)
    expect(messages.some((message) => message.startsWith(`[${lab.origins.quick!.host}] `))).toBe(true)
  })
})

describe('Ctrl-C', () => {
  const argv = () => ['crawl', url('slow'), '--proxies', list, '--concurrency', '4', ...polite]

  test('once finishes what is under way, keeps it, and ends with 130', async () => {
    const out = join(folder, 'pages.jsonl')
    const summary = join(folder, 'sum.json')
    const run = startCommand([...argv(), '--out', out, '--summary', summary])
    await untilLines(out, 3)
    run.child.kill('SIGINT')
    expect(await run.ended, run.stderr()).toEqual({ code: 130, signal: null })
    expect(run.stderr()).toMatch(/Finishing \d+ requests? under way; Ctrl-C again stops at once/)
    const totals = JSON.parse(await readFile(summary, 'utf8'))
    expect(totals.ending).toBe('interrupted')
    expect(totals.pages).toBeLessThan(300)
    expect(lines(await readFile(out, 'utf8'))).toHaveLength(totals.items)
  })

  test('twice stops at once', async () => {
    const out = join(folder, 'pages.jsonl')
    await lab.control.set('slow', { latency: 20_000 })
    try {
      const run = startCommand([...argv(), '--out', out])
      await untilAsked('slow', 1)
      run.child.kill('SIGTERM')
      await run.untilStderr(/Finishing/)
      run.child.kill('SIGINT')
      expect(await run.ended, run.stderr()).toEqual({ code: 130, signal: null })
      expect(run.stderr()).toMatch(/Stopping/)
    } finally {
      await lab.control.set('slow', { latency: 150 })
    }
  })

  test('a reader that goes away (head) ends it cleanly', async () => {
    const run = startCommand([...argv(), '--out', '-'])
    run.child.stdout.once('data', () => run.child.stdout.destroy())
    expect(await run.ended, run.stderr()).toEqual({ code: 0, signal: null })
    expect(run.stderr()).not.toMatch(/EPIPE|Error/)
  })
})

describe('the exit codes of a process', () => {
  test('0 for done, 1 for failed, 2 for wrong usage', async () => {
    const done = startCommand(['crawl', url('quick'), '--proxies', list, '--max-pages', '2', ...polite])
    expect((await done.ended).code, done.stderr()).toBe(0)
    const failed = startCommand(['crawl', 'http://127.0.0.1:1/', '--direct', '--deadline', '2s', ...polite])
    expect((await failed.ended).code, failed.stderr()).toBe(1)
    expect(failed.stderr()).toMatch(/Not one page could be fetched/)
    const wrong = startCommand(['crawl', url('quick')])
    expect((await wrong.ended).code).toBe(2)
  })

  test('the demo crawls its world and tells what happened', { timeout: 60_000 }, async () => {
    const demo = startCommand([])
    expect((await demo.ended).code, demo.stderr()).toBe(0)
    expect(demo.stdout()).toMatch(
      /What happened[\s\S]*per page[\s\S]*p95[\s\S]*Taken out of service[\s\S]*What next/,
    )
  })
})

test('several lists of bare addresses are crawled through, and what was not understood is said', async () => {
  const bare = (url: string) => url.replace(/^\w+:\/\//, '')
  const lists = [join(folder, 'one.txt'), join(folder, 'two.json')]
  await writeFile(lists[0]!, `${bare(lab.proxy('good-1').url)}\nThis is a table of proxies\n`)
  await writeFile(lists[1]!, JSON.stringify({ data: [{ proxy: bare(lab.proxy('good-2').url) }] }))
  const terminal = createTerminal({ cwd: folder })
  const argv = ['crawl', url('quick'), '--out', 'mixed.jsonl', '--max-pages', '3', '--no-state']
  const code = await terminal.run(...argv, ...lists.flatMap((list) => ['--proxies', list]))
  expect(code, terminal.stderr()).toBe(0)
  expect(terminal.stderr()).toMatch(/one\.txt: 1 of 2 entries were not understood: line 2: it has no port/)
})

describe('regatta proxies check', () => {
  const servers: Server[] = []
  const echoes: string[] = []
  beforeAll(async () => {
    for (let each = 0; each < 2; each++) {
      const server = createServer((request, response) => {
        response.end(JSON.stringify({ ip: request.socket.remoteAddress, headers: request.headers }))
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      servers.push(server)
      echoes.push('--echo', `http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    }
  })
  afterAll(() => {
    for (const server of servers) server.close()
  })

  test('tells the living from the dead, with where they come out', async () => {
    const terminal = createTerminal({ cwd: folder })
    expect(await terminal.run('proxies', 'check', list, '--json', ...echoes), terminal.stderr()).toBe(0)
    const rows = JSON.parse(terminal.stdout()) as { proxy: string; state: string; exits: string[] }[]
    const good = lab.proxy('good-1')
    expect(rows.find(({ proxy }) => proxy === good.url)).toMatchObject({
      state: 'alive',
      exits: [good.exitIp],
    })
    expect(rows.find(({ proxy }) => proxy === lab.proxy('dead').url)).toMatchObject({ state: 'dead' })
  })

  test('one endpoint is enough, and those that live are written as a list that can be read again', async () => {
    const bare = (url: string) => url.replace(/^\w+:\/\//, '')
    const lists = [join(folder, 'a.txt'), join(folder, 'b.csv')]
    await writeFile(lists[0]!, `${bare(lab.proxy('good-1').url)}\nno proxy at all\n`)
    await writeFile(lists[1]!, `ip,port,country\n${bare(lab.proxy('dead').url).replace(':', ',')},DE\n`)
    const terminal = createTerminal({ cwd: folder })
    const code = await terminal.run('proxies', 'check', ...lists, '--out', 'alive.txt', ...echoes.slice(0, 2))
    expect(code, terminal.stderr()).toBe(0)
    expect(await readFile(join(folder, 'alive.txt'), 'utf8')).toBe(
      `socks5h://${bare(lab.proxy('good-1').url)}\n`,
    )
    expect((await stat(join(folder, 'alive.txt'))).mode & 0o077).toBe(0)
    expect(terminal.stderr()).toContain('a.txt, line 2: it has no port')
  })

  test('ends with 1 when none is alive', async () => {
    await writeFile(list, lab.proxy('dead').url)
    const terminal = createTerminal({ cwd: folder })
    expect(await terminal.run('proxies', 'check', list, ...echoes)).toBe(1)
    expect(terminal.stdout()).toMatch(/^PROXY .*\n.*dead.*\n$/)
  })
})

test('a new source runs as it was written, with nothing installed beside it', async () => {
  const written = createTerminal({ cwd: folder })
  expect(await written.run('new', 'source', 'my-shop')).toBe(0)
  const argv = ['crawl', join(folder, 'my-shop.ts'), '--proxies', list, '--out', '-', '--no-politeness']
  const run = startCommand([...argv, '--param', `start=${url('quick')}`])
  expect(await run.ended, run.stderr()).toEqual({ code: 0, signal: null })
  expect(JSON.parse(run.stdout())).toMatchObject({ url: url('quick'), title: expect.any(String) })
})

test('a CommonJS source runs with nothing installed beside it', async () => {
  const file = join(folder, 'common.cjs')
  await writeFile(
    file,
    `const { defineSource } = require('regatta')
    const { z } = require('zod')
    module.exports = { common: defineSource({
      name: 'common', params: z.object({ start: z.url() }), item: z.object({ title: z.string() }),
      *seeds({ start }) { yield start },
      *parse(page) { yield page.item({ title: page.$('title').text() }) },
    }) }`,
  )
  const argv = ['crawl', file, '--proxies', list, '--out', '-', '--no-politeness']
  const run = startCommand([...argv, '--param', `start=${url('quick')}`])
  expect(await run.ended, run.stderr()).toEqual({ code: 0, signal: null })
  expect(JSON.parse(run.stdout())).toEqual({ title: expect.any(String) })
})

test('a source finds every entry point of the copy that runs, with nothing installed beside it', async () => {
  const file = join(folder, 'doors.ts')
  await writeFile(
    file,
    `import { defineSource } from 'regatta'
    import { createJsonlSink } from 'regatta/sinks'
    import { wholeNumber } from 'regatta/source'
    import { quotes } from 'regatta/plugins/quotes'
    import { z } from 'zod'
    export const doors = defineSource({
      name: 'doors',
      params: z.object({ start: z.url(), number: wholeNumber() }),
      item: z.object({ number: z.number(), sink: z.string(), plugin: z.string() }),
      seeds: ({ start }) => [{ url: start, label: 'only' }],
      parse: {
        *only(page) {
          yield page.item({ number: page.params.number, sink: typeof createJsonlSink, plugin: quotes.name })
        },
      },
    })`,
  )
  const argv = ['crawl', file, '--proxies', list, '--out', '-', '--no-politeness', '--param', 'number=7']
  const run = startCommand([...argv, '--param', `start=${url('quick')}`])
  expect(await run.ended, run.stderr()).toEqual({ code: 0, signal: null })
  expect(JSON.parse(run.stdout())).toEqual({ number: 7, sink: 'function', plugin: 'quotes' })
})

test('regatta lab writes a list that can be used, and ends cleanly with Ctrl-C', async () => {
  const terminal = createTerminal({ cwd: folder })
  const running = terminal.run('lab', '--proxies-out', 'lab.txt')
  await expect.poll(() => terminal.stdout(), { timeout: 10_000 }).toMatch(/Ctrl-C ends it/)
  const written = lines(await readFile(join(folder, 'lab.txt'), 'utf8'))
  expect(written.length).toBeGreaterThan(3)
  expect(terminal.stdout()).toContain(written[0])
  terminal.signal()
  expect(await running).toBe(0)
})

async function untilLines(path: string, count: number): Promise<void> {
  await expect
    .poll(async () => lines(await readFile(path, 'utf8').catch(() => '')).length, { timeout: 10_000 })
    .toBeGreaterThanOrEqual(count)
}

/** Until an origin has been asked so often since the books were cleared. */
async function untilAsked(origin: string, count: number): Promise<void> {
  await lab.control.clearBooks()
  await expect
    .poll(async () => (await lab.books()).origins[origin]?.requests, { timeout: 10_000 })
    .toBeGreaterThanOrEqual(count)
}

const brokenSource = `
import { z } from '${new URL('../../node_modules/zod/index.js', import.meta.url).href}'
export const broken = {
  name: 'broken',
  params: z.object({}),
  item: z.object({}),
  *seeds() {
    throw new Error('no seeds today')
  },
  *parse() {},
}
`
