import { Buffer } from 'node:buffer'
import { documentText } from '../../src/source/charset.ts'
import { checkStandard } from './check.ts'
import { standard } from './encoding.cases.ts'

checkStandard(standard, ({ body, type, asked }) => {
  const { text, encoding } = documentText(Buffer.from(body, 'latin1'), { 'content-type': type })
  return asked === 'text' ? text : encoding
})
