import { expect, test } from 'vitest'
import { compilePattern } from '../../src/admission/scope.ts'

const dashes = new URL(`https://a.example/${'-'.repeat(1_900)}!`)

test.each([
  ['three stars', '/*-*-*-x'],
  ['thirty stars', `/${'*-'.repeat(30)}x`],
  ['an expression that repeats a repetition', 're:(-+)+x$'],
  ['an expression of alternatives that overlap', 're:(-|--|-+)*x$'],
])('a pattern with %s does not linger over a link of dashes', (_, pattern) => {
  const matches = compilePattern(pattern)
  const started = performance.now()
  expect(matches(dashes)).toBe(false)
  expect(performance.now() - started).toBeLessThan(500)
})

test.each([
  ['/docs/*', 'https://a.example/docs/x?y=1', true],
  ['/docs/*', 'https://a.example/doc', false],
  ['/a*b*c', 'https://a.example/a-c-b-c', true],
  ['/a*b', 'https://a.example/ab', true],
  ['/ab*ba', 'https://a.example/aba', false],
  ['*', 'https://a.example/', true],
  ['/exact', 'https://a.example/exact', true],
  ['/exact', 'https://a.example/exactly', false],
  ['https://*.example/*', 'https://a.example/x', true],
  ['re:[?]page=\\d+$', 'https://a.example/x?page=12', true],
  ['re:/(de|fr)/', 'https://a.example/en/', false],
])('the pattern %s and %s', (pattern, url, fits) => {
  expect(compilePattern(pattern)(new URL(url))).toBe(fits)
})

test('an expression that looks around is refused, with another way to say it', () => {
  expect(() => compilePattern('re:/docs/(?!old)')).toThrow(
    expect.objectContaining({
      code: 'OPTION_INVALID',
      message: expect.stringMatching(/looks ahead.*exclude/),
    }),
  )
})
