import { parseSync } from 'rolldown/utils'
import { lineAt, type SyntaxNode, walkTree } from '../syntax.ts'

/** A function of our code, where a reader finds it. */
export interface FunctionPlace {
  /** From the root of the project. */
  readonly file: string
  readonly line: number
  /** `Race.assign`, `decide`; what has no name is called after the function it stands in. */
  readonly name: string
}

/** What the code calls: with the number of a function, and the value that it goes on with after an `await` or a `yield`. */
export const probe = '__walked'

interface Node extends SyntaxNode {
  readonly [part: string]: unknown
}

interface Insertion {
  readonly at: number
  readonly text: string
  /** Closing texts come before opening ones of the same place. */
  readonly closes: boolean
}

/**
 * The code, with a call of the probe where a function begins and wherever it goes on after it waited. `add` gives each
 * function its number.
 */
export function instrument(file: string, code: string, add: (place: FunctionPlace) => number): string {
  const { program, errors } = parseSync(file, code, { lang: 'ts' })
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]!.message}`)
  const insertions: Insertion[] = []
  const open = (at: number, text: string) => insertions.push({ at, text, closes: false })
  const close = (at: number, text: string) => insertions.push({ at, text, closes: true })
  const parents = new Map<SyntaxNode, Node>()
  const numbers = new Map<Node, number>()

  const numberOf = (node: Node): number | undefined => {
    for (let each: Node | undefined = node; each; each = parents.get(each)) {
      if (numbers.has(each)) return numbers.get(each)
    }
    // Of the module itself, which runs when it is loaded.
    return undefined
  }

  walkTree(program, (each, parent) => {
    const node = each as Node
    if (parent) parents.set(node, parent as Node)
    switch (node.type) {
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression': {
        const body = node.body as Node | null
        // An overload or an abstract method has none.
        if (!body) return
        const number = add({ file, line: lineAt(code, node.start), name: nameOf(node, parents) })
        numbers.set(node, number)
        if (body.type === 'BlockStatement' || body.type === 'FunctionBody') {
          open(body.start + 1, ` ${probe}(${number});`)
        } else {
          open(body.start, `(${probe}(${number}), `)
          close(body.end, ')')
        }
        return
      }
      case 'AwaitExpression':
      case 'YieldExpression': {
        const number = numberOf(node)
        if (number === undefined) return
        // It begins with a name, as what it replaces: no semicolon is missed before it.
        open(node.start, `${probe}(${number}, `)
        close(node.end, ')')
        return
      }
      case 'ForOfStatement': {
        const body = node.body as Node
        const number = numberOf(node)
        if (node.await === true && number !== undefined && body.type === 'BlockStatement')
          open(body.start + 1, ` ${probe}(${number});`)
      }
    }
  })
  return withInsertions(code, insertions)
}

function withInsertions(code: string, insertions: readonly Insertion[]): string {
  // Visited from outside inwards: openings of one place stand in that order, closings the other way round.
  const ordered = insertions
    .map((insertion, index) => ({ ...insertion, order: insertion.closes ? -index : index + 1 }))
    .sort((a, b) => a.at - b.at || Number(b.closes) - Number(a.closes) || a.order - b.order)
  let result = ''
  let last = 0
  for (const { at, text } of ordered) {
    result += code.slice(last, at) + text
    last = at
  }
  return result + code.slice(last)
}

function nameOf(node: Node, parents: ReadonlyMap<SyntaxNode, Node>): string {
  const own = ownNameOf(node, parents.get(node))
  const around = enclosing(node, parents)
  if (own === undefined) return around === undefined ? 'a callback' : `a callback in ${around}`
  const parent = parents.get(node)
  const isMember = parent?.type === 'MethodDefinition' || parent?.type === 'PropertyDefinition'
  const owner = isMember ? classOf(parent, parents) : undefined
  return owner === undefined ? own : `${owner}.${own}`
}

/** By its own name, or that of the variable, property or parameter that it is given to. */
function ownNameOf(node: Node, parent: Node | undefined): string | undefined {
  const own = textOf(node.id)
  if (own !== undefined) return own
  switch (parent?.type) {
    case 'VariableDeclarator':
      return textOf(parent.id)
    case 'MethodDefinition':
    case 'PropertyDefinition':
    case 'Property':
      return textOf(parent.key)
    default:
      return undefined
  }
}

function enclosing(node: Node, parents: ReadonlyMap<SyntaxNode, Node>): string | undefined {
  for (let each = parents.get(node); each; each = parents.get(each)) {
    if (/Function/.test(each.type) && each.type !== 'FunctionBody') return nameOf(each, parents)
  }
  return undefined
}

function classOf(member: Node, parents: ReadonlyMap<SyntaxNode, Node>): string | undefined {
  const body = parents.get(member)
  return body && textOf(parents.get(body)?.id)
}

function textOf(name: unknown): string | undefined {
  const { type, name: text, value } = (name ?? {}) as { type?: string; name?: string; value?: unknown }
  if (type === 'Identifier') return text
  if (type === 'PrivateIdentifier') return `#${text}`
  return type === 'Literal' ? String(value) : undefined
}
