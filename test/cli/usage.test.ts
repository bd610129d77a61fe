import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createTerminal } from './terminal.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regatta-cli-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** Runs a command that must fail before anything is tried; returns what was said. */
async function refused(argv: string[], env: Record<string, string> = {}) {
  const terminal = createTerminal({ env, cwd: folder })
  expect(await terminal.run(...argv)).toBe(2)
  expect(terminal.stdout()).toBe('')
  expect(terminal.listeners()).toBe(0)
  expect(terminal.stderr()).not.toMatch(/^ {4}at /m)
  return terminal.stderr()
}

describe('wrong usage ends with 2 and says what to do', () => {
  test('without a proxy list, without its variables and without --direct there is no way out', async () => {
    expect(await refused(['crawl', 'https://a.example/'])).toMatch(/--proxies.*PROXY_URL.*--direct/)
    expect(await refused(['crawl', 'https://a.example/'], { PROXY_URL: ' ' })).toMatch(/no way out/)
  })

  test('an unknown command is answered with the nearest one', async () => {
    expect(await refused(['crwl'])).toMatch(/unknown command 'crwl'[\s\S]*Did you mean crawl/)
  })

  test('an unknown option and a missing argument are named', async () => {
    expect(await refused(['crawl', 'https://a.example/', '--fast'])).toMatch(
      /^regatta: unknown option '--fast'/,
    )
    expect(await refused(['crawl'])).toMatch(/missing required argument/)
  })

  test.each([
    [['--deadline', '30'], /--deadline.*500ms, 30s or 5m/],
    [['--max-pages', '0'], /--max-pages.*whole number from 1/],
    [['--seed', 'x'], /--seed.*whole number/],
    [['--strategy', 'best'], /--strategy.*thompson/],
    [['--hedge', 'maybe'], /--hedge.*on or off/],
    [['--trust', 'always'], /--trust <level>.*always.*verify, learn, blind/],
    [['--param', 'x'], /--param.*name=value/],
  ])('%j is refused', async (flags, message) => {
    expect(await refused(['crawl', 'https://a.example/', '--direct', ...flags])).toMatch(message)
  })

  test('an unknown source is answered with those there are', async () => {
    expect(await refused(['crawl', 'qotes', '--direct'])).toMatch(/"qotes".*quotes.*\(SOURCE_UNKNOWN\)/)
    expect(await refused(['crawl', './none.ts', '--direct'])).toMatch(/none\.ts/)
  })

  test('a param that is missing, unknown or wrong is named', async () => {
    expect(await refused(['crawl', 'site', '--direct'])).toMatch(/needs the param "start".*--param start=/)
    expect(await refused(['crawl', 'site', '--direct', '--param', 'strat=x'])).toMatch(/no param "strat"/)
    const wrong = ['crawl', 'https://a.example/', '--direct', '--param', 'scope=all']
    expect(await refused(wrong)).toMatch(/scope.*\(PARAM_INVALID\)/)
  })

  test('a certificate authority that cannot be read is named', async () => {
    const argv = ['crawl', 'https://a.example/', '--direct', '--ca', 'none.pem']
    expect(await refused(argv)).toMatch(/"ca".*none\.pem.*OPTION_INVALID/)
  })

  test('an unknown scenario is answered with those there are', async () => {
    expect(await refused(['lab', 'moon'])).toMatch(/"moon".*demo/)
    await writeFile(join(folder, 'broken.json'), '{')
    expect(await refused(['lab', 'broken.json'])).toMatch(/broken\.json.*SCENARIO_INVALID/)
  })
})

describe('what cannot work is told before the work', () => {
  test('a summary that could not be written ends with 1 at once', async () => {
    const terminal = createTerminal({ cwd: folder })
    const code = await terminal.run(
      'crawl',
      'https://a.example/',
      '--direct',
      '--summary',
      'none/summary.json',
    )
    expect(code).toBe(1)
    expect(terminal.stderr()).toMatch(/^regatta: Cannot write .*summary\.json.*\(SINK_FAILED\)\n$/)
  })
})

