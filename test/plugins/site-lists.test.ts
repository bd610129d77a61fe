import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { site } from '../../plugins/site.ts'
import { createCrawler } from '../../src/index.ts'
import { readUrls } from '../../src/source/read-lines.ts'
import { createTerminal } from '../cli/terminal.ts'

/** A site whose pages are named by a feed, a sitemap, a file or a pipe, and not found by links. */
let files: Record<string, [type: string, body: string | Uint8Array]> = {}
let asked: string[] = []
const server = createServer((request, response) => {
  const path = request.url ?? '/'
  if (path === '/robots.txt') return response.writeHead(404).end()
  asked.push(path)
  const [type, body] = files[path] ?? ['text/html', `<title>${path}</title><a href="/linked">more</a>`]
  response.writeHead(200, { 'content-type': type }).end(body)
})
const at = (path = '') => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`

let folder: string
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)))
afterAll(() => {
  server.close()
  server.closeAllConnections()
})
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regatta-lists-'))
  files = {}
  asked = []
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function crawl(
  params: Parameters<typeof site.params.parse>[0] & object,
  input?: AsyncIterable<string>,
) {
  const logged: string[] = []
  const edges: unknown[] = []
  await using crawler = await createCrawler({ direct: true, politeness: false })
  crawler.on('log', ({ message }) => logged.push(message))
  const sink = {
    name: 'edges',
    open: async () => {},
    write: async (records: readonly { kind: string; value: unknown }[]) =>
      void edges.push(...records.filter(({ kind }) => kind === 'edge').map(({ value }) => value)),
    close: async () => {},
  }
  const run = crawler.crawl(site, params, { sinks: [sink as never], input })
  const urls: string[] = []
  for await (const { url } of run) urls.push(url.slice(at().length))
  return { urls: urls.toSorted(), logged, edges }
}

test.each<[string, string, string | Uint8Array]>([
  [
    'RSS 2.0',
    'application/rss+xml',
    '<rss version="2.0"><channel><link>/home</link><item><link>/1</link></item><item><guid isPermaLink="true">AT/2</guid><enclosure url="/2.mp3"/></item></channel></rss>',
  ],
  [
    'RSS 1.0',
    'application/rdf+xml',
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><item rdf:about="AT/1"><title>1</title></item><item><link> /2 </link></item></rdf:RDF>',
  ],
  [
    'Atom, by the alternate among its links',
    'application/atom+xml',
    '<feed xmlns="http://www.w3.org/2005/Atom" xml:base="AT/"><entry><link rel="self" href="no"/><link rel="enclosure" href="no"/><link href="1"/></entry><entry><id>AT/2</id></entry></feed>',
  ],
  [
    'RSS that says its link in the words of Atom',
    'text/xml',
    '<rss><channel><atom:link rel="self" href="/no"/><item><atom:link href="/1"/></item><item><link>/2</link><atom:link rel="alternate" href="/no"/></item></channel></rss>',
  ],
  [
    'a feed that is called HTML',
    'text/html',
    '<?xml version="1.0"?>\n<rss><channel><item><link>/1</link></item><item><link><![CDATA[/2]]></link></item></channel></rss>',
  ],
  [
    'JSON Feed',
    'application/feed+json',
    '{"version":"https://jsonfeed.org/version/1.1","items":[{"id":"a","url":"/1"},{"id":"AT/2"},{"id":"b"}]}',
  ],
])('the pages of a feed: %s', async (_, type, body) => {
  files['/feed'] = [type, String(body).replaceAll('AT/', at('/'))]
  expect((await crawl({ feed: at('/feed') })).urls).toEqual(['/1', '/2'])
  asked = []
  // As a start URL it leads to them, too, and from them on.
  const { urls } = await crawl({ start: at('/feed'), sitemaps: false })
  expect(urls).toEqual(['/1', '/2', '/feed', '/linked'])
})

test('an address that was escaped twice, or within a CDATA section, is the one that was meant', async () => {
  files['/feed'] = [
    'text/xml',
    '<rss><channel><item><link><![CDATA[/a?x=1&amp;y=2]]></link></item><item><link>/b?x=1&amp;amp;y=2</link></item></channel></rss>',
  ]
  expect((await crawl({ feed: at('/feed') })).urls).toEqual(['/a?x=1&y=2', '/b?x=1&y=2'])
})

test('a sitemap alone: its pages, those that are wanted, and no links of theirs unless asked', async () => {
  files['/map.xml'] = [
    'text/xml',
    `<urlset><url><loc>${at('/p/1')}</loc></url><url><loc>${at('/q/2')}</loc></url></urlset>`,
  ]
  expect((await crawl({ sitemap: at('/map.xml') })).urls).toEqual(['/p/1', '/q/2'])
  expect(asked).not.toContain('/sitemap.xml')
  expect((await crawl({ sitemap: at('/map.xml'), include: '/p/*' })).urls).toEqual(['/p/1'])
  expect((await crawl({ sitemap: at('/map.xml'), follow: true })).urls).toEqual(['/linked', '/p/1', '/q/2'])
})

test('a file of URLs, as editors leave it: what is wrong is told by its number', async () => {
  const text = `\ufeff# mine\r\n${at('/1')}\r\n\r\n  ${at('/2#part')}  # the second\r\n/3\r\nhttp://ann:secret@a.example/\r\n${at('/1')}\rftp://a.example/`
  await writeFile(join(folder, 'urls.txt'), text)
  const { urls, logged } = await crawl({ urls: join(folder, 'urls.txt') })
  expect(urls).toEqual(['/1', '/2'])
  expect(logged.filter((line) => line.startsWith('Line '))).toEqual([
    'Line 5 of urls.txt is left out: it is no http or https URL: "/3".',
    'Line 6 of urls.txt is left out: it is no http or https URL: "http://…@a.example/".',
    'Line 8 of urls.txt is left out: it is no http or https URL: "ftp://a.example/".',
  ])
  await writeFile(join(folder, 'wide.txt'), Buffer.from(`\ufeff${at('/4')}\r\n`, 'utf16le'))
  expect((await crawl({ urls: join(folder, 'wide.txt') })).urls).toEqual(['/4'])
})

