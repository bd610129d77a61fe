import { describe, expect, test } from 'vitest'
import { canonicalUrl } from '../../src/admission/canonical-url.ts'

const hex = '0123456789abcdef0123456789abcdef'

describe('a session id whose name leaves no doubt makes no other page', () => {
  test.each([
    [`/a?PHPSESSID=${hex}&id=7`, '/a?id=7'],
    [`/a;jsessionid=0A1B2C3D.node1?id=7`, '/a?id=7'],
    [`/a?jsessionid=${hex}`, '/a'],
    [`/a?ASPSESSIONIDQQQABCDE=ABCDEFGHIJKLMNOPQRSTUVWX`, '/a'],
    [`/(S(lit3py55t21z5v55vlm25s55))/a.aspx`, '/a.aspx'],
    [`/viewtopic.php?sid=${hex}&t=9`, '/viewtopic.php?t=9'],
    [`/a?osCsid=${hex}`, '/a'],
  ])('%s', (spelling, canonical) => {
    expect(canonicalUrl(`http://a.example${spelling}`)).toBe(`http://a.example${canonical}`)
  })
})

describe('what may be the name of a page stays', () => {
  test.each([
    '/a?sid=7',
    `/a?sid=${hex}`,
    '/talk.php?sid=550e8400-e29b-41d4-a716-446655440000',
    `/talk?session_id=${hex}`,
    '/a?PHPSESSID=7',
    '/S(x)/a',
  ])('%s', (path) => {
    expect(canonicalUrl(`http://a.example${path}`)).toBe(`http://a.example${path}`)
  })
})
