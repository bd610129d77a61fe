import { itemsOf, type ResponseHead } from './response-head.ts'

/**
 * Where the body of a response ends, and whether the connection can be used again behind it (RFC 9112, 6.3 and 9.3). What only
 * sloppy servers send is taken where it can mean one thing alone, and closes the connection; where two readers could disagree about the
 * end (two lengths) it is refused, because that is how one response is smuggled into another.
 */
export interface Framing {
  /** Bytes of the body; Infinity: until the connection ends. Without meaning for one in chunks. */
  readonly length: number
  readonly isChunked: boolean
  /** Codings of the transfer besides chunks, outermost last; empty for nearly all. */
  readonly codings: string
  /** Whether another request may follow on the same connection. */
  readonly keepsAlive: boolean
  /** Milliseconds for which the server promises to wait for it; undefined when it promises nothing. */
  readonly keepsAliveMs: number | undefined
  /** A length beside chunks: harmless in the first response of a connection, and a doubt in any later one. */
  readonly isDoubtful: boolean
}

/** The framing of a response, or a sentence about why it has none. */
export function framingOf(
  { status, isPersistent, headers }: ResponseHead,
  isHead: boolean,
): Framing | string {
  const { connection, 'content-length': lengths, 'transfer-encoding': transfer } = headers
  let keepsAlive = isPersistent
  if (connection !== undefined) {
    const options = itemsOf(connection)
    if (options.includes('close')) keepsAlive = false
    else if (options.includes('keep-alive')) keepsAlive = true
  }
  const transfers = transfer === undefined ? none : itemsOf(transfer)
  const isChunked = transfers.some((each) => each.startsWith('chunked'))
  const length = lengths === undefined ? undefined : lengthOf(lengths)
  if (length === 'different') return 'It announces two different lengths.'
  if (length === 'no number' && !isChunked) return 'The length that it announces is no number.'
  const hasLength = typeof length === 'number'
  const rest = {
    keepsAliveMs: keepsAlive ? promisedMs(headers['keep-alive']) : undefined,
    isDoubtful: isChunked && lengths !== undefined,
    codings: '',
  }
  // These have no body, whatever they say of one (RFC 9110, 6.4.1); some servers send it all the same.
  if (isHead) return { ...rest, length: 0, isChunked: false, keepsAlive, isDoubtful: false }
  if (status === 204 || status === 304) {
    const mayFollow = isChunked || (hasLength && length > 0)
    return { ...rest, length: 0, isChunked: false, keepsAlive: keepsAlive && !mayFollow, isDoubtful: false }
  }
  if (isChunked) {
    const codings = transfers.length === 1 ? '' : transfers.filter((each) => !frames.test(each)).join(',')
    // HTTP/1.0 knows no chunks, and a reader that knows it well reads on to the end of the connection (RFC 9112, 6.1).
    const isPlain =
      isPersistent && lengths === undefined && transfers.indexOf('chunked') === transfers.length - 1
    return { ...rest, length: 0, isChunked, codings, keepsAlive: keepsAlive && isPlain }
  }
  const codings = transfers.filter((each) => !frames.test(each)).join(',')
  if (!hasLength) return { ...rest, length: Infinity, isChunked, codings, keepsAlive: false }
  const isPlain = typeof lengths === 'string' && onlyDigits.test(lengths) && transfer === undefined
  return { ...rest, length, isChunked, codings, keepsAlive: keepsAlive && isPlain }
}

const none: readonly string[] = []
const frames = /^(?:chunked|identity)/
/** As many as a number holds exactly. */
const onlyDigits = /^\d{1,15}$/

/**
 * The one length that all headers and list items name, read as curl reads it: digits, perhaps behind a plus and before something
 * else. Undefined when nothing is said.
 */
function lengthOf(header: string | readonly string[]): number | 'different' | 'no number' | undefined {
  if (typeof header === 'string' && onlyDigits.test(header)) return Number(header)
  const items = itemsOf(header)
  if (items.length === 0) return undefined
  const lengths = items.map((each) => /^\+?(\d+)(?![\w.])/.exec(each)?.[1])
  if (lengths.includes(undefined)) return 'no number'
  const [first, ...others] = lengths.map(Number)
  return others.every((each) => each === first) ? first : 'different'
}

/** `Keep-Alive: timeout=5`, in ms. */
function promisedMs(header: string | readonly string[] | undefined): number | undefined {
  if (header === undefined) return undefined
  const seconds = /timeout\s*=\s*"?(\d{1,6})/i.exec(
    typeof header === 'string' ? header : header.join(','),
  )?.[1]
  return seconds === undefined ? undefined : Number(seconds) * 1_000
}
