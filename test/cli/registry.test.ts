import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
})
afterAll(() => rm(folder, { recursive: true }))

test('a URL is the source site, starting there', async () => {
  const { source, params } = await findSource('https://example.com/docs/')
  expect(source.name).toBe('site')
  expect(parseParams(source, params)).toMatchObject({ start: ['https://example.com/docs/'] })
})

test('every plugin is found by the name it is listed with', async () => {
  const listed = await listSources()
  expect(listed.map(({ name }) => name)).toEqual(['site', 'quotes', 'json-api'])
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
  ['quote', 'SOURCE_UNKNOWN', 'site, quotes, json-api'],
  ['toString', 'SOURCE_UNKNOWN', 'site, quotes, json-api'],
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
