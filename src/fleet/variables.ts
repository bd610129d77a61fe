import { fillVariables } from '../base/variables.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { Environment } from './environment.ts'

/** The text with its variables in their places. Throws MISSING_API_KEY naming the first that is not set. */
export function withVariables(text: string, env: Environment = {}): string {
  return fillVariables(
    text,
    env,
    (name) =>
      new RegattaError(
        'MISSING_API_KEY',
        `The option "proxies" needs the variable ${name}, which is not set. Set ${name} in the environment, or take \${${name}} out.`,
        { value: { variable: name } },
      ),
  )
}
