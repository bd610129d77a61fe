import { documentUrl } from '../../src/source/document-url.ts'
import { checkStandard } from './check.ts'
import { standard } from './url.cases.ts'

checkStandard(standard, ({ reference, base, encoding = 'utf-8' }) => documentUrl(reference, base, encoding))
