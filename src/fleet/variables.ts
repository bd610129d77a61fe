import { RegattaError } from '../contracts/errors.ts'
import type { Environment } from './environment.ts'

/**
 * Keys stand in the environment, and what is written down names them: `${ACME_KEY}` in an address or a header of a list. So
 * a configuration file can be shared, and no key is in the history of a shell.
 */
const variable = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g

/** The text with its variables in their places. Throws MISSING_API_KEY naming the first that is not set. */
export function withVariables(text: string, env: Environment = {}): string {
  return text.replace(variable, (_, name: string) => {
    const value = env[name]?.trim()
    if (value) return value
    throw new RegattaError(
      'MISSING_API_KEY',
      `The option "proxies" needs the variable ${name}, which is not set. Set ${name} in the environment, or take \${${name}} out.`,
      { value: { variable: name } },
    )
  })
}

/** The names of the variables in these texts. */
export function variablesIn(texts: readonly string[]): string[] {
  return texts.flatMap((text) => [...text.matchAll(variable)].map(([, name]) => name!))
}
