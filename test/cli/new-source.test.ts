import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, test } from 'vitest'
import { guessFrom } from '../../src/cli/scaffold/guess-source.ts'
import { writeHar } from '../../src/har/write-har.ts'
import { type Lab, startLab } from '../../src/lab/index.ts'
import { createTerminal } from './terminal.ts'

const pages = join(import.meta.dirname, 'pages')
const main = join(import.meta.dirname, '../../src/cli/main.ts')
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regatta-new-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const recorded = (body: string | Uint8Array, url: string, type: string) => ({
  ...{ method: 'GET', url, requestHeaders: {}, status: 200, startedAt: 0 },
  headers: { 'content-type': type },
  body: typeof body === 'string' ? new TextEncoder().encode(body) : body,
})

async function guessOf(file: string) {
  const type = file.endsWith('.json') ? 'application/json' : 'text/html'
  const body = await readFile(join(pages, file))
  return guessFrom(recorded(body, 'https://site.example/list', type)).guess
}

describe('what a page has many of becomes rows, and what they say becomes fields', () => {
  it.each([
    ['shop.html', '3 rows of ".product_pod"', 'url image title price', '.next > a'],
    ['table.html', '3 rows of ".team"', 'teamName year wins win', 'a[aria-label="Next"]'],
    ['plain-table.html', '3 rows of "tr:has(td)"', 'currency rate', undefined],
    ['news.html', '3 rows of ".athing"', 'rank url title url2 url3 sitestr', 'a[rel~="next"]'],
  ])('%s', async (file, found, fields, next) => {
    const guess = await guessOf(file)
    expect(guess.found).toBe(found)
    expect(guess.fields.map(({ name }) => name).join(' ')).toBe(fields)
    expect(guess.next).toEqual(next === undefined ? undefined : { kind: 'selector', selector: next })
  })

  it('a page about one thing is one item', async () => {
    const { rows, fields } = await guessOf('detail.html')
    expect(rows).toBeUndefined()
    expect(fields.map(({ name }) => name)).toEqual(
      'title description image price upc tax weight madeIn'.split(' '),
    )
  })

  it('a list in JSON has schemas of what was seen, and its next answer is asked for', async () => {
    const { rows, fields, next } = await guessOf('api.json')
    expect(rows).toEqual({ pointer: ['results'] })
    expect(next).toEqual({ kind: 'member', pointer: ['next'] })
    expect(Object.fromEntries(fields.map(({ name, schema }) => [name, schema]))).toEqual({
      id: 'z.number()',
      name: 'z.string()',
      tags: 'z.array(z.string())',
      price: 'z.number().optional()',
      owner: 'z.object({ id: z.number(), name: z.string().nullable() })',
    })
  })
})

