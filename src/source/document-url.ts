import { fetchableUrl } from '../admission/canonical-url.ts'
import { outputEncoding, percentEncode } from './encodings.ts'

/**
 * The URL that a document means by `reference`, as it is sent, without the fragment. Its query is in the encoding of the
 * document, as the server expects it (URL standard, "query state"): in a windows-1251 page `?q=ж` is `?q=%E6`, and what
 * the encoding lacks is a character reference, `%26%23…%3B`. Its path is UTF-8 always. Undefined when it cannot be fetched.
 */
export function documentUrl(
  reference: string | URL,
  base: string | undefined,
  encoding: string,
): string | undefined {
  const isPlain = reference instanceof URL || isSameInAll(reference)
  return fetchableUrl(isPlain ? reference : withQuery(reference, outputEncoding(encoding)), base)
}

function withQuery(reference: string, encoding: string): string {
  if (encoding === 'utf-8') return reference
  // The parser of URLs leaves these out first, wherever they stand.
  const text = reference.replaceAll(/[\t\n\r]/g, '')
  const fragment = text.indexOf('#')
  const end = fragment < 0 ? text.length : fragment
  const start = text.indexOf('?')
  if (start < 0 || start > end) return reference
  const query = withoutTail(text.slice(start + 1, end))
  return `${text.slice(0, start + 1)}${percentEncode(query, encoding, escapedInQuery)}`
}

/** The URL standard's "special-query percent-encode set", without the controls. */
const escapedInQuery = ' "#\'<>'

/** Controls and blanks around a URL do not belong to it. */
function withoutTail(text: string): string {
  let end = text.length
  while (end > 0 && text.charCodeAt(end - 1) <= 0x20) end--
  return text.slice(0, end)
}

/** Whether all encodings write it alike: it is ASCII, and not one of the three controls that ISO-2022-JP has no place for. */
export function isSameInAll(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code > 0x7f || code === 0x0e || code === 0x0f || code === 0x1b) return false
  }
  return true
}
