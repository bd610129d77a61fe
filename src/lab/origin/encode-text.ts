/** The runtime encodes UTF-8 only; these two cover what the made-up pages say. */
export type Charset = 'utf-8' | 'windows-1252' | 'shift_jis'

const windows1252: Readonly<Record<string, number>> = { '€': 0x80, '–': 0x96, '—': 0x97 }
const shiftJis: Readonly<Record<string, number>> = { '、': 0x8141, '。': 0x8142 }

/** Characters that the charset, or this table, lacks become question marks. */
export function encodeText(text: string, charset: Charset): Buffer {
  if (charset === 'utf-8') return Buffer.from(text)
  const bytes: number[] = []
  for (const character of text) {
    const point = character.codePointAt(0)!
    if (charset === 'windows-1252') bytes.push(windows1252[character] ?? (point < 0x100 ? point : 0x3f))
    else if (point < 0x80) bytes.push(point)
    else {
      // Hiragana begin at 0x829F in the order of Unicode.
      const hiragana = point >= 0x3041 && point <= 0x3093
      const code = shiftJis[character] ?? (hiragana ? 0x829f + point - 0x3041 : 0x8148)
      bytes.push(code >> 8, code & 0xff)
    }
  }
  return Buffer.from(bytes)
}
