import type { CheerioAPI } from 'cheerio'
import type * as domhandler from 'domhandler'
import { atFirstUse } from '../base/at-first-use.ts'
import { type Attributes, emptyDictionary, noAttributes } from './attributes.ts'
import type { Tag } from './html-tags.ts'
import { mostNodes, tooCostly } from './page-budget.ts'
import { type Dialect, type MarkupHandler, readMarkup } from './read-markup.ts'

type Document = ReturnType<CheerioAPI['root']>[number]

/** Of the version whose nodes cheerio knows. */
const nodes = atFirstUse<typeof domhandler>('domhandler')

/**
 * HTML to a tree, as the reading in one pass has it (read-markup.ts): linear in the page, whatever it is made of. What differs
 * from the standard's tree (standard-tree.ts) in broken pages stands in docs/plugins.md. Throws PAGE_OVER_BUDGET.
 */
export function parsePlainly(text: string, dialect: Dialect): Document {
  const tree = new TreeBuilder()
  readMarkup(text, dialect, tree)
  return tree.root as Document
}

class TreeBuilder implements MarkupHandler {
  readonly root: domhandler.Document
  readonly #make = nodes()
  /** Those that are open; of a template its content, which is a document of its own. */
  readonly #open: domhandler.ParentNode[]
  #nodes = 0

  constructor() {
    this.root = this.#document()
    this.#open = [this.root]
  }

  attributesOf(): null {
    return null
  }

  open({ name }: Tag, attributes: Attributes, isForeign: boolean): void {
    const own = attributes === noAttributes ? emptyDictionary() : (attributes as Record<string, string>)
    const element = new this.#make.Element(name, own, [])
    element.namespace = isForeign ? foreign : html
    element['x-attribsNamespace'] = element['x-attribsPrefix'] = noAttributes
    this.#append(element)
    if (name !== 'template' || isForeign) {
      this.#open.push(element)
      return
    }
    const content = this.#document()
    this.#open.push(element)
    this.#append(content)
    this.#open[this.#open.length - 1] = content
  }

  close(): void {
    this.#open.pop()
  }

  text(data: string): void {
    const last = this.#open.at(-1)!.lastChild
    if (last?.type === 'text') (last as domhandler.Text).data += data
    else this.#append(new this.#make.Text(data))
  }

  comment(data: string): void {
    this.#append(new this.#make.Comment(data))
  }

  /** `data` is all between `<!` and `>`. */
  doctype(data: string): void {
    const node = new this.#make.ProcessingInstruction('!doctype', `!${data}`)
    node['x-name'] = /^\S+\s+([^\s>]+)/.exec(data)?.[1]?.toLowerCase() ?? ''
    this.#append(node)
  }

  #document(): domhandler.Document {
    const document = new this.#make.Document([])
    document['x-mode'] = 'no-quirks'
    return document
  }

  #append(node: domhandler.ChildNode): void {
    if (++this.#nodes > mostNodes) throw tooCostly(`it has more than ${mostNodes.toLocaleString('en')} nodes`)
    const parent = this.#open.at(-1)!
    const last = parent.children.at(-1)
    if (last) {
      last.next = node
      node.prev = last
    }
    parent.children.push(node)
    node.parent = parent
  }
}

const html = 'http://www.w3.org/1999/xhtml'
/** Which one it is, SVG or MathML, nobody asks a tree. */
const foreign = 'http://www.w3.org/2000/svg'
