import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { RegattaError } from '../../src/contracts/errors.ts'
import { longestHar, readHar } from '../../src/har/read-har.ts'
import { archiveOf, entryOf, type GivenEntry, harOf, only, textOf } from './entries.ts'

function problemOf(text: string): RegattaError<'HAR_INVALID'> {
  try {
    readHar(text, 'shop.har')
  } catch (error) {
    if (error instanceof RegattaError && error.code === 'HAR_INVALID') return error
    throw error
  }
  throw new Error('it was read')
}

test('headers come in lower case, pseudo headers not at all, and cookies one by one', () => {
  const { requestHeaders, headers } = only({
    request: {
      headers: [
        { name: ':authority', value: 'shop.example' },
        { name: 'Accept-Language', value: 'en' },
        { name: 'Cookie', value: 'a=1' },
        { name: 'cookie', value: 'b=2' },
      ],
    },
    response: {
      headers: [
        { name: ':status', value: '200' },
        { name: 'CONTENT-TYPE', value: 'text/html' },
        { name: 'Set-Cookie', value: 'a=1; Path=/\nb=2' },
        { name: 'set-cookie', value: 'c=3' },
        { name: 'Link', value: '<a>' },
        { name: 'link', value: '<b>' },
        { name: 'X-Empty', value: '' },
        { name: 'not a name', value: 'x' },
        { name: 'x-none' },
      ],
    },
  })
  expect(requestHeaders).toEqual({ 'accept-language': 'en', cookie: 'a=1; b=2' })
  expect(headers).toEqual({
    'content-type': 'text/html',
    'set-cookie': ['a=1; Path=/', 'b=2', 'c=3'],
    link: '<a>, <b>',
    'x-empty': '',
    'x-none': '',
  })
})

test('text becomes UTF-8, and the Content-Type says so whatever it said before', () => {
  const typed = (type: string | undefined, text = 'жук') => {
    const headers = type === undefined ? [] : [{ name: 'content-type', value: type }]
    const { headers: found, body } = only({
      response: { headers, content: { text, mimeType: 'text/html; charset=windows-1251' } },
    })
    expect(new TextDecoder().decode(body)).toBe(text)
    return found['content-type']
  }
  expect(typed('text/html; charset=windows-1251')).toBe('text/html;charset=utf-8')
  expect(typed('text/html')).toBe('text/html;charset=utf-8')
  expect(typed(undefined)).toBe('text/html;charset=utf-8')
  expect(typed('text/html; charset=UTF-8')).toBe('text/html; charset=UTF-8')
  expect(typed('application/json')).toBe('application/json')
  expect(typed('text/html; charset=windows-1251', 'bug')).toBe('text/html; charset=windows-1251')
  expect(typed('text/html; charset=utf-16', 'bug')).toBe('text/html;charset=utf-8')
})

test('base64 is the bytes as they were, in the encoding that the header names', () => {
  const bytes = Buffer.from([0xe6, 0xf3, 0xea])
  const { body, headers } = only({
    response: {
      headers: [{ name: 'content-type', value: 'text/html; charset=windows-1251' }],
      content: { text: `${bytes.toString('base64')}\n`, encoding: 'Base64' },
    },
  })
  expect(Buffer.from(body)).toEqual(bytes)
  expect(headers['content-type']).toBe('text/html; charset=windows-1251')
})

test('a body beside "content-encoding: gzip" is decoded already, unless it is a page that still begins like a gzip file', () => {
  const headers = [
    { name: 'content-type', value: 'text/html' },
    { name: 'content-encoding', value: 'gzip' },
    { name: 'content-length', value: '3' },
  ]
  expect(textOf(only({ response: { headers, content: { text: 'plain page' } } }))).toBe('plain page')
  const packed = gzipSync('packed page').toString('base64')
  expect(textOf(only({ response: { headers, content: { text: packed, encoding: 'base64' } } }))).toBe(
    'packed page',
  )
  const chunks = JSON.stringify([packed.slice(0, 12), packed.slice(12)])
  expect(textOf(only({ response: { headers, content: { text: chunks, encoding: 'base64' } } }))).toBe(
    'packed page',
  )
  const file = [{ name: 'content-type', value: 'application/gzip' }, headers[1]!]
  const { body } = only({ response: { headers: file, content: { text: packed, encoding: 'base64' } } })
  expect(Buffer.from(body).toString('base64')).toBe(packed)
})

test('what is no answer of a site is left out, and says why', () => {
  const reasonOf = (entry: GivenEntry) => archiveOf(entryOf(entry)).leftOut[0]?.reason
  expect(reasonOf({ response: { content: { size: 10, mimeType: 'text/html' } } })).toBe(
    'its body is not in the file',
  )
  expect(reasonOf({ response: { status: 0 } })).toContain('no answer came')
  expect(reasonOf({ response: { status: -1, _failureText: 'net::ERR_ABORTED' } })).toContain('ERR_ABORTED')
  expect(reasonOf({ response: { status: 0, _error: 'net::ERR_BLOCKED_BY_CLIENT' } })).toContain('BLOCKED')
  expect(reasonOf({ response: null })).toBe('no answer came')
  expect(reasonOf({ response: { status: 101 } })).toContain('status 101')
  expect(reasonOf({ _resourceType: 'websocket' })).toBe('it is a websocket')
  expect(reasonOf({ request: { method: 'CONNECT' } })).toBe('it opens a tunnel')
  const truncated = { size: 9, text: 'cut', comment: 'Response bodies are truncated.' }
  expect(reasonOf({ response: { content: truncated } })).toBe('its body is cut off in the file')
  for (const url of ['wss://a.example/', 'data:text/html,x', 'blob:https://a.example/1', 'about:blank', 'x'])
    expect(reasonOf({ request: { url } })).toBe('it is no web address')
  expect(reasonOf({ request: { url: 'chrome-extension://abc/page.html' } })).toBe('it is no web address')
  const attached = { size: 9, _file: 'a1.html' }
  expect(reasonOf({ response: { content: attached } })).toContain('"a1.html", which is not there')
})

