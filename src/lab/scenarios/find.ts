import { assertArgument } from '../../contracts/arguments.ts'
import { RegattaError } from '../../contracts/errors.ts'
import type { Scenario } from '../scenario.ts'
import { clean20 } from './clean-20.ts'
import { datacenter } from './datacenter.ts'
import { demo } from './demo.ts'
import { drift } from './drift.ts'
import { flapping } from './flapping.ts'
import { freeList } from './free-list.ts'
import { halfDead } from './half-dead.ts'
import { hostileHost } from './hostile-host.ts'
import { longLived } from './long-lived.ts'
import { massOutage } from './mass-outage.ts'
import { mixed100 } from './mixed-100.ts'
import { premium } from './premium.ts'
import { quotes } from './quotes-demo.ts'
import { rateLimited3, rateLimited100 } from './rate-limited.ts'
import { residential } from './residential.ts'

const scenarios: Readonly<Record<string, Scenario>> = {
  demo,
  quotes,
  'clean-20': clean20,
  'mixed-100': mixed100,
  'half-dead': halfDead,
  flapping,
  drift,
  'hostile-host': hostileHost,
  'rate-limited-3': rateLimited3,
  'rate-limited-100': rateLimited100,
  'mass-outage': massOutage,
  'free-list': freeList,
  premium,
  datacenter,
  residential,
  'long-lived': longLived,
}

/** Names that findScenario knows. */
export const scenarioNames: readonly string[] = Object.keys(scenarios)

/** A scenario that comes with Regatta. Throws SCENARIO_INVALID naming those there are. */
export function findScenario(name: string): Scenario {
  assertArgument(typeof name === 'string', 'findScenario()', 'name', 'the name of a scenario', name)
  const found = Object.hasOwn(scenarios, name) ? scenarios[name] : undefined
  if (found) return found
  throw new RegattaError(
    'SCENARIO_INVALID',
    `There is no scenario "${name}"; there are ${scenarioNames.join(', ')}.`,
    {
      value: { path: name },
    },
  )
}
