import { existsSync, globSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { z } from 'zod'
import { quotes } from '../../plugins/quotes.ts'
import { site } from '../../plugins/site.ts'
import type { Page } from '../../src/contracts/page.ts'
import type { SourceContext } from '../../src/contracts/source.ts'
import { writeHar } from '../../src/har/write-har.ts'
import { defineSource } from '../../src/source/define-source.ts'
import { fixturesOf, readFixtures, testSource } from '../../src/testing/index.ts'
import { answer, complaint, emptyFolder, front, listing, product, shop, shopWith, twoPages } from './shop.ts'

describe('pages that are given', () => {
  test('are crawled from the seeds on, without a network and without waiting', async () => {
    const { items, requests, missing, pages } = await testSource(shop, twoPages)
    expect(items).toEqual([
      { title: 'Rope', price: 3 },
      { title: 'Oar', price: 20 },
      { title: 'Bell', price: 7 },
    ])
    expect(requests).toEqual([{ url: `${front}2` }])
    expect(missing).toEqual([])
    expect(pages.map(({ url, status }) => `${status} ${url}`)).toEqual([`200 ${front}`, `200 ${front}2`])
  })

  test('as markup alone stand for the seeds, in their order', async () => {
    const { items, pages } = await testSource(shop, listing(product('Rope', '3')))
    expect(items).toEqual([{ title: 'Rope', price: 3 }])
    expect(pages[0]!.url).toBe(front)
  })

  test('that the source asks for nothing of are read by themselves', async () => {
    const { items, missing } = await testSource(shop, [
      { url: `${front}2`, body: listing(product('Bell', '7')) },
    ])
    expect(items).toEqual([{ title: 'Bell', price: 7 }])
    expect(missing).toEqual([front])
  })

  test('that a crawl would not come to are not read', async () => {
    const source = shopWith({ limits: () => ({ pages: 1 }) })
    expect((await testSource(source, twoPages)).items).toHaveLength(2)
  })

  test('that say a label are read by its handler', async () => {
    const labelled = defineSource({
      name: 'labelled',
      params: z.object({}),
      item: z.object({ title: z.string(), shelf: z.string() }),
      data: { book: z.object({ shelf: z.string() }) },
      *seeds() {},
      parse: {
        *book(page) {
          yield page.item({ title: page.$('h1').text(), shelf: page.data.shelf })
        },
      },
    })
    const page = { url: 'https://books.example/1', body: '<h1>Sea</h1>', label: 'book', data: { shelf: 'A' } }
    expect((await testSource(labelled, [page])).items).toEqual([{ title: 'Sea', shelf: 'A' }])
  })

  test('are asked for once, and by their own request, where the crawl comes to them', async () => {
    const pages = [{ ...twoPages[1]!, label: 'own' }, twoPages[0]!]
    const { items, pages: read } = await testSource(shop, pages)
    expect(items.map(({ title }) => title)).toEqual(['Bell', 'Rope', 'Oar'])
    expect(read.map(({ label }) => label)).toEqual([undefined, undefined])
  })

  test('each with params of its own are crawled with these', async () => {
    const other = 'https://other.example/'
    const { items } = await testSource(shop, [
      { url: front, body: listing(product('Rope', '3')), params: {} },
      { url: other, body: listing(product('Tar', '1')), params: { base: other } },
    ])
    expect(items.map(({ title }) => title)).toEqual(['Rope', 'Tar'])
  })

  test('that are asked for and are not there are listed, and fail the test where it is strict', async () => {
    const pages = [twoPages[0]!]
    const { missing, items, dead } = await testSource(shop, pages)
    expect(missing).toEqual([`${front}2`])
    expect(items).toHaveLength(2)
    expect(dead).toEqual([])
    expect(await complaint(testSource(shop, pages, { strict: true }))).toContain(
      `Not in the fixture, and asked for: ${front}2.`,
    )
  })

  test('that answer 404 are given up as in a crawl, or read where the source wants them', async () => {
    const pages = [twoPages[0]!, { url: `${front}2`, status: 404, body: listing(product('Gone', '1')) }]
    const { items, dead } = await testSource(shop, pages)
    expect(items).toHaveLength(2)
    expect(dead).toMatchObject([{ url: `${front}2`, reason: 'status-404' }])
    const all = await testSource(shopWith({ parsesErrors: true }), pages)
    expect(all.items).toHaveLength(3)
    expect(all.pages[1]!.status).toBe(404)
  })

  test('behind redirects, robots.txt and admit are found or left out as in a crawl', async () => {
    const { items, skipped } = await testSource(
      shopWith({
        *seeds() {
          yield* [front, `${front}moved`, `${front}private`, `${front}unwanted`]
        },
        admit: ({ url }: { url: string }) => (url.endsWith('unwanted') ? 'not wanted' : undefined),
      }),
      [
        {
          url: `${front}robots.txt`,
          body: 'User-agent: *\nDisallow: /private',
          headers: { 'Content-Type': 'text/plain' },
        },
        { url: front, body: listing(product('Rope', '3')) },
        { url: `${front}moved`, status: 301, headers: { location: '/new' } },
        { url: `${front}new`, body: listing(product('New', '4')) },
        { url: `${front}private`, body: listing(product('Private', '5')) },
        { url: `${front}unwanted`, body: listing(product('Unwanted', '5')) },
      ],
    )
    expect(items).toEqual([
      { title: 'Rope', price: 3 },
      { title: 'New', price: 4 },
    ])
    expect(skipped).toMatchObject([
      { url: `${front}private`, reason: 'robots' },
      { url: `${front}unwanted`, detail: 'not wanted' },
    ])
  })

  test('that are posted to are told apart by what was sent', async () => {
    const search = (word: string) => ({
      url: `${front}search`,
      method: 'POST',
      body: `q=${word}`,
      idempotent: true,
    })
    const source = shopWith({
      *seeds() {
        yield search('rope')
        yield search('oar')
      },
    })
    const { items, missing } = await testSource(source, [
      { url: `${front}search`, method: 'post', requestBody: 'q=oar', body: listing(product('Oar', '20')) },
      { url: `${front}search`, method: 'POST', requestBody: 'q=rope', body: listing(product('Rope', '3')) },
    ])
    expect(items).toHaveLength(2)
    expect(missing).toEqual([])
    const any = await testSource(source, [{ url: `${front}search`, method: 'POST', body: listing('') }])
    expect(any.missing).toEqual([])
  })

  test('of JSON are objects, and need no content type', async () => {
    const api = defineSource({
      name: 'api',
      params: z.object({}),
      item: z.object({ id: z.number() }),
      *seeds() {
        yield 'https://api.example/'
      },
      *parse(page) {
        for (const item of page.json() as { id: number }[]) yield page.item(item)
      },
    })
    expect((await testSource(api, [{ body: [{ id: 1 }, { id: 2 }] }])).items).toEqual([{ id: 1 }, { id: 2 }])
  })
})

describe('what a source does on the way', () => {
  test('a session is acquired, once, and its token is sent', async () => {
    const begun: string[] = []
    const source = shopWith({
      session: {
        async acquire(fetch: (url: string) => Promise<Response>) {
          const token = await (await fetch(`${front}token`)).text()
          begun.push(token)
          return { query: { token } }
        },
      },
    })
    const { items, missing } = await testSource(source, [
      { url: `${front}token`, body: 'abc', headers: { 'content-type': 'text/plain' } },
      { url: `${front}?token=abc`, body: listing(product('Rope', '3')) },
    ])
    expect(begun).toEqual(['abc'])
    expect(items).toEqual([{ title: 'Rope', price: 3 }])
    expect(missing).toEqual([])
  })

  test('bodies are saved where nobody finds them, and items name the path that was asked for', async () => {
    const here = new Set(globSync('*'))
    const source = defineSource({
      name: 'files',
      params: z.object({}),
      item: z.object({ path: z.string(), text: z.string() }),
      *seeds() {
        yield 'https://files.example/a.txt'
      },
      async *parse(page) {
        const { path } = await page.save('saved/a.txt')
        yield page.item({ path, text: await readFile(path, 'utf8') })
      },
    })
    const expected = { items: [{ path: 'saved/a.txt', text: 'hello' }] }
    const page = { body: 'hello', headers: { 'content-type': 'text/plain' } }
    const { items } = await testSource(source, [page], { expected })
    expect(items[0]!.text).toBe('hello')
    expect(existsSync(items[0]!.path)).toBe(false)
    expect(new Set(globSync('*'))).toEqual(here)
  })

  test('an async parse may fetch and wait for something real, and is read twice with the same answers', async () => {
    let fetched = 0
    const source = shopWith({
      async *parse(page: Page, context: SourceContext) {
        await new Promise((resolve) => setTimeout(resolve, 5))
        const response = await context.fetch(`${front}price`)
        fetched++
        yield page.item({ title: response.url, price: Number(await response.text()) })
      },
    })
    const { items } = await testSource(
      source,
      [{ url: front }, { url: `${front}price`, body: '12', params: {} }],
      {
        start: front,
      },
    )
    expect(items[0]).toEqual({ title: `${front}price`, price: 12 })
    expect(fetched).toBeGreaterThan(1)
  })

  test('timers that a test has replaced do not stop it', async () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    expect((await testSource(shop, twoPages)).items).toHaveLength(3)
  })

  test('seeds without end are taken for a while', async () => {
    const source = shopWith({
      *seeds() {
        for (let page = 0; ; page++) yield page === 0 ? front : `${front}?page=${page}`
      },
    })
    const { items, missing } = await testSource(source, [{ url: front, body: listing(product('Rope', '3')) }])
    expect(items).toHaveLength(1)
    expect(missing.length).toBeGreaterThan(10)
  })
})

