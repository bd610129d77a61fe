import type { DashboardView, DeadQuery, RequestQuery, TellProxy } from '../dashboard-view.ts'
import type {
  Action,
  ActionAnswer,
  ActionKind,
  DeadGroups,
  DeadPage,
  HostTable,
  Overview,
  ProxyDetail,
  RequestDetail,
  RequestList,
  Series,
  Transition,
} from '../protocol.ts'
import { act, possibleActions } from './actions.ts'
import { hostTable } from './host-rows.ts'
import { LiveLetters } from './live-letters.ts'
import type { LiveParts } from './live-parts.ts'
import { eachProxy, proxyDetail } from './live-proxies.ts'
import { overviewOf } from './overview.ts'
import { Recorder } from './recorder.ts'
import { requestDetail, requestList } from './request-rows.ts'
import { SeenCrawls } from './seen-crawls.ts'

/** A crawler of this process, as the dashboard shows it. What it has said to nobody is read when somebody looks. */
export class LiveView implements DashboardView {
  readonly source = 'live'
  readonly #parts: LiveParts
  readonly #crawls: SeenCrawls
  readonly #recorder: Recorder
  readonly #letters: LiveLetters

  constructor(parts: LiveParts) {
    this.#parts = parts
    this.#crawls = new SeenCrawls(parts)
    this.#recorder = new Recorder(parts)
    this.#letters = new LiveLetters(parts, this.#crawls)
  }

  close(): void {
    this.#crawls.close()
    this.#recorder.close()
    this.#letters.close()
  }

  get can(): readonly ActionKind[] {
    return possibleActions(this.#crawls, this.#letters)
  }

  overview(): Omit<Overview, 'series' | 'can'> {
    const [crawls, recorder, dead] = [this.#crawls, this.#recorder, this.#letters.known]
    return overviewOf({ ...this.#parts, crawls, recorder, dead })
  }

  series(from: number): Series {
    const { clock } = this.#parts
    return this.#recorder.series.read(from, clock.now(), clock.wall() - clock.now())
  }

  hosts(): HostTable {
    return hostTable(this.#parts, this.#recorder)
  }

  eachProxy(tell: TellProxy): void {
    eachProxy(this.#parts, tell)
  }

  proxy(id: string): ProxyDetail | undefined {
    return proxyDetail(this.#parts, this.#recorder, id)
  }

  requests(query: RequestQuery): RequestList {
    return requestList(this.#parts, query)
  }

  request(which: string): RequestDetail | undefined {
    return requestDetail(this.#parts, which)
  }

  get deadVersion(): number {
    return this.#letters.version + this.#crawls.changes
  }

  deadGroups(): Promise<DeadGroups> {
    return this.#letters.groups()
  }

  deadPage(query: DeadQuery): Promise<DeadPage> {
    return this.#letters.page(query)
  }

  act(action: Action): Promise<ActionAnswer> {
    return act(this.#parts, this.#letters, action)
  }

  onTransition(listener: (transition: Transition) => void): () => void {
    return this.#recorder.onTransition(listener)
  }
}
