import { readRows } from './data/read.ts'
import type { Case, Standard } from './standard.ts'

interface Document {
  /** A character a byte. */
  readonly body: string
  /** The Content-Type header. */
  readonly type: string
  /** What is asked. Default: the name of the encoding, in lower case. */
  readonly asked?: 'text'
}

type EncodingCase = Case<Document, string>

/** By name; each encoding's own name is a label of it, too. */
const labels: Readonly<Record<string, string>> = {
  'utf-8': 'unicode-1-1-utf-8 utf8',
  ibm866: '866 cp866 csibm866',
  'iso-8859-2': 'csisolatin2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 l2 latin2',
  'iso-8859-3': 'csisolatin3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 iso_8859-3:1988 l3 latin3',
  'iso-8859-4': 'csisolatin4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 iso_8859-4:1988 l4 latin4',
  'iso-8859-5': 'csisolatincyrillic cyrillic iso-ir-144 iso8859-5 iso88595 iso_8859-5 iso_8859-5:1988',
  'iso-8859-6':
    'arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6-e iso-8859-6-i iso-ir-127 iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987',
  'iso-8859-7':
    'csisolatingreek ecma-118 elot_928 greek greek8 iso-ir-126 iso8859-7 iso88597 iso_8859-7 iso_8859-7:1987 sun_eu_greek',
  'iso-8859-8':
    'csiso88598e csisolatinhebrew hebrew iso-8859-8-e iso-ir-138 iso8859-8 iso88598 iso_8859-8 iso_8859-8:1988 visual',
  'iso-8859-8-i': 'csiso88598i logical',
  'iso-8859-10': 'csisolatin6 iso-ir-157 iso8859-10 iso885910 l6 latin6',
  'iso-8859-13': 'iso8859-13 iso885913',
  'iso-8859-14': 'iso8859-14 iso885914',
  'iso-8859-15': 'csisolatin9 iso8859-15 iso885915 iso_8859-15 l9',
  'iso-8859-16': '',
  'koi8-r': 'cskoi8r koi koi8 koi8_r',
  'koi8-u': 'koi8-ru',
  macintosh: 'csmacintosh mac x-mac-roman',
  'windows-874': 'dos-874 iso-8859-11 iso8859-11 iso885911 tis-620',
  'windows-1250': 'cp1250 x-cp1250',
  'windows-1251': 'cp1251 x-cp1251',
  'windows-1252':
    'ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 iso88591 iso_8859-1 iso_8859-1:1987 l1 latin1 us-ascii x-cp1252',
  'windows-1253': 'cp1253 x-cp1253',
  'windows-1254':
    'cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 l5 latin5 x-cp1254',
  'windows-1255': 'cp1255 x-cp1255',
  'windows-1256': 'cp1256 x-cp1256',
  'windows-1257': 'cp1257 x-cp1257',
  'windows-1258': 'cp1258 x-cp1258',
  'x-mac-cyrillic': 'x-mac-ukrainian',
  gbk: 'chinese csgb2312 csiso58gb231280 gb2312 gb_2312 gb_2312-80 iso-ir-58 x-gbk',
  gb18030: '',
  big5: 'big5-hkscs cn-big5 csbig5 x-x-big5',
  'euc-jp': 'cseucpkdfmtjapanese x-euc-jp',
  'iso-2022-jp': 'csiso2022jp',
  shift_jis: 'csshiftjis ms932 ms_kanji shift-jis sjis windows-31j x-sjis',
  'euc-kr':
    'cseuckr csksc56011987 iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 windows-949',
  replacement: 'csiso2022kr hz-gb-2312 iso-2022-cn iso-2022-cn-ext iso-2022-kr',
  'utf-16be': 'unicodefffe',
  'utf-16le': 'csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16',
  'x-user-defined': '',
}

const named = Object.entries(labels).flatMap(([name, others]) =>
  [name, ...others.split(' ').filter(Boolean)].map((label): EncodingCase => {
    const type = `text/html; charset="${label.toUpperCase()}"`
    return { title: `the label ${label}`, input: { body: '\xe9', type }, expected: name }
  }),
)

function nameOf(label: string): string {
  const found = Object.entries(labels).find(([name, others]) => [name, ...others.split(' ')].includes(label))
  return found?.[0] ?? label
}

/** The byte behind each document is no UTF-8, so that one that says nothing is windows-1252, as those tests have it. */
const declared = readRows<[body: string, encoding: string]>('html-encodings.json').map(
  ([body, encoding], index): EncodingCase => {
    const start = body.length > 60 ? `${body.slice(0, 40)}…${body.slice(-60)}` : body
    return {
      title: `document ${index + 1}: ${JSON.stringify(start)}`,
      input: { body: `${body}\xe9`, type: 'text/html' },
      expected: nameOf(encoding),
    }
  },
)

