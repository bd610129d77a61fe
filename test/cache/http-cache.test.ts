import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { createHttpCache, type HttpCacheOptions } from '../../src/cache/http-cache.ts'
import { type HttpCache, mayKeepFailure } from '../../src/contracts/cache.ts'
import type { HttpResponse, VerdictKind } from '../../src/contracts/outcome.ts'
import type { CrawlRequest } from '../../src/contracts/request.ts'
import { createPage } from '../../src/source/page.ts'
import { ManualClock } from '../manual-clock.ts'
import { requestOf, responseOf } from '../source/fixtures.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'regatta-cache-'))
  path = join(folder, 'made', 'cache.db')
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
})

async function openCache(options: Partial<HttpCacheOptions> = {}): Promise<HttpCache> {
  const cache = await createHttpCache({ to: path, ...options })
  onTestFinished(() => cache.close())
  return cache
}

const url = 'http://a.example/a'
const request = requestOf(url)

test('an answer comes back with every field, in the next run too', async () => {
  const clock = new ManualClock()
  const body = randomBytes(5_000)
  const response: HttpResponse = {
    ...responseOf(url, { body, url: 'http://a.example/b', status: 404 }),
    headers: { 'content-type': 'image/png', link: ['<a>', '<b>'], 'x-empty': '' },
    redirects: [url, 'http://a.example/c'],
    firstByteMs: undefined,
    connectMs: 0.5,
    verified: true,
    forwarded: true,
  }
  const first = await openCache({ clock })
  await first.put(request, response)
  await first.close()
  const second = await openCache({ clock })
  const kept = await second.get(request)
  expect(kept).toEqual({ ...response, body: new Uint8Array(body), keptAt: clock.wall() })
  expect(Object.keys(kept!).sort()).toEqual([...Object.keys(response), 'keptAt'].sort())
})

test('any body comes back byte for byte, compressible or not, empty or not', async () => {
  const cache = await openCache()
  const bodies = fc.oneof(
    fc.uint8Array({ maxLength: 2_000 }),
    fc.nat(20_000).map((length) => new TextEncoder().encode('abc'.repeat(length))),
  )
  await fc.assert(
    fc.asyncProperty(bodies, async (body) => {
      await cache.put(request, responseOf(url, { body }))
      expect((await cache.get(request))!.body).toEqual(body)
    }),
    { numRuns: 50 },
  )
})

test('a page is read in its charset', async () => {
  const cache = await openCache()
  const body = new Uint8Array([0x82, 0xb1, 0x82, 0xf1])
  await cache.put(request, responseOf(url, { body, type: 'text/html; charset=shift_jis' }))
  const response = (await cache.get(request))!
  const page = createPage({
    source: { name: 'test', item: undefined as never },
    request,
    params: {},
    response,
    via: 'cache',
    attempts: 0,
    fetchedAt: response.keptAt,
  })
  expect(page.text()).toBe('こん')
})

test('neither cookies nor tokens are in the file', async () => {
  const cache = await openCache()
  const asker = requestOf(url, { headers: { cookie: 'id=hunter2', authorization: 'Bearer s3cr3t' } })
  const headers = { 'set-cookie': ['id=0p3n', 'b=c'], vary: 'Cookie', etag: '"e"' }
  await cache.put(asker, responseOf(url, { body: 'x', headers }))
  expect((await cache.get(asker))!.headers).toEqual({
    'content-type': 'text/html',
    vary: 'Cookie',
    etag: '"e"',
  })
  await cache.close()
  const file = readFileSync(path, 'latin1')
  expect(file).toContain(url)
  for (const secret of ['hunter2', 's3cr3t', '0p3n']) expect(file).not.toContain(secret)
})

describe('another request gets no answer of this one', () => {
  const changes: [what: string, change: Partial<CrawlRequest>][] = [
    ['URL', { url: `${url}?b` }],
    ['method', { method: 'HEAD' }],
    ['body', { body: 'x' }],
    ['session', { session: 's' }],
    ['cookie', { headers: { cookie: 'a=b' } }],
    ['authorization', { headers: { authorization: 'x' } }],
    ['language, which the answer varies by', { headers: { 'accept-language': 'de' } }],
  ]
  test.each(changes)('%s', async (_, change) => {
    const cache = await openCache()
    await cache.put(
      request,
      responseOf(url, { body: 'mine', headers: { vary: 'Accept-Language, Accept-Encoding' } }),
    )
    const other = { ...request, ...change }
    expect(await cache.get(other)).toBeUndefined()
    await cache.put(other, responseOf(url, { body: 'other', headers: { vary: 'Accept-Language' } }))
    expect(new TextDecoder().decode((await cache.get(request))!.body)).toBe('mine')
    expect(new TextDecoder().decode((await cache.get(other))!.body)).toBe('other')
  })

  test('but another user agent, other codings or conditions are the same answer', async () => {
    const cache = await openCache()
    await cache.put(request, responseOf(url, { headers: { vary: 'User-Agent, Accept-Encoding' } }))
    const headers = { 'user-agent': 'b', 'accept-encoding': 'br', 'if-none-match': '"e"', accept: 'x/y' }
    expect(await cache.get({ ...request, headers })).toBeDefined()
  })
})