test('on the command line a file is named from where it is typed, and - is what is piped in', async () => {
  await writeFile(join(folder, 'urls.txt'), at('/1'))
  const run = async (urls: string, stdin?: string) => {
    const terminal = createTerminal({ cwd: folder, ...(stdin !== undefined && { stdin }) })
    const argv = [
      '--param',
      `urls=${urls}`,
      '--direct',
      '--no-politeness',
      '--quiet',
      '--no-state',
      '--out',
      '-',
    ]
    const code = await terminal.run('crawl', 'site', ...argv)
    return { code, out: terminal.stdout(), said: terminal.stderr() }
  }
  expect(await run('urls.txt')).toMatchObject({ code: 0, out: expect.stringContaining('"title":"/1"') })
  expect(await run('-', `${at('/2')}\n`)).toMatchObject({
    code: 0,
    out: expect.stringContaining('"title":"/2"'),
  })
  expect(await run('none.txt')).toMatchObject({
    code: 2,
    said: expect.stringMatching(/none\.txt cannot be read/),
  })
})

test('a list is read only as fast as it is taken, and let go of when nobody wants more', async () => {
  let pulled = 0
  let isEnded = false
  async function* endless() {
    try {
      for (;;) yield `https://a.example/${pulled++}\n`
    } finally {
      isEnded = true
    }
  }
  const context = { input: endless(), log: () => {} }
  const taken: string[] = []
  for await (const url of readUrls('-', context)) if (taken.push(url) === 3) break
  expect({ taken: taken.length, isEnded }).toEqual({ taken: 3, isEnded: true })
  expect(pulled).toBeLessThan(10)
})

test('links are edges where that is asked for', async () => {
  files['/'] = ['text/html', '<a href="/linked" rel="nofollow">a</a><a href="https://other.example/">b</a>']
  expect((await crawl({ start: at('/'), sitemaps: false, maxDepth: 0 })).edges).toEqual([])
  expect((await crawl({ start: at('/'), sitemaps: false, maxDepth: 0, edges: true })).edges).toEqual([
    { from: at('/'), to: at('/linked'), type: 'link', data: { rel: ['nofollow'] } },
    { from: at('/'), to: 'https://other.example/', type: 'link' },
  ])
})
