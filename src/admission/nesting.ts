/**
 * parse5 asks about all open elements at each start tag: 100,000 nested ones, half a megabyte, would hold the process
 * for a minute and a half (htmlparser2 for half a minute). So elements left open are counted first, and a page with
 * more than browsers nest loses the tags, not the text, of those that lie deeper. The count is on the safe side for
 * real pages: an end tag without its start tag ends nothing, and what ends by itself is not counted.
 */
export function limitNesting(html: string): string {
  const keep = countNesting()
  for (const [tag, slash, name] of html.matchAll(tags)) {
    if (name !== undefined && slash === '' && !keep(tag, name, false)) return flatten(html)
    if (name !== undefined && slash === '/') keep(tag, name, true)
  }
  return html
}

function flatten(html: string): string {
  const keep = countNesting()
  return html.replace(tags, (tag, slash: string, name: string | undefined) =>
    name === undefined || keep(tag, name, slash === '/') ? tag : ' ',
  )
}

/** Where browsers stop, too. */
const maxDepth = 512

/** Comments and raw text first, whole and nameless: the tags in them are none. Each runs to the end if nothing ends it. */
const tags =
  /<!--(?:-?>|[\s\S]*?(?:--!?>|$))|<(?:script\b[\s\S]*?(?:<\/script|$)|style\b[\s\S]*?(?:<\/style|$)|textarea\b[\s\S]*?(?:<\/textarea|$))|<(\/?)([a-z][^\s/>]*)[^>]*>?/gi

/** Told every tag; says whether it may stay. */
function countNesting(): (tag: string, name: string, isEnd: boolean) => boolean {
  const open = new Map<string, number>()
  let depth = 0
  // Inside <svg> and <math> `/>` ends an element, as it does nowhere else; an HTML element in there ends them.
  let isForeign = false
  return (tag, anyCase, isEnd) => {
    const name = anyCase.toLowerCase()
    if (name === 'svg' || name === 'math') isForeign = !isEnd
    else if (!isEnd && leavesForeign.has(name)) isForeign = false
    if (selfEnding.has(name) || (isForeign && tag.endsWith('/>'))) return true
    const count = open.get(name) ?? 0
    if (isEnd ? count === 0 : depth === maxDepth) return false
    open.set(name, isEnd ? count - 1 : count + 1)
    depth += isEnd ? -1 : 1
    return true
  }
}

/** Elements without content, and those that the next of their kind ends. */
const selfEnding = new Set([
  ...[
    'area',
    'base',
    'br',
    'col',
    'embed',
    'hr',
    'img',
    'input',
    'link',
    'meta',
    'param',
    'source',
    'track',
    'wbr',
  ],
  ...['p', 'li', 'dt', 'dd', 'option', 'thead', 'tbody', 'tfoot', 'tr', 'td', 'th', 'a'],
])

/** HTML 13.2.6.5 (the first three lines), and the places where HTML may stand inside. */
const leavesForeign = new Set([
  ...[
    'b',
    'big',
    'blockquote',
    'body',
    'br',
    'center',
    'code',
    'dd',
    'div',
    'dl',
    'dt',
    'em',
    'embed',
    'h1',
    'h2',
  ],
  ...[
    'h3',
    'h4',
    'h5',
    'h6',
    'head',
    'hr',
    'i',
    'img',
    'li',
    'listing',
    'menu',
    'meta',
    'nobr',
    'ol',
    'p',
    'pre',
    's',
  ],
  ...['ruby', 'small', 'span', 'strong', 'strike', 'sub', 'sup', 'table', 'tt', 'u', 'ul', 'var', 'font'],
  ...['foreignobject', 'desc', 'title', 'annotation-xml', 'mi', 'mo', 'mn', 'ms', 'mtext'],
])
