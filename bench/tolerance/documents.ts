import { html, marker, page, paths, type ToleranceCase } from './case.ts'

/** Encodings, content types and the places in a document that lead on. */
const found = page()

/** The first page leads to /found, or to another path, by this markup. */
const leads = (title: string, markup: string, to = '/found', type?: string): ToleranceCase => ({
  title,
  needs: 'crawl',
  answer: paths({ '/': page(markup.includes('<html') ? markup : html(markup), type), [to]: found }),
})

const reads = (
  title: string,
  expected: string,
  body: Buffer | string,
  type = 'text/html',
  more: Partial<ToleranceCase> = {},
): ToleranceCase => ({
  title,
  needs: 'text',
  marker: expected,
  answer: paths({ '/': page(body, type) }),
  ...more,
})

/** Bytes by number, for encodings that nothing here can write. */
const bytes = (before: string, middle: readonly number[], after = '</p>') =>
  Buffer.concat([Buffer.from(before), Buffer.from(middle), Buffer.from(after)])
const meta = (charset: string) =>
  `<!DOCTYPE html><html><head><meta charset="${charset}"><title>t</title></head><body><p>`
const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16()
const word = 'Grüße, мир'
const privet = [0xcf, 0xf0, 0xe8, 0xe2, 0xe5, 0xf2] // Привет in windows-1251
const nihongo = [0x93, 0xfa, 0x96, 0x7b] // 日本 in Shift_JIS

