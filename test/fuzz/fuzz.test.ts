import { expect, test } from 'vitest'
import { fuzz, type SlowText } from './fuzz.ts'

test('what strangers write is read in time, however it is broken, repeated and mixed', {
  timeout: 60_000,
}, async () => {
  const slow: SlowText[] = []
  for await (const each of fuzz({ seed: 20_261, rounds: 60, most: 1_000, longest: 60_000 })) slow.push(each)
  expect(slow).toEqual([])
})
