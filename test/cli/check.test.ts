import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { writeHar } from '../../src/har/write-har.ts'
import { answer, emptyFolder, front, listing, product } from '../testing/shop.ts'
import { createTerminal } from './terminal.ts'

async function run(argv: readonly string[], where: { readonly cwd?: string }) {
  const terminal = createTerminal(where)
  const exitCode = await terminal.run(...argv)
  return { exitCode, stdout: terminal.stdout(), stderr: terminal.stderr() }
}

/** A file of sources as a user writes them; `regatta` and `zod` are those of this checkout. */
const from = (path: string) => JSON.stringify(new URL(`../../${path}`, import.meta.url).href)
const imports = `import { defineSource } from ${from('src/index.ts')}\nimport { z } from ${from('node_modules/zod/index.js')}\n`
const source = (name: string, parse = "yield page.item({ title: page.$('b').first().text() })") => `
export const ${name} = defineSource({
  name: '${name}', params: z.object({}), item: z.object({ title: z.string() }),
  *seeds() { yield '${front}' },
  *parse(page) { ${parse} },
})
`

/** A project of one file, with a recording for the source `shop`. */
async function project(text: string, file = 'shop.ts'): Promise<string> {
  const folder = await emptyFolder()
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  await writeFile(join(folder, file), text)
  await mkdir(join(folder, 'fixtures/shop'), { recursive: true })
  await writeFile(
    join(folder, 'fixtures/shop/front.har'),
    writeHar([answer(front, listing(product('Rope', '3')))]),
  )
  return folder
}

test('a source is checked on the recordings beside it, and what is expected is written once', async () => {
  const cwd = await project(imports + source('shop'))
  const first = await run(['check', './shop.ts', '--no-types'], { cwd })
  expect(first.exitCode).toBe(1)
  expect(first.stdout).toMatch(
    /failed {3}fixtures.*\n.*nothing says what is expected.*\n.*regatta check --update/,
  )
  expect(first.stdout).toContain('1 source: 1 failed (shop)')
  const second = await run(['check', './shop.ts', '--no-types', '--update'], { cwd })
  expect(second.stdout).toContain('front.expected.json')
  expect(second.exitCode).toBe(0)
  const expected = JSON.parse(await readFile(join(cwd, 'fixtures/shop/front.expected.json'), 'utf8'))
  expect(expected.items).toEqual([{ title: 'Rope' }])
  const third = await run(['check', './shop.ts', '--no-types'], { cwd })
  expect(third.stdout).toBe(`shop
  ok       schema      params fit, items have a schema
  ok       fixtures    1 fixture, 1 page, 1 item
  ok       seeds       1 seed, the same each time
  ok       parse       1 page read again: the same under another date and with other luck
  ok       politeness  robots.txt is obeyed
1 source: ok
`)
  expect(third).toMatchObject({ exitCode: 0, stderr: '' })
})

test('a project without TypeScript is told how to get it, and one error of types is named by its place', async () => {
  const cwd = await project(imports + source('shop'))
  const skipped = await run(['check', './shop.ts'], { cwd })
  expect(skipped.stdout).toMatch(/skipped {2}types +there is no TypeScript in the project/)
  await writeFile(join(cwd, 'wrong.ts'), `export const price: number = 'three'\n${imports}${source('shop')}`)
  await symlink(new URL('../../node_modules', import.meta.url).pathname, join(cwd, 'node_modules'))
  const wrong = await run(['check', './wrong.ts'], { cwd })
  expect(wrong.stdout).toMatch(/failed {3}types +TypeScript .* finds/)
  expect(wrong.stdout).toContain("wrong.ts:1:14 TS2322: Type 'string' is not assignable to type 'number'.")
  expect(wrong.exitCode).toBe(1)
})

test('of several sources in a file all are checked, or the one that is named', async () => {
  const cwd = await project(imports + source('shop') + source('other', "yield page.follow('a')"))
  const both = await run(['check', './shop.ts', '--no-types', '--update'], { cwd })
  expect(both.stdout).toMatch(/^shop\n[\s\S]*^other\n/m)
  expect(both.stdout).toContain('2 sources: ok')
  const one = await run(['check', './shop.ts#other', '--no-types'], { cwd })
  expect(one.stdout).toContain('1 source: ok')
  expect(one.stdout).not.toContain('shop\n')
  const apart = await run(['check', './shop.ts', '#other', '--no-types'], { cwd })
  expect(apart.stdout).toBe(one.stdout)
})

test.each([
  ['with a syntax error', 'export const shop = {', 1, /failed {3}load .*shop\.js.*cannot be loaded/],
  ['without a source', 'export const five = 5', 1, /it exports no source; export one made with defineSource/],
  ['that throws', "throw new Error('no key')", 1, /no key/],
])('a file %s fails its check', async (_, text, exitCode, sentence) => {
  const cwd = await project(text, 'shop.js')
  const told = await run(['check', './shop.js'], { cwd })
  expect(told).toMatchObject({ exitCode, stderr: '' })
  expect(told.stdout).toMatch(sentence)
})

test.each([
  [['./none.ts'], 'There is no file'],
  [['quotse'], 'Did you mean quotes?'],
  [['--param', 'start=x'], '--param is for one source'],
  [['quotes', '--direct'], 'Nothing is fetched without --live'],
  [['quotes', '--live'], 'There is no way out'],
  [['quotes', '--param', 'bsae=x'], 'has no param "bsae"'],
])('%j is a wrong command line', async (given, sentence) => {
  const told = await run(['check', ...given], {})
  expect(told.exitCode).toBe(2)
  expect(told.stderr).toContain(sentence)
})

test('a CommonJS file may be checked, and a report be JSON', async () => {
  const text = `const { defineSource } = require(${JSON.stringify(new URL('../../src/index.ts', import.meta.url).pathname)})
const { z } = require(${JSON.stringify(new URL('../../node_modules/zod/index.cjs', import.meta.url).pathname)})
module.exports = { shop: ${source('shop').replace(/^\nexport const shop = /, '')} }`
  const cwd = await project(text, 'shop.cjs')
  const { stdout, exitCode } = await run(['check', './shop.cjs', '--update', '--json'], { cwd })
  expect(exitCode).toBe(0)
  const [report] = JSON.parse(stdout)
  expect(report).toMatchObject({ source: 'shop', ok: true })
  expect(report.checks[0]).toEqual({
    name: 'types',
    outcome: 'skipped',
    detail: 'the file is no TypeScript',
    more: [],
  })
})

test('every source that comes with Regatta is checked, and nothing fails', async () => {
  const { stdout, exitCode } = await run(['check'], {})
  expect(stdout).not.toContain('failed')
  expect(stdout).toMatch(/^\d+ sources: ok/m)
  expect(exitCode).toBe(0)
}, 60_000)
