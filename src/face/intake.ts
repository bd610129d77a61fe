import type { Clock } from '../base/clock.ts'
import { formatDuration } from '../base/format.ts'
import { within } from '../base/within.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { Spent, TaskJob, TaskResult } from '../contracts/job.ts'
import { describeFilter, type ProxyFilter, passesFilter } from '../contracts/proxy-filter.ts'
import type { FetchRequest } from '../contracts/request.ts'
import type { Engine } from '../engine/engine.ts'
import { noProxyPasses, somePass } from '../fleet/no-proxy-passes.ts'
import type { HostSettings } from '../options/host-settings.ts'
import type { FleetTable } from '../reputation/fleet-table.ts'
import {
  type AskedUrl,
  aborted,
  askedUrl,
  type FetchInit,
  readFetchArguments,
  requestAtHand,
} from './fetch-request.ts'

/**
 * Where requests of the caller become tasks. A request may wait here for two things, before there is a task that could:
 * for its own body, which may be a stream, and for room. Both waits hear its signal and its deadline, as the task does,
 * and the deadline counts from the call.
 */
export interface Demand {
  readonly init: FetchInit
  /** When the caller asked, clock ms. */
  readonly begunAt: number
  readonly signal?: AbortSignal | null | undefined
  /** Where its attempts are counted too. */
  readonly spent?: Spent | undefined
  /** Asked about each URL that a redirect leads to. */
  readonly hop?: TaskJob['hop']
}

export class Intake {
  /** The caller may bring no more: what is under way is finished. What a crawl asks for while it ends still comes in. */
  isClosed = false
  readonly #engine: Engine
  readonly #clock: Clock
  #tasks = 0

  constructor(engine: Engine, clock: Clock) {
    this.#engine = engine
    this.#clock = clock
  }

  /** Throws STOPPED when the caller may bring no more, and CAP_REACHED when no more may be spent. */
  assertOpen(): void {
    const refusal = this.#engine.spending.refusal()
    if (refusal) throw refusal
    if (!this.isClosed) return
    throw new RegattaError('STOPPED', 'The crawler is draining or has stopped, and takes no more requests.')
  }

  /** The request, at once where its body is at hand; else that is read to its end. Rejects with DEADLINE, or with the reason of the signal. */
  read(input: string | URL | Request, demand: Demand): FetchRequest | Promise<FetchRequest> {
    const asked = askedUrl(input, demand.init)
    const read = readFetchArguments(asked, demand.init, this.#settingsFor(asked))
    return 'cancel' in read ? this.body(read.request, read.url, demand, read.cancel) : read
  }

  /** Without waiting. Throws OPTION_INVALID where the body is not at hand. */
  readAtHand(url: string | URL, init: FetchInit): FetchRequest {
    const asked = askedUrl(url, init)
    return requestAtHand(asked, init, this.#settingsFor(asked))
  }

  /** What holds for its host. Throws URL_INVALID. */
  #settingsFor({ url }: AskedUrl): HostSettings {
    const { hosts } = this.#engine
    return hosts.settingsOf(hosts.keyOf(url))
  }

  /** A request whose body is being read. `cancel` is called when its signal or its deadline ends that. */
  body(
    reading: Promise<FetchRequest>,
    url: string,
    demand: Demand,
    cancel: () => void,
  ): Promise<FetchRequest> {
    return this.#within(reading, url, demand, cancel, 'for the body of the request, which is a stream')
  }

  /** Accepts it as soon as there is room, and resolves with what became of it. */
  async perform(request: FetchRequest, demand: Demand): Promise<TaskResult> {
    // Asked again each time, because others may have taken the room since it was offered.
    while (this.isFull) {
      await this.room(request, demand)
      // What a crawl asks for while it is drained belongs to a page that is under way.
      if (demand.spent === undefined) this.assertOpen()
    }
    return new Promise((resolve) => this.accept(request, demand, resolve))
  }

  get isFull(): boolean {
    return this.#engine.crew.isFull
  }

  /** Resolves when there may be room. Look at `isFull` before `accept`. */
  room({ url }: FetchRequest, demand: Demand): Promise<void> {
    const { room, leave } = this.#engine.crew.awaitRoom()
    return this.#within(room, url, demand, leave, 'for room: as many tasks as "capacity" were under way')
  }

  /** Accepts it now; gives the task's id. Throws POOL_FULL when there is no room. */
  accept(request: FetchRequest, demand: Demand, settle: (result: TaskResult) => void): string {
    const { init, begunAt, signal, spent, hop } = demand
    if (signal?.aborted) throw aborted(signal)
    const host = this.#engine.hosts.keyOf(request.url)
    if (init.proxy !== undefined) this.assertProxy(init.proxy, host, request.session, request.use)
    if (request.use) this.assertSomePass(request.use, host)
    const id = `t${++this.#tasks}`
    const deadlineMs = this.#deadlineOf(request.url, init)
    const abort = () => this.abandon(id)
    const forget = () => signal?.removeEventListener('abort', abort)
    const job: TaskJob = {
      id,
      request,
      host,
      priority: 2,
      mayHedge: (init.hedge ?? true) && request.idempotent && request.session === undefined,
      ...(deadlineMs < Number.POSITIVE_INFINITY && { deadlineMs, begunAt }),
      ...(spent && { spent }),
      ...(hop && { hop }),
      ...(init.accept !== undefined && { accept: init.accept }),
      ...(init.judge === false && { judge: false }),
      ...(init.trust !== undefined && { trust: init.trust }),
      ...(init.verify !== undefined && { quorum: init.verify }),
      ...(spent && { isPatient: true }),
      settle: (result) => {
        forget()
        settle(result)
      },
    }
    signal?.addEventListener('abort', abort, { once: true })
    try {
      this.#engine.crew.accept(job)
    } catch (error) {
      forget()
      throw error
    }
    return id
  }

  /** Gives it up. */
  abandon(task: string): void {
    this.#engine.crew.abandon(task, 'aborted')
  }

  #deadlineOf(url: string, init: FetchInit): number {
    return init.deadline ?? this.#engine.hosts.settingsFor(url).deadlineMs ?? Number.POSITIVE_INFINITY
  }

