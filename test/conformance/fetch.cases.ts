import { hash } from 'node:crypto'
import type { FetchInit } from '../../src/index.ts'
import { packed, type Seen } from './echo-server.ts'
import type { Standard } from './standard.ts'

/** What is asked of fetch, and what is looked at: the request as the server saw it, or the answer. */
export interface Asked {
  /** Behind the origin of the server. Default `/echo`. */
  readonly path?: string
  /** Instead: the whole URL. */
  readonly url?: (origin: string) => string
  readonly init?: () => FetchInit
  /** Instead of a URL and options: a Request. */
  readonly request?: (url: string) => Request
  /** Reads the answer. Default: the request as the server saw it. */
  readonly read?: (response: Response) => unknown
}

/** The caller hears at once, by the name of the argument, and nothing is sent. */
export const refused = 'refused'

const post = (body: () => FetchInit['body'], more: FetchInit = {}) => ({
  init: () => ({ method: 'POST', body: body(), ...more }),
})
const seen = (method: string, body = '', headers: Seen['headers'] = {}): Omit<Seen, 'url'> => ({
  method,
  body,
  headers,
})
const posted = (body: string, type?: string) =>
  seen('POST', body, { 'content-length': String(body.length), ...(type && { 'content-type': type }) })
const methods = (...names: string[]) => names.map((method) => ({ method, init: () => ({ method }) }))
const header = (name: string, value: unknown) => ({ init: () => ({ headers: { [name]: value as string } }) })
const streamed = { duplex: 'half' } as const
async function* pieces(...texts: string[]) {
  for (const text of texts) yield Buffer.from(text)
}

const text = (response: Response) => response.text()
const hi = `sha256-${hash('sha256', 'hi', 'base64')}`

const kept = { why: 'a body is read once and kept, so that another attempt can send it: its length is known' }
const ownData = {
  ours: refused,
  why: 'nobody means to send "[object Object]"; the message says JSON.stringify',
}
const dropped = {
  why: 'what speaks of the connection is ours alone, and is left out as browsers do; undici refuses it',
}

