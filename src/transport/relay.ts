import {
  createServer,
  type IncomingMessage,
  request as requestOver,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { SecureContext } from 'node:tls'
import type { Clock } from '../base/clock.ts'
import { isPublicHost } from '../base/public-host.ts'
import type { ProxyCredentials, ProxyEndpoint } from '../contracts/endpoint.ts'
import type { TransportLimits } from '../contracts/transport.ts'
import type { Site } from './address.ts'
import { basicAuthorization } from './credentials.ts'
import { Layers } from './layers.ts'
import { limitOf } from './limits.ts'
import { openTunnel } from './open-tunnel.ts'
import { Failure } from './step-failure.ts'

/**
 * An HTTP proxy on this machine that leads to one proxy of the fleet. Browsers take no password with a proxy's URL, and none for SOCKS at
 * all: they are given this one, which needs neither, and it says the password where it belongs. It listens on loopback only, at a
 * port that the system picks, and asks for nothing but what comes with a whole URL or as CONNECT, so that a page which is made
 * to call that port gets nothing. Every user of this machine can use it while it is open, so it ends with its lease.
 */
export interface RelayParts {
  readonly proxy: ProxyEndpoint
  readonly credentials: ProxyCredentials | undefined
  readonly limits: TransportLimits
  readonly clock: Clock
  trust(): SecureContext
  /** Whether addresses of a local network may be asked. */
  readonly allowPrivate: boolean
  /** SOCKS proxies are told the name of the target, and not its address. */
  readonly remoteDns: boolean
  /** A connection to the proxy has ended, and has carried so many bytes. */
  carried(sent: number, received: number): void
}

/** Connections at once. A browser opens some thirty to one proxy. */
const mostConnections = 256
const mostHeaderBytes = 65_536

/** What is between two machines, and not for the one behind. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

export class Relay {
  readonly #parts: RelayParts
  readonly #server: Server
  readonly #open = new Set<Layers>()
  readonly #clients = new Set<Duplex>()
  #isClosed = false

  /** Resolves when it listens. */
  static async open(parts: RelayParts): Promise<Relay> {
    const relay = new Relay(parts)
    await new Promise<void>((resolve, reject) => {
      relay.#server.once('error', reject)
      relay.#server.listen(0, '127.0.0.1', resolve)
    })
    return relay
  }

  private constructor(parts: RelayParts) {
    this.#parts = parts
    this.#server = createServer({ maxHeaderSize: mostHeaderBytes }, (message, answer) => {
      void this.#forward(message, answer)
    })
    this.#server.maxConnections = mostConnections
    this.#server.on('connect', (message, client, head) => void this.#connect(message, client, head))
    this.#server.on('clientError', (_, client) => client.destroy())
  }

  /** For a browser: `http://127.0.0.1:PORT`. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Ends every connection. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#server.close()
    this.#server.closeAllConnections()
    for (const client of this.#clients) client.destroy()
    for (const layers of [...this.#open]) this.#end(layers)
  }

  /** A second time is harmless: what it has carried is told once. */
  #end(layers: Layers): void {
    layers.destroy()
    const { sent, received } = layers.take()
    if (sent + received > 0) this.#parts.carried(sent, received)
  }

  async #connect(message: IncomingMessage, client: Duplex, head: Buffer): Promise<void> {
    const layers = new Layers(this.#open)
    this.#clients.add(client)
    client.on('error', ignore)
    client.once('close', () => {
      this.#clients.delete(client)
      this.#end(layers)
    })
    const site = siteOf(`http://${message.url}`, true)
    const tunnel = site ? await this.#tunnel(site, layers, false) : unreadable
    if (tunnel instanceof Failure) {
      this.#end(layers)
      const { status, text } = answerTo(tunnel)
      client.end(
        `HTTP/1.1 ${status}\r\ncontent-length: ${Buffer.byteLength(text)}\r\nconnection: close\r\n\r\n${text}`,
      )
      return
    }
    client.write('HTTP/1.1 200 Connection established\r\n\r\n')
    if (head.length > 0) tunnel.write(head)
    // What is still on its way to the browser is not cut off.
    tunnel.once('close', () => client.end())
    client.pipe(tunnel).pipe(client)
  }

  /** Plain HTTP: an HTTP proxy is given the whole URL, through all others leads a tunnel. */
  async #forward(message: IncomingMessage, answer: ServerResponse): Promise<void> {
    const layers = new Layers(this.#open)
    answer.once('close', () => this.#end(layers))
    const { proxy, credentials } = this.#parts
    const isForwarded = proxy.protocol === 'http' || proxy.protocol === 'https'
    const site = siteOf(message.url ?? '', false)
    const socket = site ? await this.#tunnel(site, layers, isForwarded) : unreadable
    if (socket instanceof Failure) return refuse(answer, socket)
    const url = new URL(message.url!)
    const account = isForwarded ? credentials : undefined
    // The URL says which host it is, whatever stands in the header (RFC 9112, 3.2.2); HTTP/1.0 may leave that out.
    const headers = passedOn(message.rawHeaders, message.headers.connection).filter(
      ([name]) => name.toLowerCase() !== 'host',
    )
    headers.unshift(['host', url.host])
    if (account) headers.push(['proxy-authorization', basicAuthorization(account)])
    headers.push(['connection', 'close'])
    // A handshake leaves it paused.
    socket.resume()
    const asked = requestOver({
      createConnection: () => socket,
      method: message.method!,
      path: isForwarded ? url.href : url.pathname + url.search,
      headers: headers.flat(),
    })
    asked.on('error', () => {
      if (answer.headersSent) answer.destroy()
      else refuse(answer, new Failure('headers', 'reset', 'The connection to the proxy broke.'))
    })
    asked.on('response', (response) => {
      // The browser must not ask its user for a password that is ours.
      if (isForwarded && response.statusCode === 407) {
        return refuse(
          answer,
          new Failure('headers', 'proxy-auth', 'The proxy refuses user name and password.'),
        )
      }
      const back = passedOn(response.rawHeaders, response.headers.connection)
      answer.writeHead(response.statusCode!, response.statusMessage, back.flat())
      response.on('error', () => answer.destroy())
      response.pipe(answer)
    })
    message.on('error', () => asked.destroy())
    message.pipe(asked)
  }

  async #tunnel(site: Site, layers: Layers, forwarded: boolean) {
    const { proxy, credentials, limits, clock, trust, allowPrivate, remoteDns } = this.#parts
    if (!allowPrivate && !isPublicHost(site.host)) return inside
    if (this.#isClosed) return ended
    const patience = limitOf('dial', limits.timeouts) + limitOf('handshake', limits.timeouts)
    const cancel = clock.after(patience, () => layers.destroy())
    try {
      return await openTunnel({
        proxy,
        site,
        forwarded,
        credentials,
        layers,
        trust,
        allowPrivate,
        remoteDns,
        wall: clock.wall(),
        enter: ignore,
      })
    } finally {
      cancel()
    }
  }
}

