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

const method = (before: string, status: number, after: string, keeps = false) => ({
  title: `a ${before} answered by ${status} becomes a ${after}${keeps ? ' with its body' : ''}`,
  input: {
    method: before,
    status,
    location: '/next',
    ...(before === 'POST' || before === 'PUT' ? { body: 'a=1' } : {}),
    headers: { 'content-type': 'text/plain', 'content-language': 'de', accept: 'text/*' },
  },
  expected: {
    method: after,
    url: 'http://a.test/next',
    headers:
      before === after
        ? { 'content-type': 'text/plain', 'content-language': 'de', accept: 'text/*' }
        : { accept: 'text/*' },
    ...(keeps && { body: 'a=1' }),
  },
})

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

/** Where an answer leads, and what is asked there. */
export const standard: Standard<Redirected, Followed> = {
  name: 'Fetch, HTTP-redirect fetch',
  about: 'redirects: which answers are some, where they lead, and what is asked there',
  source:
    'facts of the Fetch standard and of WPT (fetch/api/redirect, 3-clause BSD); RFC 9110, 10.2.2 and 15.4; what browsers and curl do',
  cases: [
    method('GET', 301, 'GET'),
    method('GET', 302, 'GET'),
    method('GET', 303, 'GET'),
    method('GET', 307, 'GET'),
    method('GET', 308, 'GET'),
    method('HEAD', 301, 'HEAD'),
    method('HEAD', 302, 'HEAD'),
    method('HEAD', 303, 'HEAD'),
    method('HEAD', 307, 'HEAD'),
    method('HEAD', 308, 'HEAD'),
    method('POST', 301, 'GET'),
    method('POST', 302, 'GET'),
    method('POST', 303, 'GET'),
    method('POST', 307, 'POST', true),
    method('POST', 308, 'POST', true),
    method('PUT', 301, 'PUT', true),
    method('PUT', 302, 'PUT', true),
    method('PUT', 303, 'GET'),
    method('PUT', 307, 'PUT', true),
    method('DELETE', 303, 'GET'),
    method('TESTING', 301, 'TESTING'),
    method('TESTING', 302, 'TESTING'),
    method('TESTING', 303, 'GET'),
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
    {
      title: 'an absolute URL',
      input: { location: 'https://b.test:8443/x?y=1' },
      expected: 'https://b.test:8443/x?y=1',
    },
    { title: 'a URL without a scheme', input: { location: '//b.test/x' }, expected: 'http://b.test/x' },
    { title: 'an absolute path', input: { location: '/x' }, expected: 'http://a.test/x' },
    { title: 'a path beside the page', input: { location: 'x' }, expected: 'http://a.test/dir/x' },
    { title: 'a path above the page', input: { location: '../../x' }, expected: 'http://a.test/x' },
    { title: 'a query alone', input: { location: '?p=2' }, expected: 'http://a.test/dir/page?p=2' },
    { title: 'a fragment alone', input: { location: '#top' }, expected: 'http://a.test/dir/page?q=1#top' },
    {
      title: 'an empty Location is the page itself',
      input: { location: '' },
      expected: 'http://a.test/dir/page?q=1',
    },
    { title: 'blanks around it', input: { location: '  /x \t' }, expected: 'http://a.test/x' },
    { title: 'blanks within it', input: { location: '/a b?c d' }, expected: 'http://a.test/a%20b?c%20d' },
    { title: 'backslashes', input: { location: '\\\\b.test\\x' }, expected: 'http://b.test/x' },
    {
      title: 'one slash behind the scheme',
      input: { location: 'https:/b.test/x' },
      expected: 'https://b.test/x',
    },
    {
      title: 'no slash behind the same scheme',
      input: { location: 'http:x' },
      expected: 'http://a.test/dir/x',
    },
    { title: 'upper case', input: { location: 'HTTPS://B.TEST/X' }, expected: 'https://b.test/X' },
    {
      title: 'a usual port that is said',
      input: { location: 'http://b.test:80/x' },
      expected: 'http://b.test/x',
    },
    {
      title: 'UTF-8 bytes in a path',
      input: { location: utf8('/größe/æ') },
      expected: 'http://a.test/gr%C3%B6%C3%9Fe/%C3%A6',
    },
    {
      title: 'UTF-8 bytes in a query',
      input: { location: utf8('/x?q=größe') },
      expected: 'http://a.test/x?q=gr%C3%B6%C3%9Fe',
    },
    {
      title: 'UTF-8 bytes in a fragment',
      input: { location: utf8('/x#größe') },
      expected: 'http://a.test/x#gr%C3%B6%C3%9Fe',
    },
    {
      title: 'UTF-8 bytes in a host',
      input: { location: utf8('http://bücher.test/') },
      expected: 'http://xn--bcher-kva.test/',
    },
    {
      title: 'Latin-1 bytes stay those bytes',
      input: { location: '/gr\xf6\xdfe?\xe4' },
      expected: 'http://a.test/gr%F6%DFe?%E4',
    },
    { title: 'bytes that are no text', input: { location: '/\x80\xff' }, expected: 'http://a.test/%80%FF' },
    {
      title: 'what is escaped already',
      input: { location: '/a%20b%C3%A6' },
      expected: 'http://a.test/a%20b%C3%A6',
    },
    {
      title: 'a fragment of the request stays',
      input: { url: 'http://a.test/#old', location: '/x' },
      expected: 'http://a.test/x#old',
    },
    {
      title: 'a fragment of the redirect goes over it',
      input: { url: 'http://a.test/#old', location: '/x#new' },
      expected: 'http://a.test/x#new',
    },
    {
      title: 'an empty fragment goes over it too',
      input: { url: 'http://a.test/#old', location: '/x#' },
      expected: 'http://a.test/x#',
    },
    {
      title: 'two headers that are equal are one',
      input: { location: ['/x', '/x'] },
      expected: 'http://a.test/x',
    },
    {
      title: 'two headers that differ lead nowhere',
      input: { location: ['/x', '/y'] },
      expected: 'redirect-not-web',
    },
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
        { 'x-api-key': 'k', accept: '*/*' },
        secrets,
      ),
      expected: {
        method: 'GET',
        url: 'https://a.test/x',
        headers: { 'x-api-key': 'k', cookie: 'a=1', accept: '*/*' },
      },
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
