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
import { countWatchers, relay, stop } from './xstate-private.ts'

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

/** Stops an adopted actor. */
export function release(actor: AnyActorRef): void {
  stop(actor)
}

/** Sends an event from one actor to another; `source` is undefined when it comes from a timer or from outside. */
export function tell<Logic extends AnyActorLogic>(
  source: object | undefined,
  target: Actor<Logic>,
  event: EventFromLogic<Logic>,
): void {
  relay(source as AnyActorRef | undefined, target, event)
}

/** A hub: the root of a system when it has no parent. */
export function openHub(id: string, parent?: AnyActorRef): AnyActorRef {
  if (parent) return adopt(parent, hubLogic, id, undefined)
  const root = createActor(hubLogic, { id, systemId: id })
  countWatchers(root)
  return root.start()
}
