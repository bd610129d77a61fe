/** What the scripts that read our own code share: walking a syntax tree as `rolldown/utils` parses it. */

export interface SyntaxNode {
  readonly type: string
  readonly start: number
  readonly end: number
}

/** Calls `visit` for every node, parents first. */
export function walkTree(
  root: unknown,
  visit: (node: SyntaxNode, parent: SyntaxNode | undefined) => void,
  parent?: SyntaxNode,
): void {
  if (Array.isArray(root)) {
    for (const each of root) walkTree(each, visit, parent)
    return
  }
  if (typeof root !== 'object' || root === null) return
  const isNode = typeof (root as { type?: unknown }).type === 'string'
  if (isNode) visit(root as SyntaxNode, parent)
  const next = isNode ? (root as SyntaxNode) : parent
  for (const part of Object.values(root)) if (typeof part === 'object') walkTree(part, visit, next)
}

/** Counting from 1. */
export function lineAt(code: string, offset: number): number {
  let line = 1
  for (let at = code.indexOf('\n'); at !== -1 && at < offset; at = code.indexOf('\n', at + 1)) line++
  return line
}
