import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { rolldown } from 'rolldown'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTerminal } from '../cli/terminal.ts'

/** A program in one file: it works when Regatta is left outside, and says so when it is not. */
const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regatta-bundle-'))
  await mkdir(join(folder, 'outside/node_modules'), { recursive: true })
  await symlink(root, join(folder, 'outside/node_modules/regatta'))
  await writeFile(join(folder, 'program.ts'), program)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const program = `
import { createCrawler, createPage, defineSource } from 'regatta'
const any = { '~standard': { version: 1, vendor: 'own', validate: (value: unknown) => ({ value }) } } as const
const source = defineSource({ name: 's', params: any, item: any, *seeds() {}, *parse() {} })
const said: unknown[] = []
const say = (error: Error) => void said.push(error.message)
async function main() {
  try { said.push(createPage({ source, params: {}, body: '<title>hello</title>' }).$('title').text()) } catch (error) { say(error as Error) }
  const crawler = await createCrawler({ direct: true, state: process.argv[2]! })
  await crawler.crawl(source, {}).run().then(({ ending }) => said.push(ending), say)
  await crawler.stop()
  console.log(JSON.stringify(said))
}
void main()
`

async function bundleOf(format: 'esm' | 'cjs', external: readonly string[]): Promise<unknown> {
  const build = await rolldown({
    input: join(folder, 'program.ts'),
    platform: 'node',
    external: [...external],
    resolve: { alias: external.length > 0 ? {} : { regatta: join(root, 'src/index.ts') } },
    logLevel: 'silent',
  })
  const file = join(folder, 'outside', `${format}-${external.length}.${format === 'esm' ? 'mjs' : 'cjs'}`)
  await build.write({ file, format, codeSplitting: false } as never)
  await build.close()
  const { stdout } = await run('node', [file, join(folder, `${format}-${external.length}`)])
  return JSON.parse(stdout)
}

describe('a bundle', () => {
  test.each(['esm', 'cjs'] as const)('says what to mark as external (%s)', async (format) => {
    const sentence = /from inside a bundle\. Mark regatta as external when you bundle/
    expect(await bundleOf(format, [])).toEqual([
      expect.stringMatching(sentence),
      expect.stringMatching(sentence),
    ])
  })

  test('works when Regatta is external', async () => {
    expect(await bundleOf('esm', ['regatta'])).toEqual(['hello', expect.any(String)])
  })
})

test('on Bun the command says that it does not run there', async () => {
  const terminal = createTerminal()
  Object.assign(globalThis, { Bun: {} })
  try {
    expect(await terminal.run('sources')).toBe(2)
  } finally {
    delete (globalThis as { Bun?: object }).Bun
  }
  expect(terminal.stderr()).toMatch(/does not run on Bun.*Node 22\.19/)
})
