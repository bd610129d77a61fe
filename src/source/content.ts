import type { CheerioAPI } from 'cheerio'
import { assertArgument, hasFunctions } from '../contracts/arguments.ts'
import type { PageHeading } from '../contracts/document.ts'
import { isPreformatted, tagOf } from './html-tags.ts'
import { oneLine, TextLines } from './text-lines.ts'

/** What a person reads on a page. */
export interface Content {
  /** No scripts, no styles, one line per block (and each line of a `pre`), white space collapsed. */
  readonly text: string
  /** In document order; `level` 1 for h1 to 6 for h6. */
  readonly headings: readonly PageHeading[]
}

/**
 * The text and the headings of a parsed page (`page.$`), in one walk over its body: what `page.document` says without a tree,
 * for a tree that a source has changed. Never throws. cheerio's own `.text()` glues neighbouring blocks together and keeps
 * scripts. The walk is a loop and not a recursion, and nothing is visited twice: a page may nest a hundred thousand
 * elements, by mistake or to do harm.
 */
export function readContent($: CheerioAPI): Content {
  assertArgument(hasFunctions($, 'root'), 'readContent()', '$', 'the tree of a page, as page.$', $)
  const lines = new TextLines()
  const headings: PageHeading[] = []
  const root: PageNode | undefined = $('body').get(0) ?? $.root().get(0)
  let heading: { node: PageNode; from: number } | undefined
  let preformatted = 0
  let node: PageNode | null = root ?? null
  while (node) {
    const tag = tagOf(nameOf(node))
    if (node.type === 'text') {
      const data = node.data.replaceAll('\0', '')
      if (preformatted > 0) lines.addLines(data)
      else lines.add(data)
    } else if (tag.isBlock) lines.endLine()
    if (!heading && tag.level > 0) heading = { node, from: lines.length }
    if (isPreformatted(tag)) preformatted++
    const inside: PageNode | null = 'children' in node && !tag.isSilent ? (node.children[0] ?? null) : null
    if (inside) {
      node = inside
      continue
    }
    // Up until there is a next one, ending what is left.
    while (node) {
      const ended = tagOf(nameOf(node))
      if (node === heading?.node) {
        headings.push({ level: ended.level, text: oneLine(lines.text(heading.from)) })
        heading = undefined
      }
      if (isPreformatted(ended)) preformatted--
      if (ended.isBlock) lines.endLine()
      if (node === root) node = null
      else if (node.next) {
        node = node.next
        break
      } else node = node.parent
    }
  }
  return { text: lines.text(), headings }
}

/** cheerio does not export its node types; its document leads to them. */
type DocumentNode = ReturnType<CheerioAPI['root']>[number]
type PageNode = DocumentNode | DocumentNode['children'][number]

function nameOf(node: PageNode): string {
  return 'name' in node ? node.name : ''
}
