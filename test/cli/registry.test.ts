import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findSource, listSources, sourcesIn } from '../../src/cli/registry.ts'
import { parseParams } from '../../src/source/schema.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regatta-sources-'))
  const define = new URL('../../src/source/define-source.ts', import.meta.url).href
  const zod = import.meta.resolve('zod')
  const head = `import { defineSource } from '${define}'; import { z } from '${zod}'
    const make = (name: string) => defineSource({ name, params: z.object({}), item: z.string(), *seeds() {}, *parse() {} })\n`
  const plain = head.replace('(name: string)', '(name)')
  const common = `const { defineSource } = require(${JSON.stringify(fileURLToPath(define))}); const { z } = require(${JSON.stringify(fileURLToPath(zod))})
    const make = (name) => defineSource({ name, params: z.object({}), item: z.string(), *seeds() {}, *parse() {} })\n`
  const files = {
    'named.ts': `${head}export const mine = make('mine'); export const other = 7`,
    'default.ts': `${head}export default make('theirs'); export const more = make('more')`,
    'several.ts': `${head}export const one = make('one'); export const two = make('two')`,
    'labelled.ts': `${head}export const mine = { ...make('labelled'), parse: { *list() {}, *detail() {} } }`,
    'whole.cjs': `${common}module.exports = make('whole')`,
    'parts.cjs': `${common}module.exports = { answer: 42, part: make('part') }`,
    'compiled.cjs': `${common}exports.__esModule = true; exports.default = make('compiled')`,
    'module.mts': `${head}export const mine = make('module')`,
    'none.ts': 'export const answer = 42',
    'nearly.ts': `${head}export const mine = { ...make('mine'), parse: undefined }`,
    'broken.ts': 'throw new Error("out of paper")',
  }
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  const packages = {
    'plain-source': {
      main: 'index.js',
      files: { 'index.js': `${plain}export const mine = make('plain-source')` },
    },
    'old-source': { type: 'commonjs', files: { 'index.js': `${common}exports.mine = make('old-source')` } },
    '@shop/source': {
      exports: { '.': { import: './lib/main.js' }, './other': './lib/other.js' },
      files: {
        'lib/main.js': `${plain}export default make('shop')`,
        'lib/other.js': `${plain}export const other = make('other')`,
      },
    },
    'two-sources': {
      exports: './index.js',
      files: { 'index.js': `${plain}export const one = make('one'); export const two = make('two')` },
    },
    'typed-source': {
      exports: './index.ts',
      files: { 'index.ts': `${head}export const mine = make('typed')` },
    },
    'no-source': { exports: './index.js', files: { 'index.js': 'export const answer = 42' } },
    'unbuilt-source': { main: 'dist/index.js', files: {} },
    'chart.js': { main: 'index.js', files: { 'index.js': `${plain}export const mine = make('chart')` } },
  }
  for (const [name, { files: own, ...manifest }] of Object.entries(packages)) {
    const place = join(folder, 'node_modules', name)
    const all = { 'package.json': JSON.stringify({ name, type: 'module', ...manifest }), ...own }
    for (const [path, text] of Object.entries(all)) {
      await mkdir(dirname(join(place, path)), { recursive: true })
      await writeFile(join(place, path), text)
    }
  }
  await mkdir(join(folder, 'deep', 'er'), { recursive: true })
})
afterAll(() => rm(folder, { recursive: true }))

test('a URL is the source site, starting there', async () => {
  const { source, params } = await findSource('https://example.com/docs/')
  expect(source.name).toBe('site')
  expect(parseParams(source, params)).toMatchObject({ start: ['https://example.com/docs/'] })
})

test('every plugin is found by the name it is listed with', async () => {
  const listed = await listSources()
  expect(listed.map(({ name }) => name)).toEqual(expect.arrayContaining(['site', 'quotes', 'json-api']))
  for (const source of listed) {
    expect(source.description).toBeTruthy()
    expect((await findSource(source.name)).source).toBe(source)
  }
})

test.each([
  ['a file with one named source', './named.ts', 'mine'],
  ['a default export', 'default.ts', 'theirs'],
  ['one of several, by its export', './several.ts#two', 'two'],
  ['a CommonJS file that is a source', './whole.cjs', 'whole'],
  ['a CommonJS file that holds one', './parts.cjs', 'part'],
  ['the same by its export', './parts.cjs#part', 'part'],
  ['a default export that was compiled to CommonJS', './compiled.cjs', 'compiled'],
  ['a file that says it is a module', './module.mts', 'module'],
  ['a source with handlers that nobody defined', './labelled.ts', 'labelled'],
  ['the same by its export', './labelled.ts#mine', 'labelled'],
])('%s is found', async (_, what, name) => {
  const { source } = await findSource(what, folder)
  expect(source.name).toBe(name)
  expect(source.parse).toBeTypeOf('function')
})

