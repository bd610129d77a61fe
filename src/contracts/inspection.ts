/**
 * What an inspector hears, in the words of XState's inspection, of which it is the part that everybody needs. An observer
 * that is typed by XState's own `InspectionEvent` is as welcome.
 */
export type InspectionEvent = AnyInspection &
  (
    | {
        /** An actor has come. */
        readonly type: '@xstate.actor'
      }
    | {
        /** An actor is told something. */
        readonly type: '@xstate.event'
        /** What it is told. */
        readonly event: InspectedEvent
        /** The actor that tells it. */
        readonly sourceRef: InspectedActor | undefined
      }
    | {
        /** An actor has moved, or a step of its chart has been taken. */
        readonly type: '@xstate.snapshot' | '@xstate.microstep' | '@xstate.transition'
        /** What led to it. */
        readonly event: InspectedEvent
        /** Where it stands now. */
        readonly snapshot: {
          /** `active`, `done`, `error` or `stopped`. */
          readonly status: string
        }
      }
    | {
        /** An action of a chart is carried out. */
        readonly type: '@xstate.action'
        /** Which one. */
        readonly action: {
          /** Its name. */
          readonly type: string
        }
      }
  )

/** What all of them have. */
interface AnyInspection {
  /** The session of the crawler's root. */
  readonly rootId: string
  /** The actor that it is about. */
  readonly actorRef: InspectedActor
}

/** An actor, as XState knows it. */
export interface InspectedActor {
  /** Unique within the crawler. */
  readonly sessionId: string
  /** Where it stands. */
  getSnapshot(): unknown
}

/** An event of an actor. */
export interface InspectedEvent {
  /** Its name. */
  readonly type: string
}
