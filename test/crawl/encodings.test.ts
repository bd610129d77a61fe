import { Buffer } from 'node:buffer'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { site } from '../../plugins/site.ts'
import { createCrawler } from '../../src/face/crawler.ts'

type Served = readonly [headers: Record<string, string | string[]>, body: Buffer]

/** Pages as old and careless servers send them; each links to one that only a browser's reading finds. */
const latin1 = (text: string) => Buffer.from(text, 'latin1')
const pages: Readonly<Record<string, Served>> = {
  '/': [
    {},
    latin1(
      '<!DOCTYPE html>\n<a href=/russian>r</a><a href=/japanese>j</a><a href=/wide>w</a><a href=/plain>p</a><a href=/xml>x</a><a href=/words>d</a>',
    ),
  ],
  '/russian': [
    { 'content-type': 'text/html' },
    latin1(
      '<META content="text/html; Charset=windows-1251" HTTP-EQUIV=Content-Type><title>\xc6</title><a href="/\xe6?q=\xe6">a</a>',
    ),
  ],
  '/japanese': [
    { 'content-type': ['text/plain', 'text/html; charset="Shift_JIS"'] },
    latin1('<title>\x93\xfa\x96\x7b</title><a href="/j?\x93\xfa">a</a>'),
  ],
  '/wide': [
    { 'content-type': 'text/html' },
    Buffer.from('\ufeff<title>Ж</title><a href="/w?ж">a</a>', 'utf16le'),
  ],
  '/plain': [{ 'content-type': 'text/plain' }, latin1('<html><a href=/never>a</a>')],
  '/xml': [
    { 'content-type': 'application/xml' },
    latin1(
      '<?xml version="1.0" encoding="iso-8859-1"?><html xmlns="http://www.w3.org/1999/xhtml"><title>\xe9</title><a href="/x?\xe9">a</a></html>',
    ),
  ],
  '/words': [
    { 'content-type': 'text/html' },
    Buffer.from('<meta name=description content="charset=shift_jis"><title>é</title><a href="/d?é">a</a>'),
  ],
}

test('a crawl reads pages in old encodings, and asks for what they link to as their servers expect it', async () => {
  const asked: string[] = []
  const server = createServer(({ url = '' }, response) => {
    asked.push(url)
    const [headers, body] = pages[url] ?? [
      { 'content-type': 'text/html' },
      latin1('<title>end</title><p>end'),
    ]
    response.writeHead(/robots|sitemap/.test(url) ? 404 : 200, headers)
    response.end(body)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const start = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`

  await using crawler = await createCrawler({ direct: true, politeness: false })
  const titles: Record<string, string> = {}
  for await (const item of crawler.crawl(site, { start })) titles[new URL(item.url).pathname] = item.title
  expect(titles).toMatchObject({
    '/russian': 'Ж',
    '/japanese': '日本',
    '/wide': 'Ж',
    '/xml': 'é',
    '/words': 'é',
  })
  expect(asked.filter((url) => url.includes('?')).sort()).toEqual(
    ['/%D0%B6?q=%E6', '/d?%C3%A9', '/j?%93%FA', '/w?%D0%B6', '/x?%E9'].sort(),
  )
  expect(asked).not.toContain('/never')
})
