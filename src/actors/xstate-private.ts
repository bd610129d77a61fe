import type { AnyActorRef } from 'xstate'

/**
 * What Regatta uses of xstate that is not public, all in one place: an event with a source (`_relay`), the end of an actor
 * from outside its parent (`_stop`), and inspection events of our own interpreter (`_sendInspectionEvent`). They were
 * seen in xstate 5.33.3; test/actors/xstate-private.test.ts fails when an update changes them.
 */
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
export function countWatchers(root: AnyActorRef): void {
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

/** Sends an event that says who sent it, so that a sequence diagram has an arrow. */
export function relay(source: AnyActorRef | undefined, target: AnyActorRef, event: object): void {
  if (isWatched(target)) internals(target).system._relay(source, target, event)
  // The same without the announcement that nobody would hear.
  else internals(target)._send(event)
}

/** Ends an actor. xstate lets only its parent do that, and a hub keeps no list of its children. */
export function stop(actor: AnyActorRef): void {
  internals(actor)._stop()
}

/** Announces a transition of our own interpreter, as xstate announces its own. */
export function announceStep(actor: unknown, event: object, snapshot: object, transition: unknown): void {
  const microstep = { actorRef: actor, event, snapshot, _transitions: [transition] }
  internals(actor).system._sendInspectionEvent({ type: '@xstate.microstep', ...microstep })
}
