import { Dispatcher } from 'undici'
import type { BodyFile } from '../contracts/body-file.ts'
import { messageOf } from '../contracts/errors.ts'
import type { TaskResult } from '../contracts/job.ts'
import type { FetchRequest } from '../contracts/request.ts'
import { sizeOfBody, streamBody } from '../contracts/response-body.ts'
import { headersFor } from '../options/host-settings.ts'
import type { HostTable } from '../options/host-table.ts'

/**
 * The crawler as an undici Dispatcher, for code that takes one: every request is raced and judged like any other. An
 * answer is complete and classified before its first byte is handed on, so a bad page never reaches the caller.
 */
export class CrawlerDispatcher extends Dispatcher {
  readonly #hosts: HostTable
  readonly #run: (request: FetchRequest, signal: AbortSignal) => Promise<TaskResult>

  constructor(hosts: HostTable, run: (request: FetchRequest, signal: AbortSignal) => Promise<TaskResult>) {
    super()
    this.#hosts = hosts
    this.#run = run
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    void this.#serve(options, handler)
    return true
  }

  async #serve(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): Promise<void> {
    const abort = new AbortController()
    let reason: Error | null = null
    let file: BodyFile | undefined
    let isPaused = false
    let resumed = Promise.withResolvers<void>()
    const controller: Dispatcher.DispatchController = {
      get aborted() {
        return abort.signal.aborted
      },
      get paused() {
        return isPaused
      },
      get reason() {
        return reason
      },
      abort(why) {
        reason = why
        abort.abort(why)
        resumed.resolve()
      },
      pause() {
        if (!isPaused) resumed = Promise.withResolvers()
        isPaused = true
      },
      resume() {
        isPaused = false
        resumed.resolve()
      },
    }
    try {
      handler.onRequestStart?.(controller, {})
      const result = await this.#run(await readOptions(options, this.#hosts), abort.signal)
      if (result.ok) file = result.response.file
      if (reason) throw reason
      if (!result.ok) throw new Error(result.detail)
      const { status, headers } = result.response
      const { 'content-encoding': _coding, 'transfer-encoding': _transfer, ...rest } = headers
      handler.onResponseStart?.(
        controller,
        status,
        { ...rest, 'content-length': String(sizeOfBody(result.response)) } as never,
        '',
      )
      for await (const chunk of streamBody(result.response)) {
        if (isPaused) await resumed.promise
        if (reason) throw reason
        handler.onResponseData?.(controller, Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length))
      }
      handler.onResponseEnd?.(controller, {})
    } catch (error) {
      handler.onResponseError?.(controller, error instanceof Error ? error : new Error(messageOf(error)))
    } finally {
      await file?.remove()
    }
  }
}

async function readOptions(options: Dispatcher.DispatchOptions, hosts: HostTable): Promise<FetchRequest> {
  const { method } = options
  const idempotent = options.idempotent ?? (method === 'GET' || method === 'HEAD')
  const url = new URL(options.path, options.origin).href
  const own = Object.entries(headersOf(options.headers)).filter(
    ([name, value]) => !addedByFetch[name]?.includes(value),
  )
  const { headers, elsewhere } = headersFor(hosts.settingsFor(url), Object.fromEntries(own))
  if (options.body == null) return { url, method, headers, elsewhere, idempotent }
  const body = new Uint8Array(await new Response(options.body as BodyInit).arrayBuffer())
  return { url, method, headers, elsewhere, idempotent, body }
}

/** What `fetch` adds by itself where its caller has not chosen: the host's own header is better. */
const addedByFetch: Readonly<Record<string, readonly string[] | undefined>> = {
  'user-agent': ['undici', 'node', 'Deno'],
  accept: ['*/*'],
  'accept-language': ['*'],
}

/** undici takes a flat list, pairs, or an object. */
function headersOf(headers: Dispatcher.DispatchOptions['headers']): Record<string, string> {
  if (!headers) return {}
  const pairs: [string, string][] = []
  if (Array.isArray(headers) && typeof headers[0] === 'string') {
    for (let index = 0; index + 1 < headers.length; index += 2)
      pairs.push([String(headers[index]), String(headers[index + 1])])
  } else if (Symbol.iterator in headers) {
    for (const [name, value] of headers as Iterable<[string, string | string[] | undefined]>)
      pairs.push([name, String(value)])
  } else {
    for (const [name, value] of Object.entries(headers))
      if (value !== undefined) pairs.push([name, String(value)])
  }
  return Object.fromEntries(pairs.map(([name, value]) => [name.toLowerCase(), value]))
}