describe('what is no whole good answer to a GET or a HEAD is not kept', () => {
  const file = { file: {} } as unknown as Partial<HttpResponse>
  const cases: [what: string, request: Partial<CrawlRequest>, response: Partial<HttpResponse>][] = [
    ['a POST', { method: 'POST', body: 'x' }, {}],
    ['an error of the server', {}, { status: 503 }],
    ['a 304', {}, { status: 304 }],
    ['a part', { headers: { range: 'bytes=0-1' } }, { status: 206 }],
    ['a body in a file', {}, file],
  ]
  test.each(cases)('%s', async (_, change, answer) => {
    const cache = await openCache()
    const other = { ...request, ...change }
    await cache.put(other, { ...responseOf(url, { body: 'x' }), ...answer })
    expect(await cache.get(other)).toBeUndefined()
  })

  test.each([200, 204, 301, 404, 410])('a %d is kept', async (status) => {
    const cache = await openCache()
    await cache.put(request, responseOf(url, { status }))
    expect((await cache.get(request))!.status).toBe(status)
  })
})

test('an answer older than maxAge is asked for again, and the new one replaces it', async () => {
  const clock = new ManualClock()
  const cache = await openCache({ clock, maxAge: 1_000 })
  await cache.put(request, responseOf(url, { body: 'old' }))
  clock.pass(1_000)
  expect(await cache.get(request)).toBeDefined()
  clock.pass(1)
  expect(await cache.get(request)).toBeUndefined()
  await cache.put(request, responseOf(url, { body: 'new' }))
  expect(new TextDecoder().decode((await cache.get(request))!.body)).toBe('new')
})

test('beyond maxBytes the oldest answers go, and the file stays about that size', async () => {
  const clock = new ManualClock()
  const cache = await openCache({ clock, maxBytes: 200_000 })
  const requests = Array.from({ length: 100 }, (_, index) => requestOf(`${url}/${index}`))
  for (const each of requests) {
    clock.pass(10)
    await cache.put(each, responseOf(each.url, { body: randomBytes(10_000) }))
  }
  const kept = await Promise.all(requests.map(async (each) => (await cache.get(each)) !== undefined))
  const first = kept.indexOf(true)
  expect(kept.slice(first).every(Boolean)).toBe(true)
  expect(100 - first).toBeGreaterThanOrEqual(15)
  expect(100 - first).toBeLessThanOrEqual(20)
  await cache.close()
  expect(statSync(path).size).toBeLessThan(400_000)
  // A bound that is set later, on what is there.
  const smaller = await openCache({ clock, maxBytes: 50_000 })
  await smaller.put(request, responseOf(url, { body: 'x' }))
  expect(await smaller.get(requests[99]!)).toBeDefined()
  expect(await smaller.get(requests[first]!)).toBeUndefined()
})

test('two may share a file, writing and reading at the same time', async () => {
  const [one, other] = await Promise.all([openCache(), openCache()])
  const requests = Array.from({ length: 60 }, (_, index) => requestOf(`${url}/${index}`))
  await Promise.all(
    requests.map((each, index) =>
      (index % 2 ? one : other).put(each, responseOf(each.url, { body: `${index}`.repeat(500) })),
    ),
  )
  for (const [index, each] of requests.entries()) {
    const kept = await (index % 3 ? one : other).get(each)
    expect(new TextDecoder().decode(kept!.body)).toBe(`${index}`.repeat(500))
  }
})

test('closing waits for what is under way, and a closed cache knows nothing', async () => {
  const cache = await openCache()
  const keeping = cache.put(request, responseOf(url, { body: 'x'.repeat(100_000) }))
  await cache.close()
  await keeping
  await cache.close()
  expect(await cache.get(request)).toBeUndefined()
  await cache.put(requestOf(`${url}/2`), responseOf(url, {}))
  const next = await openCache()
  expect(await next.get(request)).toBeDefined()
  expect(await next.get(requestOf(`${url}/2`))).toBeUndefined()
})

