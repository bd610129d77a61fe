import { isVisitParameter, sessionInPath } from '../base/visit-parameters.ts'

/**
 * Where a link or a redirect leads, without what a site writes into it for each visitor anew. Everything else stays as it is:
 * a partner's name that was changed (`?tag=`) is what a lying proxy earns its money with.
 */

/** A link without tracking parameters and session ids: a path where it stays on the site of `base`, else whole. */
export function comparableLink(link: string, base: URL | null): string {
  const target = base === null ? URL.parse(link) : URL.parse(link, base)
  if (target === null || (target.protocol !== 'http:' && target.protocol !== 'https:')) return link
  const origin = target.origin === base?.origin ? '' : target.origin
  return `${origin}${target.pathname.replaceAll(sessionInPath, '')}${steadySearch(target.search)}${target.hash}`
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

function steadySearch(search: string): string {
  if (search === '') return ''
  const kept = search
    .slice(1)
    .split('&')
    .filter((pair) => pair !== '' && !isVisitParameter(pair))
  return kept.length === 0 ? '' : `?${kept.join('&')}`
}

/** A time stamp, or at least 16 characters with digits among them that are no words: an id of this visit. */
function isToken(value: string): boolean {
  if (/^\d{10,}$/.test(value)) return true
  return value.length >= 16 && /\d/.test(value) && /^[\w.~+-]+$/.test(value)
}
