import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'

/** The house rules that a linter keeps: what they forbid, where, and that they name the way out. */
const root = join(import.meta.dirname, '../..')

/** What the linter says of one file of a project with our rules, as `line: sentence`. */
function complaintsAbout(path: string, code: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'regatta-lint-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const part of ['biome.json', 'package.json', 'scripts/lint'])
    cpSync(join(root, part), join(folder, part), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  mkdirSync(join(folder, dirname(path)), { recursive: true })
  writeFileSync(join(folder, path), code)
  const biome = join(root, 'node_modules/.bin/biome')
  try {
    const parameters = ['lint', '--vcs-enabled=false', '--error-on-warnings', path]
    execFileSync(biome, parameters, { cwd: folder, encoding: 'utf8', stdio: 'pipe' })
    return ''
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string }
    return stdout + stderr
  }
}

test.each([
  ['export const at = Date.now()', 'Take a Clock'],
  ['export const at = new Date()', 'Take a Clock'],
  ['export const at = performance.now()', 'Take a Clock'],
  ['export const luck = Math.random()', 'Take a Random'],
  ['setTimeout(() => {}, 5)', 'Take a Clock'],
  ['setInterval(() => {}, 5)', 'Take a Clock'],
  ['globalThis.setTimeout(() => {}, 5)', 'Take a Clock'],
  ["import { setTimeout } from 'node:timers/promises'\nawait setTimeout(5)", 'Take a Clock'],
  ['export const signal = AbortSignal.timeout(5)', 'Take a Clock'],
  ['export const folder = process.cwd()', 'Take what you need'],
  ["import process from 'node:process'\nexport const folder = process.cwd()", 'Take what you need'],
  ["import { createActor } from 'xstate'\nexport const actor = createActor", 'Write a plain function'],
  ['export default 5', 'default exports'],
  ["export * from './other.ts'", 'barrel'],
  ['export const value: any = 5', 'any'],
  ['console.log(5)', 'console'],
  ['export const one = 1\n'.repeat(501), 'too many lines'],
])('in src/ the linter refuses %j and says where and what to do', (code, wayOut) => {
  const said = complaintsAbout('src/race/attempt.ts', code)
  expect(said).toMatch(/src\/race\/attempt\.ts:\d+:\d+/)
  expect(said).toContain(wayOut)
})

test.each([
  "import { defineSource } from '../src/index.ts'\nexport const source = defineSource",
  "import type { Page } from '../src/contracts/page.ts'\nexport type Mine = Page",
  "export { isHtml } from '../src/source/markup.ts'",
  "import { proxyMachine } from '../machines/proxy.ts'\nexport const machine = proxyMachine",
  "export const sources = () => import('../src/source/index.ts')",
])('in plugins/ the linter refuses %j and names the public doors', (code) => {
  const said = complaintsAbout('plugins/mine.ts', code)
  expect(said).toMatch(/plugins\/mine\.ts:\d+:\d+/)
  expect(said.replaceAll(/\s+/g, ' ')).toContain("import from 'regatta', 'regatta/source' or an npm package")
})

test.each([
  ['src/base/clock.ts', 'export const at = Date.now()\nsetTimeout(() => {}, 5)'],
  ['src/base/random.ts', 'export const luck = Math.random()'],
  ['src/cli/main.ts', "import process from 'node:process'\nexport const folder = process.cwd()"],
  [
    'plugins/mine.ts',
    "import { defineSource } from 'regatta'\nimport { flag } from 'regatta/source'\nimport { z } from 'zod'\nexport const parts = [defineSource, flag, z]",
  ],
  ['src/sink/index.ts', "export { createCsvSink } from './csv.ts'"],
  ['machines/proxy.ts', "import { setup } from 'xstate'\nexport const proxy = setup"],
  ['src/observe/inspector.ts', "import { createActor } from 'xstate'\nexport const actor = createActor"],
  ['test/clock.test.ts', 'export const at = Date.now()\nsetTimeout(() => {}, 5)'],
  ['bench/main.ts', 'console.log(performance.now(), Math.random())'],
  ['vitest.config.ts', 'export default {}'],
])('%s may do what is its own business', (path, code) => {
  expect(complaintsAbout(path, code)).toBe('')
})
