import type { Standard } from './standard.ts'

/** A request, and what a server answers it. */
export interface Redirected {
  /** Default `http://a.test/dir/page?q=1`. */
  readonly url?: string
  /** Default GET. */
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Default 302. */
  readonly status?: number
  /** As bytes, one character each; undefined for no such header, an array for several of them. */
  readonly location?: string | readonly string[]
}

/** What is asked next: a GET by its URL alone, or what differs from one; that it is a page; or that it ends. */
export type Followed =
  | string
  | { readonly method: string; readonly url: string; readonly headers?: object; readonly body?: string }

const headers = { 'content-type': 'text/plain', 'content-language': 'de', accept: 'text/*' }
const becomes = (after: string, before: string, statuses: readonly number[]) => {
  const body = before === 'POST' || before === 'PUT' ? { body: 'a=1' } : {}
  const kept = before === after ? { headers, ...body } : { headers: { accept: 'text/*' } }
  return statuses.map((status) => ({
    title: `a ${before} answered by ${status} becomes a ${after}${'body' in kept ? ' with its body' : ''}`,
    input: { method: before, status, location: '/next', ...body, headers },
    expected: { method: after, url: 'http://a.test/next', ...kept },
  }))
}

const utf8 = (text: string) => Buffer.from(text).toString('latin1')
const leaves = (
  title: string,
  url: string,
  location: string,
  headers: object,
  given: Record<string, string>,
) => ({
  title,
  input: { url, location, headers: given },
  expected: { method: 'GET', url: new URL(location, url).href, headers },
})
const secrets = { authorization: 'Bearer x', cookie: 'a=1', 'x-api-key': 'k', accept: '*/*' }

/** `Location` headers, where they lead, and from where, if not from the usual page. */
const places: readonly [title: string, location: string | readonly string[], leads: string, from?: string][] =
  [
    ['an absolute URL', 'https://b.test:8443/x?y=1', 'https://b.test:8443/x?y=1'],
    ['a URL without a scheme', '//b.test/x', 'http://b.test/x'],
    ['an absolute path', '/x', 'http://a.test/x'],
    ['a path beside the page', 'x', 'http://a.test/dir/x'],
    ['a path above the page', '../../x', 'http://a.test/x'],
    ['a query alone', '?p=2', 'http://a.test/dir/page?p=2'],
    ['a fragment alone', '#top', 'http://a.test/dir/page?q=1#top'],
    ['an empty Location is the page itself', '', 'http://a.test/dir/page?q=1'],
    ['blanks around it', '  /x \t', 'http://a.test/x'],
    ['blanks within it', '/a b?c d', 'http://a.test/a%20b?c%20d'],
    ['backslashes', '\\\\b.test\\x', 'http://b.test/x'],
    ['one slash behind the scheme', 'https:/b.test/x', 'https://b.test/x'],
    ['no slash behind the same scheme', 'http:x', 'http://a.test/dir/x'],
    ['upper case', 'HTTPS://B.TEST/X', 'https://b.test/X'],
    ['a usual port that is said', 'http://b.test:80/x', 'http://b.test/x'],
    ['UTF-8 bytes in a path', utf8('/größe/æ'), 'http://a.test/gr%C3%B6%C3%9Fe/%C3%A6'],
    ['UTF-8 bytes in a query', utf8('/x?q=größe'), 'http://a.test/x?q=gr%C3%B6%C3%9Fe'],
    ['UTF-8 bytes in a fragment', utf8('/x#größe'), 'http://a.test/x#gr%C3%B6%C3%9Fe'],
    ['UTF-8 bytes in a host', utf8('http://bücher.test/'), 'http://xn--bcher-kva.test/'],
    ['Latin-1 bytes stay those bytes', '/gr\xf6\xdfe?\xe4', 'http://a.test/gr%F6%DFe?%E4'],
    ['bytes that are no text', '/\x80\xff', 'http://a.test/%80%FF'],
    ['what is escaped already', '/a%20b%C3%A6', 'http://a.test/a%20b%C3%A6'],
    ['a fragment of the request stays', '/x', 'http://a.test/x#old', 'http://a.test/#old'],
    ['a fragment of the redirect goes over it', '/x#new', 'http://a.test/x#new', 'http://a.test/#old'],
    ['an empty fragment goes over it too', '/x#', 'http://a.test/x#', 'http://a.test/#old'],
    ['two headers that are equal are one', ['/x', '/x'], 'http://a.test/x'],
    ['two headers that differ lead nowhere', ['/x', '/y'], 'redirect-not-web'],
  ]

