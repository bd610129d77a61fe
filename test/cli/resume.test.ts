import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createTerminal } from './terminal.ts'

/** What a crawl is told to be, when it begins, goes on and ends: on a site of six pages, each linked from all. */
let server: Server
let asked: string[]
/** How often robots.txt was asked for. */
let robots: number
let folder: string
const paths = ['/', '/a', '/b', '/c', '/d', '/e']

beforeEach(async () => {
  // As the system calls it, because paths are compared.
  folder = await mkdtemp(join(tmpdir(), 'regatta-resume-'))
  asked = []
  robots = 0
  server = createServer(({ url = '' }, response) => {
    if (url === '/robots.txt') {
      robots++
      return void response.writeHead(404).end()
    }
    asked.push(url)
    if (url.startsWith('/broken')) return void response.writeHead(503).end('<p>Out of order for today.</p>')
    const links = paths.map((path) => `<a href="${path}">${path}</a>`)
    const body = `<title>${url}</title><p>This is the page ${url} of a small shop.</p>${links.join(' ')}`
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
const direct = ['--direct', '--no-politeness', '--param', 'sitemaps=false']
const crawl = (...more: string[]) => run('crawl', `${site()}/`, ...direct, ...more)
/** Of another crawl: its params differ. */
const other = (...more: string[]) => run('crawl', `${site()}/a`, ...direct, ...more)

async function run(...words: string[]) {
  return runIn(folder, ...words)
}

async function runIn(cwd: string, ...words: string[]) {
  const terminal = createTerminal({ cwd })
  const code = await terminal.run(...words)
  return { code, out: terminal.stdout(), err: terminal.stderr() }
}

const command = async (state = 'm') => readFile(join(folder, state, 'command.json'), 'utf8')
const lines = async (path = 'pages.jsonl') =>
  (await readFile(join(folder, path), 'utf8')).split('\n').filter(Boolean)

/** The words of the last hint, as a shell reads them. */
function wordsOf(hint: string): string[] {
  const typed = hint.slice(hint.lastIndexOf('regatta resume')).trim().split('\n')[0]!
  const { stdout } = spawnSync('sh', ['-c', `set -- ${typed}; shift; printf '%s\\0' "$@"`])
  return String(stdout).split('\0').slice(0, -1)
}

describe('resume', () => {
  test('takes no params and no other folder: that would be another crawl', async () => {
    await crawl('--state', 'm', '--max-pages', '2')
    const before = await command()
    asked = []
    for (const [flags, message] of [
      [['--param', 'scope=page'], /takes no --param \(scope\).*regatta crawl/],
      [['--state', 'n'], /takes no --state.*regatta crawl/],
      [['--no-state'], /takes no --state and no --no-state.*regatta crawl/],
    ] as const) {
      expect(await run('resume', 'm', ...flags)).toMatchObject({
        code: 2,
        err: expect.stringMatching(message),
      })
    }
    expect(await command()).toBe(before)
    expect(asked).toEqual([])
    const { out } = await run('resume', '--help')
    expect(out).toContain('--max-pages')
    expect(out).not.toMatch(/--param|--state|--no-state/)
  })

  test('asks for a param that may be a secret, and knows whether it is the same', async () => {
    await writeFile(join(folder, 'members.ts'), membersSource)
    const params = ['--param', `start=${site()}/`, '--param', 'token=hush']
    const begun = ['crawl', './members.ts', '--direct', '--no-politeness', ...params, '--max-pages', '1']
    expect((await run(...begun, '--state', 'm')).code).toBe(0)
    expect(await command()).not.toContain('hush')
    const again = ['resume', 'm', '--max-pages', '9']
    expect(await run(...again)).toMatchObject({
      code: 2,
      err: expect.stringContaining('resume m --param token=…'),
    })
    const wrong = await run(...again, '--param', 'token=loud')
    expect(wrong).toMatchObject({ code: 2, err: expect.stringMatching(/another crawl than members-/) })
    expect((await run(...again, '--param', 'token=hush')).err).toContain('Going on: 1 page done')
  })

  test('takes what is typed from where it is typed, and what is kept from where that was', async () => {
    await crawl('--state', 'm', '--max-pages', '2', '--out', 'pages.jsonl')
    const elsewhere = join(folder, 'elsewhere')
    await mkdir(elsewhere)
    const resumed = await runIn(elsewhere, 'resume', '../m', '--max-pages', '4', '--summary', 'sum.json')
    expect(resumed.code, resumed.err).toBe(0)
    expect(await readdir(elsewhere)).toEqual(['sum.json'])
    expect(await lines()).toHaveLength(4)
    expect(wordsOf(resumed.err)).toEqual(['resume', '../m', '--max-pages', '8'])
  })

  test('is not quiet because the crawl was begun so', async () => {
    expect((await crawl('--state', 'm', '--max-pages', '2', '--quiet')).err).toBe('')
    expect((await run('resume', 'm', '--max-pages', '4')).err).toContain('Going on: 2 pages done')
  })

  test('says in a sentence when the command cannot be read; the same words go on', async () => {
    await crawl('--state', 'm', '--max-pages', '2')
    for (const [text, why] of [
      ['{', 'it is damaged'],
      ['{}', 'it is damaged'],
      ['{"version":2}', 'it is of a newer Regatta'],
    ]) {
      await writeFile(join(folder, 'm', 'command.json'), text!)
      expect(await run('resume', 'm')).toEqual({
        code: 2,
        out: '',
        err: `regatta: ${join(folder, 'm', 'command.json')} is not readable (${why}); \`regatta crawl\` with the same words goes on.\n`,
      })
    }
    expect((await crawl('--state', 'm')).err).toContain('Going on: 2 pages done')
  })
})

describe('a folder that holds another crawl', () => {
  test('is refused while that is unfinished, and free when it has finished', async () => {
    await crawl('--state', 'm', '--max-pages', '2')
    const before = await command()
    asked = []
    const refused = await other('--state', 'm')
    expect(refused).toMatchObject({
      code: 2,
      err: expect.stringContaining(`m holds the crawl of ${site()}/ (127.`),
    })
    expect(wordsOf(refused.err)).toEqual(['resume', 'm'])
    expect(refused.err).toContain('a folder of its own')
    expect(await command()).toBe(before)
    expect(asked).toEqual([])

    expect((await run('resume', 'm', '--max-pages', '100')).code).toBe(0)
    expect((await other('--state', 'm')).code).toBe(0)
    expect(JSON.parse(await command())).toMatchObject({ target: `${site()}/a` })
  })
})

describe('at its start a crawl says', () => {
  test('nothing the first time', async () => {
    expect((await crawl('--out', 'pages.jsonl')).err).not.toMatch(/Going on|round|not empty/)
  })

  test('that it goes on, and nothing of its output', async () => {
    await crawl('--out', 'pages.jsonl', '--max-pages', '2')
    const { err } = await crawl('--out', 'pages.jsonl')
    expect(err.split('\n')[0]).toBe('Going on: 2 pages done, 4 requests left.')
    expect(err).not.toMatch(/not empty|last round/)
    expect(await lines()).toHaveLength(6)
  })

  test('that an output which is new to it holds something', async () => {
    await writeFile(join(folder, 'other.jsonl'), '{"mine":1}\n')
    await crawl('--out', 'pages.jsonl', '--max-pages', '2')
    const { err } = await crawl('--out', 'pages.jsonl', '--out', 'other.jsonl')
    expect(err).toContain('other.jsonl is not empty: what comes is added at its end.')
    expect(err).not.toContain('pages.jsonl')
  })

  test('that a new round begins, and that the lines of the last one stay', async () => {
    await crawl('--out', 'pages.jsonl', '--out', 'pages.db')
    const { err } = await crawl('--out', 'pages.jsonl', '--out', 'pages.db')
    expect(err.split('\n').slice(0, 3)).toEqual([
      'The last round of this crawl is finished; this is a new one.',
      'pages.jsonl keeps the lines of the last round; those of this one are added at its end. --overwrite begins it anew.',
      'pages.db keeps the rows of the last round; a page that comes again replaces its own. --overwrite begins it anew.',
    ])
    expect(await lines()).toHaveLength(12)
  })
})

describe('a crawl at its limit of pages', () => {
  const sentence = 'at its limit of 2 pages; raise --max-pages, or begin again with --fresh'

  test('says so when it gets there, in status, and to the same command, which asks nothing more', async () => {
    const first = await crawl('--state', 'm', '--max-pages', '2')
    expect(first.err).toContain(sentence)
    expect(wordsOf(first.err)).toEqual(['resume', 'm', '--max-pages', '4'])
    expect((await run('status', 'm')).out).toContain(sentence)
    asked = []
    const again = await crawl('--state', 'm', '--max-pages', '2')
    expect(again).toMatchObject({ code: 0, err: expect.stringContaining(sentence) })
    expect(again.err).not.toMatch(/Going on|round/)
    expect(await run('resume', 'm')).toMatchObject({ code: 0, err: expect.stringContaining(sentence) })
    expect(asked).toEqual([])
  })

  test('goes on with what its hint says, and with --fresh begins again', async () => {
    const first = await crawl('--state', 'm', '--max-pages', '2')
    const resumed = await run(...wordsOf(first.err))
    expect(resumed.err).toContain('Going on: 2 pages done, 4 requests left.')
    expect(resumed.err).toMatch(/^4 pages, .*2 of the pages by earlier runs/m)
    asked = []
    await crawl('--state', 'm', '--max-pages', '2', '--fresh')
    expect(asked).toContain('/')
  })

  test('that its source sets has all that was wanted: resume says so, and the same command begins a round', async () => {
    await writeFile(join(folder, 'members.ts'), membersSource)
    const params = ['--param', `start=${site()}/`, '--param', 'token=hush']
    const words = ['crawl', './members.ts', '--direct', '--no-politeness', ...params, '--state', 'm']
    const { err } = await run(...words)
    expect(err).toContain('at its limit of 3 pages, which source "members" sets.')
    expect(err).not.toMatch(/--max-pages|go on/)
    expect((await run('status', 'm')).out).toMatch(/at its limit of 3 pages, which its source sets\n/)
    asked = []
    const resumed = await run('resume', 'm', '--param', 'token=hush')
    expect(resumed).toMatchObject({ code: 0, err: expect.stringContaining('That crawl has finished.') })
    expect(asked).toEqual([])
    expect((await run(...words)).err).toContain('this is a new one')
    expect(asked).toHaveLength(3)
  })
})

test('the last line of progress says how it ended', async () => {
  expect((await crawl('--state', 'm')).err).toMatch(/^6 pages · .* · finished · .*prox/m)
  expect((await crawl('--state', 'n', '--max-pages', '2')).err).toMatch(/^2 pages · .* · at its limit · /m)
})

test('hints can be pasted, whatever a folder is called', async () => {
  const state = "it's a folder, $HOME"
  const first = await crawl('--state', state, '--max-pages', '2')
  expect(wordsOf(first.err)).toEqual(['resume', state, '--max-pages', '4'])
  expect(wordsOf((await run('status', state)).out)).toEqual(['resume', state, '--max-pages', '4'])
  await crawl('--state', '-m', '--max-pages', '2').then(({ err }) => {
    expect(wordsOf(err)).toEqual(['resume', './-m', '--max-pages', '4'])
  })
  expect((await run(...wordsOf(first.err))).code).toBe(0)
})

describe('a folder of folders', () => {
  test('is listed by status, one line each, and resume names them', async () => {
    await crawl('--max-pages', '2')
    await other()
    const folders = (await readdir(join(folder, '.regatta'))).map((name) => join('.regatta', name))
    const { out } = await run('status', '.regatta')
    const told = out.trimEnd().split('\n').sort()
    expect(told.map((line) => line.split('  ')[0])).toEqual([...folders].sort())
    expect(told.map((line) => line.split('  ')[1]).sort()).toEqual([
      'at its limit, 2 pages, 4 requests left',
      'finished, 6 pages, 0 requests left',
    ])
    const rows = JSON.parse((await run('status', '.regatta', '--json')).out) as { folder: string }[]
    expect(rows.map((row) => row.folder).sort()).toEqual([...folders].sort())
    for (const words of [['resume'], ['dead', 'list']]) {
      const refused = await run(...words, '.regatta')
      expect(refused.code).toBe(2)
      for (const each of folders) expect(refused.err).toContain(`regatta ${words.join(' ')} ${each}`)
    }
  })
})

describe('when nothing was kept', () => {
  test('nothing is said of going on', async () => {
    await writeFile(join(folder, 'broken.ts'), brokenSource)
    for (const when of ['throw', 'empty']) {
      const ended = await run('crawl', './broken.ts', '--direct', '--param', `when=${when}`)
      expect(ended.code).toBe(1)
      expect(ended.err).not.toMatch(/kept|go on/)
    }
    const unwritable = await crawl('--out', 'none/pages.jsonl')
    expect(unwritable).toMatchObject({ code: 1, err: expect.stringContaining('SINK_FAILED') })
    expect(unwritable.err).not.toMatch(/kept|go on/)
    // Nothing was begun, so there is nothing that resume could repeat.
    expect((await readdir(join(folder, '.regatta'))).join()).not.toContain('127.0.0.1')
  })

  test('but what an earlier run has kept is', async () => {
    await writeFile(join(folder, 'broken.ts'), brokenSource)
    const again = [
      'crawl',
      './broken.ts',
      ...direct.slice(0, 2),
      '--param',
      `when=${site()}/`,
      '--state',
      'm',
    ]
    expect((await run(...again, '--max-pages', '1')).code).toBe(0)
    await writeFile(join(folder, 'ill'), '')
    const { code, err } = await run(...again)
    expect(code).toBe(1)
    expect(err).toContain('What was done is kept; go on with: regatta resume m\n')
  })
})

test('a dead letter says how often it was tried, and shows as many answers', async () => {
  const ended = await run('crawl', `${site()}/broken`, ...direct, '--deadline', '2s', '--state', 'm')
  expect(ended.code).toBe(1)
  const often = asked.length === 1 ? '1 attempt' : `${asked.length} attempts`
  const { out } = await run('dead', 'show', 'm', `${site()}/broken`)
  expect(out).toMatch(new RegExp(`given up +\\S+Z, after ${often}\n`))
  expect(out.split('\n').filter((line) => /^ +answer +503/.test(line))).toHaveLength(asked.length)
  expect((await run('dead', 'list', 'm')).out).toContain(`  deadline, ${often}  http`)
})

test('without politeness robots.txt is not asked for either, and help says so', async () => {
  await crawl('--max-pages', '1')
  expect(robots).toBe(0)
  await run('crawl', `${site()}/`, '--direct', '--param', 'sitemaps=false', '--max-pages', '1', '--fresh')
  expect(robots).toBe(1)
  expect((await run('crawl', '--help')).out.replaceAll(/\s+/g, ' ')).toMatch(
    /--no-politeness [^-]*ignore robots\.txt/,
  )
})

const zod = new URL('../../node_modules/zod/index.js', import.meta.url).href

const membersSource = `
import { z } from '${zod}'
export const members = {
  name: 'members',
  params: z.object({ start: z.url(), token: z.string() }),
  item: z.object({ url: z.string() }),
  limits: () => ({ pages: 3 }),
  *seeds({ start }) {
    yield start
  },
  *parse(page) {
    yield page.item({ url: page.url })
    yield page.follow('a[href]')
  },
}
`

const brokenSource = `
import { existsSync } from 'node:fs'
import { z } from '${zod}'
export const broken = {
  name: 'broken',
  params: z.object({ when: z.string() }),
  item: z.object({}),
  *seeds({ when }) {
    if (when === 'throw' || existsSync(new URL('./ill', import.meta.url))) throw new Error('no seeds today')
    if (when.startsWith('http')) yield* [when, when + 'a', when + 'b']
  },
  *parse() {},
}
`
