import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { list } from '../../plugins/list.ts'
import { createTerminal } from '../cli/terminal.ts'
import { contextOf, pageOf } from '../source/fixtures.ts'

/** A list of names or URLs becomes a page each, from the command line. */
const html = `<h1>The  <i>title</i></h1><b class=price data-value=9.5>9,50</b><a class=tag href=/a>a</a><a class=tag href=/b>b</a>`
let asked: string[] = []
const server = createServer((request, response) => {
  const path = request.url ?? '/'
  if (path === '/robots.txt') return response.writeHead(404).end()
  asked.push(path)
  if (path.startsWith('/gone')) return response.writeHead(404, { 'content-type': 'text/html' }).end(html)
  const isJson = path.startsWith('/api')
  response.writeHead(200, { 'content-type': isJson ? 'application/json' : 'text/html' })
  response.end(isJson ? JSON.stringify({ data: { name: path, tags: ['x'] } }) : html)
})
const at = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

let folder: string
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)))
afterAll(() => {
  server.close()
  server.closeAllConnections()
})
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regatta-list-'))
  asked = []
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function run(params: readonly string[], stdin = '') {
  const terminal = createTerminal({ cwd: folder, stdin })
  const flags = ['--direct', '--no-politeness', '--quiet', '--no-state', '--out', '-']
  const code = await terminal.run('crawl', 'list', ...params.flatMap((param) => ['--param', param]), ...flags)
  const items = terminal.stdout().split('\n').filter(Boolean)
  const parsed = items.map((line) => JSON.parse(line) as Record<string, unknown>)
  return {
    code,
    items: parsed.toSorted((one, two) => String(one.item).localeCompare(String(two.item))),
    said: terminal.stderr(),
  }
}

test('names go into a URL, encoded, each once, and a field is said in a line', async () => {
  await writeFile(join(folder, 'names.txt'), '\ufeffa b\r\n\r\nc/d # a note\r\na b\n')
  const { code, items } = await run([
    'of=names.txt',
    `url=${at()}/x/{item}`,
    'fields=title=h1',
    'fields=price=.price@data-value',
    'fields=tags[]=.tag@href',
    'fields=none=.none',
  ])
  const fields = { title: 'The title', price: '9.5', tags: ['/a', '/b'], none: null }
  expect(code).toBe(0)
  expect(items).toEqual([
    { item: 'a b', url: `${at()}/x/a%20b`, status: 200, ...fields },
    { item: 'c/d', url: `${at()}/x/c%2Fd`, status: 200, ...fields },
  ])
  expect(asked.toSorted()).toEqual(['/x/a%20b', '/x/c%2Fd'])
})

test('URLs are asked for as they are, and a page that is gone is an item without fields', async () => {
  const { items } = await run([`items=${at()}/1,${at()}/gone`, 'fields=title=h1'])
  expect(items.map(({ status, title }) => [status, title])).toEqual([
    [200, 'The title'],
    [404, null],
  ])
})

test('a table gives its columns to the URL, and a row that lacks one is told by its number', async () => {
  await writeFile(join(folder, 'names.csv'), 'symbol,day\n"A,B",1\nC\nD,2\n')
  const { items } = await run([
    'of=names.csv',
    `url=${at()}/api/{symbol}/{day}`,
    'fields=name=/data/name',
    'fields=tags[]=/data/tags',
  ])
  expect(items).toMatchObject([
    { item: 'A,B', name: '/api/A%2CB/1', tags: ['x'] },
    { item: 'D', name: '/api/D/2' },
  ])
  const wrong = await run(['of=names.csv', 'column=ticker', `url=${at()}/{item}`])
  expect(wrong).toMatchObject({
    code: 2,
    said: expect.stringMatching(/no column "ticker"; it has symbol, day/),
  })
})

test('a pipe is a list, and JSON is given as it is where nothing is said of it', async () => {
  const { items } = await run(['of=-', `url=${at()}/api/{item}`], 'one\ntwo')
  expect(items.map(({ json }) => json)).toEqual([
    { data: { name: '/api/one', tags: ['x'] } },
    { data: { name: '/api/two', tags: ['x'] } },
  ])
})

test('wrong params are told before anything is sent', async () => {
  expect((await run([`url=${at()}/{item}`])).said).toMatch(/"of".*expected a file/)
  expect((await run(['items=a', `url=${at()}/`])).said).toMatch(/"url".*\{item\}/)
  expect((await run(['items=a', `url=${at()}/{item}`, 'fields=h1'])).said).toMatch(/expected name=selector/)
  expect(asked).toEqual([])
})

test('a selector that is none, and an answer that is no JSON, are told by name', async () => {
  const parse = (fields: string) => {
    const params = { items: 'a', url: 'https://a.example/{item}', fields: [fields] }
    const page = pageOf(list, params, 'https://a.example/a', { body: html, request: { data: { item: 'a' } } })
    return [...(list.parse(page, contextOf()) as Iterable<unknown>)]
  }
  expect(() => parse('x=a[')).toThrow(/field "x" asks for "a\["/)
  expect(() => parse('x=/a')).toThrow(/not JSON/)
  expect(parse('x=a[href="/b"]')).toMatchObject([{ value: { x: 'b' } }])
})
