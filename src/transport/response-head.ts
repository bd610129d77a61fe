/**
 * The head of an HTTP/1 response, of a target or of a proxy that was asked to CONNECT: where it ends, and what it says. Real
 * servers write it in many ways, so it is read as curl and browsers read it (RFC 9112, 2.2 and 5; the rows stand in
 * docs/conformance.md): bare LF, folded lines, space before a colon, lines without one, odd versions, no reason phrase. What is
 * refused: a head without a status line, a NUL, and more than 256 KB.
 */
export interface ResponseHead {
  readonly status: number
  /** What stands behind the status; often empty. */
  readonly statusText: string
  /** Whether the connection stays open unless the head says otherwise: from HTTP/1.1 on. */
  readonly isPersistent: boolean
  /** Names in lower case; values in ISO-8859-1, an array where a name comes more than once. */
  readonly headers: Record<string, string | string[] | undefined>
}

/** Bytes of a head, with all that comes before it. As much as Chrome takes. */
export const mostHead = 256 * 1024

/** Bytes that may stand before the status line of a page: a byte order mark, the rest of something. As many as Chrome allows. */
const mostBefore = 4

const LF = 10
const CR = 13

/** Where a head begins: line ends before a status line are passed over. */
export function startOfHead(bytes: Uint8Array): number {
  let start = 0
  while (bytes[start] === CR || bytes[start] === LF) start++
  return start
}

/** The index behind the empty line that ends a head, or -1. `from` is at the earliest the third byte before what is new. */
export function endOfHead(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(LF, from); at >= 0; at = bytes.indexOf(LF, at + 1)) {
    let next = at + 1
    while (bytes[next] === CR) next++
    if (bytes[next] === LF) return next + 1
  }
  return -1
}

/** Whether what has come so far can be the beginning of a head, with so many odd bytes before it. */
export function mayBeHead(bytes: Uint8Array, start: number, before = mostBefore): boolean {
  for (let at = start; at <= start + before; at++) {
    let same = 0
    while (same < 4 && at + same < bytes.length && (bytes[at + same]! | 0x20) === http.charCodeAt(same))
      same++
    if (same === 4 || at + same === bytes.length) return true
  }
  return false
}

const http = 'http'
const statusLine = /^[^\n]{0,4}?HTTP(?:\/(\d+)(?:\.(\d+))?)?[ \t]+([1-9]\d\d)(?!\d)/i
/** What no line of a head ought to hold. */
const oddBytes = /\0|\r(?!\n)/

/** What a head says; undefined when it has no status line, or a NUL. */
export function readHead(head: string): ResponseHead | undefined {
  let text = head
  if (oddBytes.test(text)) {
    if (text.includes('\0')) return undefined
    text = text.replace(/\r+\n/g, '\n').replaceAll('\r', ' ')
  }
  const first = statusLine.exec(text)
  if (!first) return undefined
  const major = Number(first[1] ?? 1)
  const minor = Number(first[2] ?? 0)
  const headers: Record<string, string | string[] | undefined> = {}
  let name = ''
  let value = ''
  for (let from = text.indexOf('\n') + 1; ; ) {
    const next = text.indexOf('\n', from)
    if (next < 0) break
    const code = text.charCodeAt(from)
    // A folded line goes on with the value before it (RFC 9112, 5.2).
    if (code === 32 || code === 9) {
      if (name !== '') value = joined(value, trimmed(text, from, next))
    } else {
      if (name !== '') addTo(headers, name, value)
      const colon = text.indexOf(':', from)
      name = colon > from && colon < next ? nameOf(trimmed(text, from, colon)) : ''
      if (name !== '') value = trimmed(text, colon + 1, next)
    }
    from = next + 1
  }
  if (name !== '') addTo(headers, name, value)
  return {
    status: Number(first[3]),
    statusText: trimmed(text, first[0].length, text.indexOf('\n')),
    isPersistent: major > 1 || (major === 1 && minor > 0),
    headers,
  }
}

const tokenOnly = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/

/** In lower case; empty for what is no name: such a line is passed over, as browsers do. */
function nameOf(name: string): string {
  return tokenOnly.test(name) ? name.toLowerCase() : ''
}

function joined(before: string, more: string): string {
  if (before === '') return more
  return more === '' ? before : `${before} ${more}`
}

/** Without white space around it: that of HTTP only, because the last byte of a letter in UTF-8 may look like another. */
function trimmed(text: string, from: number, to: number): string {
  let start = from
  let end = to
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  while (start < end && isBlank(text.charCodeAt(start))) start++
  return text.slice(start, end)
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9 || code === CR
}

function addTo(headers: ResponseHead['headers'], name: string, value: string): void {
  if (name === '__proto__') return
  const before = Object.hasOwn(headers, name) ? headers[name] : undefined
  if (before === undefined) headers[name] = value
  else if (typeof before === 'string') headers[name] = [before, value]
  else before.push(value)
}

/** The items of a header that holds a comma-separated list, in lower case. */
export function itemsOf(header: string | readonly string[] | undefined): string[] {
  if (header === undefined) return []
  const whole = typeof header === 'string' ? header : header.join(',')
  return whole
    .toLowerCase()
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
}
