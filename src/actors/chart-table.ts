import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate'
import { RegattaError } from '../contracts/errors.ts'

/**
 * A statechart as a table: for each innermost state and each event, what is left, done and entered. It depends on the chart
 * alone, so it is read once, at load, and the chart stays the only definition.
 *
 * Charts may nest. What else a chart can be (parallel, history, final, `always`, `after`, `invoke`) is refused here.
 */
export interface Arguments {
  readonly context: unknown
  readonly event: { readonly type: string }
}

/** A plain action, or an `assign`: its `assignment` is the changed part of the context, or a function that gives it. */
export type Action = ((args: Arguments) => void) & { type?: string; assignment?: unknown }

/** One innermost state, with everything that may happen there. */
export interface Leaf {
  readonly index: number
  readonly steps: Map<string, Step[]>
  /** A snapshot of it with some context; made at first use. */
  template: object | undefined
  readonly value: unknown
}

export interface Step {
  readonly guard: ((args: Arguments) => boolean) | undefined
  /** Undefined when the state is not left. */
  readonly target: Leaf | undefined
  /** Of what is left, of the transition, and of what is entered, in this order. */
  readonly actions: readonly Action[]
  /** The same in the chart's own terms, for those who look. */
  readonly definition: AnyTransitionDefinition
}

export function isAssign(action: Action): boolean {
  return action.type === 'xstate.assign'
}

/** `waiting.parked` for `{ waiting: 'parked' }`. */
export function pathOf(value: unknown): string {
  if (typeof value === 'string') return value
  const [[key, inner] = ['', '']] = Object.entries(value as object)
  return `${key}.${pathOf(inner)}`
}

/** Its innermost states, by their paths. Throws INTERNAL for a chart that has what cannot be compiled. */
export function readChart(machine: AnyStateMachine): Map<string, Leaf> {
  const nodes = innermost(machine.root)
  const leaves = new Map<string, Leaf>()
  for (const [index, node] of nodes.entries()) {
    leaves.set(node.path.join('.'), { index, steps: new Map(), template: undefined, value: standingAt(node) })
  }
  const leafAt = (node: AnyStateNode) => leaves.get(initialOf(node).path.join('.'))!
  for (const node of nodes) {
    const { steps } = leaves.get(node.path.join('.'))!
    for (const owner of lineOf(node)) {
      for (const [event, definitions] of owner.transitions) {
        const list = steps.get(event) ?? []
        steps.set(event, list)
        for (const each of definitions) list.push(readStep(machine, node, each, leafAt))
      }
    }
  }
  return leaves
}

function readStep(
  machine: AnyStateMachine,
  leaf: AnyStateNode,
  definition: AnyTransitionDefinition,
  leafAt: (node: AnyStateNode) => Leaf,
): Step {
  const { guards, actions } = machine.implementations as unknown as {
    guards: Record<string, unknown>
    actions: Record<string, unknown>
  }
  const where = `state "${leaf.path.join('.')}", event "${definition.eventType}"`
  const named = (part: unknown) => find(actions, nameOf(part), where) as Action
  const { guard, target: targets, source, reenter } = definition
  if (targets && targets.length > 1) refuse(where, 'several targets')
  const target = targets?.[0]
  const domain = target && domainOf(source, target, reenter)
  const left = domain ? lineOf(leaf).filter((node) => isWithin(node, domain)) : []
  const entered = domain
    ? lineOf(initialOf(target))
        .filter((node) => isWithin(node, domain))
        .reverse()
    : []
  return {
    guard: guard === undefined ? undefined : (find(guards, nameOf(guard), where) as Step['guard']),
    target: target && leafAt(target),
    actions: [
      ...left.flatMap(({ exit }) => exit.map(named)),
      ...definition.actions.map(named),
      ...entered.flatMap(({ entry }) => entry.map(named)),
    ],
    definition,
  }
}

/** What stays while the transition is taken (SCXML, "transition domain"): a state that aims inside itself is not left. */
function domainOf(source: AnyStateNode, target: AnyStateNode, reenter: boolean): AnyStateNode {
  if (!reenter && (target === source || isWithin(target, source))) return source
  const line = new Set(lineOf(source).slice(1))
  return lineOf(target)
    .slice(1)
    .find((node) => line.has(node))!
}

/** Strictly inside. */
function isWithin(node: AnyStateNode, outer: AnyStateNode): boolean {
  return node !== outer && lineOf(node).includes(outer)
}

/** The node and all that hold it, the root last. */
function lineOf(node: AnyStateNode): AnyStateNode[] {
  return node.parent ? [node, ...lineOf(node.parent)] : [node]
}

function initialOf(node: AnyStateNode): AnyStateNode {
  if (node.type === 'atomic') return node
  return initialOf(node.initial.target[0]!)
}

function innermost(node: AnyStateNode): AnyStateNode[] {
  refuseOthers(node)
  const inner = Object.values(node.states) as AnyStateNode[]
  return inner.length === 0 ? [node] : inner.flatMap(innermost)
}

function standingAt(node: AnyStateNode): unknown {
  return node.path.reduceRight<unknown>(
    (inner, key) => (inner === undefined ? key : { [key]: inner }),
    undefined,
  )
}

function refuseOthers(node: AnyStateNode): void {
  const where = `state "${node.path.join('.')}"`
  if (node.type !== 'atomic' && node.type !== 'compound') refuse(where, node.type)
  if (node.always?.length) refuse(where, 'always')
  if (node.after.length > 0) refuse(where, 'after')
  if (node.invoke.length > 0) refuse(where, 'invoke')
}

function refuse(where: string, what: string): never {
  throw new RegattaError('INTERNAL', `compile: ${where} has "${what}", which cannot be compiled.`)
}

function nameOf(part: unknown): string {
  return typeof part === 'string' ? part : String((part as { type?: unknown }).type)
}

function find(implementations: Record<string, unknown>, name: string, where: string): unknown {
  const found = implementations[name]
  if (found === undefined)
    throw new RegattaError('INTERNAL', `compile: ${where} names "${name}", which is not there.`)
  return found
}