describe('a test fails', () => {
  test.each<[string, object, RegExp]>([
    [
      'with the file and line where parse threw',
      {
        *parse(page: Page) {
          yield page.item({ title: (page.json() as { title: string }).title, price: 1 })
        },
      },
      /failed at .*test-source\.test\.ts:\d+:\d+: .*is not JSON/,
    ],
    [
      'with path and value of what does not fit',
      {
        *parse(page: Page) {
          yield page.item({ title: 'Rope', price: '3 EUR' } as never)
        },
      },
      /Item field "price" of https:\/\/shop\.example\/.*got "3 EUR".*"price":"3 EUR"/s,
    ],
    [
      'when parse is async without a star',
      { parse: async () => {} },
      /is async and yields nothing: put a star/,
    ],
    [
      'when parse yields a bare object',
      {
        *parse() {
          yield { title: 'Rope' }
        },
      },
      /yields an object with title: for an item write/,
    ],
    [
      'when an item cannot be written',
      {
        item: z.unknown(),
        *parse(page: Page) {
          yield page.item({ price: () => 3 })
        },
      },
      /"price" is a function/,
    ],
    [
      'when the seeds throw',
      {
        // biome-ignore lint/correctness/useYield: it throws before it comes to that.
        *seeds() {
          throw new Error('no key')
        },
      },
      /seeds\(\) of source "shop" failed.*no key/,
    ],
    ['when a seed is no URL', { seeds: () => ['shop.example'] }, /shop\.example.*expected an absolute http/],
    [
      'when a session cannot begin',
      {
        session: { begin: () => Promise.reject(new Error('wrong password')) },
        seeds: () => [{ url: front, session: 'one' }],
      },
      /wrong password/,
    ],
  ])('%s', async (_, members, sentence) => {
    const said = await complaint(testSource(shopWith(members), [{ url: front, body: '<p>3</p>' }]))
    expect(said).toMatch(/^AssertionError.* ERR_ASSERTION: /)
    expect(said).toMatch(sentence)
  })

  test('when the site refuses again and again: it does not go on for ever', async () => {
    const pages = [{ url: front, status: 429, headers: { 'retry-after': '1' } }]
    const said = await complaint(testSource(shop, pages))
    expect(said).toMatch(/came to no end: https:\/\/shop\.example\/ is rate-limited \(.*\), again and again/)
  })

  test('when nothing of a recording is asked for, naming both sides', async () => {
    const folder = await emptyFolder()
    const path = join(folder, 'a.har')
    await writeFile(path, writeHar([answer('https://other.example/', 'hello')]))
    expect(await complaint(testSource(shop, path))).toContain(
      'No page was read: source "shop" asks for https://shop.example/, and the fixture has https://other.example/.',
    )
    const { pages } = await testSource(shop, path, { start: 'https://other.example/', expected: {} })
    expect(pages).toHaveLength(1)
  })

  test('with PARAM_INVALID when the params do not fit', async () => {
    await expect(testSource(shop, twoPages, { params: { base: 'here' } })).rejects.toMatchObject({
      code: 'PARAM_INVALID',
    })
  })
})

