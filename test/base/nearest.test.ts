import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nearest } from '../../src/base/nearest.ts'

const names = ['maxPages', 'maxDepth', 'maxPerHost', 'robots', 'name', 'sinks']

test.each([
  ['maxpages', 'maxPages'],
  ['max-pages', 'maxPages'],
  ['maxPagse', 'maxPages'],
  ['depth', undefined],
  ['nam', 'name'],
  ['nmae', 'name'],
  ['', undefined],
  ['proxies', undefined],
])('"%s" is meant as %s', (typed, meant) => {
  expect(nearest(typed, names)).toBe(meant)
})

test('a name is the nearest to itself, and to itself without one letter', () => {
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.nat(), (name, at) => {
      expect(nearest(name, names)).toBe(name)
      const cut = at % name.length
      expect(nearest(name.slice(0, cut) + name.slice(cut + 1), names)).toBe(name)
    }),
  )
})
