/**
 * A binary min-heap whose nodes know their place, so that a node may also move or leave in O(log n): a host's next
 * time changes with every take. A node is in at most one heap at a time. The packages looked at either cannot move a
 * node or search for it first, which is a scan.
 */
export interface HeapNode {
  /** Index in the heap that holds it, or -1. Only the heap writes it. */
  place: number
}

export class Heap<Node extends HeapNode> {
  #nodes: Node[] = []
  #before: (one: Node, other: Node) => boolean

  constructor(before: (one: Node, other: Node) => boolean) {
    this.#before = before
  }

  get size(): number {
    return this.#nodes.length
  }

  peek(): Node | undefined {
    return this.#nodes[0]
  }

  pop(): Node | undefined {
    const first = this.#nodes[0]
    if (first) this.remove(first)
    return first
  }

  /** Puts `node` in, or in its right place after its order changed. */
  put(node: Node): void {
    if (node.place < 0) node.place = this.#nodes.push(node) - 1
    this.#rise(node)
    this.#sink(node)
  }

  remove(node: Node): void {
    const { place } = node
    if (place < 0) return
    node.place = -1
    const last = this.#nodes.pop()!
    if (last === node) return
    last.place = place
    this.#nodes[place] = last
    this.#rise(last)
    this.#sink(last)
  }

  #rise(node: Node): void {
    let { place } = node
    while (place > 0) {
      const above = (place - 1) >> 1
      const parent = this.#nodes[above]!
      if (!this.#before(node, parent)) break
      this.#nodes[place] = parent
      parent.place = place
      place = above
    }
    this.#nodes[place] = node
    node.place = place
  }

  #sink(node: Node): void {
    const { length } = this.#nodes
    let { place } = node
    for (;;) {
      let below = 2 * place + 1
      if (below >= length) break
      if (below + 1 < length && this.#before(this.#nodes[below + 1]!, this.#nodes[below]!)) below++
      const child = this.#nodes[below]!
      if (!this.#before(child, node)) break
      this.#nodes[place] = child
      child.place = place
      place = below
    }
    this.#nodes[place] = node
    node.place = place
  }
}
