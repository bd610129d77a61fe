/** A request as it goes onto the wire (RFC 9112, 3). */
export interface WireRequest {
  readonly method: string
  /** The path, or the whole URL for a proxy that forwards. */
  readonly target: string
  /** Names and values in turn. `host` among them goes before the one of the connection. */
  readonly headers: readonly string[]
  readonly body: Uint8Array | string | undefined
  /** No other request follows on this connection. */
  readonly isLast: boolean
}

const token = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/
const badTarget = /[^\x21-\xff]/
const badValue = /[^\t\x20-\x7e\x80-\xff]/

/** What about a request HTTP does not allow, as a sentence. Nothing of it is sent then: a line end would be a header of its own. */
export function invalidIn({ method, target, headers }: WireRequest): string | undefined {
  if (!token.test(method)) return 'The method is none that HTTP allows.'
  if (target === '' || badTarget.test(target)) return 'The path has a character that HTTP does not allow.'
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!
    if (!token.test(name)) return 'A header has a name that HTTP does not allow.'
    if (badValue.test(headers[at + 1]!)) return `The header ${name} has a value that HTTP does not allow.`
  }
  return undefined
}

/** The request line and the headers. `origin`: of the connection, which names the host. */
export function requestHead({ method, target, headers, body, isLast }: WireRequest, origin: string): string {
  let named = origin.slice(origin.indexOf('//') + 2)
  let lines = ''
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!
    if (name.length === 4 && name.toLowerCase() === 'host') named = headers[at + 1]!
    else lines += `${name}: ${headers[at + 1]}\r\n`
  }
  const length = body === undefined ? 0 : typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength
  if (length > 0 || expectsBody.has(method)) lines += `content-length: ${length}\r\n`
  const keeping = isLast ? 'close' : 'keep-alive'
  return `${method} ${target} HTTP/1.1\r\nhost: ${named}\r\nconnection: ${keeping}\r\n${lines}\r\n`
}

const expectsBody = new Set(['POST', 'PUT', 'PATCH', 'QUERY', 'PROPFIND', 'PROPPATCH'])
