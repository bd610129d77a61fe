import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { type Answer, first, head, html, keep, marker, page, paths, raw, type ToleranceCase } from './case.ts'

/** Heads, lengths, chunks and codings as servers send them. */
const body = html(`<p>${marker}</p>`)
const type = 'Content-Type: text/html'
const length = `Content-Length: ${body.length}`
const chunked = 'Transfer-Encoding: chunked'
const size = body.length.toString(16)
const chunks = `${size}\r\n${body}\r\n0\r\n\r\n`
const closing = 'Connection: close'

const wire = (title: string, answer: Answer, more: Partial<ToleranceCase> = {}): ToleranceCase => ({
  title,
  needs: 'page',
  answer: first(answer),
  ...more,
})

const coded = (coding: string, bytes: Buffer) => page(bytes, 'text/html', `Content-Encoding: ${coding}`)
const zipped = gzipSync(body)
const linked = html('<a href="/none">none</a> <a href="/found">found</a>')

export const wireCases: readonly ToleranceCase[] = [
  wire('an unasked 100 Continue', raw('HTTP/1.1 100 Continue\r\n\r\n', head('200 OK', type, length), body)),
  wire(
    'two interim answers and early hints',
    raw(
      `HTTP/1.1 100 Continue\r\n\r\n${head('103 Early Hints', 'Link: </style.css>; rel=preload')}${head('102 Processing')}`,
      head('200 OK', type, length),
      body,
    ),
  ),
  wire('a header of 60 KB', raw(head('200 OK', `X-Policy: ${'a'.repeat(60_000)}`, type, length), body)),
  wire(
    'headers of 100 KB',
    raw(
      head(
        '200 OK',
        ...Array.from({ length: 100 }, (_, at) => `X-${at}: ${'b'.repeat(1_000)}`),
        type,
        length,
      ),
      body,
    ),
  ),
  wire(
    'headers of 200 KB',
    raw(
      head(
        '200 OK',
        ...Array.from({ length: 200 }, (_, at) => `X-${at}: ${'b'.repeat(1_000)}`),
        type,
        length,
      ),
      body,
    ),
  ),
  wire(
    '400 headers',
    raw(head('200 OK', ...Array.from({ length: 400 }, (_, at) => `X-${at}: b`), type, length), body),
  ),
  wire('a folded header', raw(head('200 OK', 'X-Folded: one', '  two', '\tthree', type, length), body)),
  wire(
    'a folded content type',
    raw(head('200 OK', 'Content-Type: text/html;', ' charset=utf-8', length), body),
  ),
  wire('a head with bare line feeds', raw(`HTTP/1.1 200 OK\n${type}\n${length}\n\n${body}`)),
  wire('a head with both ends of lines', raw(`HTTP/1.1 200 OK\r\n${type}\n${length}\r\n\n${body}`)),
  wire('chunks with bare line feeds', raw(head('200 OK', type, chunked), `${size}\n${body}\n0\n\n`)),
  wire(
    'a space before the colon',
    raw(head('200 OK', 'Content-Type : text/html', `Content-Length : ${body.length}`), body),
  ),
  wire('the same length twice', raw(head('200 OK', type, length, length), body)),
  wire('the same length twice in one header', raw(head('200 OK', type, `${length}, ${body.length}`), body)),
  wire('a length with a plus sign', raw(head('200 OK', type, `Content-Length: +${body.length}`), body)),
  wire('a length with leading zeros', raw(head('200 OK', type, `Content-Length: 000${body.length}`), body)),
  wire('a length that is no number', raw(head('200 OK', type, 'Content-Length: many', closing), body), {
    isHopeless: true,
  }),
  wire('a negative length', raw(head('200 OK', type, 'Content-Length: -1', closing), body), {
    isHopeless: true,
  }),
  wire('an empty length', raw(head('200 OK', type, 'Content-Length:', closing), body)),
  wire('two different lengths', raw(head('200 OK', type, length, 'Content-Length: 5', closing), body), {
    isHopeless: true,
  }),
  wire('a length beside chunks', raw(head('200 OK', type, 'Content-Length: 10', chunked), chunks)),
  wire(
    'chunk sizes padded with spaces',
    raw(head('200 OK', type, chunked), `${size}   \r\n${body}\r\n0   \r\n\r\n`),
  ),
  wire(
    'chunk sizes with spaces before',
    raw(head('200 OK', type, chunked), `  ${size}\r\n${body}\r\n0\r\n\r\n`),
  ),
  wire(
    'chunk sizes with leading zeros',
    raw(head('200 OK', type, chunked), `0000${size}\r\n${body}\r\n0000\r\n\r\n`),
  ),
  wire(
    'chunk extensions',
    raw(head('200 OK', type, chunked), `${size};name="a;b"\r\n${body}\r\n0;end\r\n\r\n`),
  ),
  wire(
    'trailers',
    raw(head('200 OK', type, chunked, 'Trailer: X-Sum'), `${size}\r\n${body}\r\n0\r\nX-Sum: 1\r\n\r\n`),
  ),
  wire(
    'no empty line after the last chunk',
    raw(head('200 OK', type, chunked), `${size}\r\n${body}\r\n0\r\n`),
  ),
  wire('no last chunk', raw(head('200 OK', type, chunked, closing), `${size}\r\n${body}\r\n`), {
    isHopeless: true,
  }),
  wire('Chunked with a capital', raw(head('200 OK', type, 'Transfer-Encoding: Chunked '), chunks)),
  wire('transfer coding identity', raw(head('200 OK', type, 'Transfer-Encoding: identity', length), body)),
  wire(
    'chunks of a byte each',
    raw(head('200 OK', type, chunked), [...body].map((byte) => `1\r\n${byte}\r\n`).join(''), '0\r\n\r\n'),
  ),
  wire('bytes behind the body', raw(head('200 OK', type, length), `${body}\r\n\r\n<!-- 12 ms -->`)),
  wire('bytes behind the last chunk', raw(head('200 OK', type, chunked), `${chunks}\r\n`)),
  wire(
    'a body longer than the connection lasts',
    raw(head('200 OK', type, `Content-Length: ${body.length + 100}`), body),
    { isHopeless: true },
  ),
  wire(
    'bytes behind a 204',
    { pieces: [], after: 'keep' },
    {
      needs: 'crawl',
      answer: paths({
        '/': page(linked),
        '/none': keep(raw(head('204 No Content', 'Content-Length: 5'), 'stray')),
        '/found': page(),
      }),
    },
  ),
  wire(
    'a 304 that nobody asked for, then the page',
    { pieces: [], after: 'keep' },
    {
      needs: 'crawl',
      answer: paths({
        '/': page(linked),
        '/none': keep(raw(head('304 Not Modified', 'Content-Length: 9'))),
        '/found': page(),
      }),
    },
  ),
  wire(
    'a connection that closes after each answer without a word',
    { pieces: [], after: 'keep' },
    {
      needs: 'crawl',
      answer: paths({
        '/': { ...page(linked), after: 'close' },
        '/none': { ...page(html('none')), after: 'close' },
        '/found': { ...page(), after: 'close' },
      }),
    },
  ),
  wire('no length, HTTP/1.1, closed at the end', raw(head('200 OK', type), body)),
  wire('no length, HTTP/1.0', raw(`HTTP/1.0 200 OK\r\n${type}\r\n\r\n`, body)),
  wire('HTTP/1.0 with bare line feeds', raw(`HTTP/1.0 200 OK\n${type}\n\n`, body)),
  wire('HTTP/1.0 in chunks', raw(`HTTP/1.0 200 OK\r\n${type}\r\n${chunked}\r\n\r\n${chunks}`)),
  wire('a status line without a reason', raw(`HTTP/1.1 200\r\n${type}\r\n${length}\r\n\r\n${body}`)),
  wire('a status line with a space at its end', raw(`HTTP/1.1 200 \r\n${type}\r\n${length}\r\n\r\n${body}`)),
  wire(
    'a reason in Cyrillic',
    raw(Buffer.from(`HTTP/1.1 200 Всё хорошо\r\n${type}\r\n${length}\r\n\r\n${body}`)),
  ),
  wire('empty lines before the status line', raw(`\r\n\r\n${head('200 OK', type, length)}${body}`)),
  wire('a line without a colon', raw(head('200 OK', 'This is no header', type, length), body)),
  wire('a header without a name', raw(head('200 OK', ': nameless', type, length), body)),
  wire('a header name with a space', raw(head('200 OK', 'X Powered By: us', type, length), body)),
  wire('a header name in brackets', raw(head('200 OK', 'X-(odd)[name]: us', type, length), body)),
  wire(
    'header values in UTF-8',
    raw(Buffer.from(head('200 OK', 'X-Title: Größe 漢字', type, length) + body)),
  ),
  wire('header values in latin1', raw(head('200 OK', 'X-Title: Gr\xf6\xdfe', type, length), body)),
  wire('a control character in a header', raw(head('200 OK', 'X-Title: a\x01b\x7f', type, length), body)),
  wire(
    'a tab before a value',
    raw(head('200 OK', 'X-Title:\t\tone', 'Content-Type:text/html', length), body),
  ),
  wire('status 203', raw(head('203 Non-Authoritative Information', type, length), body)),
  wire('a byte at a time', { pieces: [...head('200 OK', type, length), body], after: 'keep' }),
  wire('a reset behind a whole body', { pieces: [head('200 OK', type, length), body], after: 'reset' }),
  wire('gzip', coded('gzip', zipped)),
  wire('junk behind gzip', coded('gzip', Buffer.concat([zipped, Buffer.from('\0\0junk')]))),
  wire(
    'gzip in two members',
    coded('gzip', Buffer.concat([gzipSync(body.slice(0, 20)), gzipSync(body.slice(20))])),
  ),
  wire('x-gzip', coded('x-gzip', zipped)),
  wire('GZIP in capitals', coded('GZIP', zipped)),
  wire('gzip twice', coded('gzip, gzip', gzipSync(zipped))),
  wire('gzip cut short', coded('gzip', zipped.subarray(0, -8))),
  wire('deflate', coded('deflate', deflateSync(body))),
  wire('deflate without a header', coded('deflate', deflateRawSync(body))),
  wire('brotli', coded('br', brotliCompressSync(body))),
  wire('a coding that is a charset', page(body, 'text/html', 'Content-Encoding: utf-8')),
  wire('coding identity', page(body, 'text/html', 'Content-Encoding: identity')),
  wire('coding none', page(body, 'text/html', 'Content-Encoding: none')),
  wire('gzip that is none', page(body, 'text/html', 'Content-Encoding: gzip'), { isHopeless: true }),
  wire(
    'gzip in chunks',
    raw(
      head('200 OK', type, chunked, 'Content-Encoding: gzip'),
      Buffer.concat([Buffer.from(`${zipped.length.toString(16)}\r\n`), zipped, Buffer.from('\r\n0\r\n\r\n')]),
    ),
  ),
  wire('TLS', page(), { secure: true, host: 'localhost' }),
  // Not every resolver knows this name.
  wire('a trailing dot in the host', page(), { secure: true, host: 'localhost.', isHopeless: true }),
  wire('TLS that ends without a farewell', raw(head('200 OK', type, length), body), {
    secure: true,
    host: 'localhost',
  }),
]
