import { expect, test } from 'vitest'
import { createScope, type ScopeKind } from '../../src/admission/scope.ts'

const scopeOf = (kind: ScopeKind, start: string, include: string[] = [], exclude: string[] = []) =>
  createScope({ start: [start], kind, include, exclude })

test.each<[ScopeKind, string, string, boolean]>([
  ['host', 'https://example.com/', 'http://example.com/a', true],
  ['host', 'https://example.com/', 'https://www.example.com/a', true],
  ['host', 'https://example.com/', 'https://docs.example.com/', false],
  ['host', 'http://127.0.0.1:8080/', 'http://127.0.0.1:9090/', false],
  ['domain', 'https://www.example.co.uk/', 'https://docs.example.co.uk/', true],
  ['domain', 'https://www.example.co.uk/', 'https://other.co.uk/', false],
  ['domain', 'https://one.github.io/', 'https://two.github.io/', false],
  ['domain', 'http://127.0.0.1/', 'http://127.0.0.2/', false],
  ['prefix', 'https://example.com/docs/index.html', 'https://example.com/docs/a/b', true],
  ['prefix', 'https://example.com/docs/', 'https://example.com/docs-old/', false],
  ['prefix', 'https://example.com/docs/', 'https://other.example/docs/', false],
  ['any', 'https://example.com/', 'https://other.example/', true],
])('in scope %s from %s, %s: %s', (kind, start, url, expected) => {
  expect(scopeOf(kind, start).holds(url)).toBe(expected)
})

test('patterns narrow a scope, and exclude wins', () => {
  const scope = scopeOf(
    'host',
    'https://example.com/',
    ['/docs/*', 're:[?]page=\\d+$'],
    ['*.pdf', 'https://*/docs/old*'],
  )
  expect(scope.holds('https://example.com/docs/a')).toBe(true)
  expect(scope.holds('https://example.com/list?page=7')).toBe(true)
  expect(scope.holds('https://example.com/list')).toBe(false)
  expect(scope.holds('https://example.com/docs/a.pdf')).toBe(false)
  expect(scope.holds('https://example.com/docs/old/a')).toBe(false)
  expect(scope.holds('https://other.example/docs/a')).toBe(false)
})

test('signs that mean something to regular expressions mean themselves in a pattern', () => {
  const scope = scopeOf('any', 'https://example.com/', ['/a.b?c=(1)+[2]'])
  expect(scope.holds('https://example.com/a.b?c=(1)+[2]')).toBe(true)
  expect(scope.holds('https://example.com/aXb?c=(1)+[2]')).toBe(false)
})
