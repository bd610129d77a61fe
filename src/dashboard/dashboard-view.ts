import type {
  Action,
  ActionAnswer,
  ActionKind,
  DeadGroups,
  DeadPage,
  Hello,
  HostTable,
  Overview,
  ProxyDetail,
  RequestDetail,
  RequestList,
  Series,
  Transition,
} from './protocol.ts'

/**
 * What the dashboard's server shows: a crawler that lives in this process, a folder that one has left, or a demonstration. The
 * server asks once a second, and only while somebody looks.
 */
export interface DashboardView {
  readonly source: Hello['source']
  /** Actions that can be done now. */
  readonly can: readonly ActionKind[]
  /** Brings what follows up to date, where that takes time. Default: it always is. */
  refresh?(): Promise<void>
  overview(): Omit<Overview, 'series' | 'can'>
  /** Rows from this one on; below 0: so many of the last ones. */
  series(from: number): Series
  hosts(): HostTable
  /** Tells of each proxy, in any order. */
  eachProxy(tell: TellProxy): void
  /** Undefined for one that nobody knows. */
  proxy(id: string): ProxyDetail | undefined
  requests(query: RequestQuery): RequestList
  request(which: string): RequestDetail | undefined
  /** Grows when the groups may have changed. */
  readonly deadVersion: number
  deadGroups(): Promise<DeadGroups>
  deadPage(query: DeadQuery): Promise<DeadPage>
  /** Throws a RegattaError for what cannot be done. */
  act(action: Action): Promise<ActionAnswer>
  /** Hears of each breaker that moves, until the returned function is called. */
  onTransition(listener: (transition: Transition) => void): () => void
}

/** Without an object for each: there may be 10,000, each second. */
export type TellProxy = (
  id: string,
  tags: Readonly<Record<string, unknown>>,
  /** Index into `proxyStates`. */
  state: number,
  failing: 0 | 1,
  /** Index into `standings`. */
  trust: number,
  /** Posterior mean, in [0, 1]. */
  success: number,
  /** Milliseconds; 0 where there is none. */
  latencyMs: number,
  attempts: number,
  inFlight: number,
) => void

export interface RequestQuery {
  readonly end?: string | undefined
  readonly host?: string | undefined
  readonly proxy?: string | undefined
  /** A part of the URL, of an id or of the reason. */
  readonly search?: string | undefined
  readonly limit: number
}

export interface DeadQuery {
  readonly reason?: string | undefined
  readonly crawl?: string | undefined
  readonly offset: number
  readonly limit: number
}
