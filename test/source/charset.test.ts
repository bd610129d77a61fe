import { expect, test } from 'vitest'
import { documentText } from '../../src/source/charset.ts'

const ascii = (text: string) => [...text].map((character) => character.charCodeAt(0))
const bytes = (...parts: (string | number[])[]) =>
  new Uint8Array(parts.flatMap((part) => (typeof part === 'string' ? ascii(part) : part)))

/** `é`, `Ж`, `日`: each in the encoding it is tested with. */
test.each([
  [
    'a byte order mark wins over the header',
    bytes([0xef, 0xbb, 0xbf], [0xc3, 0xa9]),
    'text/html; charset=koi8-r',
    'é',
  ],
  ['UTF-16 is known by its mark', bytes([0xff, 0xfe, 0x16, 0x04]), 'text/html', 'Ж'],
  [
    'the header wins over the document',
    bytes('<meta charset=utf-8>', [0xf6]),
    'text/html; Charset="KOI8-R"',
    'Ж',
  ],
  ['a meta element says it', bytes('<meta charset="windows-1251">', [0xc6]), 'text/html', 'Ж'],
  [
    'an http-equiv element says it',
    bytes('<META http-equiv="Content-Type" content="text/html; charset=Shift_JIS">', [0x93, 0xfa]),
    'text/html',
    '日',
  ],
  [
    'an XML declaration says it',
    bytes('<?xml version="1.0" encoding="iso-8859-1"?>', [0xe9]),
    'text/xml',
    'é',
  ],
  [
    'a commented meta element says nothing',
    bytes('<!-- <meta charset=koi8-r> -->', [0xc3, 0xa9]),
    'text/html',
    'é',
  ],
  ['an unknown label is skipped', bytes('<meta charset=koi8-r>', [0xf6]), 'text/html; charset=klingon', 'Ж'],
  [
    'a document that claims UTF-16 in ASCII is UTF-8',
    bytes('<meta charset=utf-16>', [0xc3, 0xa9]),
    'text/html',
    'é',
  ],
  ['without a word it is UTF-8', bytes([0xc3, 0xa9]), '', 'é'],
  ['what is not UTF-8 is windows-1252', bytes([0xe9, 0x20, 0x80]), 'text/html', 'é €'],
])('%s', (_, body, contentType, expected) => {
  expect(
    documentText(body, { 'content-type': contentType })
      .text.replace(/<[^>]*>/g, '')
      .replace('<!--', '')
      .replace('-->', '')
      .trim(),
  ).toBe(expected)
})