const html = 'text/html'
const xml = 'application/xml'
const json = 'application/json'

/** What comes out of it, mojibake or not: of bytes, behind markup that reads the same before and after. */
const read: readonly [title: string, type: string, bytes: string, text: string, markup?: string][] = [
  ['a mark of UTF-8 goes before the header', 'text/html; charset=koi8-r', '\xef\xbb\xbf\xc3\xa9', 'é'],
  ['a mark of UTF-16 goes before the header', 'text/html; charset=utf-8', '\xff\xfe\x16\x04', 'Ж'],
  ['the header goes before the document', 'text/html; charset=koi8-r', '\xf6', 'Ж', '<meta charset=utf-8>'],
  [
    'a label that nobody knows in the header',
    'text/html; charset=klingon',
    '\xf6',
    'Ж',
    '<meta charset=koi8-r>',
  ],
  [
    'charset= in a description',
    html,
    '\xc3\xa9',
    'é',
    '<meta name="description" content="use charset=koi8-r">',
  ],
  ['charset= in an attribute of another name', html, '\xc3\xa9', 'é', '<meta data-charset="koi8-r">'],
  [
    'charset= in an open graph title',
    html,
    '\xc3\xa9',
    'é',
    '<meta property="og:title" content="a; charset=gbk">',
  ],
  ['charset= in a link', html, '\xc3\xa9', 'é', '<link rel=x href="?charset=gbk">'],
  ['charset= in a comment', html, '\xc3\xa9', 'é', '<!-- <meta charset=gbk> -->'],
  ['a meta element in the value of an attribute', html, '\xc3\xa9', 'é', '<p title="<meta charset=gbk>">'],
  ['a meta element in plain text', 'text/plain', '\xc3\xa9', 'é', '<meta charset=gbk>'],
  ['a meta element in JSON', json, '"<meta charset=gbk>\xc3\xa9"', '"<meta charset=gbk>é"'],
  ['charset= in JSON', json, '{"type":"charset=gbk \xc3\xa9"}', '{"type":"charset=gbk é"}'],
  ['a meta element that says x-user-defined', html, '\x80', '€', '<meta charset=x-user-defined>'],
  ['a meta element that says UTF-16', html, '\xc3\xa9', 'é', '<meta charset=utf-16>'],
  [
    'a content that ends in charset',
    html,
    '\xc3\xa9',
    'é',
    '<meta http-equiv=content-type content="charset">',
  ],
  ['an XML declaration in HTML', html, '\xf6', 'Ж', "<?xml version='1.0' encoding='koi8-r'?>"],
  ['an XML declaration', xml, '\xe9', 'é', '<?xml version="1.0" encoding="iso-8859-1"?>'],
  [
    'an XML declaration with white space',
    xml,
    '\xf6',
    'Ж',
    '<?xml version = "1.0"\nencoding\t=\r\n"koi8-r" ?>',
  ],
  ['XML that claims UTF-16 in ASCII', xml, '\xc3\xa9', 'é', '<?xml version="1.0" encoding="utf-16"?>'],
  [
    'XML whose header says otherwise',
    'text/xml; charset=koi8-r',
    '\xf6',
    'Ж',
    '<?xml version="1.0" encoding="utf-8"?>',
  ],
  ['XML in UTF-16, little-endian, without a mark', xml, '<\0?\0x\0m\0l\0?\0>\0\x16\x04', '<?xml?>Ж'],
  ['XML in UTF-16, big-endian, without a mark', xml, '\0<\0?\0x\0m\0l\0?\0>\x04\x16', '<?xml?>Ж'],
  ['XML in UTF-16 without mark and declaration', 'application/rss+xml', '<\0a\0>\0\x16\x04', '<a>Ж'],
  ['HTML in UTF-16 behind an XML declaration', html, '<\0?\0x\0?\0>\0\x16\x04', '<?x?>Ж'],
  ['an encoding in an XML comment', xml, '\xc3\xa9', 'é', '<!-- encoding="gbk" -->'],
  [
    'XHTML that names its encoding in a meta element alone',
    'application/xhtml+xml',
    '\xf6',
    'Ж',
    '<meta charset="koi8-r"/>',
  ],
  ['JSON is UTF-8 whatever the header says', 'application/json; charset=iso-8859-1', '"\xc3\xa9"', '"é"'],
  ['JSON in UTF-16 behind a mark', json, '\xff\xfe"\0\x16\x04"\0', '"Ж"'],
  ['JSON in UTF-16, little-endian', json, '"\0\x16\x04"\0', '"Ж"'],
  ['JSON in UTF-16, big-endian', 'application/ld+json', '\0"\x04\x16\0"', '"Ж"'],
  ['JSON in UTF-32, big-endian', json, '\0\0\0"\0\x01\xf6\0\0\0\0"', '"😀"'],
  ['JSON in UTF-32, little-endian, behind a mark', json, '\xff\xfe\0\0"\0\0\0\x16\x04\0\0"\0\0\0', '"Ж"'],
  [
    'JSON that is no Unicode is what its header says',
    'application/json; charset=windows-1251',
    '"\xc6"',
    '"Ж"',
  ],
  ['a text behind a mark of UTF-16', 'text/csv', '\xfe\xff\x04\x16', 'Ж'],
  ['without a word what is no UTF-8 is windows-1252', html, '\xe9 \x80\x81', 'é €\x81'],
  [
    'an encoding in which markup can be hidden shows nothing',
    'text/html; charset=iso-2022-kr',
    'a',
    '\ufffd',
  ],
  ['broken UTF-8 that is declared', 'text/html; charset=utf-8', '\xc3(\xff\xe2\x82', '\ufffd(\ufffd\ufffd'],
  [
    'Shift_JIS with a byte that leads nowhere',
    'text/html; charset=shift_jis',
    '\x93\xfa\x81"a',
    '日\ufffd"a',
  ],
  ['EUC-KR', 'text/html; charset=euc-kr', '\xc7\xd1', '한'],
  ['gb18030 in four bytes', 'text/html; charset=gb18030', '\x94\x39\xfc\x36', '😀'],
  ['ISO-2022-JP', 'text/html; charset=iso-2022-jp', '\x1b$BF|K\\\x1b(B', '日本'],
]

