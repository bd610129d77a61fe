import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Origin, serve } from '../fleet/origin.ts'
import { json, openVendor } from '../fleet/vendor.ts'
import { createTerminal } from './terminal.ts'

/** Proxies that answer for every host themselves: `/headers` of echo.example with what they pass on, anything else with a page. */
interface Exit extends Origin {
  readonly port: number
  readonly pages: string[]
}

let folder: string
let one: Exit
let other: Exit

async function openExit(adds: Record<string, string> = {}): Promise<Exit> {
  const pages: string[] = []
  const origin = await serve(({ url = '', headers }: IncomingMessage, response) => {
    const { host, pathname } = new URL(url, 'http://none.example')
    if (pathname === '/robots.txt') return void response.writeHead(404).end()
    if (host === 'echo.example') {
      response.writeHead(200, { 'content-type': 'application/json' })
      return void response.end(JSON.stringify({ origin: '127.0.0.1', headers: { ...headers, ...adds } }))
    }
    pages.push(url)
    response.writeHead(200, { 'content-type': 'text/html' })
    response.end('<title>A shop</title><p>This is a page of a small shop.</p>')
  })
  return Object.assign(origin, { pages, port: Number(new URL(origin.url).port) })
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regatta-places-'))
  one = await openExit()
  other = await openExit({ 'x-forwarded-for': '127.0.0.1' })
})
afterEach(async () => {
  await one[Symbol.asyncDispose]()
  await other[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

async function crawl(words: readonly string[], env: Record<string, string> = {}) {
  const terminal = createTerminal({ cwd: folder, env })
  const plain = ['--no-state', '--no-politeness', '--param', 'sitemaps=false']
  const code = await terminal.run('crawl', 'http://shop.example/', ...words, ...plain)
  return { code, err: terminal.stderr() }
}

const account = (proxy: Exit, country: string) => ({
  id: country,
  username: 'bob',
  password: 'word',
  proxy_address: '127.0.0.1',
  port: proxy.port,
  valid: true,
  country_code: country,
  city_name: null,
  asn_number: null,
})

test('webshare: and --use: the key goes to the API alone, and only the proxies that pass are used', async () => {
  const keys: (string | undefined)[] = []
  const answer = json({ count: 2, next: null, results: [account(one, 'DE'), account(other, 'US')] })
  await using vendor = await openVendor((request, response) => {
    keys.push(request.headers.authorization)
    answer(request, response)
  })
  const env = { WEBSHARE_API_KEY: 'k3y-of-mine', WEBSHARE_API_URL: vendor.url }
  const places = ['--proxies', 'webshare:', '--allow-private-proxies', '--proxy-scheme', 'http']
  const { code, err } = await crawl([...places, '--use', 'country=DE|AT'], env)
  expect([code, err]).toEqual([0, expect.not.stringContaining('k3y-of-mine')])
  expect(keys).toEqual(['Token k3y-of-mine'])
  expect([one.pages.length > 0, other.pages]).toEqual([true, []])

  const none = await crawl([...places, '--use', 'country=FR'], env)
  expect(none.code).not.toBe(0)
  expect(none.err).toContain('country: DE (1), US (1)')
  // Addresses of a local network are left out unless they were allowed.
  const strange = await crawl(places.slice(0, 2), env)
  expect([strange.code === 0, strange.err]).toEqual([
    false,
    expect.stringContaining('the address is not a public one (loopback)'),
  ])
})

test('webshare: without a key names the variable', async () => {
  const { code, err } = await crawl(['--proxies', 'webshare:'])
  expect([code === 0, err]).toEqual([false, expect.stringContaining('WEBSHARE_API_KEY')])
})

test('--anonymous uses no proxy that shows our address, and says how many do', async () => {
  const places = ['--proxies', one.url, '--proxies', other.url]
  const { code, err } = await crawl([...places, '--anonymous=http://echo.example/headers'])
  expect([code, err]).toEqual([0, expect.stringMatching(/1 of 2 proxies shows our address.*\(LEAK\)/)])
  expect([one.pages.length > 0, other.pages]).toEqual([true, []])

  const none = await crawl(['--proxies', other.url, '--anonymous=http://echo.example/headers'])
  expect([none.code === 0, none.err]).toEqual([false, expect.stringContaining('1 proxy shows our address')])
})

test('what is wrong with a list stands on the terminal and in the log, also when the log was there first', async () => {
  await writeFile(join(folder, 'list.txt'), `${one.url}\nnot a proxy\n`)
  const { code, err } = await crawl(['--proxies', 'list.txt', '--log', 'crawl.log', '--trace', 'trace.jsonl'])
  const told = /list\.txt: 1 of 2 entries were not understood: line 2: [^(]*\(LIST_NOT_UNDERSTOOD\)/
  expect([code, err]).toEqual([0, expect.stringMatching(told)])
  expect(await readFile(join(folder, 'crawl.log'), 'utf8')).toMatch(told)
  expect(await readFile(join(folder, 'trace.jsonl'), 'utf8')).toContain('LIST_NOT_UNDERSTOOD')
})
