import type { CheerioAPI } from 'cheerio'

/** What a person reads on a page. */
export interface Content {
  /** No scripts, no styles, one line per block, white space collapsed. */
  readonly text: string
  /** In document order; `level` 1 for h1 to 6 for h6. */
  readonly headings: readonly { readonly level: number; readonly text: string }[]
}

/**
 * The text and the headings of a parsed page (`page.$`), in one walk over its body. Never throws. cheerio's own `.text()` glues neighbouring blocks
 * together and keeps scripts. The walk is a loop and not a recursion, and nothing is visited twice: a page may nest a
 * hundred thousand elements, by mistake or to do harm.
 */
export function readContent($: CheerioAPI): Content {
  const pieces: string[] = []
  const headings: { level: number; text: string }[] = []
  const root: PageNode | undefined = $('body').get(0) ?? $.root().get(0)
  let heading: { node: PageNode; from: number } | undefined
  let node: PageNode | null = root ?? null
  while (node) {
    const name = nameOf(node)
    if (node.type === 'text') pieces.push(node.data)
    else if (blocks.has(name)) pieces.push(lineBreak)
    if (!heading && levelOf(name) > 0) heading = { node, from: pieces.length }
    const inside: PageNode | null =
      'children' in node && !silent.has(name) ? (node.children[0] ?? null) : null
    if (inside) {
      node = inside
      continue
    }
    // Up until there is a next one, ending what is left.
    while (node) {
      if (node === heading?.node) {
        const text = linesOf(pieces.slice(heading.from)).join(' ')
        headings.push({ level: levelOf(nameOf(node)), text })
        heading = undefined
      }
      if (blocks.has(nameOf(node))) pieces.push(lineBreak)
      if (node === root) node = null
      else if (node.next) {
        node = node.next
        break
      } else node = node.parent
    }
  }
  return { text: linesOf(pieces).join('\n'), headings }
}

/** cheerio does not export its node types; its document leads to them. */
type DocumentNode = ReturnType<CheerioAPI['root']>[number]
type PageNode = DocumentNode | DocumentNode['children'][number]

/** No page can contain it: HTML parsers replace NUL. */
const lineBreak = '\0'

/** White space that is not one blank already, as most of it is. */
const uneven = / \s+|[^\S ]\s*/g

function linesOf(pieces: readonly string[]): string[] {
  const lines = pieces.join('').split(lineBreak)
  return lines.map((line) => line.replace(uneven, ' ').trim()).filter(Boolean)
}

function nameOf(node: PageNode): string {
  return 'name' in node ? node.name : ''
}

function levelOf(name: string): number {
  return /^h[1-6]$/.test(name) ? Number(name[1]) : 0
}

const silent = new Set(['script', 'style', 'noscript', 'template', 'svg', 'math', 'iframe', 'object', 'head'])

const blocks = new Set([
  ...[
    'address',
    'article',
    'aside',
    'blockquote',
    'body',
    'br',
    'caption',
    'dd',
    'details',
    'dialog',
    'div',
    'dl',
  ],
  ...[
    'dt',
    'fieldset',
    'figcaption',
    'figure',
    'footer',
    'form',
    'h1',
    'h2',
    'h3',
    'h4',
    'h5',
    'h6',
    'header',
    'hr',
  ],
  ...[
    'li',
    'main',
    'nav',
    'ol',
    'option',
    'p',
    'pre',
    'section',
    'summary',
    'table',
    'tbody',
    'td',
    'tfoot',
    'th',
  ],
  ...['thead', 'tr', 'ul'],
])
