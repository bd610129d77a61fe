import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { endCommands, startCommand } from './process.ts'

/** A file that cannot be loaded: file, line and the code are told. Real processes, because vitest loads modules its own way. */
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regatta-broken-'))
  const files = {
    'typed.ts': 'const one = 1\nexport const two = [one }\n',
    'plain.mjs': 'const one = 1\nexport const two = [one }\n',
    'enum.ts': '\n\nexport enum Colour { red }\n',
    'importing.ts': "export * from './plain.mjs'\n",
    'throwing.ts': 'const one: any = undefined\none.two()\n',
  }
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
})
afterAll(async () => {
  await endCommands()
  await rm(folder, { recursive: true })
})

test.each([
  ['typed.ts', 'typed.ts:2:', 'export const two = [one }'],
  ['plain.mjs', 'plain.mjs:2:25', 'export const two = [one }'],
  ['enum.ts', 'enum.ts:3:8', 'export enum Colour { red }'],
  ['importing.ts', 'plain.mjs:2:25', 'export const two = [one }'],
  ['throwing.ts', 'throwing.ts:2:5', 'throwing.ts:2:5)'],
])('%s is told with the line that is wrong', async (name, where, code) => {
  const run = startCommand(['crawl', join(folder, name), '--direct'])
  expect((await run.ended).code).toBe(2)
  const [sentence, ...lines] = run.stderr().split('\n')
  expect(sentence).toContain(`${join(folder, name)} cannot be loaded: `)
  expect(sentence).toContain(`(${folder}/${where}`)
  expect(lines.join('\n')).toContain(code)
})
