import { z } from 'zod'

/**
 * A field of an item: a number, however its interface sends it. `42`, `"42"` and `" 4.2e1 "` are numbers; nothing at all, null, an empty
 * text and the words in `missing` (`'.'`, `'N/D'`) are null. Anything else is refused by its name and value, as no number.
 */
export const numeric = (missing: readonly string[] = []) =>
  z.preprocess((value) => read(value, missing), z.number().nullable())

function read(value: unknown, missing: readonly string[]): unknown {
  if (value === undefined || value === null) return null
  if (typeof value !== 'string') return value
  const text = value.trim()
  if (text === '' || missing.includes(text)) return null
  const number = Number(text)
  return Number.isFinite(number) ? number : value
}
