/**
 * The Link header of an answer (RFC 8288): `<https://…?page=2>; rel="next", <…>; rel=last`. Targets may hold commas and
 * semicolons, values may be quoted, several headers count as one, and the first `rel` of a link is its own.
 */
export interface HeaderLink {
  /** As it stands there: it may be relative. */
  readonly target: string
  /** In lower case. */
  readonly rel: readonly string[]
}

const linkStart = /[\s,]*<([^>]*)>/y
const parameter = /\s*;\s*([^\s=;,"<]+)?(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,]*)))?/y

export function readLinkHeader(header: string | readonly string[] | undefined): HeaderLink[] {
  const text = typeof header === 'string' ? header : (header ?? []).join(', ')
  const links: HeaderLink[] = []
  let at = 0
  while (at < text.length) {
    linkStart.lastIndex = at
    const start = linkStart.exec(text)
    if (start === null) {
      // What is no link ends with the next comma.
      const comma = text.indexOf(',', at)
      if (comma < 0) break
      at = comma + 1
      continue
    }
    at = linkStart.lastIndex
    let rel: string | undefined
    let isElsewhere = false
    for (;;) {
      parameter.lastIndex = at
      const found = parameter.exec(text)
      if (found === null) break
      at = parameter.lastIndex
      const name = found[1]?.toLowerCase()
      const value = found[2]?.replaceAll(/\\(.)/g, '$1') ?? found[3]
      if (name === 'rel') rel ??= value
      // It speaks of another document than the one that was asked for.
      if (name === 'anchor' && value !== '') isElsewhere = true
    }
    const words = (rel ?? '').toLowerCase().split(/\s+/).filter(Boolean)
    if (!isElsewhere) links.push({ target: start[1]!.trim(), rel: words })
  }
  return links
}

/** The target of the first link with this relation; undefined where there is none. */
export function linkWith(rel: string, header: string | readonly string[] | undefined): string | undefined {
  return readLinkHeader(header).find((link) => link.rel.includes(rel))?.target
}
