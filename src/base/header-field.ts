/**
 * What a header may be (RFC 9110, 5.5 and 5.6.2). A value is bytes: fetch takes them as the characters U+0000 to U+00FF,
 * and so does the client that writes them onto a connection. What is refused here would be refused there, attempt after attempt.
 */
export const headerName = /^[\w!#$%&'*+.^`|~-]+$/

/** What is wrong with the value of a header, as `expected …`; undefined when nothing is. */
export function faultOfHeaderValue(value: string): string | undefined {
  if (/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) return undefined
  if (/[\r\n]/.test(value)) return 'expected a value of one line'
  if (/[^\0-\xff]/.test(value)) {
    return 'expected the characters of Latin-1, as a header is bytes (write others as encodeURIComponent does)'
  }
  return 'expected no control characters'
}

/** What is wrong with one of these headers, with its name; undefined when nothing is. A value is never repeated. */
export function faultOfHeaders(
  headers: Iterable<readonly [name: unknown, value: unknown]>,
): string | undefined {
  for (const [name, value] of headers) {
    // A name that is none may be a whole header, pasted.
    if (typeof name !== 'string' || !headerName.test(name)) return 'a name: expected the name of a header'
    const fault = typeof value === 'string' ? faultOfHeaderValue(value) : 'expected a text'
    if (fault !== undefined) return `"${name}": ${fault}`
  }
  return undefined
}

/** Whether these headers say who asks, so that nobody else may ask the same. */
export function isPersonal(headers: Readonly<Record<string, string>>): boolean {
  for (const name in headers) {
    const lower = name.toLowerCase()
    if (lower === 'cookie' || lower === 'authorization') return true
  }
  return false
}
