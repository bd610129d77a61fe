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

/** Read once from its start to its end: patterns that look for all of this go back over what a stranger wrote. */
export function readLinkHeader(header: string | readonly string[] | undefined): HeaderLink[] {
  const text = typeof header === 'string' ? header : (header ?? []).join(', ')
  const links: HeaderLink[] = []
  let at = 0
  while (at < text.length) {
    const begin = text.indexOf('<', at)
    const end = begin < 0 ? -1 : text.indexOf('>', begin)
    if (end < 0) break
    const { parameters, next } = readParameters(text, end + 1)
    at = next
    // With an anchor it speaks of another document than the one that was asked for.
    if (parameters.get('anchor')) continue
    const rel = (parameters.get('rel') ?? '').toLowerCase().split(/\s+/).filter(Boolean)
    links.push({ target: text.slice(begin + 1, end).trim(), rel })
  }
  return links
}

/** `; rel="next"; title=x`, up to the comma behind them. Of two with one name the first counts. */
function readParameters(text: string, from: number): { parameters: Map<string, string>; next: number } {
  const parameters = new Map<string, string>()
  let at = from
  let name = ''
  let value: string | undefined
  const finish = () => {
    const key = name.trim().toLowerCase()
    if (key !== '' && !parameters.has(key)) parameters.set(key, (value ?? '').trim())
    name = ''
    value = undefined
  }
  for (; at < text.length && text[at] !== ','; at++) {
    const here = text[at]!
    if (here === ';') finish()
    else if (here === '=' && value === undefined) value = ''
    else if (here === '"' && value !== undefined) {
      for (at++; at < text.length && text[at] !== '"'; at++) {
        if (text[at] === '\\') at++
        value += text[at] ?? ''
      }
    } else if (value === undefined) name += here
    else value += here
  }
  finish()
  return { parameters, next: at + 1 }
}

/** The target of the first link with this relation; undefined where there is none. */
export function linkWith(rel: string, header: string | readonly string[] | undefined): string | undefined {
  return readLinkHeader(header).find((link) => link.rel.includes(rel))?.target
}
