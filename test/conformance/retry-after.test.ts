import { readWait } from '../../src/classify/retry-after.ts'
import { checkStandard } from './check.ts'
import { now, standard } from './retry-after.cases.ts'

checkStandard(standard, (value) => readWait({ 'retry-after': value }, now))
