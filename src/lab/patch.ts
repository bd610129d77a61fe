import { type Manners, mannersSchema } from './origin/manners.ts'
import { type Behaviour, behaviourSchema } from './proxy/behaviour.ts'
import { parseWith } from './scenario-part.ts'

/** Fields to change; null takes one back to its default. */
export type Patch = Readonly<Record<string, unknown>>

/** Throws SCENARIO_INVALID, naming the origin and the field. */
export function patchManners(name: string, manners: Manners, patch: Patch): Manners {
  return parseWith(mannersSchema, merge(manners, patch), `Manners of "${name}":`)
}

/** Throws SCENARIO_INVALID, naming the proxy and the field. */
export function patchBehaviour(name: string, behaviour: Behaviour, patch: Patch): Behaviour {
  return parseWith(behaviourSchema, merge(behaviour, patch), `Behaviour of "${name}":`)
}

function merge(script: object, patch: Patch): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries({ ...script, ...patch }).filter(([, value]) => value !== null && value !== undefined),
  )
}
