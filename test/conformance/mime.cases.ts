import { readRows } from './data/read.ts'
import type { Case, Standard } from './standard.ts'

/** Headers alone are parsed; with a body they are sniffed. */
interface Response {
  readonly types?: readonly string[]
  readonly nosniff?: boolean
  /** A character a byte. */
  readonly body?: string
  /** What is asked. Default: the type. */
  readonly asked?: 'charset'
}

type MimeCase = Case<Response, string | undefined>

type Row = [input: string, output: string | null, encoding?: string | null]

/** Without two whose comma stands in no quotes: a header is split there first. */
const rows = readRows<Row>('mime-types.json').filter(([input]) => !/^x\/x;[^"]*,/.test(input))

const parsed = rows.flatMap(([input, output, encoding]): MimeCase[] => {
  const type: MimeCase = {
    title: `the type of ${JSON.stringify(input)}`,
    input: { types: [input] },
    expected: output ?? undefined,
  }
  if (encoding === undefined) return [type]
  const charset: MimeCase = {
    title: `the encoding of ${JSON.stringify(input)}`,
    input: { types: [input], asked: 'charset' },
    expected: encoding?.toLowerCase(),
  }
  return [type, charset]
})

const several: readonly [types: readonly string[], type: string, encoding: string | undefined][] = [
  [['', 'text/plain'], 'text/plain', undefined],
  [['text/plain', ''], 'text/plain', undefined],
  [['text/html', 'text/plain'], 'text/plain', undefined],
  [['text/plain;charset=gbk', 'text/html'], 'text/html', undefined],
  [
    ['text/plain;charset=gbk', 'text/html;charset=windows-1254'],
    'text/html;charset=windows-1254',
    'windows-1254',
  ],
  [['text/plain;charset=gbk', 'text/plain'], 'text/plain;charset=gbk', 'gbk'],
  [
    ['text/plain;charset=gbk', 'text/plain;charset=windows-1252'],
    'text/plain;charset=windows-1252',
    'windows-1252',
  ],
  [['text/html;charset=gbk', 'text/html;x=",text/plain'], 'text/html;x=",text/plain";charset=gbk', 'gbk'],
  [['text/html;charset=gbk', 'text/plain', 'text/html'], 'text/html', undefined],
  [['text/plain', '*/*'], 'text/plain', undefined],
  [['text/html', '*/*'], 'text/html', undefined],
  [['*/*', 'text/html'], 'text/html', undefined],
  [['text/plain', '*/*;charset=gbk'], 'text/plain', undefined],
  [['text/html', '*/*;charset=gbk'], 'text/html', undefined],
  [['text/html;x="', 'text/plain'], 'text/html;x=", text/plain"', undefined],
  [['text/html;"', 'text/plain'], 'text/html', undefined],
  [['text/html; charset=utf-8, text/html; charset=utf-8'], 'text/html;charset=utf-8', 'utf-8'],
]

const extracted = several.flatMap(([types, type, encoding]): MimeCase[] => [
  { title: `the type of the headers ${JSON.stringify(types)}`, input: { types }, expected: type },
  {
    title: `the encoding of the headers ${JSON.stringify(types)}`,
    input: { types, asked: 'charset' },
    expected: encoding,
  },
])

/** What a document of unknown type begins with; the last column is true for what may hold scripts. */
const signatures: readonly [start: string, type: string, isActive: boolean][] = [
  ...[
    '!DOCTYPE HTML',
    'HTML',
    'HEAD',
    'SCRIPT',
    'IFRAME',
    'H1',
    'DIV',
    'FONT',
    'TABLE',
    'A',
    'STYLE',
    'TITLE',
  ]
    .concat(['B', 'BODY', 'BR', 'P', '!--'])
    .map((tag): [string, string, boolean] => [`<${tag}`, 'text/html', true]),
  ['<?xml', 'text/xml', true],
  ['%PDF-', 'application/pdf', true],
  ['%!PS-Adobe-', 'application/postscript', false],
]

const unknownTypes = [undefined, '', 'bogus', '*/*', 'unknown/unknown', 'application/unknown']

const sniffed = unknownTypes.flatMap((type) =>
  signatures.flatMap(([start, found, isActive]) =>
    (start[0] === '<' ? ['', '\t\n\f\r '] : ['']).flatMap((before) =>
      (found === 'text/html' ? ['', ' ', '>'] : ['']).flatMap((behind) =>
        [false, true].map((nosniff): MimeCase => {
          const body = `${before}${start}${behind}`
          const isFound = !(found === 'text/html' && behind === '') && !(isActive && nosniff)
          return {
            title: `${JSON.stringify(body)} ${nameOf(type)}${nosniff ? ' and nosniff' : ''}`,
            input: { ...(type !== undefined && { types: [type] }), nosniff, body },
            expected: isFound ? found : 'text/plain',
          }
        }),
      ),
    ),
  ),
)

function nameOf(type: string | undefined): string {
  return type === undefined ? 'without a type' : `as ${JSON.stringify(type)}`
}

const brands = [
  'avc',
  'avc1',
  'avc2',
  '3gp4',
  '3gp',
  '3gp5',
  'M4V ',
  'M4A ',
  'M4P ',
  'qt  ',
  'iso',
  'isom',
  'iso2',
]
  .concat(['mmp4', 'avif'])
  .map((brand) => [brand, 'application/octet-stream'] as const)
const mp4 = ['mp4', 'mp41', 'mp42'].map((brand) => [brand, 'video/mp4'] as const)

const octets = 'application/octet-stream'
const files: readonly [title: string, body: string, type: string][] = [
  ['a Windows icon', '\0\0\x01\0', 'image/x-icon'],
  ['a Windows cursor', '\0\0\x02\0', 'image/x-icon'],
  ['a bitmap', 'BM', 'image/bmp'],
  ['GIF87a', 'GIF87a', 'image/gif'],
  ['GIF89a', 'GIF89a', 'image/gif'],
  ['WebP with VP', 'RIFF\0\0\0\0WEBPVP', 'image/webp'],
  ['WebP without VP', 'RIFF\0\0\0\0WEBP', octets],
  ['PNG', '\x89PNG\r\n\x1a\n', 'image/png'],
  ['JPEG', '\xff\xd8\xff', 'image/jpeg'],
  ['JFIF', '\xff\xd8\xff\xe0\0\0JFIF\0', 'image/jpeg'],
  ['basic audio', '.snd', 'text/plain'],
  ['AIFF', 'FORM\0\0\0\0AIFF', 'audio/aiff'],
  ['MP3 with an ID3 tag', 'ID3', 'audio/mpeg'],
  ['Ogg', 'OggS\0', 'application/ogg'],
  ['Ogg without its zero', 'OggS', 'text/plain'],
  ['MIDI', 'MThd\0\0\0\x06', 'audio/midi'],
  ['AVI', 'RIFF\0\0\0\0AVI ', 'video/avi'],
  ['WAVE', 'RIFF\0\0\0\0WAVE', 'audio/wave'],
  ['MP3 in WAVE', 'RIFF\0\0\0\0WAVE\0\0\0\0\0\0\0\0U\0', 'audio/wave'],
  ...[...mp4, ...brands].flatMap(([brand, type]): [string, string, string][] => {
    const padded = brand.padEnd(4, '\0')
    return [
      [`${brand} as first brand`, `\0\0\0\x10ftyp${padded}\0\0\0\0`, type],
      [`${brand} as second brand`, `\0\0\0\x18ftyp\0\0\0\0\0\0\0\0${padded}\0\0\0\0`, type],
    ]
  }),
  ['WebM', '\x1aE\xdf\xa3\x81B\x82\x84webm', 'video/webm'],
  [
    'WebM with more in its head',
    '\x1aE\xdf\xa3\x01\xff\xff\xff\xff\xff\xff\xffB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x87\x81\x01B\x85\x81\x01B\x82\x84webm',
    'video/webm',
  ],
  ['gzip', '\x1f\x8b\x08', 'application/x-gzip'],
  ['ZIP', 'PK\x03\x04', 'application/zip'],
  ['RAR', 'Rar!\x1a\x07\0', 'application/x-rar-compressed'],
  ['bytes that no text has', '\0\x01\x02\x08\x0b\x0e\x0f\x10\x1a\x1c\x1f', octets],
  ['printable ASCII', ' !"#$%&\'()*+,-./0123456789:;<=>?@AZ[\\]^_`az{|}~\x7f', 'text/plain'],
  ['bytes above ASCII', '\x80\x81\x9f\xa0\xfe\xff', 'text/plain'],
  ['RealAudio', '.RMF', 'text/plain'],
  ['ASF', '0&\xb2u\x8ef\xcf\x11\xa6\xd9\0\xaa\0b\xcel', octets],
  ['TIFF', 'MM\0*', octets],
  ['TIFF, little-endian', 'II*\0', octets],
  ['TIFF, little-endian, cut off', 'II*', 'text/plain'],
  ['JPEG XL', '\xff\n', 'text/plain'],
  ['FLAC', 'fLaC', 'text/plain'],
  ['a playlist', '#EXTM3U', 'text/plain'],
  ['JSON', '{"a":"<html>"}', 'text/plain'],
  ['nothing', '', 'text/plain'],
  ['a mark of UTF-16, big-endian', '\xfe\xff\0\0', 'text/plain'],
  ['a mark of UTF-16, little-endian', '\xff\xfe\0\0', 'text/plain'],
  ['a mark of UTF-8', '\xef\xbb\xbf\0', 'text/plain'],
]

const known: readonly MimeCase[] = [
  ...files.map(
    ([title, body, expected]): MimeCase => ({ title: `${title} without a type`, input: { body }, expected }),
  ),
  declared('HTML that is called plain text stays that', 'text/plain', '<!doctype html>', 'text/plain'),
  declared('plain text that is binary is told to be so', 'text/plain', 'a\0b', octets),
  declared('so it is with the charset that Apache adds', 'text/plain; charset=UTF-8', 'a\0b', octets),
  declared(
    'plain text with a charset of its own is believed',
    'text/plain;charset=utf-8',
    'a\0b',
    'text/plain',
  ),
  declared('plain text behind a mark is text', 'text/plain', '\xff\xfea\0', 'text/plain'),
  declared('HTML is HTML whatever is in it', 'text/html', '\x89PNG\r\n\x1a\n', 'text/html'),
  declared('a feed that is called HTML stays that', 'text/html', '<rss version="2.0">', 'text/html'),
  declared('a feed is XML', 'application/rss+xml', '<rss>', 'application/rss+xml'),
  declared('a download stays one', octets, '<!doctype html>', octets),
  declared('JSON stays JSON', 'application/json', '<!doctype html>', 'application/json'),
  declared('an image is what its bytes say', 'image/png', 'GIF89a', 'image/gif'),
  declared('an image of which they say nothing is what it is called', 'image/jxl', '<html>', 'image/jxl'),
  declared('a broken type is no type', 'text/html charset=utf-8', '<html>', 'text/html'),
  {
    title: 'with nosniff an image is what it is called',
    input: { types: ['image/png'], nosniff: true, body: 'GIF89a' },
    expected: 'image/png',
  },
  further('HTML behind a byte order mark', '\xef\xbb\xbf<!DOCTYPE html>', 'text/plain'),
  further('HTML in UTF-16', '\xff\xfe<\0h\0t\0m\0l\0>\0', 'text/plain'),
  further('a tag whose name ends in a line end', '<html\nlang="en">', 'text/plain'),
  further('HTML behind a comment that begins with no blank', '<!--[if IE]><![endif]--><html>', 'text/plain'),
  further('XHTML without a type', `<?xml version="1.0"?><!DOCTYPE html>${xhtmlRoot()}`, 'text/xml', xhtml()),
  {
    ...declared(
      'XHTML that is called XML',
      'application/xml',
      `<?xml version="1.0"?>${xhtmlRoot()}`,
      'application/xml',
    ),
    differs: { ours: xhtml(), why: 'browsers go by its namespace, too: it has links' },
  },
]

function declared(title: string, type: string, body: string, expected: string): MimeCase {
  return { title, input: { types: [type], body }, expected }
}

function further(title: string, body: string, expected: string, ours = 'text/html'): MimeCase {
  const why = 'a browser shows the source of such a page to a person; a crawler would lose its links'
  return { title, input: { body }, expected, differs: { ours, why } }
}

function xhtml(): string {
  return 'application/xhtml+xml'
}

function xhtmlRoot(): string {
  return '<html xmlns="http://www.w3.org/1999/xhtml">'
}

/** What a response is: parsed from its headers, or told by its first bytes. */
export const standard: Standard<Response, string | undefined> = {
  name: 'MIME Sniffing Standard',
  about: 'Content-Type headers, several of them, and what a response without one is',
  source:
    'web-platform-tests (BSD-3-Clause): mime-types.json, generated-mime-types.json, content-types.json, both files of mime-type-sniffing; own cases',
  cases: [...parsed, ...extracted, ...sniffed, ...known],
}