/** Where an answer leads, and what is asked there. */
export const standard: Standard<Redirected, Followed> = {
  name: 'Fetch, HTTP-redirect fetch',
  about: 'redirects: which answers are some, where they lead, and what is asked there',
  source:
    'facts of the Fetch standard and of WPT (fetch/api/redirect, 3-clause BSD); RFC 9110, 10.2.2 and 15.4; what browsers and curl do',
  cases: [
    ...becomes('GET', 'GET', [301, 302, 303, 307, 308]),
    ...becomes('HEAD', 'HEAD', [301, 302, 303, 307, 308]),
    ...becomes('GET', 'POST', [301, 302, 303]),
    ...becomes('POST', 'POST', [307, 308]),
    ...becomes('PUT', 'PUT', [301, 302]),
    ...becomes('GET', 'PUT', [303]),
    ...becomes('PUT', 'PUT', [307]),
    ...becomes('GET', 'DELETE', [303]),
    ...becomes('TESTING', 'TESTING', [301, 302]),
    ...becomes('GET', 'TESTING', [303]),
    ...[300, 304, 305, 306, 309, 399, 200, 201].map((status) => ({
      title: `${status} with a Location is a page`,
      input: { status, location: '/next' },
      expected: 'a page',
    })),
    ...[301, 302, 303, 307, 308].map((status) => ({
      title: `${status} without a Location is a page`,
      input: { status },
      expected: 'a page',
    })),
    ...places.map(([title, location, expected, url]) => ({
      title,
      input: { ...(url !== undefined && { url }), location },
      expected,
    })),
    ...[
      'mailto:a@a.test',
      'data:text/html,hello',
      'file:///etc/passwd',
      'ftp://a.test/x',
      'javascript:alert(1)',
      'about:blank',
      'blob:http://a.test/1',
      'ws://a.test/',
      'invalidurl:',
      'http://',
      'http://[',
      'http://a b.test/',
      'http://a.test:99999/',
    ].map((location) => ({
      title: `${location} leads nowhere`,
      input: { location },
      expected: 'redirect-not-web',
    })),
    leaves('what proves who we are stays within the origin', 'http://a.test/', '/x', secrets, secrets),
    leaves('it does not go to another host', 'http://a.test/', 'http://b.test/x', { accept: '*/*' }, secrets),
    leaves('nor to a host below', 'http://a.test/', 'http://www.a.test/x', { accept: '*/*' }, secrets),
    leaves('nor to another port', 'http://a.test/', 'http://a.test:81/x', { accept: '*/*' }, secrets),
    leaves('nor from TLS to plain HTTP', 'https://a.test/', 'http://a.test/x', { accept: '*/*' }, secrets),
    {
      ...leaves(
        'to TLS of the same host',
        'http://a.test/',
        'https://a.test/x',
        { 'x-api-key': 'k', cookie: 'a=1', accept: '*/*' },
        secrets,
      ),
      differs: {
        ours: { method: 'GET', url: 'https://a.test/x', headers: { 'x-api-key': 'k', accept: '*/*' } },
        why: 'a Cookie header of the caller was written for one origin; the cookies that a site sets go along by their own rules',
      },
    },
    {
      title: 'a login in it is for that host alone, and does not stay in the URL',
      input: { location: 'http://ann:p%40ss@b.test/x' },
      expected: { method: 'GET', url: 'http://b.test/x', headers: { authorization: 'Basic YW5uOnBAc3M=' } },
    },
  ],
}
