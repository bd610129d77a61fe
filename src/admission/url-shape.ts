/**
 * What is fixed and what varies in a URL. Sites make pages from templates: `/product/123456`, `/search?color=&size=`. Two
 * URLs of one host with the same fixed words, the same variable places and the same query names come from one template.
 * Values of a query are left out, except where they say which program answers (`?action=edit`): there one path holds
 * many templates. Comparing pages instead of URLs was rejected: it tells only after the fetch.
 */
export interface UrlShape {
  /** Host and path with placeholders, and what routes. URLs of one family differ in their query names at most. */
  readonly family: string
  /** Query names with placeholders, sorted, each once. */
  readonly keys: readonly string[]
  /** Family and keys in one. */
  readonly template: string
}

export function shapeOf(url: URL): UrlShape {
  const path = url.pathname.split('/').map(placeholder).join('/')
  const keys = new Set<string>()
  const routes: string[] = []
  if (url.search.length > 1) {
    for (const [name, value] of url.searchParams) {
      const key = placeholder(name)
      keys.add(key)
      if (routing.has(name.toLowerCase()) && isWord(value)) routes.push(`${key}=${value}`)
    }
  }
  const family = `${url.host}${path}${routes.length > 0 ? `?${routes.sort().join('&')}` : ''}`
  const names = [...keys].sort()
  return { family, keys: names, template: `${family} ${names.join('&')}` }
}

/** Whether `one` has no query name that `other` lacks. Both sorted. */
export function isWithin(one: readonly string[], other: readonly string[]): boolean {
  let at = 0
  for (const name of one) {
    while (at < other.length && other[at]! < name) at++
    if (other[at] !== name) return false
  }
  return true
}

/**
 * Whether a link stays in the page's own corner: the same family, with query names added or taken away. Facets and
 * pagination do that; a link from `?user=7` to `?topic=9` does not.
 */
export function staysWithin(page: UrlShape, link: UrlShape): boolean {
  if (page.family !== link.family) return false
  return isWithin(page.keys, link.keys) || isWithin(link.keys, page.keys)
}

/** A segment or a query name, with what varies replaced. */
function placeholder(part: string): string {
  if (part === '' || /^\D{1,15}$/.test(part)) {
    return (part.match(/[-_+~.]|%20/g)?.length ?? 0) > 2 ? '{slug}' : part
  }
  if (/^\d+$/.test(part)) return '{number}'
  const [, day] = /^\d{4}[-_.]\d{1,2}([-_.]\d{1,2})?$/.exec(part) ?? ['none', 'none']
  if (day !== 'none') return day === undefined ? '{month}' : '{date}'
  if (/^(?=.*\d)[0-9a-f]{8,}$/i.test(part) || /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(part))
    return '{hex}'
  return part.length >= 16 ? '{slug}' : part.replace(/\d+/g, '{number}')
}

function isWord(value: string): boolean {
  return /^[a-z][\w./-]{0,40}$/i.test(value)
}

const routing = new Set([
  ...['action', 'act', 'do', 'op', 'cmd', 'command', 'task', 'mode', 'mod', 'module', 'option'],
  ...['controller', 'component', 'view', 'page', 'route', 'r', 'method', 'section', 'area', 'type', 'tab'],
])
