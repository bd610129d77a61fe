import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { type Clock, systemClock } from '../base/clock.ts'
import { assertArgument, isOptions } from '../contracts/arguments.ts'
import type { Inspection, InspectionEvent, InspectOptions } from '../contracts/inspection.ts'
import { messageOf } from './inspector-messages.ts'
import { inspectorPage } from './inspector-page.ts'
import { LoopbackGate, loopback, type Refusal } from './loopback-gate.ts'

/**
 * A bridge to inspectors in other processes: WebSocket messages of `@statelyai/inspect`, on this machine alone. It stands
 * behind a gate (loopback-gate.ts), and takes no message from anybody. The server of `@statelyai/inspect` listens
 * everywhere, asks nobody, and relays what any client says.
 *
 * Each client is an inspector of its own: it is told of all that lives when it comes, and is left out while it is slow.
 * Nobody watches while nobody is connected.
 */
export interface InspectorBridgeOptions
  extends Pick<InspectOptions, 'attempts' | 'unchanged' | 'rate' | 'actors'> {
  /** 0–65535. Default: 0, any that is free. */
  readonly port?: number | undefined
  /** What a client must know. At least 16 letters and digits. Default: a new one. */
  readonly token?: string | undefined
  /** The inspector that the bridge's page shows in its frame. Default: Stately's, on the internet. */
  readonly page?: string | undefined
  /** Default: the clock of this machine. */
  readonly clock?: Clock | undefined
}

/** A crawler, as far as the bridge needs one. */
export interface Inspectable {
  inspect(
    observer: { next(event: InspectionEvent): void; complete(): void },
    options: InspectOptions,
  ): Inspection
}

/** The bridge, while it is open. It does not keep the process alive. */
export interface InspectorBridge extends AsyncDisposable {
  readonly port: number
  readonly token: string
  /** For programs: `ws://127.0.0.1:40123/?token=…`; with `&attempts`, attempts are shown too. */
  readonly socket: string
  /** For a browser: Stately's page, fed by the bridge. Needs the internet. */
  readonly page: string
  /** Clients that are connected. */
  readonly clients: number
  /** Sends everybody away, and stops listening. */
  close(): Promise<void>
}

const statelyPage = 'https://stately.ai/inspect'
const mostClients = 8
/** Bytes that a client may owe to its socket before it is told no more. */
const mostBuffered = 1 << 20

/** Opens the bridge. Throws OPTION_INVALID: a port that is none or is taken, a token that is too short. */
export async function serveInspector(
  crawler: Inspectable,
  options: InspectorBridgeOptions = {},
): Promise<InspectorBridge> {
  assertArgument(isOptions(options), 'serveInspector()', 'options', 'an object', options)
  const gate = new LoopbackGate(options, words)
  const { page = statelyPage } = options
  assertArgument(URL.canParse(page), 'serveInspector()', 'page', 'a URL', page)
  const bridge = new Bridge(crawler, { ...options, gate, page: new URL(page) })
  await bridge.listen()
  return bridge
}

const words = { thisIs: "This is the inspector's bridge of a crawl", call: 'serveInspector()' }

interface BridgeParts extends Omit<InspectorBridgeOptions, 'page'> {
  readonly gate: LoopbackGate
  readonly page: URL
}

class Bridge implements InspectorBridge {
  readonly #gate: LoopbackGate
  readonly #crawler: Inspectable
  readonly #parts: BridgeParts
  readonly #clock: Clock
  readonly #server: Server
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: 1_024, perMessageDeflate: false })

  constructor(crawler: Inspectable, parts: BridgeParts) {
    this.#crawler = crawler
    this.#parts = parts
    this.#clock = parts.clock ?? systemClock
    this.#gate = parts.gate
    this.#server = createServer((request, response) => this.#answer(request, response))
    this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      this.#upgrade(request, socket, head),
    )
  }

  get token(): string {
    return this.#gate.token
  }

  get port(): number {
    return this.#gate.port
  }

  get socket(): string {
    return `ws://${loopback}:${this.port}/?token=${this.token}`
  }

  get page(): string {
    return `http://${loopback}:${this.port}/?token=${this.token}`
  }

  get clients(): number {
    return this.#sockets.clients.size
  }

  listen(): Promise<void> {
    return this.#gate.listen(this.#server)
  }

  async close(): Promise<void> {
    for (const client of this.#sockets.clients) leave(client, 'The bridge was closed.')
    this.#sockets.close()
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#server.close(() => resolve())
    this.#server.closeAllConnections()
    for (const client of this.#sockets.clients) client.terminate()
    await promise
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const refusal = this.#refusalOf(request)
    if (refusal) {
      response.writeHead(refusal.status, { 'content-type': 'text/plain; charset=utf-8' })
      response.end(`${refusal.sentence}\n`)
      return
    }
    const nonce = randomBytes(18).toString('base64url')
    const { html, headers } = inspectorPage(this.#parts.page, `ws://${request.headers.host}`, nonce)
    response.writeHead(200, headers)
    response.end(request.method === 'HEAD' ? undefined : html)
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy())
    const refusal = this.#refusalOf(request) ?? (this.clients >= mostClients ? crowded : undefined)
    if (refusal) {
      const { status, sentence } = refusal
      const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, 'Content-Type: text/plain; charset=utf-8']
      socket.end([...lines, 'Connection: close', '', `${sentence}\n`].join('\r\n'))
      return
    }
    this.#sockets.handleUpgrade(request, socket, head, (client) => this.#serve(client, request))
  }

  #serve(client: WebSocket, { url }: IncomingMessage): void {
    const { attempts, unchanged, rate, actors } = this.#parts
    const asked = new URL(url!, 'http://localhost').searchParams
    const inspection = this.#crawler.inspect(
      {
        next: (event) => client.send(JSON.stringify(messageOf(event, this.#clock.wall()))),
        complete: () => leave(client, 'The crawler has stopped.'),
      },
      {
        attempts: attempts ?? asked.has('attempts'),
        unchanged,
        rate,
        actors,
        isBusy: () => client.bufferedAmount > mostBuffered,
      },
    )
    client.on('close', inspection)
    // What clients say is not listened to; what they break ends them alone.
    client.on('error', () => client.terminate())
  }

  /** Why it is not let in. */
  #refusalOf(request: IncomingMessage): Refusal | undefined {
    const refusal = this.#gate.refusalOf(request)
    if (refusal) return refusal
    const { url = '/', method } = request
    if (URL.parse(url, 'http://localhost')?.pathname !== '/')
      return { status: 404, code: 'NOT_FOUND', sentence: 'There is nothing here; the bridge is at /.' }
    if (method !== 'GET' && method !== 'HEAD')
      return { status: 405, code: 'METHOD', sentence: 'The bridge is only looked at.' }
    return undefined
  }
}

const crowded: Refusal = {
  status: 503,
  code: 'FULL',
  sentence: `${mostClients} inspectors are connected: close one first.`,
}

function leave(client: WebSocket, reason: string): void {
  client.close(1001, reason)
}
