import { hashStart, hashStep, mixed } from './byte-hash.ts'
import type { PartTally } from './part-tally.ts'

/** Text that is no markup, line by line: robots.txt, CSV, scripts, style sheets. Blank lines and white space at both ends do not count. */
const path = 0x6c696e65

export function countLines(bytes: Uint8Array, tally: PartTally): void {
  let hash = hashStart
  let blanks = 0
  let isBlank = true
  for (let at = 0; at <= bytes.length; at++) {
    const byte = at < bytes.length ? bytes[at]! : 0x0a
    if (byte === 0x0a || byte === 0x0d) {
      if (!isBlank) countLine(mixed(hash), tally)
      hash = hashStart
      blanks = 0
      isBlank = true
    } else if (byte === 0x20 || byte === 0x09) blanks++
    else {
      if (blanks > 0 && !isBlank) hash = hashStep(hash, 0x20)
      blanks = 0
      isBlank = false
      hash = hashStep(hash, byte)
    }
  }
}

function countLine(value: number, tally: PartTally): void {
  let slot = tally.find(path)
  if (slot < 0) slot = tally.open(path, 'line')
  tally.countValue(slot, value)
}