describe('what is expected', () => {
  const har = (pages = twoPages) => writeHar(pages.map(({ url, body }) => answer(url, body)))

  test('is written where that is asked for, and compared from then on', async () => {
    const folder = await emptyFolder()
    const [path, beside] = [join(folder, 'list.har'), join(folder, 'list.expected.json')]
    await writeFile(path, har())
    const said = await complaint(testSource(shop, path))
    expect(said).toContain(`there is no ${beside}`)
    expect(said).toContain('{ update: true } or REGATTA_UPDATE=1')
    expect(existsSync(beside)).toBe(false)
    await testSource(shop, path, { update: true })
    expect(JSON.parse(await readFile(beside, 'utf8'))).toEqual({
      params: {},
      items: [
        { title: 'Rope', price: 3 },
        { title: 'Oar', price: 20 },
        { title: 'Bell', price: 7 },
      ],
      edges: [],
      requests: [{ url: `${front}2` }],
      skipped: [],
    })
    await testSource(shop, path)
    await testSource(shop, folder)
    const changed = shopWith({
      *parse(page: Page) {
        for (const element of page.$('li b'))
          yield page.item({ title: page.$(element).text(), price: 3 } as never)
      },
    })
    const differing = await complaint(testSource(changed, folder))
    expect(differing).toContain(path)
    expect(differing).toContain('requests: expected 1, found 0')
    expect(differing).toContain('items[1].price: expected 20, found 3')
    expect(differing).toContain('Expected values to be strictly deep-equal')
    expect(differing).not.toContain('items[0]')
  })

  test('may be said in place, in part', async () => {
    await testSource(shop, twoPages, { expected: { requests: [{ url: `${front}2` }] } })
    const said = await complaint(testSource(shop, twoPages, { expected: { items: [] } }))
    expect(said).toContain('items: expected 0, found 3')
  })

  test('says which params a recording is for, and the option goes over it', async () => {
    const folder = await emptyFolder()
    const other = 'https://other.example/'
    await writeFile(join(folder, 'a.har'), writeHar([answer(other, listing(product('Tar', '1')))]))
    await writeFile(join(folder, 'a.expected.json'), JSON.stringify({ params: { base: other } }))
    expect(await complaint(testSource(shop, folder))).toContain('items: expected 0, found 1')
    expect(await complaint(testSource(shop, folder, { params: {} }))).toContain('No page was read')
  })

  test('is not written while something is wrong', async () => {
    const folder = await emptyFolder()
    await writeFile(join(folder, 'a.har'), har([{ url: front, body: listing(product('Rope', 'free')) }]))
    expect(await complaint(testSource(shop, folder, { update: true }))).toContain('Item field "price"')
    expect(existsSync(join(folder, 'a.expected.json'))).toBe(false)
  })

  test('hints at pages that are missing where it is not met', async () => {
    const folder = await emptyFolder()
    await writeFile(join(folder, 'a.har'), har())
    await testSource(shop, folder, { update: true })
    await writeFile(join(folder, 'a.har'), har(twoPages.slice(0, 1)))
    expect(await complaint(testSource(shop, folder))).toContain(
      `(${front}2 was asked for, and is not in the fixture)`,
    )
  })
})

