import {
  type Actor,
  type AnyActorLogic,
  type AnyActorRef,
  type AnyEventObject,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type AnyTransitionDefinition,
  createActor,
  type EventFromLogic,
  type InputFrom,
  type Snapshot,
} from 'xstate'
import { hubLogic } from '../../machines/hub.ts'
import { type Arguments, isAssign, type Leaf, pathOf, readChart } from './chart-table.ts'

/**
 * The one place that starts and stops actors outside a statechart, sends them events, and takes their steps. Adopted actors hang under a
 * parent that keeps no list of them, so inspectors see one tree, and a parent of ten thousand costs no more than one of
 * ten (see ARCHITECTURE.md, "What is a machine").
 */

export type Adopted<Logic extends AnyActorLogic> = Actor<Logic>
export type Hub = AnyActorRef

/** Starts `logic` as a child of `parent`; `snapshot` puts it back where it was. */
export function adopt<Logic extends AnyActorLogic>(
  parent: AnyActorRef,
  logic: Logic,
  id: string,
  input: InputFrom<Logic>,
  snapshot?: Snapshot<unknown>,
): Actor<Logic> {
  const options = { id, parent, input, ...(snapshot ? { snapshot } : {}) }
  const actor = (createActor(logic, options as never) as Actor<Logic>).start()
  const watch = watchOf(actor)
  if (!watch) return actor
  watch.living.add(actor)
  for (const each of watch.watchers) each.came(actor)
  return actor
}

/** Stops an adopted actor. xstate lets only its parent do that, and a hub keeps no list of its children. */
export function release(actor: AnyActorRef): void {
  internals(actor)._stop()
  const watch = watchOf(actor)
  if (!watch?.living.delete(actor)) return
  for (const each of watch.watchers) each.left(actor)
}

/** Sends an event from one actor to another. What a timer or a promise of its own tells an actor comes from itself. */
export function tell<Logic extends AnyActorLogic>(
  source: object,
  target: Actor<Logic>,
  event: EventFromLogic<Logic>,
): void {
  const watch = watchOf(target)
  if (watch !== undefined && watch.watchers.length > 0) {
    for (const each of watch.watchers) each.told(source as AnyActorRef, target, event)
  }
  internals(target)._send(event)
}

/** A hub: the root of a system when it has no parent. */
export function openHub(id: string, parent?: AnyActorRef): AnyActorRef {
  if (parent) return adopt(parent, hubLogic, id, undefined)
  const root = createActor(hubLogic, { id, systemId: id }).start()
  internals(root).system[watching] = { living: new Set([root]), watchers: [] }
  return root
}

/**
 * What befalls the actors of one crawler, for those who look. xstate's own inspection builds three objects for each event
 * before anybody can say that they are not wanted; this builds none, and says where a step came from. A watcher must not
 * throw.
 */
export interface Watcher {
  /** An actor lives from now on. */
  came(actor: AnyActorRef): void
  /** An actor is about to be told something. */
  told(source: AnyActorRef, target: AnyActorRef, event: AnyEventObject): void
  /**
   * A step of its chart has been taken; `taken` in the chart's own terms, where our own interpreter took it. Actors without
   * a chart stand nowhere, and take none.
   */
  moved(
    actor: AnyActorRef,
    event: AnyEventObject,
    before: AnyMachineSnapshot,
    after: AnyMachineSnapshot,
    taken?: AnyTransitionDefinition,
  ): void
  /** It has been stopped. */
  left(actor: AnyActorRef): void
}

/** Watches the actors under this root until the returned function is called. */
export function watch(root: AnyActorRef, watcher: Watcher): () => void {
  const watch = watchOf(root)!
  watch.watchers = [...watch.watchers, watcher]
  return () => {
    watch.watchers = watch.watchers.filter((each) => each !== watcher)
  }
}

/** Every actor under this root, and the root, in the order in which they came: parents first. */
export function living(root: AnyActorRef): ReadonlySet<AnyActorRef> {
  return watchOf(root)!.living
}

/** The actor that it was adopted by; undefined for the root. */
export function parentOf(actor: AnyActorRef): AnyActorRef | undefined {
  return internals(actor)._parent
}

/** Whether somebody watches the system that this actor lives in. */
export function isWatched(actor: unknown): boolean {
  const watch = watchOf(actor)
  return watch !== undefined && watch.watchers.length > 0
}

// How the steps of a chart are taken.

interface Scope {
  readonly self: unknown
}

interface Standing {
  readonly value: unknown
  readonly context: object
}

/**
 * The same logic, run from a table (chart-table.ts). A transition of xstate's interpreter costs 4 to 5 µs, because it computes exit
 * and entry sets anew each time; a request makes several, and they were half of the engine's own cost. The actor is an xstate
 * actor with the chart's own snapshots, persistence and inspection; test/actors/compile.test.ts holds both interpreters side
 * by side. xstate's own inspection does not see its steps: those who look are told of them. Throws INTERNAL for a chart
 * that cannot be compiled.
 */
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

/** An `assign` is a function that gives the changed part, or an object of values and functions that give them. */
function assigned(assignment: unknown, context: object, event: Arguments['event']): object {
  if (typeof assignment === 'function') return { ...context, ...assignment({ context, event }) }
  const change = Object.entries(assignment as object).map(([key, value]) => [
    key,
    typeof value === 'function' ? (value as (args: Arguments) => unknown)({ context, event }) : value,
  ])
  return { ...context, ...Object.fromEntries(change) }
}

/** The same logic for xstate's own interpreter, with steps that are told to those who look. */
export function watchable<Machine extends AnyStateMachine>(machine: Machine): Machine {
  const transition = (before: object, event: object, scope: { readonly self: AnyActorRef }): object => {
    const after = machine.transition(before as never, event as never, scope as never)
    if (after.status !== 'active') watchOf(scope.self)?.living.delete(scope.self)
    if (isWatched(scope.self)) announceStep(scope.self, event, before, after)
    return after
  }
  return Object.assign(Object.create(machine) as Machine, { transition })
}

/** Tells those who look of a step. */
function announceStep(
  actor: unknown,
  event: object,
  before: object,
  after: object,
  taken?: AnyTransitionDefinition,
): void {
  for (const each of watchOf(actor)?.watchers ?? []) {
    each.moved(actor as AnyActorRef, event as AnyEventObject, before as never, after as never, taken)
  }
}

// What is used of xstate that is not public: an event that no inspector is told of (`_send`), the end of an actor from outside
// its parent (`_stop`), and that parent (`_parent`).

/** The version that they were seen in; test/actors/adopt.test.ts fails when an update changes it. */
export const seenIn = '5.33.3'

/** Where a system keeps who watches it: a field, because it is read at every event. */
const watching = Symbol('watching')

interface Watch {
  /** In the order in which they came. */
  readonly living: Set<AnyActorRef>
  watchers: readonly Watcher[]
}

interface Internals {
  readonly system: { [watching]?: Watch }
  readonly _parent?: AnyActorRef
  _send(event: object): void
  _stop(): void
}

const internals = (actor: unknown): Internals => actor as Internals

/** Undefined in a system whose root is none of ours. */
const watchOf = (actor: unknown): Watch | undefined => internals(actor).system[watching]
