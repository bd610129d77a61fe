import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate'
import { RegattaError } from '../contracts/errors.ts'
import { announceStep, isWatched } from './adopt.ts'

/**
 * Runs a statechart from a table. A transition of the interpreter costs 4 to 5 µs, because it computes exit and entry sets
 * anew each time; a request makes several, and they were half of the engine's own cost. Those sets depend on the chart
 * alone, so they are computed once: for each innermost state and each event, what is left, done and entered. The chart
 * stays the only definition: it is read here once, and the actor is an xstate actor with the chart's own snapshots,
 * persistence and inspection. test/actors/compile.test.ts holds both interpreters side by side.
 *
 * Charts may nest. What else a chart can be (parallel, history, final, `always`, `after`, `invoke`) is refused at load.
 * xstate's own inspection does not see its steps: those who look are told of them (adopt.ts).
 */
interface Arguments {
  readonly context: unknown
  readonly event: { readonly type: string }
}

/** A plain action, or an `assign`: its `assignment` is the changed part of the context, or a function that gives it. */
type Action = ((args: Arguments) => void) & { type?: string; assignment?: unknown }

/** One innermost state, with everything that may happen there. */
interface Leaf {
  readonly index: number
  readonly steps: Map<string, Step[]>
  /** A snapshot of it with some context; made at first use. */
  template: object | undefined
  readonly value: unknown
}

interface Step {
  readonly guard: ((args: Arguments) => boolean) | undefined
  /** Undefined when the state is not left. */
  readonly target: Leaf | undefined
  /** Of what is left, of the transition, and of what is entered, in this order. */
  readonly actions: readonly Action[]
  /** The same in the chart's own terms, for those who look. */
  readonly definition: AnyTransitionDefinition
}

interface Scope {
  readonly self: unknown
}

interface Standing {
  readonly value: unknown
  readonly context: object
}

/** The same logic, run from a table. Throws INTERNAL for a chart that has what cannot be compiled. */
export function compile<Machine extends AnyStateMachine>(machine: Machine): Machine {
  const leaves = readChart(machine)
  const byValue = new Map<unknown, Leaf>([...leaves.values()].map((leaf) => [leaf.value, leaf]))
  const isFixed = [...leaves.values()].every((leaf) =>
    [...leaf.steps.values()].flat().every(({ actions }) => !actions.some(isAssign)),
  )
  /** Of a chart that never assigns: a snapshot for each context and state, so that none is made twice. */
  const made = new WeakMap<object, object[]>()

  const enter = (leaf: Leaf, context: object): object => {
    leaf.template ??= machine.resolveState({ value: leaf.value, context } as never)
    if (!isFixed) return { ...leaf.template, value: leaf.value, context }
    const snapshots = made.get(context) ?? []
    if (snapshots.length === 0) made.set(context, snapshots)
    snapshots[leaf.index] ??= { ...leaf.template, value: leaf.value, context }
    return snapshots[leaf.index]!
  }

  /** Where a snapshot stands: by the identity of its value, or by its names when another interpreter made it. */
  const leafOf = ({ value }: Standing): Leaf | undefined => byValue.get(value) ?? leaves.get(pathOf(value))

  const logic = Object.create(machine) as Machine
  const transition = (snapshot: Standing, event: Arguments['event'], scope: Scope): object => {
    const steps = leafOf(snapshot)?.steps.get(event.type)
    // Life-cycle events, and anything for an actor that has ended, are the interpreter's.
    if (!steps) {
      return event.type.startsWith('xstate.')
        ? machine.transition(snapshot as never, event as never, scope as never)
        : snapshot
    }
    for (const { guard, target, actions, definition } of steps) {
      if (guard && !guard({ context: snapshot.context, event })) continue
      let { context } = snapshot
      for (const action of actions) {
        if (isAssign(action)) context = assigned(action.assignment, context, event)
        else action({ context, event })
      }
      let next: object = snapshot
      if (target) next = enter(target, context)
      else if (context !== snapshot.context) next = enter(leafOf(snapshot)!, context)
      if (isWatched(scope.self)) announceStep(scope.self, event, snapshot, next, definition)
      return next
    }
    return snapshot
  }
  return Object.assign(logic, { transition })
}

function isAssign(action: Action): boolean {
  return action.type === 'xstate.assign'
}

/** An `assign` is a function that gives the changed part, or an object of values and functions that give them. */
function assigned(assignment: unknown, context: object, event: Arguments['event']): object {
  if (typeof assignment === 'function') return { ...context, ...assignment({ context, event }) }
  const change = Object.entries(assignment as object).map(([key, value]) => [
    key,
    typeof value === 'function' ? (value as (args: Arguments) => unknown)({ context, event }) : value,
  ])
  return { ...context, ...Object.fromEntries(change) }
}

/** `waiting.parked` for `{ waiting: 'parked' }`. */
function pathOf(value: unknown): string {
  if (typeof value === 'string') return value
  const [[key, inner] = ['', '']] = Object.entries(value as object)
  return `${key}.${pathOf(inner)}`
}

function readChart(machine: AnyStateMachine): Map<string, Leaf> {
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
