import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { endCommands, startCommand } from './process.ts'
import { createTerminal } from './terminal.ts'

/** One page of a shop: three books, of which one has no price that is a number. */
const list = `<!doctype html><title>Books</title><h1>Books</h1>
<div class="book"><a href="/book/1">One</a><span class="price">1.50</span></div>
<div class="book"><a href="/book/2">Two</a><span class="price">2.50</span></div>
<div class="book"><a href="/book/3">Three</a><span class="price">free</span></div>
<a class="next" href="/list?page=2">next</a> <a class="staff" href="/private/1">staff</a> <a href="mailto:a@b.example">mail</a>`
const plain =
  '<!doctype html><title>Plain</title><p>There is nothing on this page but a few words of text.</p>'
/** 日本 in Shift_JIS, between the tags of a heading. */
const japanese = Buffer.from('<h1>\u0093\u00fa\u0096\u007b</h1>', 'latin1')

let folder: string
let server: Server
let url: string
const asked: string[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regatta-try-'))
  const define = new URL('../../src/source/define-source.ts', import.meta.url).href
  const head = `import { defineSource } from '${define}'; import { z } from '${import.meta.resolve('zod')}'`
  const shop = `${head}
export const shop = defineSource({
  name: 'shop',
  params: z.object({ base: z.url() }),
  item: z.object({ title: z.string(), price: z.number() }),
  data: { book: z.object({ title: z.string() }) },
  *seeds({ base }) { yield { url: base + '/list', label: 'list' } },
  parse: {
    *list(page, context) {
      context.log('the list is read')
      for (const element of page.$('.book')) {
        const book = page.$(element)
        yield page.item({ title: book.find('a').text(), price: Number(book.find('.price').text()) })
        book.find('.author').find('.inside-nothing')
        yield page.follow({ url: book.find('a').attr('href'), label: 'book', data: { title: 'x' } })
      }
      yield page.edge({ from: 'a', to: 'b', type: 'wrote' })
      yield page.follow('.next, .staff, a[href^=mailto]', { label: 'list' })
      yield page.follow('.previous', { label: 'list' })
      yield page.skip('scope', { detail: 'it is elsewhere', links: ['https://other.example/'] })
    },
    *book(page) {
      yield page.item({ title: page.data.title, price: page.$('.detail')[0].attribs.price })
    },
  },
})`
  const silent = `${head}
export const silent = defineSource({ name: 'silent', params: z.object({}), item: z.object({}),
  *seeds() { yield 'https://a.example/' }, *parse(page) { for (const _ of page.$('.quote')) yield page.item({}) } })`
  await writeFile(join(folder, 'shop.ts'), shop)
  await writeFile(join(folder, 'silent.ts'), silent)
  server = createServer((request, response) => {
    const path = request.url ?? ''
    asked.push(path)
    const html = { 'content-type': 'text/html' }
    if (path === '/robots.txt') response.end('User-agent: *\nDisallow: /private/\n')
    else if (path.startsWith('/absent')) response.writeHead(404, html).end(plain)
    else if (path.startsWith('/moved')) response.writeHead(302, { location: '/list' }).end()
    else if (path.startsWith('/plain')) response.writeHead(200, html).end(plain)
    else if (path.startsWith('/japanese'))
      response.writeHead(200, { 'content-type': 'text/html; charset=Shift_JIS' }).end(japanese)
    else response.writeHead(200, html).end(list)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  await endCommands()
  server.close()
  await rm(folder, { recursive: true })
})
beforeEach(() => {
  asked.length = 0
})

async function tried(argv: string[], stdin = '') {
  const terminal = createTerminal({ cwd: folder, stdin })
  const code = await terminal.run('try', ...argv)
  return { code, out: terminal.stdout(), err: terminal.stderr() }
}

describe('regatta try shows what a source makes of one page', () => {
  test('how it came, what was found, what was set aside and left out, and the selectors that matched nothing', async () => {
    const { code, out } = await tried(['./shop.ts', `${url}/list`, '--direct'])
    expect(code).toBe(3) // one item was set aside
    expect(out).toMatch(/answer {3}200 OK, text\/html, utf-8, .* from direct/)
    expect(out).toContain('read by  "list" of source shop')
    expect(out).toContain("2 items\n   1  { title: 'One', price: 1.5 }")
    expect(out).toContain('a -wrote-> b')
    expect(out).toContain(`label "book": 3\n    ${url}/book/1 with { title: 'x' }`)
    expect(out).toContain('label "list": 2')
    expect(out).toContain(`a crawl leaves out 1: robots.txt disallows it\n    ${url}/private/1`)
    expect(out).toContain('1 link led to no web page')
    expect(out).toContain('leaves out 1 link: it is elsewhere (scope): https://other.example/')
    expect(out).toContain('log: the list is read')
    expect(out).toMatch(/1 item set aside.*\n.*\n {6}"price": .*expected number.*\(got NaN\)/)
    expect(out).toMatch(/\.author {2}\(find\) at shop\.ts:\d+:\d+, in all of 3 calls/)
    expect(out).toMatch(/\.previous {2}\(follow\) at shop\.ts:\d+:\d+\n/)
    // What is asked within nothing is not to blame.
    expect(out).not.toContain('inside-nothing')
    expect(asked.filter((path) => path !== '/robots.txt')).toEqual(['/list'])
  })

  test('as JSON', async () => {
    const { code, out } = await tried(['./shop.ts', `${url}/list`, '--direct', '--json'])
    expect(code).toBe(3)
    expect(JSON.parse(out)).toMatchObject({
      finding: 'set-aside',
      source: 'shop',
      label: 'list',
      answer: { status: 200, mimeType: 'text/html', encoding: 'utf-8', via: 'direct' },
      verdict: { kind: 'success', reason: 'ok' },
      items: [
        { title: 'One', price: 1.5 },
        { title: 'Two', price: 2.5 },
      ],
      refused: [{ issues: [{ path: 'price' }] }],
      unmatched: [
        { selector: '.author', calls: 3, empty: 3 },
        { selector: '.previous', method: 'follow' },
      ],
    })
  })

  test('a URL alone is read by the source of sites, in the encoding of its page', async () => {
    const { code, out } = await tried([`${url}/japanese`, '--direct'])
    expect(code).toBe(0)
    expect(out).toContain('shift_jis')
    expect(out).toContain('日本')
  })

  test('a redirect and each attempt are told', async () => {
    const { out } = await tried([`${url}/moved`, '--direct'])
    expect(out).toContain(`led to   ${url}/list`)
    expect(out).toMatch(/attempt {2}1 through direct: 302/)
  })

  test('without a URL the first page that the source starts with is tried', async () => {
    const { out } = await tried(['./shop.ts', '--param', `base=${url}`, '--direct'])
    expect(out).toContain(`${url}/list\n  answer   200`)
  })

  test('a page that was kept is not asked for again', async () => {
    const argv = ['./shop.ts', `${url}/list`, '--direct', '--cache', 'answers.db']
    await tried(argv)
    asked.length = 0
    expect((await tried(argv)).out).toContain('from the cache')
    expect(asked).toEqual([])
  })
})

describe('the exit code says what came of it', () => {
  test('0 where something was found', async () => {
    expect((await tried([`${url}/list`, '--direct'])).code).toBe(0)
  })

  test('3 where nothing was found, and the selector is named', async () => {
    const { code, out } = await tried(['./silent.ts', `${url}/plain`, '--direct'])
    expect(code).toBe(3)
    expect(out).toMatch(/no items[\s\S]*\.quote {2}\(\$\) at silent\.ts:\d/)
  })

  test('1 where the page is not there', async () => {
    const { code, out } = await tried(['./silent.ts', `${url}/absent`, '--direct'])
    expect(code).toBe(1)
    expect(out).toMatch(
      /answer {3}404 Not Found[\s\S]*the page was not had: the page answered 404 \(status-404\)/,
    )
  })

  test('1 where robots.txt disallows it', async () => {
    const { code, out } = await tried([`${url}/private/1`, '--direct'])
    expect(code).toBe(1)
    expect(out).toContain('the page was not asked for: robots.txt disallows it (robots)')
  })

  test('1 where parse fails, with the line and its code', async () => {
    const book = ['./shop.ts', `${url}/book/1`, '--label', 'book', '--data', '{"title":"One"}', '--direct']
    const { code, out } = await tried(book)
    expect(code).toBe(1)
    expect(out).toMatch(/\.detail {2}\(\$\)/)
    expect(out).toMatch(/the page could not be read: .*shop\.ts:\d+:\d+[\s\S]*> \d+ \| .*attribs\.price/)
  })

  test.each([
    [['./silent.ts', 'https://a.example/'], 'no way out'],
    [['./shop.ts', 'http://a.example/x', '--direct'], '--label list or --label book'],
    [['./shop.ts', 'http://a.example/x', '--direct', '--label', 'lst'], 'no handler "lst"'],
    [['./shop.ts', 'http://a.example/x', '--direct', '--label', 'book', '--data', 'x'], '--data takes JSON'],
    [['./silent.ts', 'a.example', '--direct'], 'Did you mean https://a.example?'],
    [['https://a.example/', 'https://b.example/', '--direct'], 'Give one URL'],
    [['./silent.ts', '--repl', '--watch', '--direct'], 'not both'],
    [['quotes', '--watch', '--direct'], '--watch needs a source in a file'],
    [['./silent.ts', '--from', 'absent.html'], 'There is no file absent.html'],
  ])('2 where it cannot be tried: %j', async (argv, sentence) => {
    const { code, err } = await tried(argv)
    expect(err).toContain(sentence)
    expect(code).toBe(2)
  })
})

describe('a page out of a file needs no network and no way out', () => {
  test('as a browser has saved it', async () => {
    await writeFile(
      join(folder, 'saved.html'),
      `<!-- saved from url=(0020)https://shop.example/list -->${list}`,
    )
    const { out } = await tried(['./shop.ts', '--from', 'saved.html', '--label', 'list'])
    expect(out).toContain('https://shop.example/list\n  answer   200 OK, text/html')
    expect(out).toContain('https://shop.example/book/1')
  })

  test('out of a HAR file: the first document, or the one that is named', async () => {
    const entry = (to: string, type: string, text: string) => ({
      startedDateTime: '2026-01-02T03:04:05.000Z',
      request: { method: 'GET', url: to, headers: [] },
      response: {
        status: 200,
        headers: [{ name: 'content-type', value: type }],
        content: { mimeType: type, text },
      },
    })
    const entries = [
      entry('https://shop.example/style.css', 'text/css', 'a {}'),
      entry('https://shop.example/list', 'text/html', list),
      entry('https://shop.example/plain', 'text/html', plain),
    ]
    await writeFile(join(folder, 'saved.har'), JSON.stringify({ log: { version: '1.2', entries } }))
    const first = await tried(['./shop.ts', '--from', 'saved.har', '--label', 'list'])
    expect(first.err).toContain('of 3 answers the first document is taken: https://shop.example/list')
    expect(first.out).toContain('2 items')
    const named = await tried(['./silent.ts', 'https://shop.example/plain', '--from', 'saved.har'])
    expect(named.out).toContain('https://shop.example/plain\n  answer   200')
    const absent = await tried(['./silent.ts', 'https://shop.example/none', '--from', 'saved.har'])
    expect(absent.code).toBe(2)
    expect(absent.err).toContain('holds no answer of https://shop.example/none')
  })
})

test('in the REPL the page is looked at by hand, each line when the one before it is done', async () => {
  const lines = [
    'items.length',
    '$(".book").length',
    `await fetch("${url}/japanese")`,
    '$("h1").text()',
    'nothing.at',
  ]
  const { code, out } = await tried([`${url}/list`, '--direct', '--repl'], `${lines.join('\n')}\n`)
  expect(out).toMatch(/\n1\n3\n[\s\S]*\n'日本'\nUncaught ReferenceError: nothing is not defined\n$/)
  expect(code).toBe(0)
})

test('a source that is watched reads the kept page again when it changes, or a file that it imports', async () => {
  const watched = join(folder, 'watched.ts')
  const text = (selector: string) => `import { suffix } from './suffix.ts'
import { defineSource } from 'regatta'
import { z } from 'zod'
export const watched = defineSource({ name: 'watched', params: z.object({}), item: z.object({ t: z.string() }),
  *seeds() { yield 'https://a.example/' },
  *parse(page) { for (const e of page.$('${selector}')) yield page.item({ t: page.$(e).text() + suffix }) } })`
  await writeFile(join(folder, 'suffix.ts'), "export const suffix = '!'")
  await writeFile(watched, text('.nowhere'))
  const run = startCommand(['try', watched, `${url}/list`, '--direct', '--watch'])
  const settled = (times: number) =>
    run.untilStderr(new RegExp(`^(?:(?:(?!Watching 2)[^])*Watching 2 files){${times}}`))
  await settled(1)
  expect(run.stdout()).toContain('no items')
  asked.length = 0
  await writeFile(watched, text('.price'))
  await settled(2)
  expect(run.stdout()).toContain("3 items\n   1  { t: '1.50!' }")
  await writeFile(join(folder, 'suffix.ts'), "export const suffix = '?'")
  await settled(3)
  expect(run.stdout()).toContain("{ t: '1.50?' }")
  expect(asked).toEqual([])
  run.child.kill('SIGINT')
  expect((await run.ended).code).toBe(130)
})
