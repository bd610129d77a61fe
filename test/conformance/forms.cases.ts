import type { Case, Standard } from './standard.ts'

interface Field {
  readonly name: string
  readonly value: string
  readonly enctype: 'application/x-www-form-urlencoded' | 'multipart/form-data' | 'text/plain'
  /** What the form accepts. Default `utf-8`. */
  readonly charset?: string
}

type FormCase = Case<Field, string>

/** A field, and what is sent of it in a URL, in parts and as plain text. */
const fields: readonly [
  title: string,
  name: string,
  value: string,
  sent: readonly [string, string, string],
][] = [
  ['letters', 'basic', 'test', ['basic=test', '"basic"\r\n\r\ntest', 'basic=test']],
  ['a line feed in a name', 'a\nb', 'c', ['a%0D%0Ab=c', '"a%0D%0Ab"\r\n\r\nc', 'a\r\nb=c']],
  ['a carriage return in a name', 'a\rb', 'c', ['a%0D%0Ab=c', '"a%0D%0Ab"\r\n\r\nc', 'a\r\nb=c']],
  ['a line end in a name', 'a\r\nb', 'c', ['a%0D%0Ab=c', '"a%0D%0Ab"\r\n\r\nc', 'a\r\nb=c']],
  [
    'a line end the wrong way round in a name',
    'a\n\rb',
    'c',
    ['a%0D%0A%0D%0Ab=c', '"a%0D%0A%0D%0Ab"\r\n\r\nc', 'a\r\n\r\nb=c'],
  ],
  ['a line feed in a value', 'a', 'b\nc', ['a=b%0D%0Ac', '"a"\r\n\r\nb\r\nc', 'a=b\r\nc']],
  ['a carriage return in a value', 'a', 'b\rc', ['a=b%0D%0Ac', '"a"\r\n\r\nb\r\nc', 'a=b\r\nc']],
  ['a line end in a value', 'a', 'b\r\nc', ['a=b%0D%0Ac', '"a"\r\n\r\nb\r\nc', 'a=b\r\nc']],
  [
    'a line end the wrong way round in a value',
    'a',
    'b\n\rc',
    ['a=b%0D%0A%0D%0Ac', '"a"\r\n\r\nb\r\n\r\nc', 'a=b\r\n\r\nc'],
  ],
  ['a double quote in a name', 'a"b', 'c', ['a%22b=c', '"a%22b"\r\n\r\nc', 'a"b=c']],
  ['a double quote in a value', 'a', 'b"c', ['a=b%22c', '"a"\r\n\r\nb"c', 'a=b"c']],
  ['a single quote in a name', "a'b", 'c', ['a%27b=c', '"a\'b"\r\n\r\nc', "a'b=c"]],
  ['a single quote in a value', 'a', "b'c", ['a=b%27c', '"a"\r\n\r\nb\'c', "a=b'c"]],
  ['a backslash in a name', 'a\\b', 'c', ['a%5Cb=c', '"a\\b"\r\n\r\nc', 'a\\b=c']],
  ['a backslash in a value', 'a', 'b\\c', ['a=b%5Cc', '"a"\r\n\r\nb\\c', 'a=b\\c']],
  ['letters beyond ASCII', 'áb', 'ç', ['%C3%A1b=%C3%A7', '"áb"\r\n\r\nç', 'áb=ç']],
  [
    'what a URL separates with',
    'a+b',
    'c d&e=f*-._~',
    ['a%2Bb=c+d%26e%3Df*-._%7E', '"a+b"\r\n\r\nc d&e=f*-._~', 'a+b=c d&e=f*-._~'],
  ],
]

const kinds = ['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain'] as const

const inUtf8 = fields.flatMap(([title, name, value, sent]) =>
  kinds.map(
    (enctype, index): FormCase => ({
      title: `${title}, as ${enctype}`,
      input: { name, value, enctype },
      expected: sent[index]!,
    }),
  ),
)

const text = 'a request of a form is text, and text is sent in UTF-8'

const legacy: readonly FormCase[] = [
  {
    title: 'what an encoding has and what it lacks, in a URL',
    input: { name: 'aəá', value: 'c\ufffdd', enctype: kinds[0], charset: 'windows-1252' },
    expected: 'a%26%23601%3B%E1=c%26%2365533%3Bd',
  },
  {
    title: 'a name in Shift_JIS whose second byte is a letter',
    input: { name: 'ア', value: '~ *', enctype: kinds[0], charset: 'shift_jis' },
    expected: '%83A=%7E+*',
  },
  {
    title: 'a form that accepts UTF-16 sends UTF-8',
    input: { name: 'a', value: 'ж', enctype: kinds[0], charset: 'utf-16' },
    expected: 'a=%D0%B6',
  },
  {
    title: 'a form that accepts what nobody knows sends what its page is in',
    input: { name: 'a', value: 'ж', enctype: kinds[0], charset: 'klingon' },
    expected: 'a=%D0%B6',
  },
  {
    title: 'what an encoding lacks, in parts',
    input: { name: 'aəb', value: 'c', enctype: kinds[1], charset: 'windows-1252' },
    expected: '"a&#601;b"\r\n\r\nc',
    differs: { ours: '"aəb"\r\n\r\nc', why: text },
  },
  {
    title: 'what an encoding lacks, as plain text',
    input: { name: 'a', value: 'b\ufffdc', enctype: kinds[2], charset: 'windows-1252' },
    expected: 'a=b&#65533;c',
    differs: { ours: 'a=b\ufffdc', why: text },
  },
]

/** What is sent of a form with one hidden field: of parts what stands behind `name=`, without the line end of plain text. */
export const standard: Standard<Field, string> = {
  name: 'HTML Standard, 4.10.22',
  about: 'what a form sends: names, values and their encoding',
  source:
    'web-platform-tests (BSD-3-Clause), html/semantics/forms/form-submission-0, without files; own cases',
  cases: [...inUtf8, ...legacy],
}
