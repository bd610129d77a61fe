import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

/**
 * Plain words: "the caller", "the user", "they" for people, "it" for things. In documents and code every word is looked
 * at, in tests the titles, which are read as sentences.
 */
const root = fileURLToPath(new URL('../../', import.meta.url))
const unwanted = /\b(?:who(?:m|se)?(?:so)?ever|he|his|him|himself|she|her|hers|herself)\b/gi

const documents = ['README.md', 'ARCHITECTURE.md', 'docs/**/*.md']
const code = ['src', 'machines', 'plugins', 'scripts', 'examples', 'bench'].map(
  (folder) => `${folder}/**/*.{ts,grit}`,
)

/** Where a text has such a word: `src/x.ts:12: whoever`. */
function offences(file: string, text: string): string[] {
  return [...text.matchAll(unwanted)].map(
    ({ 0: word, index }) => `${file}:${text.slice(0, index).split('\n').length}: ${word}`,
  )
}

/** A test file with all but its titles blanked out, so that lines keep their numbers. */
function titlesOf(text: string): string {
  const titles = /(?:\b(?:test|it|describe)(?:\.\w+)*|\))\(\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/g
  let kept = text.replace(/[^\n]/g, ' ')
  for (const { 0: all, 2: title, index } of text.matchAll(titles)) {
    const begin = index + all.length - 1 - title!.length
    kept = kept.slice(0, begin) + title + kept.slice(begin + title!.length)
  }
  return kept
}

const read = (file: string) => readFileSync(root + file, 'utf8')

test.each([...documents, ...code])('%s has plain words', (pattern) => {
  const files = globSync(pattern, { cwd: root, exclude: ['**/node_modules/**'] })
  expect(files.length).toBeGreaterThan(0)
  expect(files.flatMap((file) => offences(file, read(file)))).toEqual([])
})

test('the titles of tests have plain words', () => {
  const files = globSync('test/**/*.ts', { cwd: root }).filter((file) => !file.endsWith('words.test.ts'))
  expect(files.length).toBeGreaterThan(100)
  expect(files.flatMap((file) => offences(file, titlesOf(read(file))))).toEqual([])
})

test('a word is found where it stands, in a text and in a title', () => {
  const example = [
    '// Who halves his own file means it.',
    "test('may be read by whoever asks', () => {",
    '  it.each([1])(',
    '    "his turn",',
  ].join('\n')
  expect(offences('x.ts', example)).toEqual(['x.ts:1: his', 'x.ts:2: whoever', 'x.ts:4: his'])
  expect(offences('x.ts', titlesOf(example))).toEqual(['x.ts:2: whoever', 'x.ts:4: his'])
})
