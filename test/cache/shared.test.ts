import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createHttpCache } from '../../src/cache/http-cache.ts'
import { requestOf } from '../source/fixtures.ts'

test('two processes fill one new file at the same time', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'regatta-cache-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'cache.db')
  const writer = new URL('writer.ts', import.meta.url).pathname
  const runtime = 'Deno' in globalThis ? ['run', '--allow-all', writer] : [writer]
  const ends = ['a', 'b'].map(async (name) => {
    const child = spawn(process.execPath, [...runtime, path, name], {
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    const [code] = await once(child, 'exit')
    return code
  })
  expect(await Promise.all(ends)).toEqual([0, 0])
  const cache = await createHttpCache({ to: path })
  for (const name of ['a', 'b'])
    for (let index = 0; index < 100; index++)
      expect(await cache.get(requestOf(`http://${name}.example/${index}`))).toBeDefined()
  await cache.close()
})
