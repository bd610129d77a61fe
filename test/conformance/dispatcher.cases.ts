import { Readable } from 'node:stream'
import { type Dispatcher, FormData, interceptors } from 'undici'
import { packed, type Seen } from './echo-server.ts'
import type { Standard } from './standard.ts'

/** What is asked by undici's `request`, and what is looked at. */
export interface Asked {
  /** Behind the origin of the server. Default `/echo`. */
  readonly path?: string
  readonly options?: () => object
  /** Goes before the dispatcher. */
  readonly through?: () => Dispatcher.DispatcherComposeInterceptor
  /** Reads the answer. Default: the request as the server saw it. */
  readonly read?: (answer: Dispatcher.ResponseData) => unknown
}

/** The caller hears by the name of the option, and nothing is sent. */
export const refused = 'refused'

const headers = (given: () => unknown): Asked => ({
  options: () => ({ headers: given() }),
  read: async ({ body }) => ((await body.json()) as Seen).headers,
})
const query = (given: object): Asked => ({
  options: () => ({ query: given }),
  read: async ({ body }) => ((await body.json()) as Seen).url,
})
const post = (given: () => unknown): Asked => ({
  options: () => ({ method: 'POST', body: given() }),
  read: async ({ body }) => {
    const seen = (await body.json()) as Seen
    return [seen.body, seen.headers['content-type']]
  },
})
const answer = (path: string, options: object, read: Asked['read']): Asked => ({
  path,
  options: () => options,
  ...(read && { read }),
})
const text = ({ body }: Dispatcher.ResponseData) => body.text()
function* letters() {
  yield 'a'
  yield 'b'
}
async function* later() {
  yield 'a'
  yield Buffer.from('b')
}
function form(): FormData {
  const filled = new FormData()
  filled.append('a', 'b')
  return filled
}

