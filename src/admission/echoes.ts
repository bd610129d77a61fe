/**
 * A server that ignores the end of a path answers /docs/a/b with the page /docs, and that page's relative links lead to
 * /docs/a/b/a, which is the same again: more paths than repetition rules can name. Seen from its bodies it is plain: the
 * same bytes as before, at a path that is the earlier one with segments put in. Such an echo may lead on a few times,
 * since small sites have equal pages too; then its relative links are dropped.
 */
export class Echoes {
  readonly #allowed: number
  /** Path at which a body was first seen, by host and digest; the oldest are forgotten. */
  readonly #firstPath = new Map<string, string>()
  /** Echoes by host. */
  readonly counts = new Map<string, number>()

  constructor(allowed: number) {
    this.#allowed = allowed
  }

  /** Whether the page at `url` is an echo too many. */
  hear(url: URL, digest: string): boolean {
    const key = `${url.host} ${digest}`
    const first = this.#firstPath.get(key)
    if (first === undefined) {
      if (this.#firstPath.size >= remembered) this.#firstPath.delete(this.#firstPath.keys().next().value!)
      this.#firstPath.set(key, url.pathname)
      return false
    }
    if (!isPutInto(first, url.pathname)) return false
    const count = (this.counts.get(url.host) ?? 0) + 1
    if (this.counts.size >= remembered) this.counts.delete(this.counts.keys().next().value!)
    this.counts.set(url.host, count)
    return count > this.#allowed
  }
}

/** Whether a link was made from the page's own path, as a relative one is. */
export function isBelow(link: URL, page: URL): boolean {
  const folder = page.pathname.slice(0, page.pathname.lastIndexOf('/') + 1)
  return folder !== '/' && link.host === page.host && link.pathname.startsWith(folder)
}

const remembered = 20_000

/** Whether `path` is `first` with segments put in anywhere. */
function isPutInto(first: string, path: string): boolean {
  const wanted = first.split('/').filter(Boolean)
  const segments = path.split('/').filter(Boolean)
  if (segments.length <= wanted.length) return false
  let at = 0
  for (const segment of segments) if (segment === wanted[at]) at++
  return at === wanted.length
}
