import { join } from 'node:path'
import { testSource } from 'regatta/testing'
import { expect, test } from 'vitest'
import { createTerminal } from '../cli/terminal.ts'
import { titles } from './titles.ts'

/** A file that Chromium saved of the lab's pages; test/dashboard-page/recorded-by-browser.test.ts makes it anew. */
const saved = join(import.meta.dirname, 'fixtures/titles/chromium.har')

test('a source is tested on a file that a browser saved: three encodings, packed pages, redirects, a page that is not there', async () => {
  const { items, missing, dead } = await testSource(titles, saved, {
    params: { base: 'http://regatta.lab/' },
  })
  expect(items).toHaveLength(8)
  expect(JSON.stringify(items)).toContain('こんにちは、みなと')
  expect(JSON.stringify(items)).toContain('naïve café')
  expect(missing).toEqual([])
  expect(dead).toMatchObject([{ url: 'http://regatta.lab/missing/0', reason: 'status-404' }])
})

test('the command line crawls such a file, and nothing else', async () => {
  const terminal = createTerminal()
  const source = join(import.meta.dirname, 'titles.ts')
  const argv = ['crawl', source, '--param', 'base=http://regatta.lab/', '--replay', saved, '--out', '-']
  expect(await terminal.run(...argv), terminal.stderr()).toBe(0)
  expect(terminal.stdout().trim().split('\n')).toHaveLength(8)
  expect(terminal.stderr()).toContain('replay    chromium.har: 13 answers')
})
