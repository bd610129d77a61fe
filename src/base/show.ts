import { inspect } from 'node:util'

const longest = 120

/** A value as a sentence names it: on one line, at most 120 characters, and never an error of its own. */
export function showValue(value: unknown): string {
  if (value === undefined) return 'nothing'
  const text =
    typeof value === 'string'
      ? JSON.stringify(value.slice(0, longest + 1))
      : inspect(value, { depth: 1, breakLength: Infinity, maxArrayLength: 5, maxStringLength: longest })
  const line = text.replaceAll(/\s+/g, ' ')
  return line.length > longest ? `${line.slice(0, longest)}…` : line
}
