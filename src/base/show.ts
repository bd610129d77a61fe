import { inspect } from 'node:util'
import { redact } from './redact.ts'

const longest = 120

/** A value as a sentence names it: on one line, at most 120 characters, and never an error of its own. */
export function showValue(value: unknown): string {
  if (value === undefined) return 'nothing'
  const text =
    typeof value === 'string'
      ? JSON.stringify(value.slice(0, longest + 1))
      : inspect(value, { depth: 1, breakLength: Infinity, maxArrayLength: 5, maxStringLength: longest })
  const line = redact(text.replaceAll(/\s+/g, ' '))
  return line.length > longest ? `${line.slice(0, longest)}…` : line
}

/**
 * What was given for an option. Of objects and lists only that they are some: a sink may know a password. `isKnown`: there
 * is such an option; a text that was given for one that there is not may be anything, a password too.
 */
export function showGiven(value: unknown, isKnown: boolean): string {
  if (typeof value === 'string') return isKnown ? showValue(value) : 'a string'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'an object'
  if (typeof value === 'bigint') return `${value}n`
  return typeof value === 'function' ? 'a function' : String(value)
}