export const documentCases: readonly ToleranceCase[] = [
  reads(
    'charset in the header',
    'Привет',
    bytes(html('<p>').replace('</body></html>', ''), privet),
    'text/html; charset=windows-1251',
  ),
  reads('charset in the header, quoted', 'Привет', bytes('<p>', privet), 'text/html; charset="windows-1251"'),
  reads(
    'charset in the header, in single quotes',
    'Привет',
    bytes('<p>', privet),
    "text/html; charset='windows-1251'",
    { isHopeless: true },
  ),
  reads(
    'charset in the header in capitals',
    'Привет',
    bytes('<p>', privet),
    'TEXT/HTML;CHARSET=WINDOWS-1251',
  ),
  reads('charset in a meta element', 'Привет', bytes(meta('windows-1251'), privet)),
  reads(
    'charset in a meta element of the old form',
    'Привет',
    bytes(
      '<html><head><meta http-equiv="Content-Type" content="text/html; charset=windows-1251"></head><body><p>',
      privet,
    ),
  ),
  reads(
    'charset in a meta element without quotes',
    'Привет',
    bytes('<html><head><meta charset=windows-1251></head><body><p>', privet),
  ),
  reads('Shift_JIS', '日本', bytes(meta('shift_jis'), nihongo)),
  reads('EUC-JP', '日本', bytes(meta('euc-jp'), [0xc6, 0xfc, 0xcb, 0xdc])),
  reads('GBK', '中文', bytes(meta('gb2312'), [0xd6, 0xd0, 0xce, 0xc4])),
  reads('Big5', '中文', bytes(meta('big5'), [0xa4, 0xa4, 0xa4, 0xe5])),
  reads('EUC-KR', '한국', bytes(meta('euc-kr'), [0xc7, 0xd1, 0xb1, 0xb9])),
  reads(
    'latin1 means windows-1252',
    '“yes”',
    bytes('<p>', [0x93, 0x79, 0x65, 0x73, 0x94]),
    'text/html; charset=iso-8859-1',
  ),
  reads('UTF-8 without a word', word, `<p>${word}</p>`),
  reads(
    'UTF-8 with a mark, latin1 in the header',
    word,
    `\ufeff<p>${word}</p>`,
    'text/html; charset=iso-8859-1',
  ),
  reads('UTF-16 with a mark', word, Buffer.from(`\ufeff<p>${word}</p>`, 'utf16le')),
  reads('UTF-16, big end first, with a mark', word, utf16be(`\ufeff<p>${word}</p>`)),
  reads(
    'UTF-16 by the header',
    word,
    Buffer.from(`<p>${word}</p>`, 'utf16le'),
    'text/html; charset=utf-16le',
  ),
  reads('a charset nobody knows, UTF-8 in fact', word, `<p>${word}</p>`, 'text/html; charset=utf8mb4'),
  reads('charset=utf8', word, `<p>${word}</p>`, 'text/html; charset=utf8'),
  reads('an empty charset', word, `<p>${word}</p>`, 'text/html; charset='),
  reads('windows-1252 without a word', 'Grüße', bytes('<html><body><p>Gr', [0xfc, 0xdf], 'e</p>')),
  reads(
    'charset= inside a description',
    word,
    `<html><head><meta name="description" content="how to set charset=iso-8859-1"><title>t</title></head><body><p>${word}</p>`,
  ),
  reads(
    'charset= inside a script',
    word,
    `<html><head><script>var m = '<meta charset=windows-1251>'</script></head><body><p>${word}</p>`,
    'text/html',
    {
      differs:
        'The HTML standard looks for it in the first bytes and knows no scripts there; browsers show the same.',
    },
  ),
  reads(
    'data-charset',
    word,
    `<html><head><link rel="x" data-charset="windows-1251"><meta data-charset="windows-1251" name="a"></head><body><p>${word}</p>`,
  ),
  reads(
    'charset in a comment',
    word,
    `<html><head><!-- <meta charset="windows-1251"> --></head><body><p>${word}</p>`,
  ),
  reads(
    'an XML declaration',
    'Привет',
    bytes(
      '<?xml version="1.0" encoding="windows-1251"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>t</title></head><body><p>',
      privet,
      '</p></body></html>',
    ),
    'application/xhtml+xml',
  ),
  reads('a meta element that says UTF-16 in ASCII', word, `${meta('utf-16')}${word}</p>`),
  reads('characters by name and number', 'café — ☕', '<p>caf&eacute; &mdash; &#9749;</p>'),

  leads('a plain link', '<a href="/found">on</a>'),
  leads('no content type', '<a href="/found">on</a>', '/found', ''),
  leads('a content type in capitals', '<a href="/found">on</a>', '/found', 'TEXT/HTML'),
  leads(
    'a content type with odd parameters',
    '<a href="/found">on</a>',
    '/found',
    'text/html;; charset=utf-8;',
  ),
  leads('a content type that is none', '<a href="/found">on</a>', '/found', 'html'),
  leads('content type */*', '<a href="/found">on</a>', '/found', '*/*'),
  leads(
    'XHTML',
    '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>t</title></head><body><a href="/found">on</a></body></html>',
    '/found',
    'application/xhtml+xml',
  ),
  leads('no html element', '<a href=/found>on'),
  leads('tags in capitals', '<A HREF="/found">on</A>'),
  leads('an attribute in single quotes, with a line end', "<a class='x'\nhref = '/found'>on</a>"),
  leads(
    'a base element',
    '<html><head><base href="/deep/"></head><body><a href="found">on</a></body></html>',
    '/deep/found',
  ),
  leads(
    'a base element without an address',
    '<html><head><base target="_top"></head><body><a href="found">on</a></body></html>',
  ),
  leads(
    'two base elements',
    '<html><head><base href="/deep/"><base href="/wrong/"></head><body><a href="found">on</a></body></html>',
    '/deep/found',
  ),
  leads('an address with white space around it', '<a href=" \n/found\t">on</a>'),
  leads('an address with a line end inside', '<a href="/fo\nund">on</a>'),
  leads('an address with a space inside', '<a href="/the page">on</a>', '/the%20page'),
  leads('an address with an entity', '<a href="/found?a=1&amp;b=2">on</a>', '/found?a=1&b=2'),
  leads('an address in Cyrillic', '<a href="/мир">on</a>', '/%D0%BC%D0%B8%D1%80'),
  leads('an address with a percent sign', '<a href="/100%">on</a>', '/100%'),
  leads('an address with backslashes', '<a href="\\deep\\found">on</a>', '/deep/found'),
  leads('dots in an address', '<a href="/a/../deep/./found">on</a>', '/deep/found'),
  leads('only a query', '<a href="?page=2">on</a>', '/?page=2'),
  leads('a fragment behind it', '<a href="/found#part">on</a>'),
  {
    title: 'a query in the encoding of the document',
    needs: 'crawl',
    answer: paths({
      '/': page(bytes(`${meta('windows-1251')}<a href="/found?q=`, privet, '">on</a>'), 'text/html'),
      '/found?q=%CF%F0%E8%E2%E5%F2': found,
    }),
  },
  leads('an area', '<map><area href="/found"></map>'),
  leads('an iframe', '<iframe src="/found"></iframe>'),
  leads('link rel=next', '<html><head><link rel="next" href="/found"></head><body>one</body></html>'),
  leads(
    'a meta refresh',
    '<html><head><meta http-equiv="refresh" content="0; url=/found"></head><body>wait</body></html>',
  ),
  leads(
    'a meta refresh in other words',
    '<html><head><meta HTTP-EQUIV=Refresh content="1;URL=\'/found\'"></head><body>wait</body></html>',
  ),
  leads('a link in noscript', '<noscript><a href="/found">on</a></noscript>'),
  leads('a link behind an unclosed comment of the old form', '<!-- a --!><a href="/found">on</a>'),
  leads('a link behind a comment with tags', '<!-- <a href="/wrong">x</a> > --><a href="/found">on</a>'),
  leads(
    'a link behind a script with tags',
    '<script>var s = "<a href=/wrong>"; if (a </b/) c</script><a href="/found">on</a>',
  ),
  leads('a link in a broken table', '<table><tr><a href="/found">on</a><td>x'),
  leads('a link in a link', '<a href="/other">a <a href="/found">on</a></a>'),
  leads('a link under 700 elements', `${'<div>'.repeat(700)}<a href="/found">on</a>`),
  leads('a link behind an unclosed title of an svg', '<svg><title>x</svg><a href="/found">on</a>'),
  leads('an attribute twice', '<a href="/found" href="/wrong">on</a>'),
  leads('a link without a space between attributes', '<a class="x"href="/found">on</a>'),
  leads('a NUL in the page', 'a\0b<a href="/found">on</a>'),
  leads('a link at the end of 3 MB', `<p>${'word '.repeat(600_000)}</p><a href="/found">on</a>`),
  {
    title: 'a page of 12 MB',
    needs: 'page',
    answer: paths({ '/': page(html(`<p>${'word '.repeat(2_400_000)}</p><p>${marker}</p>`)) }),
  },
]