describe('regatta new source --from', () => {
  let lab: Lab
  beforeAll(async () => {
    lab = await startLab({ origins: { site: { emulates: 'quotes' } } })
  })
  afterAll(() => lab.close())

  /** In a process of its own, as a user types it. */
  function run(...argv: string[]) {
    return new Promise<{ code: number | null; out: string; said: string }>((resolve) => {
      const child = execFile(process.execPath, [main, ...argv], { cwd: folder }, (_, out, said) =>
        resolve({ code: child.exitCode, out, said }),
      )
    })
  }

  test('writes a source that reads its page and the pages behind it, its test and its fixture', {
    timeout: 60_000,
  }, async () => {
    const url = `${lab.origins.site!.direct}/`
    const made = await run('new', 'source', 'wise-words', '--from', url, '--direct')
    expect(made.code, made.said).toBe(0)
    expect(made.said).toMatch(
      /10 rows of "\.quote"; text, author, url, (?:keywords, )?tags; the next page is followed/,
    )
    expect((await readdir(folder, { recursive: true })).sort()).toEqual(
      [
        'fixtures',
        'fixtures/wise-words',
        'fixtures/wise-words/first.expected.json',
        'fixtures/wise-words/first.har',
        'wise-words.test.ts',
        'wise-words.ts',
      ].sort(),
    )
    const expected = await readFile(join(folder, 'fixtures/wise-words/first.expected.json'), 'utf8')
    const { items } = JSON.parse(expected)
    expect(items).toHaveLength(10)
    expect(items[0]).toMatchObject({
      text: expect.stringMatching(/^“.*”$/),
      author: expect.any(String),
      url: expect.stringMatching(/^http:.*\/author\//),
      tags: expect.any(Array),
    })
    const crawl = await run(
      'crawl',
      './wise-words.ts',
      '--direct',
      '--no-politeness',
      '--no-state',
      '--out',
      '-',
    )
    expect(crawl.code, crawl.said).toBe(0)
    expect(crawl.out.trim().split('\n')).toHaveLength(100)
    const again = await run('new', 'source', 'wise-words', '--from', url, '--direct')
    expect(again.code).toBe(2)
    expect(again.said).toMatch(/wise-words\.ts exists already/)
  })

  test('takes the page from a HAR file, the first document or the one that is named', {
    timeout: 60_000,
  }, async () => {
    const shop = await readFile(join(pages, 'shop.html'))
    const detail = await readFile(join(pages, 'detail.html'))
    const har = writeHar([
      recorded('a { }', 'https://shop.example/style.css', 'text/css'),
      recorded(shop, 'https://shop.example/', 'text/html; charset=utf-8'),
      recorded(detail, 'https://shop.example/cat/1.html', 'text/html; charset=utf-8'),
    ])
    await writeFile(join(folder, 'saved.har'), har)
    const list = await run('new', 'source', 'shop', '--from', 'saved.har')
    expect(list.said).toMatch(/3 rows of "\.product_pod"/)
    expect(list.code).toBe(0)
    const one = await run(
      'new',
      'source',
      'book',
      '--from',
      'saved.har',
      '--url',
      'https://shop.example/cat/1.html',
    )
    expect(one.said).toMatch(/the page is one item; title, description/)
    const none = await run(
      'new',
      'source',
      'other',
      '--from',
      'saved.har',
      '--url',
      'https://shop.example/none',
    )
    expect(none.code).toBe(2)
    expect(none.said).toMatch(/no answer to .*none.*https:\/\/shop\.example\/.*choose one with --url/)
    expect(await readdir(folder)).not.toContain('other.ts')
  })

  test('what is written for a page of any kind runs', { timeout: 60_000 }, async () => {
    const kinds = { 'api.json': 2, 'empty.html': 1, 'news.html': 3 }
    const made = Object.entries(kinds).map(async ([file, count], n) => {
      const name = `page-${n}`
      const { code, said } = await run(
        'new',
        'source',
        name,
        '--from',
        join(pages, file),
        '--url',
        'https://a.example/',
      )
      expect(code, said).toBe(0)
      expect(said).not.toMatch(/does not run/)
      const expected = await readFile(join(folder, 'fixtures', name, 'first.expected.json'), 'utf8')
      expect(JSON.parse(expected).items).toHaveLength(count)
    })
    await Promise.all(made)
  })

  test('says what is wrong before anything is written', async () => {
    const refused = async (...argv: string[]) => {
      const terminal = createTerminal({ cwd: folder })
      expect(await terminal.run('new', 'source', ...argv)).toBeGreaterThan(0)
      return terminal.stderr()
    }
    expect(await refused('a', '--from', 'none.html')).toMatch(/neither a URL .* nor a file/)
    expect(await refused('a', '--url', 'https://a.example/')).toMatch(/give --from too/)
    await writeFile(join(folder, 'broken.har'), '{"log":')
    expect(await refused('a', '--from', 'broken.har')).toMatch(/HAR_INVALID/)
    expect(await refused('a', '--from', 'https://a.example/')).toMatch(/--proxies.*--direct/s)
    expect(await refused('a', '--from', `${lab.origins.site!.direct}/status/404`, '--direct')).toMatch(/404/)
    expect(await readdir(folder)).toEqual(['broken.har'])
  })
})
