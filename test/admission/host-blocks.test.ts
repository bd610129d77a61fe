import { expect, test } from 'vitest'
import { createHostBlocks } from '../../src/admission/host-blocks.ts'

const blocks = createHostBlocks(['*.ads.example', 'Example.org', 'shop.test:8443', '*.bücher.example'])

test.each([
  'https://example.org/a',
  'https://example.org:8080/',
  'http://EXAMPLE.org./',
  'https://x.ads.example/',
  'https://x.y.ads.example:81/',
  'https://shop.test:8443/',
  'https://x.bücher.example/',
])('%s is blocked', (url) => {
  expect(blocks.holds(new URL(url))).toBe(true)
  expect(blocks.holds(new URL(url))).toBe(true)
})

test.each([
  'https://www.example.org/',
  'https://ads.example/',
  'https://badads.example/',
  'https://shop.test/',
])('%s is not', (url) => {
  expect(blocks.holds(new URL(url))).toBe(false)
})

test('no pattern blocks nothing', () => {
  expect(createHostBlocks([]).isEmpty).toBe(true)
  expect(createHostBlocks([]).holds(new URL('http://a.example/'))).toBe(false)
})

test.each(['', 'http://a.example', 'a.example/path', '*', 'a.*.example', 'user@a.example'])(
  '%j is an error that names the option',
  (pattern) => {
    expect(() => createHostBlocks([pattern])).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining('"block"') }),
    )
  },
)
