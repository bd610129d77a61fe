import { defineSource } from 'regatta'
import {
  canonicalUrl,
  compilePattern,
  createScope,
  fetchableUrl,
  flag,
  isHtml,
  list,
  readContent,
  readDirectives,
  readSitemaps,
  wholeNumber,
} from 'regatta/source'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { collect, contextOf, outputsOf, pageOf } from './fixtures.ts'

/** What a plugin of a user's has besides the page, by the names it is imported by. */
const pages = defineSource({
  name: 'pages',
  params: z.object({
    start: z.url(),
    include: list().default([]),
    deep: flag().default(false),
    most: wholeNumber().optional(),
  }),
  item: z.object({ url: z.string(), text: z.string(), headings: z.number() }),
  async *seeds({ start }, context) {
    yield start
    yield* readSitemaps([new URL('/sitemap.xml', start).href], context)
  },
  *parse(page) {
    const { start, include } = page.params
    const { noindex, nofollow } = readDirectives(page, 'regatta')
    const scope = createScope({ start: [start], kind: 'host', include })
    if (!noindex && isHtml(page.contentType)) {
      const { text, headings } = readContent(page.$)
      yield page.item({ url: canonicalUrl(page.url), text, headings: headings.length })
    }
    if (!nofollow)
      yield page.follow(
        page
          .links()
          .links.map(({ url }) => url)
          .filter((url) => scope.holds(url)),
      )
  },
})
const start = 'https://example.com/'

test('a source with nothing but public imports reads a page', async () => {
  const body =
    '<h1>One</h1><p>Two</p><a href="/docs/a">a</a><a href="/b">b</a><a href="https://other.example/">c</a>'
  const page = pageOf(pages, { start, include: '/docs/*' }, `${start}?utm_source=x&b=1&a=2`, { body })
  expect(await outputsOf(pages.parse(page, contextOf()))).toEqual({
    items: [{ url: 'https://example.com/?a=2&b=1', text: 'One\nTwo\nabc', headings: 1 }],
    urls: ['https://example.com/docs/a'],
    dropped: 0,
  })
})

test('directives count where they speak to all robots or to the one that is named', async () => {
  const headers = { 'x-robots-tag': 'regatta: noindex' }
  const page = pageOf(pages, { start }, start, { body: '<a href=/b>b</a>', headers })
  expect(await outputsOf(pages.parse(page, contextOf()))).toMatchObject({ items: [], urls: [`${start}b`] })
  expect(readDirectives(page)).toEqual({ noindex: false, nofollow: false })
  const meta = '<meta name=robots content=nofollow>'
  expect(readDirectives(pageOf(pages, { start }, start, { body: meta }))).toEqual({
    noindex: false,
    nofollow: true,
  })
  expect(readDirectives(pageOf(pages, { start }, start, { body: meta, type: 'text/plain' }))).toEqual({
    noindex: false,
    nofollow: false,
  })
})

test.each([
  ['25 Jun 2025 15:00:00 PST', true],
  ['Wednesday, 25-Jun-25 15:00:00 GMT', true],
  ['2025-06-25', true],
  ['Fri, 25 Jun 2027 15:00:00 GMT, nofollow', false],
  ['2027-06-25T15:00:00+02:00', false],
  ['some day', false],
])('a page that is unavailable after %s and was fetched in 2026 is not indexed: %s', (date, noindex) => {
  const body = `<meta name=robots content="unavailable_after: ${date}">`
  expect(readDirectives(pageOf(pages, { start }, start, { body })).noindex).toBe(noindex)
  const headers = { 'x-robots-tag': `regatta: unavailable_after: ${date}` }
  const page = pageOf(pages, { start }, start, { body: '<p>', headers })
  expect(readDirectives(page, 'regatta').noindex).toBe(noindex)
  expect(readDirectives(page, 'other').noindex).toBe(false)
})

test('seeds come from sitemaps, and a file that cannot be read is told', async () => {
  const sitemap = '<urlset><url><loc>https://example.com/a</loc></url></urlset>'
  const params = pages.params.parse({ start })
  const context = contextOf({ 'https://example.com/sitemap.xml': sitemap })
  expect(await collect(pages.seeds(params, context))).toEqual([start, 'https://example.com/a'])
  const without = contextOf()
  expect(await collect(pages.seeds(params, without))).toEqual([start])
  expect(without.logged).toEqual([expect.stringContaining('https://example.com/sitemap.xml answered 404')])
})

test('params of a command line become what they mean', () => {
  expect(pages.params.parse({ start, include: '/a/*, /b/*', deep: 'yes', most: '12' })).toEqual({
    start,
    include: ['/a/*', '/b/*'],
    deep: true,
    most: 12,
  })
})

test('a URL is fetchable when it is http or https and names no user', () => {
  expect(fetchableUrl('../b#top', 'https://example.com/docs/a')).toBe('https://example.com/b')
  expect(fetchableUrl('mailto:a@b.example')).toBeUndefined()
  expect(fetchableUrl('https://user:secret@example.com/')).toBeUndefined()
  expect(fetchableUrl('nowhere')).toBeUndefined()
})

test('a pattern matches paths, whole URLs, or what its expression says', () => {
  expect(compilePattern('/docs/*')(new URL('https://example.com/docs/a?b'))).toBe(true)
  expect(compilePattern('https://*.example.com/*')(new URL('https://a.example.com/'))).toBe(true)
  expect(compilePattern('re:[.]html$')(new URL('https://example.com/a.htm'))).toBe(false)
})

test('a wrong pattern and a wrong start are named, with what was expected', () => {
  expect(() => compilePattern('re:[')).toThrow(
    expect.objectContaining({
      code: 'OPTION_INVALID',
      message: expect.stringMatching(/"re:\[".*\/docs\/\*/),
    }),
  )
  expect(() => createScope({ start: ['example.com'], kind: 'host' })).toThrow(
    expect.objectContaining({ code: 'URL_INVALID', message: expect.stringContaining('"example.com"') }),
  )
})

test('what is no URL is in no scope', () => {
  expect(createScope({ start: [start], kind: 'any' }).holds('nowhere')).toBe(false)
})

test.each([
  ['text/html; charset=utf-8', true],
  ['application/xhtml+xml', true],
  ['application/xml', false],
  ['', false],
])('whether %j is HTML: %s', (contentType, expected) => {
  expect(isHtml(contentType)).toBe(expected)
})
