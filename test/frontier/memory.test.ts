import { expect, test } from 'vitest'
import { Fingerprints } from '../../src/frontier/fingerprints.ts'
import { createMemoryFrontier } from '../../src/frontier/memory.ts'
import { frontierContract } from '../contracts/frontier.ts'

frontierContract('the memory frontier', (clock) => createMemoryFrontier({ clock }))

test('two hundred thousand similar ids are told apart', () => {
  const fingerprints = new Fingerprints()
  let mistaken = 0
  for (let n = 0; n < 200_000; n++) {
    if (fingerprints.has(`https://example.com/${n}`)) mistaken++
    fingerprints.add(`https://example.com/${n}`)
  }
  expect(mistaken).toBe(0)
  expect(fingerprints.size).toBe(200_000)
  for (let n = 0; n < 200_000; n += 7) expect(fingerprints.has(`https://example.com/${n}`)).toBe(true)
})
