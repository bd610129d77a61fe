import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTerminal } from './terminal.ts'

/** A proxy that answers for every host: a shop of three pages, one of which leads into a local network. */
let proxy: Server
let asked: { readonly url: string; readonly at: number }[]
let folder: string

const page = (links: readonly string[]) =>
  `<title>A shop</title><p>This is a page of a small shop.</p>${links.map((to) => `<a href="${to}">${to}</a>`).join(' ')}`

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regatta-flags-'))
  asked = []
  proxy = createServer(({ url = '' }, response) => {
    if (url.endsWith('/robots.txt')) return void response.writeHead(404).end()
    asked.push({ url, at: performance.now() })
    if (url.endsWith('/go')) return void response.writeHead(302, { location: 'http://10.0.0.5/inside' }).end()
    const links = ['/a', '/b', '/go'].map((path) => `http://shop.example${path}`)
    response.writeHead(200, { 'content-type': 'text/html' }).end(page(links))
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
})
afterEach(async () => {
  proxy.closeAllConnections()
  await new Promise((resolve) => proxy.close(resolve))
  await rm(folder, { recursive: true, force: true })
})

async function run(...words: string[]) {
  const terminal = createTerminal({ cwd: folder })
  const code = await terminal.run(...words)
  return { code, err: terminal.stderr() }
}

const exit = () => `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`

function crawl(...more: string[]) {
  return run('crawl', 'http://shop.example/', '--proxies', exit(), '--param', 'sitemaps=false', ...more)
}

const wasAsked = (part: string) => asked.some(({ url }) => url.includes(part))

test('--rate is what one host gets a second, over all that is under way', async () => {
  expect((await crawl('--no-state', '--rate', '4/s', '--interval', '0', '--max-pages', '3')).code).toBe(0)
  const times = asked.filter(({ url }) => !url.endsWith('/go')).map(({ at }) => at)
  expect(times.length).toBeGreaterThanOrEqual(3)
  expect(times[2]! - times[0]!).toBeGreaterThan(450)
})

test('a site on the net leads nowhere inside, unless --allow-private lets it; a resumed crawl remembers that', async () => {
  const quick = ['--no-politeness', '--concurrency', '1', '--param', 'scope=any']
  await crawl(...quick, '--no-state')
  expect(wasAsked('/go')).toBe(true)
  expect(wasAsked('10.0.0.5')).toBe(false)
  await crawl(...quick, '--allow-private', '--no-state')
  expect(wasAsked('10.0.0.5')).toBe(true)
  asked = []
  await crawl(...quick, '--allow-private', '--state', 'kept', '--max-pages', '1')
  expect(wasAsked('10.0.0.5')).toBe(false)
  await run('resume', 'kept', '--max-pages', '10', '--proxies', exit())
  expect(wasAsked('10.0.0.5')).toBe(true)
})