  #within<T>(
    promise: Promise<T>,
    url: string,
    { init, begunAt, signal }: Demand,
    cancel: () => void,
    waited: string,
  ): Promise<T> {
    const deadlineMs = this.#deadlineOf(url, init)
    return within(promise, { clock: this.#clock, due: begunAt + deadlineMs, signal }, (why) => {
      cancel()
      if (why === 'aborted') return aborted(signal!)
      const sentence = `no answer within the deadline (${formatDuration(deadlineMs)}); nothing was sent yet; it was waiting ${waited}`
      return new RegattaError('DEADLINE', `${url}: ${sentence} (0 attempts).`, {
        value: { reason: 'deadline', verdict: undefined, status: undefined, attempts: 0 },
      })
    })
  }

  /** Whether this proxy may be asked for. Throws PROXY_UNKNOWN, or OPTION_INVALID where the session has another one. */
  assertProxy(
    proxy: string,
    host: string,
    session: string | undefined,
    use: readonly ProxyFilter[] | undefined,
  ): void {
    this.#assertAdmitted(proxy, host)
    const endpoint = this.#engine.fleet.endpoints[numberOf(this.#engine.fleet, proxy)]!
    const missed = use?.find((filter) => !passesFilter(endpoint, filter))
    if (missed) {
      throw new RegattaError(
        'PROXY_UNKNOWN',
        `"${proxy}" does not pass ${describeFilter(missed)}, which "use" of the same request asks for. Leave one of the two out.`,
      )
    }
    this.#assertOfSession(proxy, session)
  }

  /** Throws NO_PROXY_PASSES where no proxy that may visit the host passes; what the host asks for in vain is waited for. */
  assertSomePass(use: readonly ProxyFilter[], host: string): void {
    const { fleet, hosts, router } = this.#engine
    const own = hosts.settingsOf(host).proxies
    if (router.filters.among(use, own).size > 0) return
    const known = fleet.members.map((proxy) => fleet.endpoints[proxy]!)
    const admitted = own ? known.filter((endpoint) => passesFilter(endpoint, own)) : known
    if (admitted.length === 0) return
    const missed = use.find((filter) => !somePass(admitted, [filter])) ?? use[0]!
    const whose = own ? ` (its own filter is ${describeFilter(own)})` : ''
    throw noProxyPasses(admitted, missed, `The option "use" of a request to ${host}${whose}`)
  }

  /** A request may not ask for a proxy that its host's filter excludes. */
  #assertAdmitted(proxy: string, host: string): void {
    const { fleet, hosts } = this.#engine
    const { proxies: filter } = hosts.settingsOf(host)
    const endpoint = fleet.endpoints[numberOf(fleet, proxy)]!
    if (filter === undefined || passesFilter(endpoint, filter)) return
    const wanted = describeFilter(filter)
    throw new RegattaError(
      'PROXY_UNKNOWN',
      `"${proxy}" may not visit ${host}: the option "hosts" lets only proxies pass with ${wanted}. Ask for another, or change the filter.`,
    )
  }

  /** A session stays where it is. */
  #assertOfSession(proxy: string, session: string | undefined): void {
    const { sessions, fleet } = this.#engine
    const bound = sessions.proxyOf(session)
    if (bound === undefined || bound === fleet.numberOf(proxy)) return
    throw new RegattaError(
      'OPTION_INVALID',
      `Option "proxy": session "${session}" leaves through ${fleet.endpoints[bound]!.id} until its end. Leave "proxy" out, or begin another session.`,
      { value: { path: 'proxy', value: proxy } },
    )
  }
}

/** The proxy's number in the fleet. Throws PROXY_UNKNOWN. */
export function numberOf(fleet: FleetTable, proxy: string): number {
  const number = fleet.numberOf(proxy)
  if (number !== undefined) return number
  throw new RegattaError(
    'PROXY_UNKNOWN',
    `There is no proxy ${nameOf(proxy)}in the fleet; proxies() lists the labels.`,
  )
}

/** What was given for a label, unless it may be the URL of a proxy with its password. */
function nameOf(label: unknown): string {
  if (typeof label !== 'string') return 'of this label '
  return /^[\w.#-]+$|^[a-z\d]+:\/\/[\w.-]+:\d+(#\w+)?$/i.test(label) ? `"${label}" ` : 'of this label '
}
