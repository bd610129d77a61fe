import { parseArgs } from 'node:util'
import { Report } from '../report.ts'
import { cast } from './cast.ts'
import { peers } from './peers.ts'
import { peerScenarios } from './scenarios.ts'

/**
 * `npm run bench:peers`: installs what is missing, runs all, writes docs/bench. `--smoke` runs a minimum and installs
 * nothing; `--scenario NAME` and `--peer NAME`, each as often as wanted, run a part and write no docs. Exits 1 when a promise is missed.
 */
const { values } = parseArgs({
  options: {
    smoke: { type: 'boolean', default: false },
    scenario: { type: 'string', multiple: true },
    peer: { type: 'string', multiple: true },
  },
})
refuseUnknown('scenario', values.scenario, peerScenarios)
refuseUnknown('peer', values.peer, cast)
const report = new Report(values.smoke ? 1.6 : 1)
await peers(report, {
  smoke: values.smoke,
  writeDocs: !values.smoke && !values.scenario && !values.peer,
  ...(values.scenario && { scenarios: values.scenario }),
  ...(values.peer && { only: values.peer }),
})
console.log(`\n${report.passed} promises kept, ${report.failed} missed`)
process.exitCode = report.failed > 0 ? 1 : 0

function refuseUnknown(
  what: string,
  asked: readonly string[] | undefined,
  known: readonly { readonly name: string }[],
): void {
  const unknown = asked?.find((name) => known.every((each) => each.name !== name))
  if (unknown === undefined) return
  console.error(`There is no ${what} "${unknown}"; there are ${known.map(({ name }) => name).join(', ')}.`)
  process.exit(2)
}
