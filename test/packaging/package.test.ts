import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { doTutorial } from './tutorial.ts'

/** The package as a user gets it: built, packed, installed into an empty folder, and used there. */
const run = promisify(execFile)
const here = import.meta.dirname
const root = join(here, '../..')

/** The second is no .ts file here, because what it imports is installed beside the package only. */
const programs = { 'consumer.ts': 'consumer.ts', 'libraries.txt': 'libraries.ts' }
const libraries = ['zod@4.1.5', 'zod3@npm:zod@3.25.76', 'valibot@1.1.0', 'arktype@2.1.22', 'fastify@5.6.1']

let folder: string
let contents: string[]
/** package.json before and after it was packed. */
let manifests: string[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regatta-package-'))
  const manifest = () => readFile(join(root, 'package.json'), 'utf8')
  const before = await manifest()
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: root })
  manifests = [before, await manifest()]
  const packed = onlyPackage(JSON.parse(stdout.slice(stdout.search(/^[[{]/m))))
  contents = packed.files.map(({ path }) => path)
  await writeFile(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'consumer', type: 'module', private: true }),
  )
  const { devDependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  const packages = [`./${packed.filename}`, `@types/node@${devDependencies['@types/node']}`, ...libraries]
  await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', ...packages], { cwd: folder })
  for (const [from, to] of Object.entries(programs)) await cp(join(here, from), join(folder, to))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

test('the tarball holds the built code and what describes it, no sources and no tests', () => {
  const strange = contents.filter(
    (path) =>
      !/^(dist\/.*\.(js|d\.ts)|dist\/dashboard\.html|deploy\/.*\.(json|yml)|docs\/.*\.(md|svg|png)|examples\/.*\.ts|plugins\/fixtures\/.*\.(har|json)|package\.json|LICENSE|[A-Z]+\.md)$/.test(
        path,
      ),
  )
  expect(strange).toEqual([])
  for (const path of [
    'dist/src/cli/main.js',
    'dist/dashboard.html',
    'deploy/grafana/regatta.json',
    'docs/options.md',
    'examples/01-first-crawl.ts',
    'plugins/fixtures/quotes/tag.har',
  ])
    expect(contents).toContain(path)
})

test('every option is explained where an editor looks for it', async () => {
  const path = join(folder, 'node_modules/regatta/dist/src/options/options.d.ts')
  const lines = (await readFile(path, 'utf8')).split('\n')
  const first = lines.findIndex((line) => line.startsWith('export interface CrawlerOptions'))
  const last = lines.findIndex((line, at) => at > first && line === '}')
  const options = lines.slice(first, last)
  const named = options.flatMap((line, at) => (/^ {4}\w+\??:/.test(line) ? [at] : []))
  expect(named.length).toBeGreaterThan(30)
  for (const at of named) expect(options[at - 1], options[at]).toMatch(/\*\/$/)
})

test('the checkout means its sources, the package what was built of them', async () => {
  expect(manifests[1]).toBe(manifests[0])
  const doors = (text: string) => (JSON.parse(text) as { exports: Record<string, unknown> }).exports
  const installed = doors(await readFile(join(folder, 'node_modules/regatta/package.json'), 'utf8'))
  const sources = doors(manifests[0]!)
  expect(Object.keys(installed)).toEqual(Object.keys(sources))
  expect(sources['./plugins/*']).toBe('./plugins/*.ts')
  expect(installed['./plugins/*']).toEqual({ types: './dist/plugins/*.d.ts', default: './dist/plugins/*.js' })
})

test('the command crawls its demo', async () => {
  const { stdout } = await run(join(folder, 'node_modules/.bin/regatta'), ['demo', '--quiet'], {
    cwd: folder,
  })
  expect(stdout).toMatch(/[1-9]\d* pages/)
})

test('the command runs a source that it has written itself', async () => {
  const command = join(folder, 'node_modules/.bin/regatta')
  await run(command, ['new', 'source', 'mine'], { cwd: folder })
  const { stdout } = await run(command, ['sources'], { cwd: folder })
  expect(stdout).toContain('site')
  const unknown = run(command, ['crawl', './mine.ts', '--direct', '--param', 'start=nowhere'], {
    cwd: folder,
  })
  await expect(unknown).rejects.toThrow(/Param "start" of source "mine"/)
})

test('its test kit works in node:test and in vitest, which need nothing else', async () => {
  const program = (await readFile(join(here, 'kit.txt'), 'utf8')).trimEnd()
  await writeFile(join(folder, 'kit.node.mts'), `import test from 'node:test'\n${program}\n`)
  await writeFile(join(folder, 'kit.test.ts'), `import { test } from 'vitest'\n${program}\n`)
  const { stdout } = await run('node', ['--test', 'kit.node.mts'], { cwd: folder })
  expect(stdout).toMatch(/pass 3/)
  const vitest = join(root, 'node_modules/vitest')
  await symlink(vitest, join(folder, 'node_modules/vitest'))
  const ran = await run('node', [join(vitest, 'vitest.mjs'), 'run'], {
    cwd: folder,
  })
  expect(ran.stdout).toMatch(/3 passed/)
})

test('the sources that come with it are checked, on the recordings that come with them', async () => {
  const { stdout } = await run(join(folder, 'node_modules/.bin/regatta'), ['check', 'quotes'], {
    cwd: folder,
  })
  expect(stdout).toContain('2 fixtures, 3 pages, 7 items')
})

test('the tutorial is done as it stands: few commands, few lines to type, and the quotes come home', async () => {
  const tutorial = await readFile(join(root, 'docs/tutorial.md'), 'utf8')
  const own = join(folder, 'tutorial')
  const { commands, typedLines } = await doTutorial(tutorial, own)
  const screens = commands.map(({ command, screen }) => `$ ${command}\n${screen}`).join('\n')
  // What changed is told by the first check, and meant.
  expect(
    commands.map(({ code }) => code),
    screens,
  ).toEqual([0, 0, 1, 0, 0, 0])
  expect(commands.length + 1).toBeLessThanOrEqual(8)
  expect(typedLines).toBeLessThanOrEqual(10)
  expect(commands[2]!.screen).toMatch(/about/)
  const lines = (await readFile(join(own, 'quotes.jsonl'), 'utf8')).trim().split('\n')
  const found = lines.map((line) => JSON.parse(line) as { about: string; tags: string[] })
  expect(found.length).toBeGreaterThan(10)
  for (const { about, tags } of found) {
    expect(about).toMatch(/^http:\/\/quotes\.lab\/author\//)
    expect(tags).toContain('sea')
  }
  // The same source with schemas of another library gives the same.
  const { stdout } = await run(join(folder, 'node_modules/.bin/regatta'), ['check', './quotes-valibot.ts'], {
    cwd: own,
  })
  expect(stdout).toMatch(/ok +fixtures/)
})

test('a program that imports it runs', async () => {
  const { stdout } = await run('node', ['consumer.ts'], { cwd: folder })
  expect(JSON.parse(stdout)).toEqual({ pages: 5, titles: 2, lines: 2, simulated: 50 })
})

test('a program with schemas of other libraries runs', async () => {
  const { stdout } = await run('node', ['libraries.ts'], { cwd: folder })
  expect(JSON.parse(stdout)).toEqual([0, 'function', 'function', 'object'])
})

test('where the package is CommonJS a new source is a module all the same, and a .cjs file may be one', async () => {
  const commonJs = join(folder, 'common')
  await mkdir(commonJs)
  await writeFile(join(commonJs, 'package.json'), JSON.stringify({ name: 'common', type: 'commonjs' }))
  const source = `const { defineSource } = require('regatta'); const { z } = require('zod')
    module.exports = { own: defineSource({ name: 'own', params: z.object({ n: z.number().default(3) }),
      item: z.object({}), *seeds() {}, *parse() {} }) }`
  await writeFile(join(commonJs, 'own.cjs'), source)
  const command = join(folder, 'node_modules/.bin/regatta')
  await run(command, ['new', 'source', 'shop'], { cwd: commonJs })
  const { stdout, stderr } = await run(command, ['sources', './shop.mts', './own.cjs'], { cwd: commonJs })
  expect(stdout).toContain('--param start=  string, needed')
  expect(stdout).toContain('own\n  --param n=  number, default 3')
  expect(stderr).toBe('')
})

test.each([
  ['consumer.ts', false],
  ['consumer.ts', true],
  ['libraries.ts', true],
])('%s type-checks, our declarations included (exactOptionalPropertyTypes: %s)', async (name, isExact) => {
  const compilerOptions = {
    target: 'es2024',
    lib: ['es2024', 'esnext.disposable', 'dom'],
    module: 'nodenext',
    moduleResolution: 'nodenext',
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: isExact,
    // The declarations of other libraries are theirs to mend.
    skipLibCheck: name !== 'consumer.ts',
    noEmit: true,
  }
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: [name] }))
  const compiler = join(root, 'node_modules/.bin/tsc')
  const { stdout } = await run(compiler, ['-p', folder]).catch((error: { stdout: string }) => error)
  expect(stdout).toBe('')
})

interface Packed {
  readonly filename: string
  readonly files: readonly { readonly path: string }[]
}

/** npm prints a list, newer ones an object by name. */
function onlyPackage(report: readonly Packed[] | Readonly<Record<string, Packed>>): Packed {
  return Object.values(report)[0]!
}
