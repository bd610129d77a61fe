import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { delay, systemClock } from '../base/clock.ts'
import { assertArgument, isOptions } from '../contracts/arguments.ts'
import { RegattaError } from '../contracts/errors.ts'
import { type GateOptions, LoopbackGate, loopback, type Refusal } from '../observe/loopback-gate.ts'
import { parseAction } from './action.ts'
import { Broadcast } from './broadcast.ts'
import type { DashboardView } from './dashboard-view.ts'
import { openInBrowser } from './open-browser.ts'
import { pageFile, savedPage } from './page-file.ts'
import type { ActionAnswer, Failure } from './protocol.ts'
import { savedOf } from './saved.ts'

/**
 * The dashboard's server: the page, the stream, details when somebody asks, and actions; protocol.ts says what goes over the
 * wire. On 127.0.0.1 alone, behind the gate that the inspectors' bridge has too (src/observe/loopback-gate.ts). It answers with
 * JSON and one page that is always the same, so a hostile title, URL or item is data wherever it goes.
 */
export interface DashboardOptions extends GateOptions {
  /** Shows the page in the user's browser. Default false. */
  readonly open?: boolean | undefined
}

/** A dashboard, while it is open. It does not keep the process alive. */
export interface Dashboard extends AsyncDisposable {
  /** For a browser: `http://127.0.0.1:40123/?token=…`. Who has it may look, and act. */
  readonly url: string
  /** Where it listens. */
  readonly port: number
  /** What a caller must know. */
  readonly token: string
  /** Pages that are looking. */
  readonly clients: number
  /**
   * Resolves when nobody looks any more: no page is open, and none was for 15 s, so that one that is loaded again counts. Where
   * nobody has looked yet, a minute after the call. Then a process that has done its work may end. Rejects when `signal` aborts.
   */
  untilLeft(signal?: AbortSignal): Promise<void>
  /** Sends everybody away, and stops listening. */
  close(): Promise<void>
}

const mostClients = 8
const mostActionBytes = 256 << 10

/** Opens it. Throws OPTION_INVALID: a port that is none or is taken, a token that is too short. */
export async function serveDashboard(
  view: DashboardView,
  options: DashboardOptions = {},
  relay?: Relay,
): Promise<Dashboard> {
  assertArgument(isOptions(options), 'dashboard()', 'options', 'an object', options)
  const gate = new LoopbackGate(options, { thisIs: 'This is the dashboard of a crawl', call: 'dashboard()' })
  const server = new DashboardServer(view, gate, relay)
  await server.listen()
  if (options.open) openInBrowser(server.url)
  return server
}

/** Looks for another dashboard that knows more, and to which requests are handed on; undefined where there is none now. */
export type Relay = () => Promise<Forward | undefined>

type Forward = (request: IncomingMessage, response: ServerResponse) => Promise<void>

class DashboardServer implements Dashboard {
  readonly #view: DashboardView
  readonly #gate: LoopbackGate
  readonly #relay: Relay | undefined
  readonly #server: Server
  readonly #broadcast: Broadcast
  #lookedAt: number | undefined
  #isClosed = false

