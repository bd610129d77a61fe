import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { blocksOf } from '../packaging/tutorial.ts'

/** That it can be done as it stands is tested with the installed package (test/packaging). */
test('the tutorial is short: few words, few commands, few lines to type', async () => {
  const text = await readFile('docs/tutorial.md', 'utf8')
  expect(text.split(/\s+/).length).toBeLessThanOrEqual(1_200)
  const blocks = blocksOf(text)
  expect(blocks.filter(({ kind }) => kind === 'sh').length).toBeLessThanOrEqual(8)
  const typed = blocks
    .filter(({ kind }) => kind === 'diff')
    .flatMap((block) => block.text.match(/^\+/gm) ?? [])
  expect(typed.length).toBeLessThanOrEqual(10)
})
