import { expect, test } from 'vitest'
import type { Exchange } from '../../src/contracts/outcome.ts'
import type { FetchRequest } from '../../src/contracts/request.ts'
import type { Transport } from '../../src/contracts/transport.ts'
import { createReplay, type ReplayMiss } from '../../src/har/replay.ts'
import { transportContract } from '../contracts/transport.ts'
import { archiveOf, entryOf } from './entries.ts'

const proxy = {
  id: 'direct',
  protocol: 'direct',
  host: '',
  port: 0,
  credentialGroup: '',
  network: '',
  tags: {},
} as const

function get(url: string, more: Partial<FetchRequest> = {}): FetchRequest {
  return { url, method: 'GET', headers: {}, idempotent: true, ...more }
}

function ask(transport: Transport, request: FetchRequest | string): Promise<Exchange> {
  const asked = typeof request === 'string' ? get(request) : request
  return new Promise((deliver) => void transport.send({ request: asked, proxy, deliver }))
}

async function bodyFrom(transport: Transport, request: FetchRequest | string): Promise<string> {
  const exchange = await ask(transport, request)
  return exchange.kind === 'fault' ? exchange.detail : new TextDecoder().decode(exchange.body)
}

function page(url: string, text: string, more: Record<string, unknown> = {}): object {
  return entryOf({ request: { url, ...more }, response: { content: { text, mimeType: 'text/html' } } })
}

transportContract('a replay', async () => ({
  transport: createReplay([archiveOf(page('https://shop.example/', 'home'))]),
  request: get('https://shop.example/'),
  proxy,
  phases: [],
  held: () => 0,
}))

test('an answer comes back as it was recorded', async () => {
  const transport = createReplay([
    archiveOf(entryOf({ response: { status: 404, statusText: 'Gone fishing' } })),
  ])
  expect(await ask(transport, 'https://shop.example/#top')).toMatchObject({
    kind: 'response',
    url: 'https://shop.example/#top',
    status: 404,
    statusText: 'Gone fishing',
    headers: { 'content-type': 'text/html' },
    redirects: [],
    verified: true,
  })
})

test('several answers to one request come in the order of their dates, and the last one repeats', async () => {
  const at = (second: number, text: string) =>
    entryOf({
      startedDateTime: `2026-01-01T00:00:0${second}.000Z`,
      response: { content: { text, mimeType: 'text/html' } },
    })
  const transport = createReplay([archiveOf(at(2, 'second'), at(1, 'first'))])
  const texts: string[] = []
  for (let i = 0; i < 4; i++) texts.push(await bodyFrom(transport, 'https://shop.example/'))
  expect(texts).toEqual(['first', 'second', 'second', 'second'])
})

test('the order of a query counts where it tells two pages apart, and is forgiven where it does not', async () => {
  const base = 'https://shop.example/list'
  const transport = createReplay([
    archiveOf(
      page(`${base}?a=1&b=2`, 'one'),
      page(`${base}?b=2&a=1`, 'other'),
      page(`${base}?c=3&d=4`, 'third'),
    ),
  ])
  expect(await bodyFrom(transport, `${base}?b=2&a=1`)).toBe('other')
  expect(await bodyFrom(transport, `${base}?a=1&b=2`)).toBe('one')
  expect(await bodyFrom(transport, `${base}?d=4&c=3`)).toBe('third')
  expect(await bodyFrom(transport, `${base}?d=4&c=4`)).toContain('is not in test.har')
})

test('a secret in a query is not compared, as a recording does not hold it', async () => {
  const url = 'https://api.example/v1/items?page=2&api_key='
  const transport = createReplay([archiveOf(page(`${url}redacted`, 'second page'))])
  expect(await bodyFrom(transport, `${url}s3cret`)).toBe('second page')
  const open = createReplay([archiveOf(page(`${url}old`, 'second page'))])
  expect(await bodyFrom(open, `${url}new`)).toBe('second page')
})

test('a POST is known by its body: exactly, then in any order, then without its secrets', async () => {
  const url = 'https://api.example/search'
  const post = (text: string, mimeType: string, answer: string) =>
    page(url, answer, { method: 'POST', postData: { text, mimeType } })
  const form = 'application/x-www-form-urlencoded'
  const transport = createReplay([
    archiveOf(
      post('q=a&page=1', form, 'a1'),
      post('q=a&page=2', form, 'a2'),
      post('{"query":"x","size":10}', 'application/json', 'json'),
      post('user=me&password=redacted', form, 'login'),
    ),
  ])
  const send = (body: string, type = form) =>
    bodyFrom(transport, get(url, { method: 'POST', body, headers: { 'content-type': type } }))
  expect(await send('q=a&page=2')).toBe('a2')
  expect(await send('page=1&q=a')).toBe('a1')
  expect(await send('{ "size": 10, "query": "x" }', 'application/json')).toBe('json')
  expect(await send('user=me&password=hunter2')).toBe('login')
  expect(await send('q=b')).toContain('is in test.har with another body only')
  expect(await bodyFrom(transport, url)).toContain('is not in test.har')
})

