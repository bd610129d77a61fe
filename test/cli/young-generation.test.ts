import { execFileSync } from 'node:child_process'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

/** The room for short-lived objects, in MB, of a process that makes many of them for a second and keeps each for a while. */
function roomOf(isBound: boolean): number {
  const module = fileURLToPath(new URL('../../src/cli/young-generation.ts', import.meta.url))
  const script = `
    import { getHeapSpaceStatistics } from 'node:v8'
    import { boundYoungGeneration } from ${JSON.stringify(module)}
    if (${isBound}) boundYoungGeneration()
    const kept = []
    const end = Date.now() + 1500
    const work = () => {
      for (let n = 0; n < 20_000; n++) kept[(n * 7) % 60_000] = { n, text: 'x'.repeat(n % 50) + n }
      if (Date.now() < end) return setTimeout(work, 1)
      const { space_size } = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')
      console.log(space_size / 1024 / 1024)
    }
    work()`
  return Number(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }))
}

test('the room for short-lived objects stays small, however many there are', () => {
  const plain = roomOf(false)
  const bound = roomOf(true)
  expect(bound).toBeLessThanOrEqual(32)
  expect(bound).toBeLessThanOrEqual(plain)
})
