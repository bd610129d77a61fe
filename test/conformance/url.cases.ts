import { readRows } from './data/read.ts'
import type { Case, Standard } from './standard.ts'

interface Link {
  readonly reference: string
  /** The document's URL, or that of its `base` element. */
  readonly base: string | undefined
  /** The document's. Default `utf-8`. */
  readonly encoding?: string
}

type UrlCase = Case<Link, string | undefined>

const withPassword =
  'a URL with user or password is refused, because what is stored and logged of a crawl names URLs'

const parsed = readRows<[reference: string, base: string | null, href: string | null]>('urls.json').map(
  ([reference, base, href]): UrlCase => {
    const expected = href?.replace(/#.*/s, '')
    const isSecret = expected !== undefined && /^https?:\/\/[^/]*@/.test(expected)
    return {
      title: `${JSON.stringify(reference)} ${base === null ? 'alone' : `in ${base}`}`,
      input: { reference, base: base ?? undefined },
      expected,
      ...(isSecret && { differs: { ours: undefined, why: withPassword } }),
    }
  },
)

const hosts = readRows<[host: string, ascii: string | null]>('hosts.json').map(
  ([host, ascii]): UrlCase => ({
    title: `the host ${JSON.stringify(host)}`,
    input: { reference: `https://${host}/x`, base: undefined },
    expected: ascii === null ? undefined : `https://${ascii}/x`,
  }),
)

/** Text of a query, and what it is in the encoding of a document. */
const queries: readonly [text: string, encoding: string, escaped: string][] = [
  ['\u2020', 'big5', '%26%238224%3B'],
  ['\u2020', 'euc-kr', '%A2%D3'],
  ['\u2020', 'utf-8', '%E2%80%A0'],
  ['\u2020', 'windows-1252', '%86'],
  ['\u000eA', 'big5', '%0EA'],
  ['\u000eA', 'iso-2022-jp', '%26%2365533%3BA'],
  ['\u000eA', 'utf-8', '%0EA'],
  ['\u203e\\', 'iso-2022-jp', '%1B(J~%1B(B\\'],
  ['\u203e\\', 'utf-8', '%E2%80%BE\\'],
  ['\ue5e5', 'gb18030', '%26%2358853%3B'],
  ['\u2212', 'shift_jis', '%81|'],
  ['\u00a2', 'iso-8859-2', '%26%23162%3B'],
  ['á|', 'utf-8', '%C3%A1|'],
  ['\u00e5', 'utf-16le', '%C3%A5'],
  ['\u00e5', 'utf-16be', '%C3%A5'],
  ['\u00e5', 'windows-1252', '%E5'],
  ['\u00e5', 'windows-1251', '%26%23229%3B'],
  ['\ud800', 'windows-1252', '%26%2365533%3B'],
  ['\ud800', 'utf-8', '%EF%BF%BD'],
  ['ж', 'windows-1251', '%E6'],
  ['ж', 'koi8-r', '%D6'],
  ['ж', 'iso-8859-5', '%D6'],
  ['ж', 'replacement', '%D0%B6'],
  ['日本', 'shift_jis', '%93%FA%96{'],
  ['日本', 'euc-jp', '%C6%FC%CB%DC'],
  ['日本', 'iso-2022-jp', '%1B$BF|K\\%1B(B'],
  ['中', 'gbk', '%D6%D0'],
  ['中', 'big5', '%A4%A4'],
  ['한', 'euc-kr', '%C7%D1'],
  ['\u20ac', 'gbk', '%80'],
  ['\u20ac', 'gb18030', '%A2%E3'],
  ['\u{1f600}', 'gb18030', '%949%FC6'],
  ['\u{1f600}', 'gbk', '%26%23128512%3B'],
  ['\uf780', 'x-user-defined', '%80'],
  ['"\'<>`ü', 'windows-1252', '%22%27%3C%3E`%FC'],
  ['%C3%BC&ü', 'windows-1252', '%C3%BC&%FC'],
]

const encoded = queries.map(
  ([text, encoding, escaped]): UrlCase => ({
    title: `the query ${JSON.stringify(text)} in a document in ${encoding}`,
    input: { reference: `/p?${text}`, base: 'http://a.example/', encoding },
    expected: `http://a.example/p?${escaped}`,
  }),
)

const elsewhere: readonly UrlCase[] = [
  {
    title: 'a path is UTF-8 whatever the document is in',
    input: { reference: '/ж/?ж#ж', base: 'http://a.example/', encoding: 'windows-1251' },
    expected: 'http://a.example/%D0%B6/?%E6',
  },
  {
    title: 'a host is no query either',
    input: { reference: '//bücher.example/?ü', base: 'http://a.example/', encoding: 'iso-8859-2' },
    expected: 'http://xn--bcher-kva.example/?%FC',
  },
  {
    title: 'tabs and line ends in a query are left out before it is encoded',
    input: { reference: ' ?a=ü\t\r\nü \u0000', base: 'http://a.example/', encoding: 'windows-1252' },
    expected: 'http://a.example/?a=%FC%FC',
  },
  {
    title: 'a question mark in a fragment begins no query',
    input: { reference: '#ü?ü', base: 'http://a.example/?b', encoding: 'windows-1252' },
    expected: 'http://a.example/?b',
  },
  {
    title: 'an empty query keeps its question mark',
    input: { reference: '/a?', base: 'http://a.example/' },
    expected: 'http://a.example/a?',
  },
  {
    title: 'escapes are sent as they stand',
    input: { reference: '/%7Ea%2fb%2F%?%7e=%ff', base: 'http://a.example/' },
    expected: 'http://a.example/%7Ea%2fb%2F%?%7e=%ff',
  },
  {
    title: 'another scheme is not fetched',
    input: { reference: 'javascript:?ü', base: 'http://a.example/', encoding: 'windows-1252' },
    expected: undefined,
  },
  {
    title: 'a URL of two megabytes is a URL',
    input: { reference: `/${'a'.repeat(2_000_000)}`, base: 'http://a.example/' },
    expected: `http://a.example/${'a'.repeat(2_000_000)}`,
  },
]

/** What is asked for when a document links to something: absolute, http or https, without the fragment. */
export const standard: Standard<Link, string | undefined> = {
  name: 'URL Standard',
  about: 'links as browsers resolve them, and the encoding of their query',
  source:
    'web-platform-tests (BSD-3-Clause): all http and https cases of urltestdata.json, toascii.json, percent-encoding.json and query-encoding; own cases',
  cases: [...parsed, ...hosts, ...encoded, ...elsewhere],
}
