import type { Clock } from '../base/clock.ts'
import { formatDuration } from '../base/format.ts'
import { within } from '../base/within.ts'
import type { HttpCache } from '../contracts/cache.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { Spent, TaskJob, TaskResult } from '../contracts/job.ts'
import type { FetchRequest } from '../contracts/request.ts'
import type { Engine } from '../engine/engine.ts'
import { fenceAcceptance } from '../fences/acceptance.ts'
import type { Fence } from '../fences/fence.ts'
import type { HostSettings } from '../options/host-settings.ts'
import { assertProxy, assertSomePass } from './asked-proxy.ts'
import {
  type AskedUrl,
  aborted,
  askedUrl,
  type FetchInit,
  isRequest,
  readFetchArguments,
  requestAtHand,
  toError,
} from './fetch-request.ts'
import { FetchedResponse, type TrustedResponse } from './fetched-response.ts'
import { Handle } from './handle.ts'
import { assertIntegrity } from './integrity.ts'
import { isWorthKeeping, resultOf } from './kept-answer.ts'

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
  readonly #fence: Fence
  #tasks = 0

  constructor(engine: Engine, clock: Clock, fence: Fence) {
    this.#engine = engine
    this.#fence = fence
    this.#clock = clock
  }

  /** Throws STOPPED when the caller may bring no more, and CAP_REACHED when no more may be spent. */
  assertOpen(): void {
    const refusal = this.#engine.spending.refusal()
    if (refusal) throw refusal
    if (!this.isClosed) return
    throw new RegattaError('STOPPED', 'The crawler is draining or has stopped, and takes no more requests.')
  }

  /** What its caller asks for, from now on. */
  demand(
    init: FetchInit,
    signal: AbortSignal | null | undefined = init.signal,
    spent?: Spent | undefined,
    hop?: TaskJob['hop'],
  ): Demand {
    const { accept, judge } = init
    const isOverruled = accept !== undefined || judge !== undefined
    const own = isOverruled ? fenceAcceptance(init, this.#fence) : init
    return { init: own, begunAt: this.#clock.now(), signal, spent, hop }
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
    const { session, use } = request
    if (init.proxy !== undefined) assertProxy(this.#engine, { proxy: init.proxy, host, session, use })
    if (use) assertSomePass(this.#engine, use, host)
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

  /** `spent`: where its attempts are counted too, for a crawl; `hop`: what the crawl says of its redirects; `cache`: asked first. */
  async fetch(
    input: string | URL | Request,
    init: FetchInit,
    spent?: Spent | undefined,
    hop?: TaskJob['hop'],
    cache?: HttpCache,
  ): Promise<TrustedResponse> {
    const given = isRequest(input) ? input : undefined
    const signal = init.signal === undefined ? given?.signal : init.signal
    if (signal?.aborted) throw aborted(signal)
    const demand = this.demand(init, signal, spent, hop)
    const read = this.read(input, demand)
    // A request without a body is a task before this returns.
    const request = read instanceof Promise ? await read : read
    const integrity = init.integrity ?? given?.integrity
    const keeper = request.session === undefined ? cache : undefined
    const kept = keeper && (await keeper.get(request))
    if (kept) return answerOf(resultOf(kept), request, integrity)
    const result = await this.perform(request, demand)
    if (result.ok) {
      if (isWorthKeeping(result)) await keeper?.put(request, result.response)
      return answerOf(result, request, integrity)
    }
    throw signal?.aborted ? aborted(signal) : toError(request.url, result)
  }

  /** Accepts it now, and does not wait for its answer. Throws POOL_FULL when there is no room. */
  submit(request: FetchRequest, demand: Demand): Handle {
    const { signal } = demand
    const { promise, resolve } = Promise.withResolvers<TaskResult>()
    const task = this.accept(request, demand, resolve)
    const response = promise.then((result) => {
      if (result.ok) return answerOf(result, request, demand.init.integrity)
      throw signal?.aborted ? aborted(signal) : toError(request.url, result)
    })
    const abandon = () => this.abandon(task)
    return new Handle({ task, url: request.url, response, clock: this.#clock, abandon })
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
}

type Won = TaskResult & { ok: true }

/** Throws TASK_FAILED when it is not what `integrity` says. */
function answerOf(result: Won, { method }: FetchRequest, integrity: string | undefined): TrustedResponse {
  if (integrity) assertIntegrity(result, integrity)
  return new FetchedResponse(result, method)
}
