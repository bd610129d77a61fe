import type {
  InspectedActor,
  InspectedEvent,
  InspectedSnapshot,
  InspectionEvent,
} from '../contracts/inspection.ts'

/**
 * What is told to an inspector in another process: the messages of `@statelyai/inspect`, which are what Stately's page
 * and every receiver of that package read. One JSON object for each event, named by the paths of its actors.
 */
export type InspectorMessage = ActorMessage | EventMessage | SnapshotMessage

interface AnyMessage {
  readonly sessionId: string
  readonly rootId: string
  /** Wall-clock ms, as text. */
  readonly createdAt: string
  readonly id: null
  /** Of the messages. */
  readonly _version: string
}

/** An actor has come. */
export interface ActorMessage extends AnyMessage {
  readonly type: '@xstate.actor'
  readonly name: string
  readonly parentId: string | undefined
  /** Its chart as JSON: what `createMachine` takes. */
  readonly definition: string
  readonly snapshot: InspectedSnapshot
}

/** An actor is told something. */
export interface EventMessage extends AnyMessage {
  readonly type: '@xstate.event'
  readonly sourceId: string
  readonly event: InspectedEvent
}

/** An actor stands elsewhere. */
export interface SnapshotMessage extends AnyMessage {
  readonly type: '@xstate.snapshot'
  readonly event: InspectedEvent
  readonly snapshot: InspectedSnapshot
}

/** The version of `@statelyai/inspect` whose messages these are. */
const version = '0.7.2'

/** `wall`: the time, ms since 1970. */
export function messageOf(event: InspectionEvent, wall: number): InspectorMessage {
  const { rootId, actorRef } = event
  const { sessionId } = actorRef
  const any = { sessionId, rootId, createdAt: String(Math.round(wall)), id: null, _version: version }
  switch (event.type) {
    case '@xstate.actor':
      return {
        type: event.type,
        name: actorRef.id,
        parentId: actorRef._parent?.sessionId,
        definition: definitionOf(actorRef),
        snapshot: actorRef.getSnapshot(),
        ...any,
      }
    case '@xstate.event':
      return { type: event.type, event: event.event, sourceId: event.sourceRef.sessionId, ...any }
    case '@xstate.snapshot':
      return { type: event.type, event: event.event, snapshot: event.snapshot, ...any }
  }
}

/** Thousands of proxies have one chart: it is written once. */
const written = new WeakMap<object, string>()

function definitionOf({ logic: { config } }: InspectedActor): string {
  const known = written.get(config) ?? JSON.stringify(config)
  written.set(config, known)
  return known
}
