import { execFileSync } from 'node:child_process'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

/**
 * In MB, of a process that makes many objects and keeps each for a while: the room for those that live short,
 * and how much there was at most in the one for the others.
 */
function memoryOf(isBound: boolean): { room: number; most: number } {
  const module = fileURLToPath(new URL('../../src/cli/memory-bounds.ts', import.meta.url))
  const script = `
    import { getHeapSpaceStatistics } from 'node:v8'
    import { boundMemory } from ${JSON.stringify(module)}
    if (${isBound}) boundMemory()
    const megabytes = (name, what) =>
      getHeapSpaceStatistics().find(({ space_name }) => space_name === name)[what] / 1024 / 1024
    const kept = []
    let made = 0
    let most = 0
    const work = () => {
      for (let n = 0; n < 5_000; n++) kept[made++ % 150_000] = { n, text: 'x'.repeat(n % 50) + n }
      most = Math.max(most, megabytes('old_space', 'space_used_size'))
      if (made < 2_000_000) return setTimeout(work, 1)
      console.log(JSON.stringify({ room: megabytes('new_space', 'space_size'), most }))
    }
    work()`
  const args = ['--input-type=module', '-e', script]
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as {
    room: number
    most: number
  }
}

test('little garbage waits for a collection, however much there is', () => {
  const plain = memoryOf(false)
  const bound = memoryOf(true)
  expect(bound.room).toBeLessThan(64)
  expect(bound.room).toBeLessThanOrEqual(plain.room)
  expect(bound.most).toBeLessThan(plain.most)
})