describe('fixtures', () => {
  test.each<[string, string | undefined, RegExp]>([
    ['that are not there', undefined, /FIXTURE_INVALID: There are no fixtures at .*regatta record/s],
    ['of no bytes', '', /HAR_INVALID.*a\.har/],
    ['that are cut off', '{"log": {"entries": [', /HAR_INVALID.*ends in the middle/],
    ['that are no HAR', '{"items": []}', /HAR_INVALID.*log/],
    ['without an answer', '{"log": {"version": "1.2", "entries": []}}', /FIXTURE_INVALID.*holds no answer/],
  ])('%s are told by their name', async (_, text, sentence) => {
    const path = join(await emptyFolder(), 'a.har')
    if (text !== undefined) await writeFile(path, text)
    expect(await complaint(testSource(shop, path))).toMatch(sentence)
  })

  test('whose expectation is broken are told by its name', async () => {
    const folder = await emptyFolder()
    await writeFile(join(folder, 'a.har'), writeHar([answer(front, listing(''))]))
    await writeFile(join(folder, 'a.expected.json'), '{"items": {}}')
    expect(await complaint(testSource(shop, folder))).toMatch(/a\.expected\.json: "items" must be a list/)
    await writeFile(join(folder, 'a.expected.json'), '{"items": [')
    expect(await complaint(testSource(shop, folder))).toMatch(/a\.expected\.json: it is not JSON/)
  })

  test('in an empty folder, an empty list, and misspelt members are told', async () => {
    expect(await complaint(testSource(shop, await emptyFolder()))).toContain('has no HAR file')
    expect(await complaint(testSource(shop, []))).toContain('list of fixtures is empty')
    expect(await complaint(testSource(shop, [{ ulr: front } as never]))).toContain('no member "ulr"')
    expect(await complaint(testSource(shop, [{ url: '/2' }]))).toContain('whole http or https URL')
  })

  test('of a source stand beside its file', async () => {
    const folder = await emptyFolder()
    await mkdir(join(folder, 'fixtures/shop'), { recursive: true })
    await writeFile(join(folder, 'fixtures/shop/b.har'), writeHar([answer(front, listing(''))]))
    await writeFile(join(folder, 'fixtures/shop/a.har'), writeHar([answer(front, listing(''))]))
    const found = await readFixtures(fixturesOf(join(folder, 'shop.ts'), shop))
    expect(found.map(({ name }) => name)).toEqual(['a.har', 'b.har'])
  })

  test('that come with Regatta are met by their sources', async () => {
    const { items } = await testSource(
      quotes,
      fixturesOf(new URL('../../plugins/quotes.ts', import.meta.url), quotes),
    )
    expect(items).toHaveLength(7)
  })

  test('have a date: what a page says of its time is that of the recording', async () => {
    const path = join(await emptyFolder(), 'a.har')
    await writeFile(path, writeHar([answer(front, '<title>Shop</title>')]))
    const { items } = await testSource(site, path, { params: { start: front }, expected: {} })
    expect(items[0]!.fetchedAt).toBe('2026-06-01T00:00:00.000Z')
  })
})
