import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { calledAs } from '../../src/cli/called.ts'
import { main } from '../../src/cli/program.ts'
import { createTerminal } from './terminal.ts'

/** Hints begin with the words by which the command line was called, so that they can be pasted. */
test.each<[string, Record<string, string>, string | undefined, string]>([
  ['npx regatta', { npm_command: 'exec' }, '/me/project/node_modules/.bin/regatta', '/me/project'],
  ['npx regatta', {}, '/me/project/node_modules/.bin/regatta', '/me/project'],
  [
    'npm start --',
    { npm_lifecycle_event: 'start', npm_package_name: 'regatta' },
    '/regatta/src/cli/main.ts',
    '/regatta',
  ],
  ['npm start --', {}, '/regatta/src/cli/main.ts', '/regatta'],
  ['node /regatta/src/cli/main.ts', {}, '/regatta/src/cli/main.ts', '/me/project'],
  ['regatta', {}, '/usr/local/bin/regatta', '/me/project'],
  ['regatta', {}, undefined, '/me/project'],
])('%s', (called, env, script, cwd) => {
  expect(calledAs(env, script, cwd)).toBe(called)
})

test('what `new source` says can be typed again and again: it keeps nothing', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'regatta-new-'))
  try {
    const terminal = createTerminal({ cwd: folder })
    await main(['new', 'source', 'shop'], { ...terminal.io, called: 'npx regatta' })
    expect(terminal.stderr()).toContain('Try it: npx regatta crawl ./shop.ts --direct')
    expect(terminal.stderr()).toContain(' --no-state ')
  } finally {
    await rm(folder, { recursive: true })
  }
})