test.each([
  ['a package', 'plain-source', 'plain-source'],
  ['a package as Deno writes it', 'npm:plain-source', 'plain-source'],
  ['a CommonJS package', 'old-source', 'old-source'],
  ['a package with a scope, whose exports are for import alone', '@shop/source', 'shop'],
  ['an entry of a package', '@shop/source/other', 'other'],
  ['one of several sources of a package', 'two-sources#two', 'two'],
  ['a package that is called like a file', 'chart.js', 'chart'],
  ['a folder with a package.json', './node_modules/@shop/source', 'shop'],
])('%s is found from the folder that the command is typed in', async (_, what, name) => {
  expect((await findSource(what, folder)).source.name).toBe(name)
  if (!what.startsWith('.')) {
    expect((await findSource(what, join(folder, 'deep', 'er'))).source.name).toBe(name)
    await expect(findSource(what, tmpdir())).rejects.toMatchObject({ code: 'SOURCE_UNKNOWN' })
  }
})

test('all sources of a package are listed', async () => {
  const found = await sourcesIn('two-sources', folder)
  expect(found.map(({ name }) => name)).toEqual(['one', 'two'])
})

test.each([
  ['absent-source', 'SOURCE_UNKNOWN', 'npm install absent-source'],
  ['@shop/absent/part', 'SOURCE_UNKNOWN', 'npm install @shop/absent'],
  ['fs', 'SOURCE_UNKNOWN', 'There is no source "fs"'],
  ['@shop/source/none', 'SOURCE_INVALID', 'has no entry "none"'],
  ['two-sources', 'SOURCE_INVALID', 'choose one with two-sources#one'],
  ['two-sources#three', 'SOURCE_INVALID', 'does not export "three"'],
  ['typed-source', 'SOURCE_INVALID', 'TypeScript inside node_modules'],
  ['no-source', 'SOURCE_INVALID', 'exports no source'],
  ['unbuilt-source', 'SOURCE_INVALID', 'may not have been built'],
  ['.', 'SOURCE_INVALID', 'is a folder without package.json'],
])('the package %s is refused: %s, saying %s', async (what, code, sentence) => {
  await expect(findSource(what, folder)).rejects.toMatchObject({
    code,
    message: expect.stringContaining(sentence),
  })
})

test('all sources of a file are listed, or the one that is named', async () => {
  const names = async (what: string) => (await sourcesIn(what, folder)).map(({ name }) => name)
  expect(await names('./several.ts')).toEqual(['one', 'two'])
  expect(await names('./several.ts#two')).toEqual(['two'])
  expect(await names('./whole.cjs')).toEqual(['whole'])
  expect(await names('quotes')).toEqual(['quotes'])
  await expect(names('./none.ts')).rejects.toMatchObject({ code: 'SOURCE_INVALID' })
})

test('a file is found by its absolute path and by its URL', async () => {
  const path = join(folder, 'named.ts')
  expect((await findSource(path)).source.name).toBe('mine')
  expect((await findSource(pathToFileURL(path).href)).source.name).toBe('mine')
})

test.each([
  ['quote', 'SOURCE_UNKNOWN', 'Known are site, '],
  ['toString', 'SOURCE_UNKNOWN', 'Known are site, '],
  ['qoutes', 'SOURCE_UNKNOWN', 'Did you mean quotes?'],
  ['example.com', 'SOURCE_UNKNOWN', 'Did you mean https://example.com?'],
  ['./absent.ts', 'SOURCE_UNKNOWN', 'absent.ts'],
  ['./none.ts', 'SOURCE_INVALID', 'exports no source'],
  ['./nearly.ts', 'SOURCE_INVALID', '"parse" must be'],
  ['./several.ts', 'SOURCE_INVALID', './several.ts#one'],
  ['./several.ts#three', 'SOURCE_INVALID', '"three"'],
  ['./broken.ts', 'SOURCE_INVALID', 'out of paper'],
])('%s is refused: %s, saying %s', async (what, code, sentence) => {
  await expect(findSource(what, folder)).rejects.toMatchObject({
    code,
    message: expect.stringContaining(sentence),
  })
})
