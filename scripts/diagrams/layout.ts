import elk, { type ElkExtendedEdge, type ElkNode } from 'elkjs/lib/elk.bundled.js'
import { type Chart, type ChartConfig, type ChartStep, listOf, stepsOf } from '../../src/observe/charts.ts'

/**
 * Where the states and arrows of a chart stand, by the Eclipse Layout Kernel: it is the one layout engine that places
 * nested states and the labels of arrows. In a page it would be 1.6 MB; here it runs once, and what it found is committed.
 */
export interface Laid {
  readonly width: number
  readonly height: number
  readonly states: readonly LaidState[]
  readonly arrows: readonly LaidArrow[]
}

export interface LaidState {
  /** `waiting.parked`; `*` for "any state", `` for where it begins. */
  readonly path: string
  readonly name: string
  readonly description: string
  /** What it does without being left, line by line. */
  readonly lines: readonly string[]
  readonly isFinal: boolean
  readonly holdsOthers: boolean
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface LaidArrow {
  readonly from: string
  readonly to: string
  readonly lines: readonly string[]
  readonly events: readonly string[]
  readonly points: readonly Point[]
  /** Upper left corner of its words. */
  readonly label: Point | undefined
}

export interface Point {
  readonly x: number
  readonly y: number
}

/** Widths of one letter, and heights of a line, in px: of names, and of everything else. */
export const letters = { name: 7.9, word: 6.1, line: 14, title: 30 }

interface Arrow {
  readonly from: string
  readonly to: string
  readonly lines: string[]
  readonly events: Set<string>
}

interface Found {
  readonly nodes: ElkNode[]
  readonly states: Map<string, Omit<LaidState, 'x' | 'y' | 'width' | 'height'>>
  readonly arrows: Map<string, Arrow>
}

export async function layOut({ config }: Chart): Promise<Laid> {
  const found: Found = { nodes: [], states: new Map(), arrows: new Map() }
  found.nodes.push(...within(config, '', found))
  begin(config, found)
  const given: ElkNode = {
    id: 'chart',
    layoutOptions: {
      'elk.algorithm': 'layered',
      'elk.direction': 'DOWN',
      'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
      'elk.edgeRouting': 'ORTHOGONAL',
      'elk.padding': '[top=16,left=16,bottom=16,right=16]',
      'elk.spacing.nodeNode': '28',
      'elk.spacing.edgeNode': '18',
      'elk.spacing.edgeEdge': '14',
      'elk.spacing.edgeLabel': '5',
      'elk.layered.spacing.nodeNodeBetweenLayers': '34',
      'elk.layered.spacing.edgeNodeBetweenLayers': '16',
      'elk.layered.spacing.edgeEdgeBetweenLayers': '12',
      'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
      'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
      'elk.layered.cycleBreaking.strategy': 'MODEL_ORDER',
      'elk.edgeLabels.inline': 'false',
      'elk.json.edgeCoords': 'ROOT',
      'elk.json.shapeCoords': 'ROOT',
    },
    children: found.nodes,
    edges: [...found.arrows.values()].map(edgeOf),
  }
  const graph: ElkNode = await new elk.default().layout(given)
  return {
    width: Math.ceil(graph.width!),
    height: Math.ceil(graph.height!),
    states: flat(graph).map((node) => ({ ...found.states.get(node.id)!, ...boxOf(node) })),
    arrows: (graph.edges ?? []).map((edge) => laidArrow(edge, found.arrows.get(edge.id)!)),
  }
}

/** The states inside one, as nodes; their arrows are noted. */
function within(owner: ChartConfig, path: string, found: Found): ElkNode[] {
  return Object.entries(owner.states ?? {}).map(([name, state]) => {
    const own = path === '' ? name : `${path}.${name}`
    const lines = listOf(state.entry).map((action) => `entry / ${action}`)
    for (const [event, steps] of Object.entries(state.on ?? {})) {
      for (const step of stepsOf(steps)) {
        const to = targetOf(step, own, path)
        const effect = listOf(step.actions).join(', ')
        if (to !== undefined) addArrow(found, own, to, event, wordsOf(event, step))
        else if (effect !== '') lines.push(`${wordsOf(event, step)} / ${effect}`)
        // What is only ignored is in the tables under test/machines/golden.
        else if (step.guard === undefined) lines.push(event)
      }
    }
    const children = within(state, own, found)
    if (state.initial !== undefined) children.unshift(beginOf(own, `${own}.${state.initial}`, found))
    const isFinal = state.type === 'final'
    const description = state.description ?? ''
    found.states.set(own, { path: own, name, description, lines, isFinal, holdsOthers: children.length > 0 })
    const width =
      Math.max(name.length * letters.name, ...lines.map((line) => line.length * letters.word)) + 24
    const height = letters.title + lines.length * letters.line + (lines.length > 0 ? 6 : 0)
    if (children.length === 0) return { id: own, width: Math.max(64, width), height }
    const padding = `[top=${height + 8},left=16,bottom=14,right=16]`
    const layoutOptions = {
      'elk.padding': padding,
      'elk.nodeSize.constraints': 'MINIMUM_SIZE',
      'elk.nodeSize.minimum': `(${width},${height})`,
    }
    return { id: own, children, layoutOptions }
  })
}

/** A dot, with an arrow to where it begins. */
function beginOf(owner: string, initial: string, found: Found): ElkNode {
  const id = `${start}${owner}`
  found.states.set(id, { ...none, path: '', name: '' })
  addArrow(found, id, initial, '', '')
  return { id, width: 10, height: 10 }
}

/** What the names of dots begin with; no state has such a name. */
const start = 'begin:'
const none = { description: '', lines: [], isFinal: false, holdsOthers: false }

/** Where it begins, and what may happen in any state. */
function begin(config: ChartConfig, found: Found): void {
  found.nodes.unshift(beginOf('', config.initial!, found))
  const shared = Object.entries(config.on ?? {})
  if (shared.length === 0) return
  const lines: string[] = []
  for (const [event, steps] of shared) {
    for (const step of stepsOf(steps)) {
      const to = targetOf(step, '', '')
      if (to === undefined) lines.push(`${wordsOf(event, step)} / ${listOf(step.actions).join(', ')}`)
      else addArrow(found, 'any', to, event, wordsOf(event, step))
    }
  }
  const name = 'any state'
  const width = Math.max(name.length * letters.name, ...lines.map((line) => line.length * letters.word)) + 24
  found.nodes.push({
    id: 'any',
    width,
    height: letters.title + lines.length * letters.line + (lines.length > 0 ? 6 : 0),
  })
  found.states.set('any', { ...none, path: '*', name, lines })
}

function addArrow({ arrows }: Found, from: string, to: string, event: string, words: string): void {
  const id = `${from}>${to}`
  const arrow = arrows.get(id) ?? { from, to, lines: [], events: new Set() }
  arrows.set(id, arrow)
  if (words !== '' && !arrow.lines.includes(words)) arrow.lines.push(words)
  if (event !== '') arrow.events.add(event)
}

function edgeOf(arrow: Arrow): ElkExtendedEdge {
  const width = Math.max(0, ...arrow.lines.map((line) => line.length * letters.word)) + 6
  const label = { text: arrow.lines.join('\n'), width, height: arrow.lines.length * letters.line }
  return {
    id: `${arrow.from}>${arrow.to}`,
    sources: [arrow.from],
    targets: [arrow.to],
    labels: arrow.lines.length === 0 ? [] : [label],
  }
}

function laidArrow({ sections, labels }: ElkExtendedEdge, arrow: Arrow): LaidArrow {
  const [{ startPoint, bendPoints = [], endPoint }] = sections as [NonNullable<typeof sections>[number]]
  const [label] = labels ?? []
  return {
    from: arrow.from === 'any' ? '*' : arrow.from.startsWith(start) ? '' : arrow.from,
    to: arrow.to,
    lines: arrow.lines,
    events: [...arrow.events],
    points: [startPoint, ...bendPoints, endPoint],
    label: label && { x: label.x!, y: label.y! },
  }
}

function flat(node: ElkNode): ElkNode[] {
  return (node.children ?? []).flatMap((child) => [child, ...flat(child)])
}

function boxOf({ x, y, width, height }: ElkNode) {
  return { x: x!, y: y!, width: width!, height: height! }
}

/** `.inner` of the state itself, a sibling, or a path from the root. */
function targetOf({ target }: ChartStep, own: string, path: string): string | undefined {
  if (target === undefined) return undefined
  if (target.startsWith('.')) return own === '' ? target.slice(1) : `${own}${target}`
  return path === '' || target.includes('.') ? target : `${path}.${target}`
}

function wordsOf(event: string, { guard }: ChartStep): string {
  return guard === undefined ? event : `${event} [${guard}]`
}
