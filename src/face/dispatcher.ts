import { STATUS_CODES } from 'node:http'
import * as undici from 'undici'
import { Dispatcher } from 'undici'
import type { BodyFile } from '../contracts/body-file.ts'
import { messageOf, RegattaError } from '../contracts/errors.ts'
import type { TaskResult } from '../contracts/job.ts'
import type { HttpResponse } from '../contracts/outcome.ts'
import type { FetchRequest } from '../contracts/request.ts'
import { sizeOfBody, streamBody } from '../contracts/response-body.ts'
import type { HostTable } from '../options/host-table.ts'
import { readOptions, urlOf } from './dispatched-request.ts'
import { toError } from './fetch-request.ts'
import type { Intake } from './intake.ts'

/**
 * The crawler as an undici Dispatcher, for code that takes one: every request is raced and judged like any other. An
 * answer is complete and classified before its first byte is handed on, so a bad page never reaches the caller.
 *
 * Handlers come in two kinds, those of undici 8 and those of 7 and before (Node's own `fetch` has them); undici wraps
 * the older kind. A caller that follows redirects itself says `maxRedirections: 0`, as every `fetch` does, and gets them:
 * so it knows the URL that answered. For the others they are followed here, and `context.history` has the URLs.
 */
export class CrawlerDispatcher extends Dispatcher {
  readonly #hosts: HostTable
  readonly #intake: Intake
  readonly #own: Pick<FetchRequest, 'session' | 'use'>

  /** `own`: what holds for all its requests. */
  constructor(hosts: HostTable, intake: Intake, own: Pick<FetchRequest, 'session' | 'use'> = {}) {
    super()
    this.#hosts = hosts
    this.#intake = intake
    this.#own = own
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    void this.#serve(options, wrapHandler(handler))
    return true
  }

  /**
   * The interceptors of any release of undici. Those of 7 and 8 speak to handlers of the newer kind, those of 6 to the older
   * one, and the client may be of another release than they are.
   */
  override compose(...given: Interceptor[] | [Interceptor[]]): Dispatcher.ComposedDispatcher {
    return super.compose(given.flat().flatMap((interceptor) => [interceptor, passBothKinds]))
  }

  /** False: it ends with its crawler. */
  get closed(): boolean {
    return false
  }

  /** As `closed`. */
  get destroyed(): boolean {
    return false
  }

  /** Its sockets are the crawler's: nothing is closed but by `crawler.stop()`. */
  override close(callback?: () => void): Promise<void> {
    if (callback) queueMicrotask(callback)
    return Promise.resolve()
  }

  /** As `close`. */
  override destroy(...given: readonly unknown[]): Promise<void> {
    const callback = given.find((each) => typeof each === 'function')
    if (callback) queueMicrotask(callback as () => void)
    return Promise.resolve()
  }

  async #serve(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): Promise<void> {
    const call = new Call()
    const history: URL[] = []
    let file: BodyFile | undefined
    try {
      handler.onRequestStart?.(call, { history })
      const url = urlOf(options)
      const reading = readOptions(options, this.#hosts)
      this.#intake.assertOpen()
      const demand = this.#intake.demand({}, call.signal)
      const request = await this.#intake.body(reading, url, demand, () => {})
      const result = await this.#intake.perform({ ...request, ...this.#own }, demand)
      if (result.ok) file = result.response.file
      if (call.reason) throw call.reason
      if (!result.ok) throw toError(request.url, result)
      const { response } = result
      history.push(...[...response.redirects, response.url].map((url) => new URL(url)))
      const { status } = response
      const headers = headersOfAnswer(result, request.method)
      call.rawHeaders = rawHeaders(headers)
      const words = response.statusText || STATUS_CODES[status] || ''
      handler.onResponseStart?.(call, status, headers, words)
      for await (const chunk of streamBody(response)) {
        await call.untilResumed()
        if (call.reason) throw call.reason
        handler.onResponseData?.(call, Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length))
      }
      handler.onResponseEnd?.(call, {})
    } catch (error) {
      handler.onResponseError?.(call, error instanceof Error ? error : new Error(messageOf(error)))
    } finally {
      await file?.remove()
    }
  }
}

/** One request under way, as its handler sees it. */
class Call implements Dispatcher.DispatchController {
  rawHeaders: Buffer[] = []
  readonly rawTrailers: Buffer[] = []
  paused = false
  reason: Error | null = null
  readonly #abort = new AbortController()
  #resumed = Promise.withResolvers<void>()

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  get aborted(): boolean {
    return this.#abort.signal.aborted
  }

  abort(reason?: Error): void {
    this.reason = reason ?? new RegattaError('ABORTED', 'The request was aborted.')
    this.#abort.abort(this.reason)
    this.#resumed.resolve()
  }

  pause(): void {
    if (!this.paused) this.#resumed = Promise.withResolvers()
    this.paused = true
  }

  resume(): void {
    this.paused = false
    this.#resumed.resolve()
  }

  /** At once when it is not paused; also when it is aborted. */
  async untilResumed(): Promise<void> {
    if (this.paused) await this.#resumed.promise
  }
}

/** undici's own, which its types do not know. By its whole name, as a runtime without it must get as far as to say so. */
function wrapHandler(handler: Dispatcher.DispatchHandler): Dispatcher.DispatchHandler {
  const wrapper = undici.Dispatcher1Wrapper as unknown as { wrapHandler: typeof wrapHandler }
  return wrapper.wrapHandler(handler)
}

type Interceptor = Dispatcher.DispatcherComposeInterceptor

/** The interceptor that it is put around is given a handler that can be spoken to as either kind. */
const passBothKinds: Interceptor = (dispatch) => (options, handler) => dispatch(options, ofBothKinds(handler))

const older = ['onConnect', 'onUpgrade', 'onHeaders', 'onData', 'onComplete', 'onError'] as const

function ofBothKinds(handler: Dispatcher.DispatchHandler): Dispatcher.DispatchHandler {
  const wrapped = wrapHandler(handler)
  if (wrapped === handler) return handler
  const given = handler as { [name in (typeof older)[number]]?: (...told: unknown[]) => unknown }
  return Object.assign(wrapped, Object.fromEntries(older.map((name) => [name, given[name]?.bind(handler)])))
}

/** The body is decoded, so what described its coding would now lie. */
function headersOfAnswer(
  { response, proxy, attempts }: Won,
  method: string,
): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {}
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined && name !== 'content-encoding' && name !== 'transfer-encoding')
      headers[name] = value
  }
  return {
    ...headers,
    ...(method !== 'HEAD' && lengthOf(response)),
    'x-regatta-proxy': proxy,
    'x-regatta-attempts': String(attempts),
  }
}

/** Where there is no body, a length that is there is that of the body there would be. */
function lengthOf(response: HttpResponse): Record<string, string> {
  const size = sizeOfBody(response)
  const isBodiless = response.status === 204 || response.status === 304
  return isBodiless || (size === 0 && response.headers['content-length'] !== undefined)
    ? {}
    : { 'content-length': String(size) }
}

function rawHeaders(headers: Record<string, string | string[]>): Buffer[] {
  return Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().flatMap((each) => [Buffer.from(name, 'latin1'), Buffer.from(each, 'latin1')]),
  )
}

type Won = TaskResult & { ok: true }