test('an answer without a body is one: 204, a redirect, HEAD, an empty page', () => {
  const empty = { size: 0, mimeType: 'x-unknown' }
  expect(only({ response: { status: 204, content: empty } }).body).toHaveLength(0)
  expect(only({ response: { content: empty } }).body).toHaveLength(0)
  expect(only({ request: { method: 'head' }, response: { content: { size: 900 } } }).method).toBe('HEAD')
  const { status, headers } = only({
    response: { status: 301, redirectURL: '/new', content: { size: 162 } },
  })
  expect([status, headers.location]).toEqual([301, '/new'])
})

test('a "not modified" that comes with the page out of the cache of its browser is the page', () => {
  expect(only({ response: { status: 304 } })).toMatchObject({ status: 200 })
  expect(only({ response: { status: 304, content: { size: 0 } } })).toMatchObject({ status: 304 })
})

test('what was sent is there as text, as fields or as base64, or known to be missing', () => {
  const sent = (postData: unknown, bodySize = 3) => {
    const { requestBody, isBodyUnknown } = only({ request: { method: 'POST', postData, bodySize } })
    return isBodyUnknown ? 'unknown' : requestBody && new TextDecoder().decode(requestBody)
  }
  expect(sent({ mimeType: 'application/json', text: '{"a":1}' })).toBe('{"a":1}')
  expect(sent({ text: 'eHl6', encoding: 'base64' })).toBe('xyz')
  expect(sent({ params: [{ name: 'q', value: 'a b&c' }] })).toBe('q=a+b%26c')
  expect(sent({ params: [{ name: 'q', value: 'a%20b' }] })).toBe('q=a%20b')
  expect(sent({ mimeType: 'multipart/form-data', params: [{ name: 'q', value: 'x' }] })).toBe('unknown')
  expect(sent({ params: [{ name: 'a', value: { b: 1 } }, { value: 'c' }] })).toBe('a=%7B%22b%22%3A1%7D&=c')
  expect(sent({ mimeType: '', params: [], text: '' }, 0)).toBeUndefined()
  expect(sent(undefined)).toBe('unknown')
  expect(sent(undefined, -1)).toBe('unknown')
  expect(sent(undefined, 0)).toBeUndefined()
})

test('bodies that stand in files of their own are asked for by name', () => {
  const entry = entryOf({ response: { content: { size: 4, _file: 'a1.html' } } })
  const bodyOf = (name: string) => (name === 'a1.html' ? Buffer.from('page') : undefined)
  const { exchanges } = readHar(harOf(entry), 'shop.har', { bodyOf })
  expect(textOf(exchanges[0]!)).toBe('page')
  // What was text has been written as UTF-8, whatever the page declares.
  const page = Buffer.from('<meta charset=windows-1251>жук')
  const [decoded] = readHar(harOf(entry), 'shop.har', { bodyOf: () => page }).exchanges
  expect(decoded!.headers['content-type']).toBe('text/html;charset=utf-8')
})

test('a file begins with a byte order mark, and holds what tools add', () => {
  const text = `\uFEFF${harOf(entryOf({ _priority: 'High', connection: 443, response: { _transferSize: 9 } }))}`
  expect(readHar(text, 'shop.har').exchanges).toHaveLength(1)
})

test('a file that is broken says where', () => {
  expect(problemOf('{\n  "log": {\n    oops').message).toContain('it is no JSON (line 3, column 5)')
  expect(problemOf('{"log": {"entries": [').message).toContain('it ends in the middle of its JSON')
  expect(problemOf('PK\u0003\u0004').message).toContain('it is a ZIP file')
  expect(problemOf('').message).toContain('it is empty')
  expect(problemOf('[]')).toMatchObject({ value: { name: 'shop.har', place: undefined } })
  expect(problemOf('{}').value.place).toBe('log')
  expect(problemOf('{"log":{}}').value.place).toBe('log.entries')
  expect(problemOf(harOf(entryOf(), {})).value.place).toBe('log.entries[1].request')
  const status = problemOf(harOf(entryOf(), entryOf({ response: { status: '200' } })))
  expect(status.message).toBe(
    'HAR file "shop.har" cannot be used: log.entries[1].response.status: expected a whole number.',
  )
  const headers = entryOf({ request: { headers: [{ name: 4 }] } })
  expect(problemOf(harOf(headers)).value.place).toBe('log.entries[0].request.headers[0].name')
  const base64 = entryOf({ response: { content: { text: '<p>', encoding: 'base64' } } })
  expect(problemOf(harOf(base64)).value.place).toBe('log.entries[0].response.content.text')
})

test('what a broken file holds is not repeated in its error', () => {
  expect(problemOf('{"password": hunter2}').message).not.toContain('hunter2')
})

test('a file above the limit is refused before it is parsed', () => {
  expect(problemOf(' '.repeat(longestHar + 1)).message).toContain('at most 100 MB are read')
})
