import { expect, test } from 'vitest'
import { linkWith, readLinkHeader } from '../../src/source/link-header.ts'

test.each<[string, string | string[], string | undefined]>([
  [
    'one of several',
    '<https://a.example/?page=1>; rel="prev", <https://a.example/?page=3>; rel="next"',
    'https://a.example/?page=3',
  ],
  ['several headers', ['</a>; rel=first', '</b>; rel=next'], '/b'],
  ['no quotes, any case, a blank around', '< /b > ; REL = Next', '/b'],
  ['several words', '</b>; rel="next last"', '/b'],
  [
    'a comma and a semicolon in the target',
    '<https://a.example/x;y=1,2?z>; rel=next',
    'https://a.example/x;y=1,2?z',
  ],
  ['other parameters before it', '</b>; title="a, b; rel=\\"x\\""; type=text/html; rel=next', '/b'],
  ['the first rel of a link is its own', '</b>; rel=prev; rel=next', undefined],
  ['with an anchor it is about another page', '</b>; rel=next; anchor="/other", </c>; rel=next', '/c'],
  ['what is no link is left out', 'nonsense, </b>; rel=next', '/b'],
  ['cut off', '</b; rel=next', undefined],
  ['no header', '', undefined],
])('the next page by a Link header: %s', (_, header, target) => {
  expect(linkWith('next', header)).toBe(target)
})

test('a header that repeats itself is read in a moment', () => {
  const long = ' ,;="<'.repeat(50_000)
  expect(readLinkHeader(long)).toEqual([])
  expect(readLinkHeader(`<a>${';rel=next'.repeat(50_000)}`)).toEqual([{ target: 'a', rel: ['next'] }])
})
