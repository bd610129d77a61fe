import {
  type Actor,
  type AnyActorLogic,
  type AnyActorRef,
  createActor,
  type EventFromLogic,
  type InputFrom,
  type Snapshot,
} from 'xstate'
import { hubLogic } from '../../machines/hub.ts'

/**
 * The one place that starts and stops actors outside a statechart, and sends them events. Adopted actors hang under a
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
  const actor = createActor(logic, options as never) as Actor<Logic>
  return actor.start()
}

/** Stops an adopted actor. xstate lets only its parent do that, and a hub keeps no list of its children. */
export function release(actor: AnyActorRef): void {
  internals(actor)._stop()
}

/** Sends an event from one actor to another; `source` is undefined when it comes from a timer or from outside. */
export function tell<Logic extends AnyActorLogic>(
  source: object | undefined,
  target: Actor<Logic>,
  event: EventFromLogic<Logic>,
): void {
  if (isWatched(target)) internals(target).system._relay(source as AnyActorRef | undefined, target, event)
  // The same without the announcement that nobody would hear.
  else internals(target)._send(event)
}

/** A hub: the root of a system when it has no parent. */
export function openHub(id: string, parent?: AnyActorRef): AnyActorRef {
  if (parent) return adopt(parent, hubLogic, id, undefined)
  const root = createActor(hubLogic, { id, systemId: id })
  countWatchers(root)
  return root.start()
}

// What is used of xstate that is not public: an event with a source (`_relay`), the end of an actor from outside its
// parent (`_stop`), and inspection events of our own interpreter (`_sendInspectionEvent`).

/** The version that they were seen in; test/actors/adopt.test.ts fails when an update changes it. */
export const seenIn = '5.33.3'

interface System {
  inspect(observer: unknown): { unsubscribe(): void }
  _relay(source: AnyActorRef | undefined, target: AnyActorRef, event: object): void
  _sendInspectionEvent(event: object): void
}

interface Internals {
  readonly system: System
  _send(event: object): void
  _stop(): void
}

const internals = (actor: unknown): Internals => actor as Internals

/** How many observers each system has: nothing is built for an inspector that is not there. */
const watchers = new WeakMap<object, { count: number }>()

/** Counts who inspects the system of this root, from now on. */
function countWatchers(root: AnyActorRef): void {
  const { system } = internals(root)
  const watching = { count: 0 }
  const inspect = system.inspect.bind(system)
  system.inspect = (observer) => {
    const subscription = inspect(observer)
    let isOn = true
    watching.count++
    return {
      unsubscribe() {
        if (isOn) watching.count--
        isOn = false
        subscription.unsubscribe()
      },
    }
  }
  watchers.set(system, watching)
}

/** Whether somebody inspects the system that this actor lives in; true where nobody counts. */
export function isWatched(actor: unknown): boolean {
  return (watchers.get(internals(actor).system)?.count ?? 1) > 0
}

/** Announces a transition of our own interpreter, as xstate announces its own. */
export function announceStep(actor: unknown, event: object, snapshot: object, transition: unknown): void {
  const microstep = { actorRef: actor, event, snapshot, _transitions: [transition] }
  internals(actor).system._sendInspectionEvent({ type: '@xstate.microstep', ...microstep })
}