/** `crawler.dispatcher` in the hands of undici's own clients. */
export const standard: Standard<Asked, unknown> = {
  name: 'undici Dispatcher',
  about: 'forms of headers, queries, bodies and options; answers; interceptors',
  source: "own cases by undici's documentation and tests (MIT); expected is what undici's Agent does",
  cases: [
    {
      title: 'headers as an object',
      input: headers(() => ({ 'X-A': '1', b: 2, c: true })),
      expected: { 'x-a': '1', b: '2', c: 'true' },
    },
    { title: 'a header that is undefined', input: headers(() => ({ a: undefined })), expected: {} },
    { title: 'a header that is null', input: headers(() => ({ a: null })), expected: { a: '' } },
    { title: 'a header that is a list', input: headers(() => ({ a: ['1', '2'] })), expected: { a: '1, 2' } },
    {
      title: 'headers as a flat list',
      input: headers(() => ['X-A', '1', 'b', '2']),
      expected: { 'x-a': '1', b: '2' },
    },
    {
      title: 'a name that comes twice in a flat list',
      input: headers(() => ['a', '1', 'A', '2']),
      expected: { a: '1, 2' },
    },
    {
      title: 'cookies that come twice',
      input: headers(() => ['cookie', 'a=1', 'cookie', 'b=2']),
      expected: { cookie: 'a=1; b=2' },
    },
    { title: 'Headers', input: headers(() => new Headers({ 'X-A': '1' })), expected: { 'x-a': '1' } },
    { title: 'a Map of headers', input: headers(() => new Map([['X-A', '1']])), expected: { 'x-a': '1' } },
    {
      title: 'pairs of headers',
      input: headers(() => [['X-A', '1']]),
      expected: refused,
      differs: { ours: { 'x-a': '1' }, why: 'they are unmistakable, and fetch takes them' },
    },
    ...(
      [
        ['a flat list that is odd', () => ['x-a']],
        ['headers that are a text', () => 'x-a: 1'],
        ['a header that is an object', () => ({ a: {} })],
        ['a header of two lines', () => ({ a: 'x\ny' })],
        ['a header in Cyrillic', () => ({ a: 'ы' })],
        ['a name with a blank', () => ({ 'a b': 'x' })],
      ] as const
    ).map(([title, given]) => ({ title: `${title} is refused`, input: headers(given), expected: refused })),
    ...(['transfer-encoding', 'expect', 'upgrade', 'keep-alive'] as const).map((name) => ({
      title: `the header ${name}`,
      input: headers(() => ({ [name]: 'x' })),
      expected: refused,
      differs: {
        ours: {},
        why: 'what speaks of the connection is ours alone, and is left out, as in crawler.fetch',
      },
    })),

    {
      title: 'a query',
      input: query({ a: 1, b: ['x', 'y'], c: 'd e&', d: true }),
      expected: '/echo?a=1&b=x&b=y&c=d%20e%26&d=true',
    },
    { title: 'a query of nothing', input: query({ a: null, b: undefined }), expected: '/echo?a=&b=' },
    {
      title: 'a query beyond ASCII',
      input: query({ 'ä ö': 'ü+%' }),
      expected: '/echo?%C3%A4%20%C3%B6=%C3%BC%2B%25',
    },
    {
      title: 'a query beside one in the path is refused',
      input: { ...query({ a: 1 }), path: '/echo?x=1' },
      expected: refused,
    },

    { title: 'a text has no type', input: post(() => 'a'), expected: ['a', undefined] },
    { title: 'a Buffer', input: post(() => Buffer.from('a')), expected: ['a', undefined] },
    { title: 'an ArrayBuffer', input: post(() => new Uint8Array([65]).buffer), expected: ['A', undefined] },
    { title: 'a Readable', input: post(() => Readable.from(['a', 'b'])), expected: ['ab', undefined] },
    { title: 'a ReadableStream', input: post(() => new Blob(['a']).stream()), expected: ['a', undefined] },
    { title: 'an async iterable', input: post(() => later()), expected: ['ab', undefined] },
    { title: 'an iterable', input: post(() => letters()), expected: ['ab', undefined] },
    { title: 'a list of pieces', input: post(() => ['a', 'b']), expected: ['ab', undefined] },
    { title: 'a Blob', input: post(() => new Blob(['a'], { type: 'a/b' })), expected: ['a', 'a/b'] },
    {
      title: 'FormData',
      input: post(form),
      expected: [
        '--B\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--B--\r\n',
        'multipart/form-data; boundary=B',
      ],
    },
    ...([{ a: 1 }, 5, () => {}] as const).map((body) => ({
      title: `a body that is a ${typeof body} is refused`,
      input: post(() => body),
      expected: refused,
    })),

    ...['GET POST', 5, 'CONNECT'].map((method) => ({
      title: `the method ${method} is refused`,
      input: answer('/echo', { method }, text),
      expected: refused,
    })),
    {
      title: 'the method TRACE',
      input: answer('/echo', { method: 'TRACE' }, ({ statusCode }) => statusCode),
      expected: 200,
      differs: { ours: refused, why: 'fetch refuses it, and no page is behind it' },
    },
    ...(['headersTimeout', 'bodyTimeout'] as const).map((name) => ({
      title: `a ${name} that is no time is refused`,
      input: answer('/echo', { [name]: -1 }, text),
      expected: refused,
    })),
    {
      title: 'throwOnError, which is gone, is refused',
      input: answer('/echo', { throwOnError: true }, text),
      expected: refused,
    },
    {
      title: 'an opaque value comes back',
      input: answer('/hi', { opaque: 'mine' }, async (given) => [given.opaque, await text(given)]),
      expected: ['mine', 'hi'],
    },

    {
      title: 'the words of a status',
      input: answer('/status/404/Not%20Here', {}, (given) => [
        given.statusCode,
        (given as { statusText?: string }).statusText,
      ]),
      expected: [404, 'Not Here'],
    },
    {
      title: 'a 204',
      input: answer('/status/204', {}, async (given) => [given.statusCode, await text(given)]),
      expected: [204, ''],
    },
    {
      title: 'a HEAD keeps content-length',
      input: answer('/hi', { method: 'HEAD' }, async (given) => [
        given.headers['content-length'],
        await text(given),
      ]),
      expected: ['2', ''],
    },
    {
      title: 'cookies are a list',
      input: answer('/cookies', {}, ({ headers: { 'set-cookie': cookies } }) => cookies),
      expected: ['a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT', 'b=2'],
    },
    {
      title: 'a packed page',
      input: answer('/packed', {}, async ({ headers: all, body }) => [
        all['content-encoding'],
        Buffer.from(await body.arrayBuffer()).toString('latin1'),
      ]),
      expected: ['gzip', packed.toString('latin1')],
      differs: {
        ours: [undefined, 'packed'],
        why: 'a page is unpacked and judged before its first byte is handed on',
      },
    },
    {
      title: 'a redirect',
      input: answer('/redirect', {}, ({ statusCode }) => statusCode),
      expected: 302,
      differs: {
        ours: 200,
        why: 'it is followed, unless the caller says maxRedirections: 0; every fetch does',
      },
    },

    {
      title: 'the interceptor redirect',
      input: { path: '/redirect', through: () => interceptors.redirect({ maxRedirections: 2 }), read: text },
      expected: 'hi',
    },
    {
      title: 'the interceptor retry',
      input: { path: '/hi', through: () => interceptors.retry(), read: text },
      expected: 'hi',
    },
    {
      title: 'the interceptor dump',
      input: { path: '/hi', through: () => interceptors.dump(), read: text },
      expected: '',
    },
    {
      title: 'the interceptor cache',
      input: { path: '/hi', through: () => interceptors.cache(), read: text },
      expected: 'hi',
    },
    {
      title: 'the interceptor responseError',
      input: { path: '/status/404', through: () => interceptors.responseError(), read: text },
      expected: 'ResponseError',
    },
    {
      title: 'a signal that has aborted',
      input: { options: () => ({ signal: AbortSignal.abort() }) },
      expected: 'AbortError',
    },
    {
      title: 'a signal that aborts while the host is silent',
      input: { path: '/silent', options: () => ({ signal: AbortSignal.timeout(30) }) },
      expected: 'TimeoutError',
    },
  ],
}
