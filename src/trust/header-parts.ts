import { charsetOf, mimeTypeOf } from '../base/mime-type.ts'
import type { HttpResponse } from '../contracts/outcome.ts'
import { hashOfText } from './byte-hash.ts'
import { comparableTarget } from './comparable-link.ts'
import type { Part } from './part-tally.ts'

/**
 * The headers that say something of the page, as parts. A list of those that are in: most others differ from answer to answer
 * and from server to server without anybody lying (dates, ages, caches, traces, connections).
 */
const literal = ['content-language', 'content-disposition', 'refresh', 'x-robots-tag', 'link']

export function headerParts({ headers, url }: Pick<HttpResponse, 'headers' | 'url'>): Map<string, Part> {
  const parts = new Map<string, Part>()
  const add = (name: string, value: string) => {
    const path = `header ${name}`
    const before = parts.get(path)
    const sum = (before?.value ?? 0) + (value === '' ? 0 : hashOfText(value))
    parts.set(path, { count: (before?.count ?? 0) + 1, value: sum >>> 0 })
  }
  const type = mimeTypeOf(headers['content-type'])
  if (type !== undefined) add('content-type', type.essence)
  const charset = charsetOf(headers['content-type'])
  if (charset !== undefined) add('charset', charset.toLowerCase())
  for (const name of literal) {
    for (const value of valuesOf(headers[name])) add(name, value.replaceAll(/\s+/g, ' ').trim())
  }
  // What follows the scheme may be a nonce.
  for (const value of valuesOf(headers['www-authenticate']))
    add('www-authenticate', value.split(' ', 1)[0]!.toLowerCase())
  for (const value of valuesOf(headers.location))
    add('location', comparableTarget(URL.parse(value, url)?.href ?? value))
  // Values of cookies are the visitor's own; of their names the digits may be the balancer's.
  for (const cookie of valuesOf(headers['set-cookie'])) add(`set-cookie ${cookieName(cookie)}`, '')
  return parts
}

function valuesOf(value: string | string[] | undefined): readonly string[] {
  return value === undefined ? [] : typeof value === 'string' ? [value] : value
}

function cookieName(cookie: string): string {
  return cookie.slice(0, 100).split('=', 1)[0]!.replaceAll(/\d+/g, '').trim().slice(0, 40)
}
