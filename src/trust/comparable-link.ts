import { isVisitParameter, sessionInPath } from '../base/visit-parameters.ts'
import { hashOfBytes, hashOfText, hashStart, hashStep, mixed } from './byte-hash.ts'
import { latin1, startsWith } from './byte-search.ts'
import { isBlank } from './element-names.ts'

/**
 * Where a link or a redirect leads, without what a site writes into it for each visitor anew. Everything else stays as it is:
 * a partner's name that was changed (`?tag=`) is what a lying proxy earns its money with, and `https:` that became `http:`
 * is another link.
 */
const slash = 0x2f
const rootHash = hashOfText('/')

/** Hashes the links of one page. A link to the site itself is the same with the site's name, from the root, and relative. */
export class LinkHashes {
  readonly #origin: string
  /** The hash of what a relative link stands behind, not finished. */
  readonly #folder: number

  constructor(url: string) {
    const page = URL.parse(url)
    this.#origin = page?.origin ?? ''
    const path = page?.pathname ?? '/'
    let folder = hashStart
    for (let at = 0; at <= path.lastIndexOf('/'); at++) folder = hashStep(folder, path.charCodeAt(at))
    this.#folder = folder
  }

  hash(bytes: Uint8Array, start: number, end: number): number {
    let from = start
    let to = end
    while (from < to && isBlank(bytes[from]!)) from++
    while (to > from && isBlank(bytes[to - 1]!)) to--
    if (this.#origin !== '' && startsWith(bytes, from, this.#origin)) {
      const path = from + this.#origin.length
      if (path === to) return rootHash
      if (bytes[path] === slash && path < to) from = path
    }
    const first = bytes[from]
    let hash = from < to && first !== slash && first !== 0x23 && first !== 0x3f ? this.#folder : hashStart
    let hasQuery = false
    let at = from
    for (; at < to; at++) {
      const byte = bytes[at]!
      if (byte === 0x3f || byte === 0x3b) {
        hasQuery = true
        break
      }
      // A scheme: nothing stands before it.
      if (byte === 0x3a && hash !== hashStart) return hashOfBytes(bytes, from, to)
      hash = hashStep(hash, byte)
    }
    return hasQuery ? hashOfText(comparableEnd(latin1(bytes, at, to)), hash) : mixed(hash)
  }
}

/** The end of a link from its first `?` or `;` on, without tracking parameters and session ids. */
function comparableEnd(end: string): string {
  const text = end.includes(';') ? end.replaceAll(sessionInPath, '') : end
  const query = text.indexOf('?')
  if (query < 0) return text
  const fragment = text.indexOf('#', query)
  const search = fragment < 0 ? text.slice(query) : text.slice(query, fragment)
  return text.slice(0, query) + steadySearch(search) + (fragment < 0 ? '' : text.slice(fragment))
}

/** The target of a redirect: absolute, without fragment; of a value that looks like a token its name alone is left. */
export function comparableTarget(target: string): string {
  const url = URL.parse(target)
  if (url === null) return target
  const search = steadySearch(url.search).replaceAll(/=([^&=]*)/g, (whole, value: string) =>
    isToken(value) ? '=' : whole,
  )
  return `${url.protocol}//${url.host}${url.pathname.replaceAll(sessionInPath, '')}${search}`
}

/** In markup an ampersand may be written `&amp;`. */
function steadySearch(search: string): string {
  if (search.length < 2) return ''
  const kept = search
    .slice(1)
    .split(/&(?:amp;)?/)
    .filter((pair) => pair !== '' && !isVisitParameter(pair))
  return kept.length === 0 ? '' : `?${kept.join('&')}`
}

/** A time stamp, or at least 16 characters with digits among them that are no words: an id of this visit. */
function isToken(value: string): boolean {
  if (/^\d{10,}$/.test(value)) return true
  return value.length >= 16 && /\d/.test(value) && /^[\w.~+-]+$/.test(value)
}
