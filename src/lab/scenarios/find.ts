import { RegattaError } from '../../errors.ts'
import type { Scenario } from '../scenario.ts'
import { clean20 } from './clean-20.ts'
import { demo } from './demo.ts'
import { mixed100 } from './mixed-100.ts'

const scenarios: Readonly<Record<string, Scenario>> = { demo, 'clean-20': clean20, 'mixed-100': mixed100 }

/** Names that findScenario knows. */
export const scenarioNames: readonly string[] = Object.keys(scenarios)

/** A scenario that comes with Regatta. Throws SCENARIO_INVALID naming those there are. */
export function findScenario(name: string): Scenario {
  const found = Object.hasOwn(scenarios, name) ? scenarios[name] : undefined
  if (found) return found
  throw new RegattaError(
    'SCENARIO_INVALID',
    `There is no scenario "${name}"; there are ${scenarioNames.join(', ')}.`,
    {
      value: name,
    },
  )
}
