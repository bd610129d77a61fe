/**
 * V8 keeps a part of a string as a view into the whole: a title of twenty characters that outlives its page keeps the
 * page's megabyte in memory. A copy does not. What leaves a page passes here.
 */

/** V8 copies what is shorter by itself. */
const shortestView = 13

/** The same text, without the one that it was cut from. */
export function ownString(text: string): string {
  // Joining makes a rope, and cutting a rope makes it one flat string first.
  return text.length < shortestView ? text : ` ${text}`.slice(1)
}

/**
 * The same value, in which no text keeps the one that it was cut from alive. Lists and plain objects are changed in place,
 * as deep as `depth`; what is frozen or of a class of its own stays as it is.
 */
export function ownStrings<Value>(value: Value, depth = 8): Value {
  if (typeof value === 'string') return ownString(value) as Value
  if (typeof value !== 'object' || value === null || depth === 0) return value
  if (Array.isArray(value)) {
    if (!Object.isFrozen(value)) for (const [at, each] of value.entries()) replace(value, at, each, depth)
  } else if (isPlain(value) && !Object.isFrozen(value)) {
    for (const name of Object.keys(value)) {
      const property = Object.getOwnPropertyDescriptor(value, name)
      if (property?.writable) replace(value as Record<string, unknown>, name, property.value, depth)
    }
  }
  return value
}

function replace<Key extends string | number>(
  holder: Record<Key, unknown>,
  key: Key,
  value: unknown,
  depth: number,
): void {
  const own = ownStrings(value, depth - 1)
  if (typeof value === 'string') holder[key] = own
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
