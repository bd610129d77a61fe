import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Exchange } from '../../src/contracts/outcome.ts'
import type { RecordedExchange } from '../../src/contracts/recording.ts'
import type { FetchRequest } from '../../src/contracts/request.ts'
import type { TransportCall } from '../../src/contracts/transport.ts'
import { readHar } from '../../src/har/read-har.ts'
import { createReplay } from '../../src/har/replay.ts'
import { writeHar } from '../../src/har/write-har.ts'
import { archiveOf, entryOf } from './entries.ts'
import { problemsOf } from './har-standard.ts'

const plain: RecordedExchange = {
  method: 'GET',
  url: 'https://shop.example/books?page=2&q=boats',
  requestHeaders: { accept: '*/*' },
  status: 200,
  statusText: 'OK',
  headers: { 'content-type': 'text/html', etag: '"1"', 'set-cookie': ['a=1', 'b=2'] },
  body: Buffer.from('<p>Boats'),
  startedAt: Date.UTC(2026, 0, 2),
  timing: { firstByteMs: 10, totalMs: 12 },
}

function written(exchange: Partial<RecordedExchange>, secrets?: 'keep'): string {
  return writeHar([{ ...plain, ...exchange }], { secrets })
}

test('a file is valid by the schema of the standard, whatever is in it', () => {
  expect(problemsOf('{"log":{}}')).not.toEqual([])
  const file = writeHar(
    [
      plain,
      { ...plain, method: 'POST', requestBody: Buffer.from('q=1'), status: 302, headers: { location: '/x' } },
      { ...plain, requestBody: Buffer.from([0xff, 0]), body: Buffer.from([0xff, 0]) },
      { ...plain, status: 0, headers: {}, body: new Uint8Array(), error: 'reset: it broke' },
      { ...plain, url: 'http://user:pass@shop.example/a b?ключ=ё#x', passedOver: 'status-403' },
      { ...plain, timing: undefined, body: new Uint8Array(), omittedBytes: 900 },
    ],
    { comment: 'made by hand' },
  )
  expect(problemsOf(file)).toEqual([])
  expect(readHar(file, 'x.har')).toMatchObject({
    comment: 'made by hand',
    leftOut: [{ reason: 'it failed: "reset: it broke"' }, { reason: 'its body is not in the file' }],
  })
})

test('what was read is written and read again, to the byte', () => {
  const bytes = fc.uint8Array({ maxLength: 60 })
  const text = fc.string({ unit: 'binary', maxLength: 60 }).map((each) => Buffer.from(each))
  const type = fc.constantFrom(
    'text/html',
    'text/html; charset=windows-1251',
    'application/json',
    'image/png',
    undefined,
  )
  fc.assert(
    fc.property(fc.oneof(bytes, text), type, (body, contentType) => {
      const headers = contentType === undefined ? {} : { 'content-type': contentType }
      const [exchange] = readHar(written({ body, headers }), 'x.har').exchanges
      expect(Buffer.from(exchange!.body)).toEqual(Buffer.from(body))
      expect(exchange!.headers).toEqual(headers)
    }),
  )
})

test('an exchange comes back with every field', () => {
  const exchange = {
    ...plain,
    method: 'POST',
    requestBody: Buffer.from('{"a":1}'),
    headers: { ...plain.headers, location: '/next' },
    passedOver: 'status-403',
  }
  expect(readHar(written(exchange, 'keep'), 'x.har').exchanges).toEqual([exchange])
})

test('no cookie, no credential and no secret of a request is in the file', () => {
  const secret = 'hunter2'
  const file = writeHar([
    {
      ...plain,
      method: 'POST',
      url: `https://me:${secret}@shop.example/?page=2&api_key=${secret}&access_token=${secret}`,
      requestHeaders: {
        cookie: `sid=${secret}`,
        authorization: `Bearer ${secret}`,
        'proxy-authorization': `Basic ${secret}`,
        'x-api-key': secret,
        referer: `https://shop.example/?token=${secret}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      requestBody: Buffer.from(`user=me&password=${secret}`),
      headers: {
        'set-cookie': [`sid=${secret}; Path=/; HttpOnly`],
        location: `/home?session=${secret}`,
        'x-csrf-token': secret,
      },
    },
    {
      ...plain,
      requestBody: Buffer.from(
        `{"user":"me","login":{"password":"${secret}"},"tokens":[{"id":"${secret}"}]}`,
      ),
    },
    {
      ...plain,
      requestBody: Buffer.from(
        `--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n${secret}\r\n--b--\r\n`,
      ),
    },
  ])
  expect(file).not.toContain(secret)
  expect(problemsOf(file)).toEqual([])
  const [first] = readHar(file, 'x.har').exchanges
  expect(first).toMatchObject({
    url: 'https://shop.example/?page=2&api_key=redacted&access_token=redacted',
    headers: { 'set-cookie': ['sid=redacted; Path=/; HttpOnly'], location: '/home?session=redacted' },
  })
  expect(new TextDecoder().decode(first!.requestBody)).toBe('user=me&password=redacted')
})

test('what a source puts on its requests at the last moment is a secret by any name, and is found again without it', async () => {
  const unseen = ['appid', 'X-Weather']
  const asked = (value: string) => ({
    url: `https://api.example/now?q=Bremen&appid=${value}`,
    headers: { 'x-weather': value },
    method: 'GET',
    idempotent: true,
    unseen,
  })
  const { url, headers: requestHeaders } = asked('hunter2')
  const file = written({ url, requestHeaders, unseen })
  expect(file).not.toContain('hunter2')
  const transport = createReplay([readHar(file, 'x.har')])
  const proxy = { id: 'direct', protocol: 'direct' } as TransportCall['proxy']
  const ask = (request: FetchRequest) =>
    new Promise<Exchange>((deliver) => void transport.send({ request, proxy, deliver }))
  expect(await ask(asked('another'))).toMatchObject({ status: 200 })
  const missed = await ask({ ...asked('hunter2'), url: 'https://api.example/then?appid=hunter2' })
  expect(missed).toMatchObject({
    detail: expect.stringContaining('GET https://api.example/then?appid=redacted is not in x.har'),
  })
})

test('secrets stay where they are asked for', () => {
  const url = 'https://shop.example/?token=hunter2'
  expect(readHar(written({ url }, 'keep'), 'x.har').exchanges[0]!.url).toBe(url)
})

test('an archive that a browser has made is written anew as it was read', () => {
  const { exchanges } = archiveOf(entryOf(), entryOf({ request: { url: 'https://shop.example/2' } }))
  expect(readHar(writeHar(exchanges), 'x.har').exchanges).toEqual(exchanges)
})

test('a page that is text can be read and mended in the file', () => {
  expect(written({})).toContain('"text": "<p>Boats"')
})