/** Fetch for one who calls it: what is sent, what is refused, and what comes back. */
export const standard: Standard<Asked, unknown> = {
  name: 'WHATWG Fetch',
  about: 'methods, headers, bodies and options of a request; what a Response says',
  source: "own cases by the standard; where it leaves room, what Node's fetch does",
  cases: [
    ...methods('get', 'delete', 'options', 'post', 'put').map(({ method, ...input }) => ({
      title: `the method ${method} is sent in upper case`,
      input: { ...input, read: async (response: Response) => ((await response.json()) as Seen).method },
      expected: method.toUpperCase(),
    })),
    ...methods('PATCH', 'QUERY', 'PROPFIND').map(({ method, ...input }) => ({
      title: `the method ${method} is sent`,
      input: { ...input, read: async (response: Response) => ((await response.json()) as Seen).method },
      expected: method,
    })),
    {
      title: 'the method patch is sent as it is written, which a server may refuse',
      input: { init: () => ({ method: 'patch' }), read: ({ status }) => status },
      expected: 400,
    },
    ...methods('CONNECT', 'trace', 'TRACK', 'GET POST', '', 'GÉT').map(({ method, ...input }) => ({
      title: `the method ${JSON.stringify(method)} is refused`,
      input,
      expected: refused,
    })),

    { title: 'a text', input: post(() => 'héllo'), expected: posted('hÃ©llo', 'text/plain;charset=UTF-8') },
    {
      title: 'a text with a content type of the caller',
      input: post(() => '{}', { headers: { 'Content-Type': 'application/json' } }),
      expected: posted('{}', 'application/json'),
    },
    {
      title: 'URLSearchParams',
      input: post(() => new URLSearchParams({ q: 'a b', é: '&' })),
      expected: posted('q=a+b&%C3%A9=%26', 'application/x-www-form-urlencoded;charset=UTF-8'),
    },
    {
      title: 'a Blob with a type',
      input: post(() => new Blob(['png'], { type: 'image/png' })),
      expected: posted('png', 'image/png'),
    },
    { title: 'a Blob without a type', input: post(() => new Blob(['raw'])), expected: posted('raw') },
    { title: 'an ArrayBuffer', input: post(() => new Uint8Array([65, 66]).buffer), expected: posted('AB') },
    { title: 'a typed array', input: post(() => new Uint16Array([0x4241])), expected: posted('AB') },
    {
      title: 'a view of a part of a buffer',
      input: post(() => new DataView(new Uint8Array([65, 66, 67]).buffer, 1)),
      expected: posted('BC'),
    },
    { title: 'an empty text', input: post(() => ''), expected: posted('', 'text/plain;charset=UTF-8') },
    { title: 'no body for a POST', input: post(() => null), expected: posted('') },
    {
      title: 'FormData',
      input: post(() => {
        const form = new FormData()
        form.append('a', 'b')
        form.append('f', new File(['z'], 'n.txt', { type: 'text/x' }))
        return form
      }),
      expected: seen(
        'POST',
        [
          '--B',
          'Content-Disposition: form-data; name="a"',
          '',
          'b',
          '--B',
          'Content-Disposition: form-data; name="f"; filename="n.txt"',
          'Content-Type: text/x',
          '',
          'z',
          '--B--',
          '',
        ].join('\r\n'),
        { 'content-type': 'multipart/form-data; boundary=B' },
      ),
    },
    {
      title: 'a ReadableStream',
      input: post(() => new Blob(['stream']).stream(), streamed),
      expected: seen('POST', 'stream', { 'transfer-encoding': 'chunked' }),
      differs: { ours: posted('stream'), ...kept },
    },
    {
      title: 'an async iterable',
      input: post(() => pieces('it', 'er'), streamed),
      expected: seen('POST', 'iter', { 'transfer-encoding': 'chunked' }),
      differs: { ours: posted('iter'), ...kept },
    },
    {
      title: 'a stream without duplex is refused',
      input: post(() => new Blob(['x']).stream()),
      expected: refused,
    },
    {
      title: 'a stream that has a reader is refused',
      input: post(() => {
        const stream = new Blob(['x']).stream()
        stream.getReader()
        return stream
      }, streamed),
      expected: refused,
    },
    { title: 'a GET with a body is refused', input: { init: () => ({ body: 'x' }) }, expected: refused },
    {
      title: 'a HEAD with an empty body is refused',
      input: { init: () => ({ method: 'HEAD', body: '' }) },
      expected: refused,
    },
    {
      title: 'an object as a body',
      input: post(() => ({ a: 1 }) as never),
      expected: posted('[object Object]', 'text/plain;charset=UTF-8'),
      differs: ownData,
    },
    {
      title: 'a number as a body',
      input: post(() => 5 as never),
      expected: posted('5', 'text/plain;charset=UTF-8'),
      differs: ownData,
    },

    {
      title: 'a Request with a body',
      input: { request: (url) => new Request(url, { method: 'PUT', body: 'r', headers: { 'x-own': '1' } }) },
      expected: seen('PUT', 'r', {
        'content-length': '1',
        'content-type': 'text/plain;charset=UTF-8',
        'x-own': '1',
      }),
    },
    {
      title: 'a Request, with options that go over it',
      input: {
        request: (url) => new Request(url, { method: 'PUT', body: 'r', headers: { 'x-own': '1' } }),
        init: () => ({ body: 'other', headers: { 'x-other': '2' } }),
      },
      expected: seen('PUT', 'other', {
        'content-length': '5',
        'content-type': 'text/plain;charset=UTF-8',
        'x-other': '2',
      }),
    },
    {
      title: 'a Request whose body was read is refused',
      input: {
        request: (url) => {
          const request = new Request(url, { method: 'POST', body: 'x' })
          void request.text()
          return request
        },
      },
      expected: refused,
    },

    {
      title: 'white space around the value of a header is taken off',
      input: header('x-own', ' \ta b\r\n'),
      expected: seen('GET', '', { 'x-own': 'a b' }),
    },
    {
      title: 'the value of a header may have the bytes of Latin-1',
      input: header('x-own', 'é'),
      expected: seen('GET', '', { 'x-own': 'é' }),
    },
    {
      title: 'an empty value of a header',
      input: header('x-own', ''),
      expected: seen('GET', '', { 'x-own': '' }),
    },
    {
      title: 'a number as the value of a header',
      input: header('x-own', 5),
      expected: seen('GET', '', { 'x-own': '5' }),
    },
    {
      title: 'two headers of one name',
      input: {
        init: () => ({
          headers: [
            ['x-own', '1'],
            ['X-Own', '2'],
          ],
        }),
      },
      expected: seen('GET', '', { 'x-own': '1, 2' }),
    },
    ...['a\nb', 'a\r\nx: y', 'a\0b', 'тест', '😀', 'a\x7fb'].map((value) => ({
      title: `the value ${JSON.stringify(value)} of a header is refused`,
      input: header('x-own', value),
      expected: refused,
    })),
    ...['', 'a b', 'a:', 'é', 'a\n'].map((name) => ({
      title: `the name ${JSON.stringify(name)} of a header is refused`,
      input: header(name, 'x'),
      expected: refused,
    })),
    {
      title: 'headers that are pairs of one are refused',
      input: { init: () => ({ headers: [['x']] as never }) },
      expected: refused,
    },
    {
      title: 'a header of the connection',
      input: header('transfer-encoding', 'chunked'),
      expected: refused,
      differs: { ours: seen('GET'), ...dropped },
    },
    {
      title: 'a referrer of another origin',
      input: { init: () => ({ referrer: 'http://a.test/page?q#f' }) },
      expected: seen('GET', '', { referer: 'http://a.test/' }),
    },
    {
      title: 'a referrer that is not to be sent',
      input: { init: () => ({ referrer: 'http://a.test/page', referrerPolicy: 'no-referrer' }) },
      expected: seen('GET'),
    },
    {
      title: 'a referrer that may be sent whole',
      input: { init: () => ({ referrer: 'http://a.test/page?q#f', referrerPolicy: 'unsafe-url' }) },
      expected: seen('GET', '', { referer: 'http://a.test/page?q' }),
    },
    {
      title: 'cache: no-store',
      input: { init: () => ({ cache: 'no-store' }) },
      expected: seen('GET', '', { 'cache-control': 'no-cache', pragma: 'no-cache' }),
    },
    {
      title: 'options of a browser that mean nothing here',
      input: {
        init: () => ({ keepalive: true, credentials: 'omit', mode: 'cors', priority: 'high', window: null }),
      },
      expected: seen('GET'),
    },
    {
      title: 'integrity that fits',
      input: { path: '/hi', init: () => ({ integrity: hi }), read: text },
      expected: 'hi',
    },
    ...(
      [
        ['mode', 'navigate'],
        ['cache', 'only-if-cached'],
        ['cache', 'yes'],
        ['credentials', 'always'],
        ['duplex', 'full'],
        ['signal', {}],
        ['referrer', 'http://['],
        ['window', {}],
      ] as const
    ).map(([name, value]) => ({
      title: `${name}: ${JSON.stringify(value)} is refused`,
      input: { init: () => ({ [name]: value }) as FetchInit },
      expected: refused,
    })),
    {
      title: 'a user and a password in the URL',
      input: { url: (origin) => `${origin.replace('//', '//%C3%BC:p%40@')}/echo` },
      expected: refused,
      differs: {
        ours: seen('GET', '', { authorization: 'Basic w7w6cEA=' }),
        why: 'they are sent as Authorization: Basic, as curl does, and are never printed',
      },
    },
    ...['file:///etc/hosts', 'about:blank', 'http://', '//x/', '/x', 'http://a b/', ''].map((url) => ({
      title: `${JSON.stringify(url)} is no URL of the web`,
      input: { url: () => url },
      expected: refused,
    })),
    {
      title: 'a data: URL',
      input: { url: () => 'data:,hi', read: text },
      expected: 'hi',
      differs: { ours: refused, why: 'a crawler asks hosts' },
    },

    {
      title: 'what an answer says of itself',
      input: {
        path: '/status/404/Not%20Here#part',
        read: (response) => ({
          ...{ status: response.status, statusText: response.statusText, ok: response.ok },
          ...{
            type: response.type,
            path: response.url.replace(/^.*:\d+/, ''),
            redirected: response.redirected,
          },
        }),
      },
      expected: {
        ...{ status: 404, statusText: 'Not Here', ok: false },
        ...{ type: 'basic', path: '/status/404/Not%20Here', redirected: false },
      },
    },
    ...[204, 205, 304].map((status) => ({
      title: `an answer with status ${status} has no body, and keeps its headers`,
      input: {
        path: `/status/${status}`,
        read: async (response: Response) => [
          response.body,
          await response.text(),
          response.headers.get('x-a'),
        ],
      },
      expected: [null, '', '1'],
    })),
    {
      title: 'the answer to a HEAD keeps content-length, and has no body',
      input: {
        path: '/hi',
        init: () => ({ method: 'HEAD' }),
        read: async (response) => [
          response.headers.get('content-length'),
          response.body,
          await response.text(),
        ],
      },
      expected: ['2', null, ''],
    },
    {
      title: 'content-encoding and content-length of a packed page stay, and its body is unpacked',
      input: {
        path: '/packed',
        read: async (response) => {
          const { headers } = response
          return [headers.get('content-encoding'), headers.get('content-length'), await response.text()]
        },
      },
      expected: ['gzip', String(packed.length), 'packed'],
    },
    {
      title: 'cookies stay apart',
      input: { path: '/cookies', read: ({ headers }) => [headers.getSetCookie(), headers.get('x-b')] },
      expected: [['a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT', 'b=2'], '1, 2'],
    },
    { title: 'text()', input: { path: '/hi', read: text }, expected: 'hi' },
    {
      title: 'bytes()',
      input: { path: '/hi', read: async (each) => [...(await each.bytes())] },
      expected: [104, 105],
    },
    {
      title: 'blob(), with its type',
      input: { path: '/form', read: async (each) => (await each.blob()).type },
      expected: 'application/x-www-form-urlencoded',
    },
    {
      title: 'formData()',
      input: { path: '/form', read: async (each) => [...(await each.formData())] },
      expected: [
        ['a', '1'],
        ['b', '2'],
      ],
    },
    {
      title: 'a body is read once',
      input: {
        path: '/hi',
        read: async (response) => {
          const before = response.bodyUsed
          await response.text()
          return [before, response.bodyUsed, await response.json().catch(({ name }) => name)]
        },
      },
      expected: [false, true, 'TypeError'],
    },
    {
      title: 'clone() is the same answer with a body of its own',
      input: {
        path: '/hi',
        read: async (response) => {
          const copy = response.clone()
          return [copy.url === response.url, copy.type, await response.text(), await copy.text()]
        },
      },
      expected: [true, 'basic', 'hi', 'hi'],
    },
    {
      title: 'clone() of what was read is a TypeError',
      input: {
        path: '/hi',
        read: async (response) => {
          await response.text()
          try {
            return response.clone()
          } catch (error) {
            return (error as Error).name
          }
        },
      },
      expected: 'TypeError',
    },
    {
      title: 'a body that was cancelled is used',
      input: {
        path: '/hi',
        read: async (response) => {
          await response.body?.cancel()
          return [response.bodyUsed, await response.text().catch(({ name }) => name)]
        },
      },
      expected: [true, 'TypeError'],
    },
    {
      title: 'a signal that has aborted with a reason',
      input: { init: () => ({ signal: AbortSignal.abort('my reason') }) },
      expected: 'my reason',
    },
    {
      title: 'a signal that has aborted without one',
      input: { init: () => ({ signal: AbortSignal.abort() }) },
      expected: 'AbortError',
    },
    {
      title: 'a signal that times out while the host is silent',
      input: { path: '/silent', init: () => ({ signal: AbortSignal.timeout(30) }) },
      expected: 'TimeoutError',
    },
    {
      title: 'the signal of a Request',
      input: { request: (url) => new Request(url, { signal: AbortSignal.abort('its reason') }) },
      expected: 'its reason',
    },
  ],
}
