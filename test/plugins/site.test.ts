import { expect, test } from 'vitest'
import { site } from '../../plugins/site.ts'
import { parseParams } from '../../src/source/schema.ts'
import { type Answer, collect, contextOf, outputsOf, pageOf } from '../source/fixtures.ts'

const home = 'https://example.com/'
type Params = Parameters<typeof parseParams<unknown, Parameters<typeof site.params.parse>[0]>>[1]

async function parse(answer: Answer & { at?: string; params?: object } = {}) {
  const params = { start: home, ...answer.params }
  const page = pageOf(site, params, answer.at ?? home, answer)
  return outputsOf(site.parse(page, contextOf()))
}

const seeds = (params: object, files: Record<string, string> = {}, sitemaps: string[] = []) => {
  const context = contextOf(files, sitemaps)
  return collect(site.seeds(site.params.parse({ start: home, ...params }), context))
}

const sitemapOf = (...urls: string[]) =>
  `<urlset>${urls.map((url) => `<url><loc>${url}</loc></url>`).join('')}</urlset>`

test('a page becomes one item with everything that is known of it', async () => {
  const body = `<html><head><title>The
    title</title><meta name=Description content=" What it is "></head><body><h1>One</h1><p>Some text.</p>
    <h2>Two <i>more</i></h2><a href="/a#x">a</a><a href="https://other.example/">b</a><script>no()</script>`
  const { items, urls } = await parse({ body, request: { depth: 2 } })
  expect(items).toEqual([
    {
      url: home,
      status: 200,
      title: 'The title',
      description: 'What it is',
      headings: [
        { level: 1, text: 'One' },
        { level: 2, text: 'Two more' },
      ],
      text: 'One\nSome text.\nTwo more\nab',
      links: ['https://example.com/a', 'https://other.example/'],
      fetchedAt: '2026-01-02T00:00:00.000Z',
      depth: 2,
      via: 'socks5h://192.0.2.1:1080',
      bytes: new TextEncoder().encode(body).length,
      attempts: 2,
    },
  ])
  expect(urls).toEqual(['https://example.com/a'])
})

test('a file that is no page is an item without text and leads nowhere', async () => {
  const { items, urls } = await parse({ type: 'application/pdf', body: '<a href=/a>a</a>' })
  expect(items).toMatchObject([{ url: home, title: '', text: '', headings: [], links: [], bytes: 16 }])
  expect(urls).toEqual([])
})

test.each([
  ['a meta element', { body: '<meta name="ROBOTS" content="NoIndex"><a href=/a>' }, 0, 1],
  ['none', { body: '<meta name=robots content=none><a href=/a>' }, 0, 0],
  ['a header', { headers: { 'x-robots-tag': 'noindex, nofollow' }, body: '<a href=/a>' }, 0, 0],
  ['two headers', { headers: { 'x-robots-tag': ['noindex', 'nofollow'] }, body: '<a href=/a>' }, 0, 0],
  [
    'a header for another robot',
    { headers: { 'x-robots-tag': 'otherbot: none' }, body: '<a href=/a>' },
    1,
    1,
  ],
  [
    'a header with a date to come',
    { headers: { 'x-robots-tag': 'unavailable_after: 25 Jun 2110, nofollow' }, body: '<a href=/a>' },
    1,
    0,
  ],
  [
    'a header with a date that has passed',
    { headers: { 'x-robots-tag': 'unavailable_after: 25 Jun 2010' }, body: '<a href=/a>' },
    0,
    1,
  ],
  ['a header on a file', { headers: { 'x-robots-tag': 'noindex' }, type: 'application/pdf' }, 0, 0],
  [
    'the wish to ignore them',
    { params: { nofollow: 'no' }, body: '<meta name=robots content=none><a href=/a rel=nofollow>' },
    1,
    1,
  ],
])('robots directives: %s', async (_, answer: Answer, items, urls) => {
  const outcome = await parse(answer)
  expect([outcome.items.length, outcome.urls.length]).toEqual([items, urls])
})

test('a link with nofollow is listed but not followed, unless the page has it without as well', async () => {
  const { items, urls } = await parse({
    body: '<a rel="external NoFollow" href=/a></a><a rel=nofollow href=/b></a><a href=/b></a>',
  })
  expect(items[0]?.links).toEqual(['https://example.com/a', 'https://example.com/b'])
  expect(urls).toEqual(['https://example.com/b'])
})

test('a page behind a redirect is described where it is', async () => {
  const { items, urls } = await parse({
    at: 'https://example.com/old',
    url: 'https://example.com/new',
    body: '<a href=/a>',
    request: { depth: 2 },
  })
  expect(items).toMatchObject([{ url: 'https://example.com/new', depth: 2 }])
  expect(urls).toEqual(['https://example.com/a'])
})

test('a redirect is followed within scope, and from a start URL wherever it leads', () => {
  const ask = (url: string, from?: string) => {
    const params = site.params as unknown as { parse(value: unknown): never }
    const request = (at: string) => ({ url: at }) as never
    return site.admit?.(
      request(url),
      params.parse({ start: ['https://example.com/'] }),
      from === undefined ? undefined : request(from),
    )
  }
  expect(ask('https://ads.example/', 'https://example.com/a')).toMatchObject({ reason: 'scope' })
  expect(ask('https://www.example.com/b', 'https://example.com/a')).toBeUndefined()
  expect(ask('https://ads.example/', 'https://example.com/')).toBeUndefined()
  expect(ask('https://ads.example/')).toBeUndefined()
})

test('a redirect to another spelling of the same page is no detour', async () => {
  const { items } = await parse({ at: 'https://example.com/a?y=1&x=2', url: 'https://example.com/a?x=2&y=1' })
  expect(items).toHaveLength(1)
})

