import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { readSitemaps } from '../../src/source/sitemap.ts'
import { collect, contextOf } from './fixtures.ts'

const at = 'https://a.example/sitemap.xml'
const entry = '<url><loc>https://a.example/1</loc></url>'

test.each([
  [
    'a deep one in four kilobytes of gzip',
    gzipSync(`<urlset>${entry}${'<a>'.repeat(1_000_000)}`),
    'nest more than 512 deep',
  ],
  ['a deep one', `<urlset>${entry}${'<a>'.repeat(100_000)}`, 'nest more than 512 deep'],
  [
    'an address without end',
    `<urlset>${entry}<url><loc>https://a.example/${'x'.repeat(5_000_000)}</loc></url>`,
    undefined,
  ],
  ['a line without end', `https://a.example/1\n${'x'.repeat(20_000_000)}`, undefined],
  ['blanks before it', `${' '.repeat(20_000_000)}<urlset>${entry}</urlset>`, undefined],
  ['end tags of nothing', `<urlset>${entry}${'</x>'.repeat(500_000)}`, undefined],
])('a sitemap with %s is read in a few seconds, as far as it goes', async (_, file, reason) => {
  const context = contextOf({ [at]: file })
  const started = performance.now()
  expect(await collect(readSitemaps([at], context))).toEqual(['https://a.example/1'])
  expect(performance.now() - started).toBeLessThan(5_000)
  if (reason !== undefined) expect(context.logged.join('\n')).toContain(reason)
})
