import { Buffer } from 'node:buffer'
import { atFirstUse } from '../base/at-first-use.ts'

/**
 * Encodings by the Encoding standard: their labels, decoders and encoders. UTF-8 and UTF-16 are the runtime's. The legacy
 * ones are a library's: the runtimes can only decode them, and get some of their broken sequences wrong.
 */
type Encodings = Pick<
  typeof import('@exodus/bytes/encoding.js'),
  'TextDecoder' | 'labelToName' | 'normalizeEncoding'
>
type Urls = Pick<typeof import('@exodus/bytes/whatwg.js'), 'percentEncodeAfterEncoding'>

const library = atFirstUse<Encodings>('@exodus/bytes/encoding.js')
const urls = atFirstUse<Urls>('@exodus/bytes/whatwg.js')

/** The name of an encoding, in lower case, by one of its labels (`latin1` is `windows-1252`); undefined for an unknown label. */
export function encodingOf(label: string): string | undefined {
  const words = label.split(/[\t\n\f\r ]+/).filter((word) => word !== '')
  const name = words.length === 1 ? words[0]!.toLowerCase() : ''
  if (name === 'utf-8' || name === 'utf8') return 'utf-8'
  return name === '' || name.length > longestLabel
    ? undefined
    : (library().normalizeEncoding(name) ?? undefined)
}

/** As the standard spells it: `Shift_JIS`. */
export function nameOfEncoding(encoding: string): string {
  return encoding === 'utf-8' ? 'UTF-8' : (library().labelToName(encoding) ?? encoding)
}

/** The longest that the standard knows has 19 characters. */
const longestLabel = 40

/** Decodes all of `body`, without its byte order mark. What does not belong to the encoding becomes U+FFFD. */
export function decodeAs(body: Uint8Array, encoding: string): string {
  if (encoding.startsWith('utf-32')) return decodeUtf32(body, encoding === 'utf-32le')
  // Its labels name encodings in which markup can be hidden; the standard shows none of it.
  if (encoding === 'replacement') return body.length === 0 ? '' : '\ufffd'
  return decoderOf(encoding).decode(body)
}

/** A decoder for a body that comes in pieces, by the name of its encoding. */
export function decoderOf(encoding: string): TextDecoder {
  return encoding.startsWith('utf-') ? new TextDecoder(encoding) : new (library().TextDecoder)(encoding)
}

/** "Get an output encoding": what URLs and forms of a document are sent in. */
export function outputEncoding(encoding: string): string {
  return encoding.startsWith('utf-') || encoding === 'replacement' ? 'utf-8' : encoding
}

/**
 * The URL standard's "percent-encode after encoding": `escaped` are the ASCII characters, in order, that are escaped besides
 * controls and all that is not ASCII. What the encoding lacks becomes `%26%23…%3B`, a character reference.
 */
export function percentEncode(text: string, encoding: string, escaped: string, spaceAsPlus = false): string {
  // The second module finds the tables of the first.
  library()
  return urls().percentEncodeAfterEncoding(encoding, text, escaped, spaceAsPlus)
}

/** Only JSON comes in it, and no runtime decodes it. */
function decodeUtf32(body: Uint8Array, isLittle: boolean): string {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
  const units = Buffer.alloc(body.length & ~3)
  let length = 0
  for (let at = 0; at + 4 <= body.length; at += 4) {
    const point = view.getUint32(at, isLittle)
    if (at === 0 && point === 0xfeff) continue
    const isScalar = point < 0xd800 || (point > 0xdfff && point <= 0x10ffff)
    const one = isScalar ? point : 0xfffd
    if (one > 0xffff) {
      length = units.writeUInt16LE(0xd800 + ((one - 0x10000) >> 10), length)
      length = units.writeUInt16LE(0xdc00 + ((one - 0x10000) & 0x3ff), length)
    } else length = units.writeUInt16LE(one, length)
  }
  return units.toString('utf16le', 0, length)
}