test('a page is left to its canonical address in scope, and not to one outside', async () => {
  const canonical = (href: string) => ({
    at: 'https://example.com/a?sort=up',
    body: `<link rel=canonical href="${href}">`,
  })
  const inside = await parse(canonical('/a'))
  expect([inside.items.length, inside.urls]).toEqual([0, ['https://example.com/a']])
  const itself = await parse(canonical('https://EXAMPLE.com:443/a?sort=up&utm_source=x'))
  expect([itself.items.length, itself.urls]).toEqual([1, []])
  const outside = await parse(canonical('https://docs.example.org/a'))
  expect([outside.items.length, outside.urls]).toEqual([1, []])
  const ignored = await parse({ ...canonical('/a'), params: { canonical: false } })
  expect([ignored.items.length, ignored.urls]).toEqual([1, []])
})

test('an alias is described whatever it says, so two pages that name each other cannot loop', async () => {
  const body = '<link rel=canonical href="/b">'
  const { items, urls } = await parse({ at: 'https://example.com/a', body, request: { label: 'alias' } })
  expect([items.length, urls]).toEqual([1, []])
})

test('a redirect out of scope is said and yields nothing', async () => {
  const { items, urls, skipped } = await parse({
    at: 'https://example.com/a',
    url: 'https://ads.example/',
    body: '<a href=/x>',
  })
  expect([items, urls]).toEqual([[], []])
  expect(skipped).toEqual(['scope: it leads out of scope, to https://ads.example/'])
})

test('an error page is an item whose links are not followed', async () => {
  const { items, urls } = await parse({ status: 404, body: '<title>Gone</title><a href=/a>' })
  expect(items).toMatchObject([{ status: 404, title: 'Gone' }])
  expect(urls).toEqual([])
})

test('links end at the greatest depth, in scope, and where URLs grow without end', async () => {
  const body = `<a href=/a></a><a href=https://other.example/></a><a href="/${'x/'.repeat(1_100)}"></a>`
  expect((await parse({ body, params: { maxDepth: 1 } })).urls).toEqual(['https://example.com/a'])
  expect((await parse({ body, params: { maxDepth: 1 }, request: { depth: 1 } })).urls).toEqual([])
})

test('seeds are the start URLs and what the sitemaps name in scope', async () => {
  const files = { 'https://example.com/s.xml': sitemapOf('https://example.com/a', 'https://other.example/b') }
  expect(await seeds({}, files, ['https://example.com/s.xml'])).toEqual([home, 'https://example.com/a'])
  const usual = { 'https://example.com/sitemap.xml': sitemapOf('https://example.com/c') }
  expect(await seeds({}, usual)).toEqual([home, 'https://example.com/c'])
  expect(await seeds({ sitemaps: 'off' }, usual)).toEqual([home])
  expect(await seeds({ maxDepth: '0' }, usual)).toEqual([home])
  expect(await seeds({ start: [home, 'https://example.com/x#y'], sitemaps: false })).toEqual([
    home,
    'https://example.com/x',
  ])
})

test('limits tell the crawl where to end', () => {
  const limits = (params: object) => site.limits?.(site.params.parse({ start: home, ...params }))
  expect(limits({})).toEqual({})
  expect(limits({ maxPages: '10', maxDepth: 2 })).toEqual({ pages: 10, depth: 3 })
})

test.each([
  [{}, /"start"/],
  [{ start: 'example.com' }, /"start\.0".*absolute http.*/],
  [{ start: home, scope: 'world' }, /"scope".*"host"/],
  [{ start: home, maxPages: 0 }, /"maxPages"/],
  [{ start: home, maxPages: 'many' }, /"maxPages".*whole number.*"many"/],
  [{ start: home, include: 're:[' }, /"include".*pattern/],
  [{ start: home, maxpages: 3 }, /maxpages/],
])('params %j are refused by name', (params, sentence) => {
  expect(() => parseParams(site, params as Params as never)).toThrow(sentence)
})

test('a page leads to what a browser without scripts would show or reach', async () => {
  const { urls } = await parse({
    body: `<meta http-equiv=refresh content="9; url=/refresh"><link rel=next href=/next><link rel=icon href=/icon>
      <iframe src=/frame></iframe><map><area href=/area></map><noscript><a href=/noscript>x</a></noscript>
      <template><a href=/template>x</a></template><a href="/cart" rel=nofollow>x</a><a href="/ad" rel=sponsored>x</a>
      <form action=/search><input name=q value=all></form>`,
  })
  expect(urls).toEqual(['refresh', 'next', 'frame', 'area', 'noscript'].map((path) => `${home}${path}`))
})

test('forms that ask for a page are followed where that is wanted, as they come', async () => {
  const body = `<form action=/search><input name=q value=all><button name=go value=1>Go</button></form>
    <form action=/login method=post><input name=user></form><form action="javascript:x()"></form>
    <form rel=nofollow action=/quiet></form><form><input type=hidden name=page value=2></form>`
  expect((await parse({ body })).urls).toEqual([])
  expect((await parse({ body, params: { forms: 'yes' } })).urls).toEqual([
    `${home}search?q=all&go=1`,
    `${home}?page=2`,
  ])
})

test('a page of a site makes no tree', async () => {
  const page = pageOf(site, { start: home }, home, { body: '<title>x</title><a href=/a>a</a>' })
  Object.defineProperty(page, '$', {
    get: () => {
      throw new Error('a tree was made')
    },
  })
  expect((await outputsOf(site.parse(page, contextOf()))).urls).toEqual([`${home}a`])
})
