import { expect, test } from 'vitest'
import { loadedModules, packageOf } from '../scripts/loaded-modules.ts'

/** What a program pays for an import that uses nothing of it yet. */
const packagesOf = (specifier: string) =>
  [...new Set(loadedModules(specifier).map(packageOf))].filter((name) => name !== undefined).sort()

test("import 'regatta' loads the packages that a fetch needs, and no other", () => {
  expect(packagesOf('regatta')).toEqual(['eventemitter3', 'ipaddr.js', 'tldts', 'undici', 'xstate', 'zod'])
})

test('what only sources or sinks need is loaded when it is used, not when it is imported', () => {
  expect(packagesOf('regatta/source')).toEqual(['tldts', 'zod'])
  expect(packagesOf('regatta/sinks')).toEqual(['zod'])
})

test('a source loads nothing that its pages may not need', () => {
  expect(packagesOf('regatta/plugins/site')).toEqual(packagesOf('regatta'))
})

test('logs and metrics bring their libraries with them', () => {
  expect(packagesOf('regatta/observe')).toEqual(expect.arrayContaining(['pino', 'prom-client']))
})

test('no import opens the lab or the simulator', () => {
  const strange = loadedModules('regatta').filter((url) => /\/src\/(lab|sim|cli)\//.test(url))
  expect(strange).toEqual([])
})
