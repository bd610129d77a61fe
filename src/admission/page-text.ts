import { hash } from 'node:crypto'
import { readableText } from '../base/readable-text.ts'

/**
 * Is this the page we had before, but for its number? The empty page 1,235 of a list differs from 1,234 in that number,
 * in the links around it and in markup. So the words that a reader sees are compared, without the numbers and tokens
 * that stand in the page's own URL, and their neighbours; on a dated page also without days and years. Near-duplicate hashes (SimHash, MinHash) were rejected: they
 * call two real products with one template the same.
 */
export function textDigest(markup: string, url: URL, isDated: boolean): string {
  const own = ownNumbers(url)
  let text = readableText(markup.slice(0, readLimit), ['script', 'style', 'noscript'])
  for (const token of ownTokens(url)) text = text.replaceAll(token, '*')
  text = text.replace(/\d+(?:[.,:]\d+)*/g, (number) =>
    own.has(number) || (isDated && isDayOrYear(number)) ? '#' : number,
  )
  return hash('sha256', text.replace(/\s+/g, ' '), 'base64url').slice(0, 10)
}

const readLimit = 262_144
const mostTokens = 16

function ownNumbers(url: URL): Set<string> {
  const own = new Set<string>()
  for (const number of (url.pathname + url.search).match(/\d+/g) ?? []) {
    own.add(number)
    if (number.length > 9) continue
    own.add(String(Number(number) - 1))
    own.add(String(Number(number) + 1))
  }
  return own
}

/** Weeks too. A rate or a temperature of 12.3 is neither. */
function isDayOrYear(number: string): boolean {
  return /^(0?[1-9]|[1-4]\d|5[0-3]|1\d{3}|2[012]\d\d)$/.test(number)
}

/** Session ids and the like: long, with digits and letters. */
function ownTokens(url: URL): string[] {
  const parts = (url.pathname + url.search).split(/[/?&=;]/)
  const tokens = parts.filter((part) => part.length >= 8 && /\d/.test(part) && /[a-z]/i.test(part))
  return tokens.slice(0, mostTokens)
}
