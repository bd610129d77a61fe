import type { ParserOptions, Tokenizer } from 'parse5'
import type { Htmlparser2TreeAdapterMap } from 'parse5-htmlparser2-tree-adapter'
import { atFirstUse } from '../base/at-first-use.ts'
import { emptyDictionary, noAttributes } from './attributes.ts'
import { mostAttributes, mostNodes, mostOpen, tooCostly } from './page-budget.ts'

/**
 * HTML to a tree as a browser without scripts makes it (parse5), in time and memory that are linear in the page. The standard's algorithm
 * is not: it asks about all open elements at each tag, compares each attribute of a tag with all before it, and opens
 * again whatever formatting a page left open, in every paragraph. So, as browsers do, what lies deeper than 512 elements
 * loses its tags and keeps its text; a tag keeps its first 512 attributes; formatting that was left open is forgotten
 * when it multiplies. A tree that grows beyond the budget for one page is given up.
 *
 * The limits are kept by the parser itself, which knows what is a tag. A look at the text beforehand was rejected: it
 * has to guess what is a script, and a page can make it guess wrong.
 */
type Adapter = NonNullable<ParserOptions<Htmlparser2TreeAdapterMap>['treeAdapter']>
type TreeDocument = Htmlparser2TreeAdapterMap['document']
type TreeElement = Htmlparser2TreeAdapterMap['element']

const parse5 = atFirstUse<typeof import('parse5')>('parse5')
const plainAdapter = atFirstUse<typeof import('parse5-htmlparser2-tree-adapter')>(
  'parse5-htmlparser2-tree-adapter',
)

/** Formatting that waits to be opened again: the standard's own limit is three of each kind. */
const mostFormatting = 64
/** Elements beyond those that a page has tags for, before what it left open is forgotten. */
const spareElements = 20_000

/** Throws PAGE_OVER_BUDGET. */
export function parseByStandard(text: string): TreeDocument {
  const parser = new (boundedParser())()
  parser.tokenizer.write(text, true)
  return parser.document
}

/** The class can only be made once parse5 is loaded. */
const boundedParser = once(() => {
  const { Parser } = parse5()

  return class BoundedParser extends Parser<Htmlparser2TreeAdapterMap> {
    readonly #tree: CountingTree
    #tags = 0
    /** Tags that were left out, by name: their ends are left out as well. */
    readonly #leftOut = new Map<string, number>()

    constructor() {
      const tree = countingTree()
      super({ treeAdapter: tree.adapter, scriptingEnabled: false })
      this.#tree = tree
      limitAttributes(this.tokenizer)
    }

    override onStartTag(token: Parameters<InstanceType<typeof Parser>['onStartTag']>[0]): void {
      this.#boundFormatting()
      if (
        this.openElements.stackTop > mostOpen &&
        (this.currentNotInHTML || !mayLieDeep.has(token.tagName))
      ) {
        if (!token.selfClosing) {
          this.#leftOut.set(token.tagName, (this.#leftOut.get(token.tagName) ?? 0) + 1)
        }
        return
      }
      super.onStartTag(token)
    }

    override onEndTag(token: Parameters<InstanceType<typeof Parser>['onEndTag']>[0]): void {
      this.#boundFormatting()
      const leftOut = this.#leftOut.get(token.tagName) ?? 0
      if (leftOut > 0) this.#leftOut.set(token.tagName, leftOut - 1)
      else super.onEndTag(token)
    }

    #boundFormatting(): void {
      this.#tags++
      const { entries } = this.activeFormattingElements
      if (this.#tree.elements > 3 * this.#tags + spareElements) {
        const markers = entries.filter((entry) => !('element' in entry))
        if (markers.length < entries.length) this.activeFormattingElements.entries = markers
      } else if (entries.length > mostFormatting) {
        // The newest are first, and what a marker fences in is not opened again outside.
        const oldest = entries.findLastIndex((entry) => 'element' in entry)
        if (oldest >= 0) entries.splice(oldest, 1)
      }
    }
  }
})

/**
 * They end themselves, so they nest nothing, and without the tags of some (`<script>`) text would become markup. Inside
 * `<svg>` and `<math>` they are elements like others.
 */
const mayLieDeep = new Set([
  ...['area', 'base', 'br', 'col', 'embed', 'hr', 'img', 'input', 'link', 'meta', 'param', 'source'],
  ...['track', 'wbr', 'script', 'style', 'textarea', 'title', 'xmp', 'iframe', 'noembed', 'noscript'],
])

/** parse5 looks for each name among all that a tag has: what comes behind the limit is not taken in. */
function limitAttributes(tokenizer: Tokenizer): void {
  const inner = tokenizer as unknown as {
    readonly currentToken: { readonly attrs: readonly unknown[] }
    _leaveAttrName(): void
  }
  const leave = inner._leaveAttrName
  inner._leaveAttrName = function () {
    if (this.currentToken.attrs.length < mostAttributes) leave.call(this)
  }
}

interface CountingTree {
  readonly adapter: Adapter
  /** Made so far. */
  readonly elements: number
}

/** The tree that cheerio walks, with a budget, and without the steps whose cost grows with the tree. */
function countingTree(): CountingTree {
  const { adapter: plain } = plainAdapter()
  let elements = 0
  let nodes = 0
  const count = () => {
    if (++nodes > mostNodes) throw tooCostly(`it has more than ${mostNodes.toLocaleString('en')} nodes`)
  }
  const adapter: Adapter = {
    ...plain,
    createElement(name, namespace, attributes) {
      elements++
      count()
      const element: TreeElement = plain.createElement(name, namespace, [])
      element.attribs = emptyDictionary()
      element['x-attribsNamespace'] = element['x-attribsPrefix'] = noAttributes
      adopt(element, attributes)
      return element
    },
    adoptAttributes: adopt,
    createCommentNode(data) {
      count()
      return plain.createCommentNode(data)
    },
    insertText(parent, text) {
      const last = parent.children.at(-1)
      if (last?.type !== 'text') count()
      plain.insertText(parent, text)
    },
    /** What a table throws out comes right before it, and the table is the last or nearly so: searched from the end. */
    insertBefore(parent, node, before) {
      const at = parent.children.lastIndexOf(before)
      const previous = before.prev
      if (previous) {
        previous.next = node
        node.prev = previous
      }
      before.prev = node
      node.next = before
      parent.children.splice(at, 0, node)
      node.parent = parent
    },
    insertTextBefore(parent, text, before) {
      const previous = before.prev
      if (previous && plain.isTextNode(previous)) previous.data += text
      else {
        count()
        adapter.insertBefore(parent, adapter.createTextNode(text), before)
      }
    },
  }
  return {
    adapter,
    get elements() {
      return elements
    },
  }
}

/**
 * Attributes that are not there yet. The plain adapter gives every element three dictionaries, which are half of what a
 * tree weighs; most elements have no use for two of them.
 */
function adopt(element: TreeElement, attributes: Parameters<Adapter['adoptAttributes']>[1]): void {
  for (const { name, value, namespace, prefix } of attributes) {
    if (element.attribs[name] !== undefined) continue
    element.attribs[name] = value
    if (namespace === undefined) continue
    if (element['x-attribsNamespace'] === noAttributes) {
      element['x-attribsNamespace'] = emptyDictionary()
      element['x-attribsPrefix'] = emptyDictionary()
    }
    element['x-attribsNamespace']![name] = namespace
    element['x-attribsPrefix']![name] = prefix ?? ''
  }
}

function once<Value>(make: () => Value): () => Value {
  let made: Value | undefined
  return () => {
    made ??= make()
    return made
  }
}