test('a multipart form is found whatever its boundary', async () => {
  const form = (boundary: string) =>
    `--${boundary}\r\nContent-Disposition: form-data; name="q"\r\n\r\nboats\r\n--${boundary}--\r\n`
  const url = 'https://api.example/find'
  const postData = { text: form('one'), mimeType: 'multipart/form-data; boundary=one' }
  const transport = createReplay([archiveOf(page(url, 'found', { method: 'POST', postData }))])
  expect(await bodyFrom(transport, get(url, { method: 'POST', body: form('other') }))).toBe('found')
})

test('a POST whose body the file does not hold stands for any, in the order of its answers', async () => {
  const url = 'https://api.example/graphql'
  const transport = createReplay([
    archiveOf(
      page(url, 'one', { method: 'POST', bodySize: -1 }),
      page(url, 'two', { method: 'POST', bodySize: -1 }),
    ),
  ])
  const send = (body: string) => bodyFrom(transport, get(url, { method: 'POST', body }))
  expect([await send('{"query":"a"}'), await send('{"query":"b"}'), await send('c')]).toEqual([
    'one',
    'two',
    'two',
  ])
})

test('a miss names the URL, the archive and what comes nearest, and is told', async () => {
  const misses: ReplayMiss[] = []
  const archive = archiveOf(page('https://shop.example/books/1', 'one'), page('https://other.example/', 'x'))
  const transport = createReplay([archive], { onMiss: (miss) => misses.push(miss) })
  const detail =
    'GET https://shop.example/books/2 is not in test.har; the nearest there is GET https://shop.example/books/1'
  expect(await ask(transport, 'https://shop.example/books/2')).toMatchObject({
    kind: 'fault',
    phase: 'local',
    cause: 'not-recorded',
    detail,
  })
  expect(misses).toEqual([{ method: 'GET', url: 'https://shop.example/books/2', detail }])
  expect(await bodyFrom(transport, 'https://new.example/?token=abc')).toBe(
    'GET https://new.example/?token=… is not in test.har',
  )
})

test('a page whose body the file lacks is a miss that says so', async () => {
  const transport = createReplay([archiveOf(entryOf({ response: { content: { size: 900 } } }))])
  expect(await bodyFrom(transport, 'https://shop.example/')).toBe(
    'GET https://shop.example/ is in test.har without an answer: its body is not in the file',
  )
})

test('"not modified" is an answer only for those who have the page', async () => {
  const unchanged = entryOf({ response: { status: 304, content: { size: 0 } } })
  const transport = createReplay([archiveOf(unchanged)])
  expect(await ask(transport, 'https://shop.example/')).toMatchObject({ cause: 'not-recorded' })
  const conditional = get('https://shop.example/', { headers: { 'if-none-match': '"1"' } })
  expect(await ask(transport, conditional)).toMatchObject({ status: 304 })
})

test('what a recording crawl passed over is no page where it took another answer', async () => {
  const transport = createReplay([
    archiveOf(
      entryOf({ response: { status: 403 }, _passedOver: 'status-403' }),
      page('https://shop.example/', 'the page'),
      page('https://shop.example/lost', 'captcha'),
    ),
  ])
  expect(await bodyFrom(transport, 'https://shop.example/')).toBe('the page')
})

test('several archives are one', async () => {
  const transport = createReplay([
    archiveOf(page('https://shop.example/a', 'a')),
    archiveOf(page('https://shop.example/b', 'b')),
  ])
  expect(await bodyFrom(transport, 'https://shop.example/b')).toBe('b')
  expect(await bodyFrom(transport, 'https://shop.example/c')).toContain('is not in test.har, test.har')
})

test('a body above the limit of its call is refused, as it would be on the wire', async () => {
  const transport = createReplay([archiveOf(page('https://shop.example/', 'x'.repeat(100)))])
  const limits = { maxBody: 99 } as never
  const exchange = await new Promise<Exchange>((deliver) => {
    transport.send({ request: get('https://shop.example/'), proxy, limits, deliver })
  })
  expect(exchange).toMatchObject({ kind: 'fault', cause: 'body-too-large' })
})

test('cookies that an answer sets are taken, and the request is read before it ends', async () => {
  const headers = [
    { name: 'Set-Cookie', value: 'sid=1; Path=/' },
    { name: 'set-cookie', value: 'lang=de' },
  ]
  const transport = createReplay([archiveOf(entryOf({ response: { headers } }))])
  const taken: unknown[] = []
  const cookies = {
    headerFor: () => undefined,
    take: (url: string, lines: readonly string[]) => taken.push([url, lines]),
  }
  await new Promise((deliver) => {
    transport.send({ request: get('https://shop.example/'), proxy, cookies: cookies as never, deliver })
  })
  expect(taken).toEqual([['https://shop.example/', ['sid=1; Path=/', 'lang=de']]])
})
