import { RegattaError } from './errors.ts'

/**
 * Arguments of public functions, checked where they come in. What a compiler would have refused comes from JavaScript, from
 * `any`, from a file: it is told by the name of the argument, and not by the line of ours that it broke.
 */

/** Throws OPTION_INVALID unless it fits: `session(): "work" must be a function (got nothing).` Never shows the value. */
export function assertArgument(
  fits: boolean,
  call: string,
  name: string,
  expected: string,
  given: unknown,
): asserts fits {
  if (fits) return
  throw new RegattaError('OPTION_INVALID', `${call}: "${name}" must be ${expected} (got ${kindOf(given)}).`, {
    value: { path: name },
  })
}

/** Whether it is an object that has these functions. */
export function hasFunctions(value: unknown, ...names: readonly string[]): boolean {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false
  try {
    return names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function')
  } catch {
    return false // a getter that throws
  }
}

/** An object of options, which may be left out. */
export function isOptions(value: unknown): boolean {
  return value === undefined || (typeof value === 'object' && value !== null && !Array.isArray(value))
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string') return value === '' ? 'an empty text' : 'a text'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