describe('a file that is no sound cache is an error that says to delete it', () => {
  const saysDelete = expect.objectContaining({
    code: 'STATE_CORRUPT',
    message: expect.stringMatching(/cache\.db".*Delete it/),
  })

  test('text', async () => {
    path = join(folder, 'cache.db')
    writeFileSync(path, 'x'.repeat(10_000))
    await expect(createHttpCache({ to: path })).rejects.toThrow(saysDelete)
    expect(readFileSync(path, 'utf8')).toBe('x'.repeat(10_000))
  })

  test('the database of another program', async () => {
    path = join(folder, 'cache.db')
    const other = new DatabaseSync(path)
    other.exec('CREATE TABLE t (a)')
    other.close()
    await expect(createHttpCache({ to: path })).rejects.toThrow(saysDelete)
  })

  test('half a cache', async () => {
    const cache = await openCache()
    for (let index = 0; index < 50; index++) {
      const each = requestOf(`${url}/${index}`)
      await cache.put(each, responseOf(each.url, { body: randomBytes(5_000) }))
    }
    await cache.close()
    truncateSync(path, 40_960)
    const read = async () => {
      const broken = await openCache()
      for (let index = 0; index < 50; index++) await broken.get(requestOf(`${url}/${index}`))
    }
    await expect(read()).rejects.toThrow(saysDelete)
  })

  test('a newer one says so', async () => {
    await (await openCache()).close()
    const database = new DatabaseSync(path)
    database.exec('PRAGMA user_version = 99')
    database.close()
    await expect(createHttpCache({ to: path })).rejects.toThrow(
      expect.objectContaining({ code: 'STATE_VERSION' }),
    )
  })

  test('a folder cannot be used', async () => {
    await expect(createHttpCache({ to: folder })).rejects.toThrow(
      expect.objectContaining({ code: 'STATE_FAILED' }),
    )
  })
})

test('a wrong bound is an error that names it', async () => {
  await expect(createHttpCache({ to: path, maxBytes: 0 })).rejects.toThrow(
    expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining('cache.maxBytes') }),
  )
})

describe('a failure of the target', () => {
  const failure = {
    code: 'target-faults',
    detail: 'a.example: status-500 (status 500)',
    heads: [
      { proxy: 'direct', reason: 'status-500', status: 500, headers: { server: 'x' }, body: 'oops', at: 5 },
    ],
  }

  test('is told again for ten minutes, and whatever its age to those who can ask nobody', async () => {
    const clock = new ManualClock()
    const cache = await openCache({ clock })
    await cache.putFailure!(request, failure)
    const keptAt = clock.wall()
    expect(await cache.failure!(request)).toEqual({ ...failure, keptAt })
    expect(await cache.get(request)).toBeUndefined()
    await clock.advance(600_001)
    expect(await cache.failure!(request)).toBeUndefined()
    expect(await cache.failure!(request, { anyAge: true })).toEqual({ ...failure, keptAt })
  })

  test('is another visitor’s for another cookie, and is not kept where failureAge is 0', async () => {
    const cache = await openCache()
    await cache.putFailure!(request, failure)
    const other = { ...request, headers: { cookie: 'sid=1' } }
    expect(await cache.failure!(other)).toBeUndefined()
    await cache.close()
    const none = await openCache({ to: join(folder, 'none.db'), failureAge: 0 })
    await none.putFailure!(request, failure)
    expect(await none.failure!(request, { anyAge: true })).toBeUndefined()
  })

  test('is kept when the target has answered with a 5xx, and never for what a proxy or a limit did', () => {
    const kept = (verdict: VerdictKind | undefined, status: number | undefined, method = 'GET') =>
      mayKeepFailure({ ...request, method }, { verdict, status })
    expect(kept('target', 500)).toBe(true)
    expect(kept('target', undefined)).toBe(false)
    expect(kept('target', 500, 'POST')).toBe(false)
    for (const kind of ['dead', 'transient', 'blocked', 'challenge', 'rate-limited', 'neutral'] as const)
      expect(kept(kind, 503)).toBe(false)
  })

  test('is kept in a file of an earlier version too', async () => {
    await (await openCache()).close()
    const file = new DatabaseSync(path)
    file.exec('DROP TABLE failed; PRAGMA user_version = 1')
    file.close()
    const cache = await openCache()
    await cache.putFailure!(request, failure)
    expect(await cache.failure!(request)).toMatchObject(failure)
  })
})
