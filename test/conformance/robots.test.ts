import { readRobots, targetOf } from '../../src/admission/robots-rules.ts'
import { checkStandard } from './check.ts'
import { standard } from './robots.cases.ts'

checkStandard(standard, ({ file, agent, ask }) => {
  const rules = readRobots(Buffer.from(file), agent)
  return ask.filter((url) =>
    rules.allows(targetOf(new URL(url.startsWith('/') ? `http://foo.bar${url}` : url).href)),
  )
})