  constructor(view: DashboardView, gate: LoopbackGate, relay: Relay | undefined) {
    this.#view = view
    this.#gate = gate
    this.#relay = relay
    this.#broadcast = new Broadcast(view, systemClock, relay)
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => this.#fail(response, error))
    })
    this.#server.on('clientError', (_error, socket) => socket.destroy())
  }

  get url(): string {
    return `http://${loopback}:${this.port}/?token=${this.token}`
  }

  get port(): number {
    return this.#gate.port
  }

  get token(): string {
    return this.#gate.token
  }

  get clients(): number {
    return this.#broadcast.clients.size
  }

  async untilLeft(signal?: AbortSignal): Promise<void> {
    const begun = systemClock.now()
    for (;;) {
      if (this.clients > 0) this.#lookedAt = systemClock.now()
      const due = Math.max(
        (this.#lookedAt ?? 0) + reloadMs,
        this.#lookedAt === undefined ? begun + firstLookMs : 0,
      )
      const left = due - systemClock.now()
      if (left <= 0 || this.#isClosed) return
      await delay(systemClock, Math.min(left, lookEveryMs), signal)
    }
  }

  listen(): Promise<void> {
    return this.#gate.listen(this.#server)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#broadcast.close('The crawler has stopped.')
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#server.close(() => resolve())
    this.#server.closeIdleConnections()
    // What was told last is on its way; who does not take it is not waited for.
    const cancel = systemClock.after(goodbyeMs, () => this.#server.closeAllConnections())
    await promise
    cancel()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(always)) response.setHeader(name, value)
    const refusal = this.#gate.refusalOf(request) ?? methodRefusal(request)
    if (refusal) return refuse(response, refusal)
    response.on('close', () => {
      this.#lookedAt = systemClock.now()
    })
    const url = URL.parse(request.url ?? '/', 'http://localhost')
    const { pathname = '', searchParams: asked = new URLSearchParams() } = url ?? {}
    if (pathname === '/') return page(request, response)
    // It is only looked whether a stream is there: it would take the place of a page.
    if (pathname === '/api/stream' && request.method === 'HEAD')
      return void response.writeHead(200, stream).end()
    const forward = pathname.startsWith('/api/') ? await this.#relay?.() : undefined
    if (forward) return forward(request, response)
    if (pathname === '/api/action') return this.#act(request, response)
    if (pathname === '/api/stream') return this.#stream(response)
    await this.#view.refresh?.()
    if (pathname === '/api/report') return this.#save(response)
    const found = await this.#find(pathname, asked)
    if (found === undefined) return refuse(response, nothingThere)
    json(response, 200, found)
  }

  /** What a path gives; undefined where nothing is there. */
  async #find(path: string, asked: URLSearchParams): Promise<unknown> {
    const view = this.#view
    const text = (name: string) => asked.get(name) || undefined
    const page = (usual: number, most: number) => ({
      offset: countOf(asked.get('offset'), 0, Number.MAX_SAFE_INTEGER),
      limit: Math.max(1, countOf(asked.get('limit'), usual, most)),
    })
    switch (path) {
      case '/api/snapshot':
        return savedOf(view, (from) => this.#broadcast.overview(from))
      case '/api/proxy':
        return view.proxy(asked.get('id') ?? '')
      case '/api/requests':
        return view.requests({
          end: text('end'),
          host: text('host'),
          proxy: text('proxy'),
          search: text('search'),
          limit: page(200, 1_000).limit,
        })
      case '/api/request':
        return view.request(asked.get('which') ?? '')
      case '/api/dead':
        return view.deadGroups()
      case '/api/dead/letters':
        return view.deadPage({ reason: text('reason'), crawl: text('crawl'), ...page(50, 200) })
      default:
        return undefined
    }
  }

  async #stream(response: ServerResponse): Promise<void> {
    if (this.clients >= mostClients) return refuse(response, crowded)
    response.writeHead(200, stream)
    await this.#broadcast.join(response)
  }

  async #save(response: ServerResponse): Promise<void> {
    const saved = await savedOf(this.#view, (from) => this.#broadcast.overview(from))
    response.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'content-disposition': 'attachment; filename="regatta-report.html"',
      'content-security-policy': "default-src 'none'; sandbox",
    })
    response.end(savedPage(saved))
  }

  /** A form of another site can send neither this type nor the token. */
  async #act(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!/^application\/json\b/i.test(request.headers['content-type'] ?? ''))
      return refuse(response, invalid('An action is sent as application/json.'))
    const action = parseAction(await bodyOf(request))
    if (typeof action === 'string') return refuse(response, invalid(action))
    if (!this.#view.can.includes(action.action)) {
      const sentence = 'This cannot be done now: the crawl has ended, or its process cannot be reached.'
      return refuse(response, { status: 409, code: 'UNAVAILABLE', sentence })
    }
    const answer: ActionAnswer = await this.#view.act(action)
    json(response, 200, answer)
  }

  #fail(response: ServerResponse, error: unknown): void {
    if (response.headersSent) return void response.destroy()
    const isKnown = error instanceof RegattaError
    const sentence = isKnown ? error.message : 'The dashboard could not do this.'
    refuse(response, { status: isKnown ? 409 : 500, code: isKnown ? error.code : 'INTERNAL', sentence })
  }
}

const goodbyeMs = 500
const reloadMs = 15_000
const firstLookMs = 60_000
const lookEveryMs = 500

/** What every answer says. */
const always = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
}

const stream = { 'content-type': 'text/event-stream; charset=utf-8' }

const nothingThere: Refusal = { status: 404, code: 'NOT_FOUND', sentence: 'There is nothing here.' }
const crowded: Refusal = {
  status: 503,
  code: 'FULL',
  sentence: `${mostClients} pages are looking: close one first.`,
}

function invalid(sentence: string): Refusal {
  return { status: 400, code: 'INVALID', sentence }
}

function methodRefusal({ method, url = '/' }: IncomingMessage): Refusal | undefined {
  const isAction = URL.parse(url, 'http://localhost')?.pathname === '/api/action'
  if (isAction ? method === 'POST' : method === 'GET' || method === 'HEAD') return undefined
  return {
    status: 405,
    code: 'METHOD',
    sentence: isAction ? 'An action is posted.' : 'This is only looked at.',
  }
}

function page({ method }: IncomingMessage, response: ServerResponse): void {
  const { html, policy } = pageFile()
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy })
  response.end(method === 'HEAD' ? undefined : html)
}

function refuse(response: ServerResponse, { status, code, sentence }: Refusal): void {
  const failure: Failure = { ok: false, code, sentence }
  json(response, status, failure)
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' })
  response.end(JSON.stringify(value))
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length
    if (size > mostActionBytes) return ''
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

function countOf(text: string | null, usual: number, most: number): number {
  const number = Number(text ?? Number.NaN)
  return Number.isInteger(number) && number >= 0 ? Math.min(number, most) : usual
}
