/** JSON pointers (RFC 6901): where something stands in a document, as `/data/0/name`; the empty one is the whole. */

/** Whether a text is one. */
export function isPointer(text: string): boolean {
  return text === '' || text.startsWith('/')
}

/** Undefined where the pointer leads nowhere. */
export function valueAt(document: unknown, pointer: string): unknown {
  let value = document
  for (const token of pointer.split('/').slice(1)) {
    if (typeof value !== 'object' || value === null) return undefined
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~')
    value = Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined
  }
  return value
}

/**
 * JSON whose whole numbers beyond 2^53 are texts, with all their digits: an id or a cursor of 64 bits that is rounded
 * names something else. Slower than `JSON.parse`, so it is asked only where such a number was found.
 */
export function parseExactly(text: string): unknown {
  const keep = (_key: string, value: unknown, context?: { readonly source?: string }) => {
    const digits = context?.source
    const isRounded = typeof value === 'number' && digits !== undefined && /^-?\d+$/.test(digits)
    return isRounded && !Number.isSafeInteger(value) ? digits : value
  }
  return JSON.parse(text, keep)
}