test('help goes to stdout and ends with 0', async () => {
  const terminal = createTerminal()
  expect(await terminal.run('--help')).toBe(0)
  expect(terminal.stdout()).toMatch(/crawl[\s\S]*proxies[\s\S]*sources[\s\S]*lab[\s\S]*130 interrupted/)
  expect(terminal.stderr()).toBe('')
})

test('the version is that of the package', async () => {
  const terminal = createTerminal()
  expect(await terminal.run('--version')).toBe(0)
  const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string }
  expect(terminal.stdout().trim()).toBe(version)
})

test('a source that is named tells what it yields as well, with the meaning of each field', async () => {
  const terminal = createTerminal()
  expect(await terminal.run('sources', 'quotes')).toBe(0)
  const text = terminal.stdout()
  expect(text).toContain('--param tag=   string: Only quotes with this tag.')
  expect(text).toContain('    page    string: Where it stands.')
  expect(text).not.toContain('json-api')
})

test('the sources are listed with their params, for people and for programs', async () => {
  const people = createTerminal()
  expect(await people.run('sources')).toBe(0)
  expect(people.stdout()).toMatch(/^site {2}.+\n {2}--param start= +string\[\], needed/m)
  const programs = createTerminal()
  expect(await programs.run('sources', '--json')).toBe(0)
  const listed = JSON.parse(programs.stdout()) as { name: string; params: { name: string }[] }[]
  expect(listed.find(({ name }) => name === 'site')?.params.map(({ name }) => name)).toContain('start')
})

test('the sources of a file are listed with their params', async () => {
  const terminal = createTerminal({ cwd: folder })
  await writeFile(
    join(folder, 'shelves.mjs'),
    `export const shelves = ${'{'} name: 'shelves', params: schema('depth'), item: schema('title'), *seeds() {}, *parse() {} }
    function schema(name) { return { '~standard': { version: 1, vendor: 'own', validate: (value) => ({ value }),
      jsonSchema: { input: () => ({ properties: { [name]: { type: 'integer', default: 2 } } }) } } } }`,
  )
  expect(await terminal.run('sources', './shelves.mjs')).toBe(0)
  expect(terminal.stdout()).toBe('shelves\n  --param depth=  integer, default 2\n')
})

describe('a new source', () => {
  test('says in its name that it is a module where its package does not', async () => {
    for (const [type, end] of [
      ['commonjs', 'mts'],
      [undefined, 'mts'],
      ['module', 'ts'],
    ]) {
      const cwd = await mkdtemp(join(folder, 'package-'))
      await writeFile(join(cwd, 'package.json'), JSON.stringify({ name: 'mine', type }))
      const terminal = createTerminal({ cwd })
      expect(await terminal.run('new', 'source', 'shop')).toBe(0)
      expect(terminal.stderr()).toContain(`./shop.${end}`)
      expect(await readFile(join(cwd, `shop.${end}`), 'utf8')).toContain(
        `regatta crawl ./shop.${end} --param`,
      )
    }
  })

  test('is written, is a source, and is never overwritten', async () => {
    const terminal = createTerminal({ cwd: folder })
    expect(await terminal.run('new', 'source', 'my-shop')).toBe(0)
    expect(terminal.stderr()).toContain('regatta crawl ./my-shop.ts')
    const path = join(folder, 'my-shop.ts')
    const text = await readFile(path, 'utf8')
    expect(text).toContain('export const myShop = defineSource({')

    const again = createTerminal({ cwd: folder })
    expect(await again.run('new', 'source', 'my-shop')).toBe(2)
    expect(again.stderr()).toMatch(/exists already/)
    expect(await readFile(path, 'utf8')).toBe(text)
  })

  test('wants a plain name', async () => {
    expect(await refused(['new', 'source', '../x'])).toMatch(/cannot name a source/)
  })
})