const unreadable = new Failure(
  'local',
  'request-invalid',
  'This is a proxy: it takes CONNECT, and requests with a whole http URL.',
)
const inside = new Failure(
  'local',
  'private-target',
  'This address lies in a local network (allowPrivateTargets lets it be asked).',
)
const ended = new Failure('local', 'cancelled', 'The lease has ended.')

/** `isAuthority`: of CONNECT, where the port is never left out. */
function siteOf(text: string, isAuthority: boolean): Site | undefined {
  const url = URL.parse(text)
  if (!url || url.protocol !== 'http:' || url.username !== '' || url.hostname === '') return undefined
  if (isAuthority && (url.pathname !== '/' || url.search !== '')) return undefined
  const host = url.hostname.replace(/^\[|\]$/g, '')
  return { origin: url.origin, secure: false, host, port: url.port === '' ? 80 : Number(url.port) }
}

/** `connection`: that header, which names others that end here (RFC 9110, 7.6.1). */
function passedOn(raw: readonly string[], connection = ''): [name: string, value: string][] {
  const named = new Set(connection.toLowerCase().split(/[\s,]+/))
  const pairs: [string, string][] = []
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at]!.toLowerCase()
    if (!hopByHop.has(name) && !named.has(name)) pairs.push([raw[at]!, raw[at + 1]!])
  }
  return pairs
}

function answerTo({ cause, detail }: Failure): { status: string; text: string } {
  const status =
    cause === 'request-invalid'
      ? '400 Bad Request'
      : cause === 'private-target'
        ? '403 Forbidden'
        : '502 Bad Gateway'
  return { status, text: `${detail}\n` }
}

/** What the proxy cannot do ends the connection: a page of ours would pass for one of the site. */
function refuse(answer: ServerResponse, failure: Failure): void {
  const { status, text } = answerTo(failure)
  const code = Number(status.slice(0, 3))
  if (code === 502) return void answer.destroy()
  answer.writeHead(code, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' })
  answer.end(text)
}

function ignore() {}
