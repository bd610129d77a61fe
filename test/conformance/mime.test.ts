import { Buffer } from 'node:buffer'
import { charsetOf, mimeTypeOf } from '../../src/base/mime-type.ts'
import { sniffMime } from '../../src/base/sniff-mime.ts'
import { encodingOf } from '../../src/source/encodings.ts'
import { checkStandard } from './check.ts'
import { standard } from './mime.cases.ts'

checkStandard(standard, ({ types, nosniff, body, asked }) => {
  if (asked === 'charset') return encodingOf(charsetOf(types) ?? '')
  if (body === undefined) return mimeTypeOf(types)?.toString()
  const headers = { 'content-type': types, ...(nosniff && { 'x-content-type-options': 'nosniff' }) }
  return sniffMime(headers, Buffer.from(body, 'latin1'))
})
