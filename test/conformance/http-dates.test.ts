import { parseHttpDate } from '../../src/base/http-date.ts'
import { checkStandard } from './check.ts'
import { now, standard } from './http-dates.cases.ts'

checkStandard(standard, (text) => parseHttpDate(text, now))
