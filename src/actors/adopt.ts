import {
  type Actor,
  type AnyActorLogic,
  type AnyActorRef,
  createActor,
  type EventObject,
  type InputFrom,
  type Snapshot,
} from 'xstate'
import { hubLogic } from '../../machines/hub.ts'

/**
 * The one place that starts and stops actors outside a statechart. Adopted actors hang under a hub, so inspectors see
 * one tree, and a hub keeps no map that grows with its children (see ARCHITECTURE.md, "What is a machine").
 */

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

/** Sends an event that has a source, so that a sequence diagram has an arrow. xstate does this only inside its charts. */
export function tell(source: AnyActorRef | undefined, target: AnyActorRef, event: EventObject): void {
  const system = target.system as unknown as {
    _relay(source: AnyActorRef | undefined, target: AnyActorRef, event: EventObject): void
  }
  system._relay(source, target, event)
}

/** Stops an adopted actor. xstate lets only the parent do that, and a hub has no list of its children. */
export function release(actor: AnyActorRef): void {
  ;(actor as unknown as { _stop(): void })._stop()
}

/** A hub: the root of a system when it has no parent. */
export function openHub(id: string, parent?: AnyActorRef): AnyActorRef {
  let hub: AnyActorRef | undefined
  const input = { ready: (self: AnyActorRef) => (hub = self) }
  if (parent) adopt(parent, hubLogic, id, input)
  else createActor(hubLogic, { id, systemId: id, input }).start()
  return hub!
}

export type Adopted<Logic extends AnyActorLogic> = Actor<Logic>
export type Hub = AnyActorRef
