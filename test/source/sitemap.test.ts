import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { readSitemaps, type SitemapOptions } from '../../src/source/sitemap.ts'
import { collect, contextOf } from './fixtures.ts'

const at = 'http://a.example/sitemap.xml'
const urlset = (...paths: string[]) =>
  `<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${paths
    .map((path) => `<url><loc>http://a.example${path}</loc><lastmod>2026-01-01</lastmod></url>`)
    .join('\n')}</urlset>`
const index = (...paths: string[]) =>
  `<sitemapindex>${paths.map((path) => `<sitemap><loc>http://a.example${path}</loc></sitemap>`).join('')}</sitemapindex>`

async function read(files: Record<string, string | Uint8Array>, bounds: Partial<SitemapOptions> = {}) {
  const context = contextOf(files)
  const urls = await collect(readSitemaps([at], { ...context, ...bounds }))
  return { paths: urls.map((url) => new URL(url).pathname + new URL(url).search), ...context }
}

test('pages come in the order of the file, entities undone', async () => {
  expect((await read({ [at]: urlset('/b', '/a?x=1&amp;y=2') })).paths).toEqual(['/b', '/a?x=1&y=2'])
})

test('an index leads to its files, gzipped or not, each once', async () => {
  const { paths, fetched } = await read({
    [at]: index('/1.xml', '/2.xml.gz', '/1.xml'),
    'http://a.example/1.xml': urlset('/a'),
    'http://a.example/2.xml.gz': gzipSync(urlset('/b')),
  })
  expect(paths).toEqual(['/a', '/b'])
  expect(fetched).toHaveLength(3)
})

test('a plain list of URLs is a sitemap', async () => {
  expect(
    (
      await read({
        [at]: '\uFEFF\n http://a.example/a \r\nhttp://a.example/b\nnot a url:\n\nhttp://a.example/c',
      })
    ).paths,
  ).toEqual(expect.arrayContaining(['/a', '/b', '/c']))
})

test('images and prefixes are told from pages', async () => {
  const text = `<sm:urlset xmlns:sm="s" xmlns:image="i"><sm:url><image:image><image:loc>http://a.example/i.png</image:loc>
    </image:image><sm:loc><![CDATA[ http://a.example/a ]]></sm:loc></sm:url></sm:urlset>`
  expect((await read({ [at]: text })).paths).toEqual(['/a'])
})

test('what a broken file still holds is used, but not half a URL', async () => {
  const cut = '<urlset><url><loc>http://a.example/a?b&c</loc></url><url><loc>http://a.example/cu'
  expect((await read({ [at]: cut })).paths).toEqual(['/a?b&c'])
  const many = urlset(...Array.from({ length: 5_000 }, (_, n) => `/page-${n}-${Math.sin(n)}`))
  const { paths } = await read({ [at]: gzipSync(many).subarray(0, 40_000) })
  expect(paths.length).toBeGreaterThan(100)
})

test('a broken gzip file is told, and reading goes on with the next file', async () => {
  const { paths, logged } = await read({
    [at]: index('/1.gz', '/missing.xml', '/2.xml'),
    'http://a.example/1.gz': new Uint8Array([0x1f, 0x8b, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
    'http://a.example/2.xml': urlset('/b'),
  })
  expect(paths).toEqual(['/b'])
  expect(logged).toEqual([
    expect.stringMatching(/1\.gz could not be read after 0 entries/),
    expect.stringMatching(/missing\.xml answered 404/),
  ])
})

test('an index of itself ends', async () => {
  const { fetched } = await read({ [at]: index('/sitemap.xml') })
  expect(fetched).toHaveLength(1)
})

test('indexes are followed three levels deep', async () => {
  const { paths, logged } = await read({
    [at]: index('/2.xml'),
    'http://a.example/2.xml': index('/3.xml'),
    'http://a.example/3.xml': `${urlset('/a')}${index('/4.xml')}`,
    'http://a.example/4.xml': urlset('/too-deep'),
  })
  expect(paths).toEqual(['/a'])
  expect(logged).toEqual([expect.stringContaining('/4.xml')])
})

test('a file ends at its bounds of entries and of bytes', async () => {
  const entries = await read({ [at]: urlset('/a', '/b', '/c') }, { maxEntries: 2 })
  expect(entries.paths).toEqual(['/a', '/b'])
  expect(entries.logged).toHaveLength(1)
  const bomb = await read({ [at]: gzipSync(urlset('/a') + ' '.repeat(5_000_000)) }, { maxBytes: 100_000 })
  expect(bomb.paths).toEqual(['/a'])
  expect(bomb.logged).toEqual([expect.stringContaining('100000 bytes')])
})

test.each([
  ['plain', (text: string) => new TextEncoder().encode(text)],
  ['gzipped', (text: string) => gzipSync(text)],
])('a %s file that nobody reads to its end is not downloaded to its end', async (_, encode) => {
  let cancel: (() => void) | undefined
  const cancelled = new Promise<void>((resolve) => {
    cancel = resolve
  })
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(encode(urlset('/a'))),
    cancel: () => cancel?.(),
  })
  const options = { ...contextOf(), fetch: async () => new Response(endless) }
  for await (const url of readSitemaps([at], options)) {
    expect(url).toBe('http://a.example/a')
    break
  }
  await cancelled
})
