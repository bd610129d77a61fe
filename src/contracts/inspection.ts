/**
 * What an inspector hears, in the words of XState's inspection: an actor has come, it is told something, it stands
 * elsewhere now. What it is handed is made for it, field by field, of names, numbers and states (src/observe/shown-actor.ts):
 * there is no way from it to a header, a cookie, a body or a password, nor to anything that could be touched. An observer
 * that is typed by XState's own `InspectionEvent` is as welcome.
 */
export type InspectionEvent = InspectedComing | InspectedMessage | InspectedMove

/** An actor has come, or was there when the inspector came. */
export interface InspectedComing {
  /** An actor has come. */
  readonly type: '@xstate.actor'
  /** The session of the crawler's root: `crawler`. */
  readonly rootId: string
  /** The actor that has come. */
  readonly actorRef: InspectedActor
}

/** An actor is told something. */
export interface InspectedMessage {
  /** An actor is told something. */
  readonly type: '@xstate.event'
  /** The session of the crawler's root: `crawler`. */
  readonly rootId: string
  /** The actor that is told. */
  readonly actorRef: InspectedActor
  /** The actor that tells it. The root where it comes from outside: from the user of the crawler. */
  readonly sourceRef: InspectedActor
  /** What it is told. */
  readonly event: InspectedEvent
}

/** An actor stands elsewhere than before. */
export interface InspectedMove {
  /** An actor has moved. */
  readonly type: '@xstate.snapshot'
  /** The session of the crawler's root: `crawler`. */
  readonly rootId: string
  /** The actor that has moved. */
  readonly actorRef: InspectedActor
  /** What led to it. */
  readonly event: InspectedEvent
  /** Where it stands now. */
  readonly snapshot: InspectedSnapshot
}

/** An actor, as an inspector knows it: it can be looked at, and not be told anything. */
export interface InspectedActor {
  /** Its name among its siblings: `task 3`, a host, the label of a proxy. */
  readonly id: string
  /** Its path from the root, which stays when its machine becomes a row and lives again: `crawler/router/a.example`. */
  readonly sessionId: string
  /** Who owns it; undefined for the root. The name is XState's. */
  readonly _parent: InspectedActor | undefined
  /** Its chart, as plain data. */
  readonly logic: {
    /** What `createMachine` takes, without code. */
    readonly config: object
  }
  /** Where it stands at this moment; in the event by which it comes, where it stood then. */
  getSnapshot(): InspectedSnapshot
}

/** Where an actor stands. */
export interface InspectedSnapshot {
  /** `active`, `done`, `error` or `stopped`. */
  readonly status: 'active' | 'done' | 'error' | 'stopped'
  /** Its state: `racing`, `{ waiting: 'parked' }`. Undefined for an actor without a chart. */
  readonly value: string | object | undefined
  /** Names and numbers. */
  readonly context: Readonly<Record<string, InspectedValue>>
  /** Never shown. */
  readonly output: undefined
  /** Never shown. */
  readonly error: undefined
}

/** An event of an actor: its name, and names and numbers. */
export interface InspectedEvent {
  /** Its name. */
  readonly type: string
  /** What it says. */
  readonly [field: string]: InspectedValue
}

/** All that stands in events and contexts. */
export type InspectedValue = string | number | boolean | undefined

/** An observer in the form of XState and of RxJS, such as the `inspect` of an official inspector. */
export interface InspectionObserver<Event> {
  /** Hears of each event. */
  next?: (event: Event) => unknown
  /** Never called: a crawler that fails says so to who holds it. */
  error?: (error: unknown) => void
  /** The crawler has stopped. */
  complete?: () => void
}

/** How much an inspector is shown. */
export interface InspectOptions {
  /** The attempts of each request, as actors of their own. Default: false; they are part of their task. */
  readonly attempts?: boolean | undefined
  /** Snapshots of actors that stay where they are, too. Default: false. */
  readonly unchanged?: boolean | undefined
  /**
   * Messages a second, on the average of a few seconds. Requests beyond it are not shown; each is shown whole or not at
   * all. 1 or more; `Infinity` shows all of them. Default: 1,000, which is about sixty requests.
   */
  readonly rate?: number | undefined
  /** Actors at a time. Where there are more, those come first that stand elsewhere than usual. 1 or more. Default: 5,000. */
  readonly actors?: number | undefined
  /**
   * Asked before each message: whether the observer can take no more now, such as one whose socket is full. What it misses
   * is told when it can. Default: an observer always can, and is told less when it turns out to be slow.
   */
  readonly isBusy?: (() => boolean) | undefined
}

/** What an inspector was not shown so far, because it was too much. */
export interface Unshown {
  /** Whole requests. */
  readonly requests: number
  /** Events: those of such requests, and those that a slow observer had no time for. */
  readonly events: number
  /** Snapshots: those that change nothing, too. */
  readonly snapshots: number
  /** Actors. */
  readonly actors: number
}

/** What `crawler.inspect` returns: call it to detach the inspector, or say `using`. */
export interface Inspection extends Disposable {
  /** Detaches the inspector. */
  (): void
  /** What was left out so far. The inspector is told too, four times a second at most: the event `inspector.left-out` of the root. */
  readonly leftOut: Unshown
}
