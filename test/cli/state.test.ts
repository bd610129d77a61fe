import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { endCommands, startCommand } from './process.ts'
import { createTerminal } from './terminal.ts'

/** A site of five pages, of which `/hidden` leads to itself until it is put there; each takes `pace` ms. */
let server: Server
let asked: string[] = []
let isThere = false
let pace = 0
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regatta-state-'))
  asked = []
  isThere = false
  pace = 0
  server = createServer(async ({ url = '' }, response) => {
    if (url === '/robots.txt') return void response.writeHead(404).end()
    asked.push(url)
    if (pace > 0) await delay(pace)
    if (url === '/hidden' && !isThere) return void response.writeHead(302, { location: '/hidden' }).end()
    const links = ['/', '/one', '/two', '/three', '/hidden'].map((path) => `<a href="${path}">${path}</a>`)
    const body = `<title>${url}</title><p>This is the page ${url} of a small shop.</p>${links.join(' ')}`
    response.writeHead(200, { 'content-type': 'text/html' }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterEach(async () => {
  await endCommands()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await rm(folder, { recursive: true, force: true })
})

const site = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
const polite = ['--direct', '--no-politeness', '--param', 'sitemaps=false']
const argv = (...more: string[]) => ['crawl', `${site()}/`, ...polite, '--out', 'pages.jsonl', ...more]

async function run(...words: string[]) {
  const terminal = createTerminal({ cwd: folder })
  const code = await terminal.run(...words)
  return { code, out: terminal.stdout(), err: terminal.stderr() }
}

async function stateFolder(): Promise<string> {
  const [name] = await readdir(join(folder, '.regatta'))
  return join('.regatta', name!)
}

async function items(): Promise<string[]> {
  const text = await readFile(join(folder, 'pages.jsonl'), 'utf8')
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => new URL((JSON.parse(line) as { url: string }).url).pathname)
}

describe('a crawl of the command line', () => {
  test('is kept in .regatta, goes on with the same command, and status tells how far it is', async () => {
    const first = await run(...argv('--max-pages', '2'))
    expect(first.code, first.err).toBe(0)
    const kept = await stateFolder()
    expect(kept).toMatch(/^\.regatta\/127\.0\.0\.1-\d+-[0-9a-f]{8}$/)
    expect(first.err).toContain(`left; go on with: regatta resume ${kept}`)
    expect((await run('status', kept)).out).toMatch(
      /at its limit of 2 pages; raise --max-pages(.*\n)*.*left +\d requests? of 1 host/,
    )

    const second = await run(...argv())
    expect(second.code, second.err).toBe(3) // /hidden is given up
    expect((await items()).sort()).toEqual(['/', '/one', '/three', '/two'])
    expect(asked.filter((url) => url === '/')).toHaveLength(1)
    expect(second.err).toContain('2 of the pages by earlier runs')
    const status = JSON.parse((await run('status', kept, '--json')).out)
    expect(status).toMatchObject([
      { state: 'finished', counts: { left: 0, dead: 1, tally: { pages: 4, items: 4 } } },
    ])
  })

  test('is resumed by its folder alone, also from elsewhere', async () => {
    await run(...argv('--max-pages', '2'))
    const terminal = createTerminal({ cwd: tmpdir() })
    const code = await terminal.run('resume', join(folder, await stateFolder()), '--max-pages', '100')
    expect(code, terminal.stderr()).toBe(3)
    expect((await items()).sort()).toEqual(['/', '/one', '/three', '/two'])
  })

  test('that has finished is not begun again by resume, but by the same command', async () => {
    await run(...argv())
    const resumed = await run('resume', await stateFolder())
    expect(resumed).toMatchObject({ code: 0, err: expect.stringContaining('has finished') })
    asked = []
    await run(...argv())
    expect(asked).toContain('/')
  })

  test('leaves nothing behind with --no-state', async () => {
    await run(...argv('--no-state'))
    expect(await readdir(folder)).toEqual(['pages.jsonl'])
  })

  test('begins again with --fresh', async () => {
    await run(...argv('--max-pages', '2'))
    asked = []
    await run(...argv('--fresh'))
    expect(asked).toContain('/')
  })

  test('keeps no secrets, and asks for them again', async () => {
    const secret = 'Bearer hush'
    await run(...argv('--max-pages', '2', '--header', `authorization=${secret}`))
    const kept = await stateFolder()
    for (const file of await readdir(join(folder, kept))) {
      const bytes = await readFile(join(folder, kept, file))
      expect(bytes.includes('hush'), file).toBe(false)
    }
    const resumed = await run('resume', kept, '--max-pages', '9')
    expect(resumed).toMatchObject({ code: 2, err: expect.stringContaining('begun with --header') })
    const given = await run('resume', kept, '--max-pages', '9', '--header', `authorization=${secret}`)
    expect(given.code, given.err).toBe(3)
  })

  test('is refused to a second process, with the number of the first', async () => {
    pace = 1_500
    const state = join(folder, 'state')
    const first = startCommand(argv('--state', state, '--concurrency', '1'))
    await first.untilStderr(/page/)
    const second = await run(...argv('--state', state))
    expect(second.code).toBe(1)
    expect(second.err).toContain(`process ${first.child.pid}`)
    // It does nothing, so it says nothing of what it would do.
    expect(second.err.split('\n')).toHaveLength(2)
    expect((await run('status', state)).out).toContain(`running, process ${first.child.pid}`)
    first.child.kill('SIGKILL')
    await first.ended
    expect((await run('status', state)).out).toContain('its process died')
  })
})

describe('dead letters', () => {
  test('are listed, shown with the last answer, tried again, and fetched by resume', async () => {
    await run(...argv())
    const kept = await stateFolder()
    const list = await run('dead', 'list', kept)
    expect(list.out).toMatch(/^\S{16} {2}\S+Z {2}redirect-limit, 1 attempt {2}http:\S+\/hidden\n$/)
    const show = await run('dead', 'show', kept, `${site()}/hidden`)
    expect(show.out).toMatch(/because +.*redirect.*\(redirect-limit\)/)
    expect(show.out).toMatch(/answer +none, redirect-limit, through direct/)
    expect(await run('dead', 'retry', kept)).toMatchObject({ code: 2, err: expect.stringContaining('--all') })
    isThere = true
    const retry = await run('dead', 'retry', kept, '--reason', 'redirect-limit')
    expect(retry.out).toBe(`1 request will be tried again: regatta resume ${kept}\n`)
    expect((await run('resume', kept)).code).toBe(0)
    expect(await items()).toContain('/hidden')
    expect((await run('dead', 'list', kept)).err).toContain('Nothing was given up')
  })

  test('that are not there are said not to be there', async () => {
    await run(...argv())
    const shown = await run('dead', 'show', await stateFolder(), 'nonsense')
    expect(shown).toMatchObject({ code: 2, err: expect.stringContaining('No dead letter "nonsense"') })
  })
})

describe('a state that is not as it should be', () => {
  test('a folder without a crawl is named', async () => {
    for (const command of ['status', 'resume']) {
      expect(await run(command, 'nowhere')).toMatchObject({
        code: 2,
        err: expect.stringMatching(/nowhere holds no crawl/),
      })
    }
  })

  test('a damaged file is kept, and what can be read of it goes on', async () => {
    await run(...argv('--max-pages', '2'))
    const kept = await stateFolder()
    const file = (await readdir(join(folder, kept))).find((name) => name.startsWith('127'))!
    const path = join(folder, kept, file)
    const bytes = await readFile(path)
    // The header of its second page and all behind it, but not the schema.
    bytes.fill(0x5a, bytes.length - 4_096)
    await writeFile(path, bytes)
    const broken = await run(...argv())
    const resumed = await run('resume', kept, '--salvage', '--max-pages', '100')
    expect([broken.code, resumed.code], `${broken.err}\n${resumed.err}`).toEqual([expect.any(Number), 0])
    if (broken.code === 1) expect(resumed.err).toContain('The damaged file is')
  })

  test('what is no database at all is said to be damaged, and stays', async () => {
    await run(...argv('--max-pages', '2'))
    const kept = await stateFolder()
    const file = (await readdir(join(folder, kept))).find((name) => name.startsWith('127'))!
    await writeFile(join(folder, kept, file), 'this was a database once, and is not any more\n'.repeat(400))
    const broken = await run(...argv())
    expect(broken).toMatchObject({ code: 1, err: expect.stringContaining('STATE_CORRUPT') })
    expect(broken.err).toContain(`--salvage`)
    expect(await readFile(join(folder, kept, file), 'utf8')).toContain('a database once')
  })
})