const unlike: readonly EncodingCase[] = [
  {
    title: 'without a word UTF-8 is read as such',
    input: { body: '\xc3\xa9', type: html, asked: 'text' },
    expected: 'Ã©',
    differs: {
      ours: 'é',
      why: 'browsers guess, each in its own way; bytes that are valid UTF-8 are hardly ever something else',
    },
  },
  {
    title: 'so is UTF-8 that was cut inside a character',
    input: { body: '\xc3\xa9\xe2\x82', type: html, asked: 'text' },
    expected: 'Ã©â‚',
    differs: {
      ours: 'é\ufffd',
      why: 'browsers guess, each in its own way; a page that broke off was UTF-8 before',
    },
  },
  {
    title: 'HTML in UTF-16 without a mark is known by its zeros',
    input: { body: '<\0p\0>\0\x16\x04', type: html, asked: 'text' },
    expected: '<\0p\0>\0\x16\x04',
    differs: { ours: '<p>Ж', why: 'Firefox does so, too; no page in another encoding begins like that' },
  },
  {
    title: 'UTF-16 in the header, without a mark, is big-endian where its first bracket is',
    input: { body: '\0<\0p\0>\x04\x16', type: 'text/html; charset=utf-16', asked: 'text' },
    expected: '㰀瀀㸀ᘄ',
    differs: { ours: '<p>Ж', why: 'no document begins with the characters that it would be otherwise' },
  },
  {
    title: 'a meta element behind the first 1,024 bytes is found in the head',
    input: {
      body: `<head><script>${'x'.repeat(5_000)}"<meta charset=gbk>"</script><meta charset=koi8-r></head>\xf6`,
      type: html,
    },
    expected: 'koi8-r',
  },
  {
    title: 'a meta element in the body, behind the first 1,024 bytes, is not found',
    input: { body: `<head>${' '.repeat(2_000)}</head><body><meta charset=koi8-r>\xf6`, type: html },
    expected: 'koi8-r',
    differs: {
      ours: 'windows-1252',
      why: 'browsers look no further than the head, either',
    },
  },
]

/** The encoding of a document, or its text. */
export const standard: Standard<Document, string> = {
  name: 'Encoding and HTML Standards',
  about:
    'which encoding a document is in, by mark, header, meta element, XML declaration and format; all labels',
  source:
    'html5lib-tests (MIT), all of its encoding tests; web-platform-tests (BSD-3-Clause), the labels; RFC 4627, RFC 8259 and XML appendix F; own cases',
  cases: [
    ...declared,
    ...named,
    ...read.map(
      ([title, type, bytes, text, markup = '']): EncodingCase => ({
        title,
        input: { body: markup + bytes, type, asked: 'text' },
        expected: markup + text,
      }),
    ),
    ...unlike,
  ],
}
