import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Registry } from 'prom-client'
import { assertArgument, isOptions } from '../contracts/arguments.ts'
import { RegattaError } from '../contracts/errors.ts'
import { openMetricsOf } from './open-metrics-text.ts'

/**
 * A registry, served to Prometheus: `/metrics` as text or as OpenMetrics, whichever is asked for, and `/healthz` for a
 * supervisor that looks whether the process lives. On this machine alone unless another address is given, because it takes no password. It
 * stays small whatever is asked: few connections, short limits, and one rendering at a time that all who ask meanwhile share.
 */
export interface MetricsServerOptions {
  /** 0–65535; 0 takes any that is free. Default 9464, which OpenTelemetry's exporter has too. */
  readonly port?: number | undefined
  /** The address to listen on: `0.0.0.0` or `::` for all of this machine's. Default 127.0.0.1. */
  readonly host?: string | undefined
}

/** The server, while it is open. It does not keep the process alive. */
export interface MetricsServer extends AsyncDisposable {
  readonly port: number
  /** What to give to Prometheus: `http://127.0.0.1:9464/metrics`. */
  readonly url: string
  /** Stops listening. */
  close(): Promise<void>
}

export const defaultMetricsPort = 9_464
const loopback = '127.0.0.1'
const mostConnections = 32

/** Serves `registry`. Rejects with OPTION_INVALID: a port that is none or is taken, an address that is not of this machine. */
export async function serveMetrics(
  registry: Registry,
  options: MetricsServerOptions = {},
): Promise<MetricsServer> {
  const isRegistry = typeof registry?.getMetricsAsArray === 'function'
  assertArgument(isRegistry, 'serveMetrics()', 'registry', 'a Registry of prom-client', registry)
  assertArgument(isOptions(options), 'serveMetrics()', 'options', 'an object', options)
  const { port = defaultMetricsPort, host = loopback } = options
  const isPort = Number.isInteger(port) && port >= 0 && port <= 65_535
  assertArgument(isPort, 'serveMetrics()', 'port', 'a whole number from 0 to 65535', port)
  const isHost = typeof host === 'string' && host !== ''
  assertArgument(isHost, 'serveMetrics()', 'host', 'an address of this machine, such as 127.0.0.1', host)
  const endpoint = new Endpoint(registry, host)
  await endpoint.listen(port)
  return endpoint
}

class Endpoint implements MetricsServer {
  port = 0
  readonly #registry: Registry
  readonly #host: string
  readonly #server: Server
  /** Being rendered: it is for all who ask meanwhile. */
  #rendering: Promise<string> | undefined

  constructor(registry: Registry, host: string) {
    this.#registry = registry
    this.#host = host
    const limits = {
      headersTimeout: 5_000,
      requestTimeout: 5_000,
      keepAliveTimeout: 75_000,
      maxHeaderSize: 8_192,
    }
    this.#server = createServer(limits, (request, response) => void this.#answer(request, response))
    this.#server.maxConnections = mostConnections
  }

  get url(): string {
    return `http://${authority(this.#host, this.port)}/metrics`
  }

  async listen(port: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#server.once('error', (error: NodeJS.ErrnoException) =>
      reject(cannotListen(this.#host, port, error)),
    )
    this.#server.listen(port, this.#host, resolve)
    await promise
    this.#server.unref()
    this.port = (this.#server.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#server.close(() => resolve())
    this.#server.closeAllConnections()
    await promise
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, headers } = request
    const path = (request.url ?? '/').replace(/[?#].*$/s, '')
    const refusal = this.#refusalOf(request, path)
    if (refusal) return say(response, refusal.status, refusal.sentence, method)
    if (path === '/healthz') return say(response, 200, 'ok', method)
    if (path === '/') return say(response, 200, 'Metrics are at /metrics, and /healthz says ok.', method)
    try {
      const text = await this.#render()
      const isOpen = prefersOpenMetrics(headers.accept ?? '')
      response.writeHead(200, { 'content-type': isOpen ? openMetricsType : textType })
      response.end(method === 'HEAD' ? undefined : isOpen ? openMetricsOf(text) : text)
    } catch {
      say(response, 500, 'The metrics cannot be collected now.', method)
    }
  }

  #render(): Promise<string> {
    if (this.#rendering) return this.#rendering
    const rendering = this.#registry.metrics()
    const forget = () => (this.#rendering = undefined)
    rendering.then(forget, forget)
    this.#rendering = rendering
    return rendering
  }

  #refusalOf({ method, headers }: IncomingMessage, path: string): Refusal | undefined {
    // A page in a browser may reach this port by a name that its owner lets point here.
    if (isLoopback(this.#host) && !isLoopback(nameIn(headers.host ?? ''))) {
      return { status: 421, sentence: `This is served to this machine alone, as ${this.url}.` }
    }
    if (!['/', '/metrics', '/healthz'].includes(path))
      return { status: 404, sentence: 'There is nothing here: metrics are at /metrics.' }
    if (method !== 'GET' && method !== 'HEAD') return { status: 405, sentence: 'Metrics are only read.' }
    return undefined
  }
}

interface Refusal {
  readonly status: number
  readonly sentence: string
}

const textType = 'text/plain; version=0.0.4; charset=utf-8'
const openMetricsType = 'application/openmetrics-text; version=1.0.0; charset=utf-8'

function say(response: ServerResponse, status: number, sentence: string, method: string | undefined): void {
  const allow = status === 405 ? { allow: 'GET, HEAD' } : {}
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', ...allow })
  response.end(method === 'HEAD' ? undefined : `${sentence}\n`)
}

/** Whether OpenMetrics is asked for by name, and no less than the plain text. */
function prefersOpenMetrics(accept: string): boolean {
  const weights = { open: 0, text: 0 }
  for (const entry of accept.toLowerCase().split(',')) {
    const [type = '', ...params] = entry.split(';').map((part) => part.trim())
    const weight = Number(params.find((param) => param.startsWith('q='))?.slice(2) ?? 1)
    if (type === 'application/openmetrics-text') weights.open = Math.max(weights.open, weight)
    if (type === 'text/plain') weights.text = Math.max(weights.text, weight)
  }
  return weights.open > 0 && weights.open >= weights.text
}

/** The name of `name:port`, `[::1]:port`. */
function nameIn(host: string): string {
  return host.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1')
}

function isLoopback(name: string): boolean {
  return name === 'localhost' || name === '::1' || /^127(\.\d{1,3}){3}$/.test(name)
}

function authority(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

function cannotListen(host: string, port: number, { code, message }: NodeJS.ErrnoException): RegattaError {
  const where = authority(host, port)
  const sentence =
    code === 'EADDRINUSE'
      ? `port ${port} is taken by another program. Choose another one, or 0 for any that is free`
      : code === 'EACCES'
        ? `port ${port} may not be opened by this user. Choose one above 1023`
        : code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND'
          ? `${host} is no address of this machine. 127.0.0.1 is for this machine alone, 0.0.0.0 for everybody`
          : `${where} cannot be opened: ${message}`
  return new RegattaError('OPTION_INVALID', `serveMetrics(): ${sentence}.`, { value: { path: 'port' } })
}
