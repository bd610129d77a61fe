/**
 * Where an answer sends us, as the Fetch standard ("location URL") and browsers read it. Header values are bytes, and come
 * here as Latin-1: a server that writes its own language raw means those bytes, so each one beyond ASCII is
 * percent-encoded as it is. Two headers that differ lead nowhere, as in browsers; two that are equal are one.
 */
interface Head {
  readonly status: number
  /** The URL that answered. */
  readonly url: string
  readonly headers: { readonly location?: string | readonly string[] | undefined }
}

/** The statuses that lead elsewhere; 300, 304, 305 and 306 are pages, whatever they say. */
export function isRedirectStatus(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308
}

/** An http(s) URL; a sentence that says why it leads nowhere; or undefined for what is no redirect. */
export function locationOf({ status, url, headers }: Head): URL | string | undefined {
  if (!isRedirectStatus(status)) return undefined
  const { location } = headers
  if (location === undefined || location.length === 0) return location === '' ? new URL(url) : undefined
  const values = typeof location === 'string' ? [location] : location
  if (new Set(values).size > 1) return 'The redirect names several places.'
  const to = URL.parse(bytesEscaped(values[0]!), url)
  if (to === null) return 'The redirect leads to what is no URL.'
  if (to.protocol === 'http:' || to.protocol === 'https:') return to
  return `The redirect cannot be followed: only http and https are fetched, not ${to.protocol}`
}

/** Characters beyond Latin-1 are there only where somebody has decoded the header before us. */
function bytesEscaped(value: string): string {
  return value.replace(/[^\0-\x7f]+/g, (odd) =>
    /^[\0-\xff]*$/.test(odd)
      ? [...odd].map((each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`).join('')
      : encodeURIComponent(odd.toWellFormed()),
  )
}
