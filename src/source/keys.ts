import { z } from 'zod'
import type { SourceContext } from '../contracts/source.ts'

/**
 * A param: the variable of the environment that holds a key, written `${NAME}`. What names it stands in the state and in a history
 * of commands, and the key itself does not.
 */
export const keyVariable = (name: string) =>
  z
    .string()
    .regex(named, `expected a variable such as \${${name}}: a key itself would stand in the state`)
    .default(`\${${name}}`)

const named = /^\$\{([A-Za-z_]\w*)\}$/

/** The key in the variable that a param names: the crawler's option `env` holds it. Undefined where it is not set, or is empty. */
export function keyIn(context: Pick<SourceContext, 'env'> | undefined, variable: string): string | undefined {
  const [, name = ''] = named.exec(variable) ?? []
  return context?.env?.[name]?.trim() || undefined
}
