import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { pickIndex, type Random } from '../../base/random.ts'
import type { ProxyBook } from '../books.ts'
import type { ProxyRole } from '../cast.ts'
import type { World } from '../geography.ts'
import { drawLatency } from '../latency-distribution.ts'
import { Liar, type LiarsWorld } from '../lies/liar.ts'
import type { Resources } from '../resources.ts'
import type { Behaviour, ProxyScript } from './behaviour.ts'
import { Client } from './client.ts'
import { dial, type Forger } from './dial-target.ts'
import { serveHttp } from './http.ts'
import type { Passage, Refusal, Replies } from './passage.ts'
import { ProxyPort } from './port.ts'
import { ProxyLedger } from './proxy-ledger.ts'
import { serveSocks4 } from './socks4.ts'
import { serveSocks5 } from './socks5.ts'
import { isBodyFault, Tunnel } from './tunnel.ts'

/** One proxy: its port, its behaviour, its book. Listens on the address it leaves from. */
export interface ProxySurroundings {
  readonly world: World
  readonly resources: Resources
  readonly random: Random
  readonly liars: LiarsWorld
  /** For an HTTPS proxy. */
  readonly certificate: { readonly key: string; readonly cert: string } | undefined
  /** Makes certificates nobody asked for. */
  readonly forger: Forger | undefined
}

export class ProxyServer implements Passage {
  readonly exitIp: string
  readonly resources: Resources
  readonly random: Random
  readonly auth: ProxyScript['auth']
  readonly liar: Liar
  behaviour: Behaviour
  shapesRequests = false
  lastResponse: Buffer | undefined
  #protocol: ProxyScript['protocol']
  #world: World
  #forger: Forger | undefined
  #port: ProxyPort
  #ledger: ProxyLedger

  constructor({ name, script, behaviour }: ProxyRole, exitIp: string, surroundings: ProxySurroundings) {
    this.exitIp = exitIp
    this.liar = new Liar(name, surroundings.liars)
    this.resources = surroundings.resources
    this.random = surroundings.random
    this.auth = script.auth
    this.behaviour = behaviour
    this.#protocol = script.protocol
    this.#world = surroundings.world
    this.#forger = surroundings.forger
    this.#ledger = new ProxyLedger(exitIp)
    const { certificate } = surroundings
    const server: Server = certificate
      ? createTlsServer({ ...certificate, ALPNProtocols: ['http/1.1'] }, (socket) => this.#serve(socket))
      : createServer({ noDelay: true }, (socket) => {
          if (this.#accept(socket)) this.#serve(socket)
        })
    if (certificate) server.on('connection', (socket: Socket) => this.#accept(socket))
    this.#port = new ProxyPort(server, exitIp, this.resources)
  }

  get port(): number {
    return this.#port.number
  }

  open(): Promise<void> {
    this.#note(this.behaviour)
    return this.#port.open(this.behaviour)
  }

  setBehaviour(behaviour: Behaviour): Promise<void> {
    this.#note(behaviour)
    return this.#port.follow(behaviour)
  }

  kill(): Promise<void> {
    return this.#port.kill()
  }

  revive(): Promise<void> {
    return this.#port.revive(this.behaviour)
  }

  close(): Promise<void> {
    return this.#port.close()
  }

  #note(behaviour: Behaviour): void {
    this.behaviour = behaviour
    const { latency, bandwidth, flaky, fault } = behaviour
    this.shapesRequests =
      latency !== undefined || bandwidth !== undefined || (flaky?.request ?? 0) > 0 || isBodyFault(fault)
  }

  book(): ProxyBook {
    return this.#ledger.book(this.#port.sockets.size)
  }

  clearBook(): void {
    this.#ledger = new ProxyLedger(this.exitIp, this.#ledger.pending)
  }

  /** False when the connection was turned away. */
  #accept(socket: Socket): boolean {
    this.resources.track(socket)
    const { maxConnections } = this.behaviour
    const open = this.#port.sockets.size
    this.#ledger.dialled(socket, open + 1)
    if (maxConnections !== undefined && open >= maxConnections) {
      this.#ledger.faults++
      socket.resetAndDestroy()
      return false
    }
    this.#port.adopt(socket)
    return true
  }

  #serve(socket: Socket): void {
    if (this.#protocol === 'https') this.resources.track(socket)
    const client = new Client(socket)
    const speaksHttp = this.#protocol === 'http' || this.#protocol === 'https'
    const fault = this.behaviour.fault?.kind
    if (fault === 'blackhole') {
      this.#ledger.faults++
      client.discard()
      return
    }
    if (fault === 'wrong-protocol') {
      this.#ledger.faults++
      const garbage = speaksHttp
        ? Buffer.of(5, 0xff)
        : Buffer.from('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n')
      client.stream(() => socket.end(garbage))
      return
    }
    if (speaksHttp) void serveHttp(client, this)
    else if (this.#protocol === 'socks5') void serveSocks5(client, this)
    else void serveSocks4(client, this, this.#protocol === 'socks4a')
  }

  async say(client: Client, bytes: Uint8Array): Promise<void> {
    const { handshakeLatency, fault } = this.behaviour
    if (handshakeLatency) await this.#pause(drawLatency(handshakeLatency, this.random))
    if (fault?.kind !== 'split-replies') {
      if (bytes.length > 0) client.socket.write(bytes)
      return
    }
    for (let i = 0; i < bytes.length; i++) {
      client.socket.write(bytes.subarray(i, i + 1))
      await this.#pause(2)
    }
  }

  async refuse(client: Client, bytes: Uint8Array): Promise<void> {
    this.#ledger.refusals++
    await this.say(client, bytes)
    client.socket.end()
  }

  admits(username: string, password: string): boolean {
    const isRight =
      this.behaviour.fault?.kind !== 'bad-auth' &&
      username === (this.auth?.username ?? username) &&
      password === (this.auth?.password ?? password)
    if (!isRight || (this.auth && username === '')) this.#ledger.authFailures++
    return isRight
  }

  async reach(client: Client, host: string, port: number, replies: Replies): Promise<Tunnel | undefined> {
    this.#ledger.asked(`${host}:${port}`)
    const { fault, flaky } = this.behaviour
    const refusal = refusalOf(this.behaviour)
    if (refusal) {
      this.#ledger.faults++
      await this.refuse(client, replies.refused(refusal))
      return undefined
    }
    if (fault?.kind === 'truncated-reply') {
      this.#ledger.faults++
      const reply = replies.granted
      await this.say(client, reply.subarray(0, reply.length >> 1))
      client.socket.end()
      return undefined
    }
    if (flaky && flaky.tunnel > 0 && this.random() < flaky.tunnel) {
      this.#ledger.faults++
      if (flaky.failures[pickIndex(this.random, flaky.failures.length)] === 'general-failure') {
        await this.refuse(client, replies.refused('general'))
      } else client.socket.resetAndDestroy()
      return undefined
    }
    if (fault?.kind === 'connect-then-silent') {
      this.#ledger.faults++
      await this.say(client, replies.granted)
      client.discard()
      return undefined
    }
    const place = this.#world.resolve(host, port)
    const forger = fault?.kind === 'mitm' && place?.speaksTls ? this.#forger : undefined
    const upstream = place
      ? await dial(place, this.exitIp, this.resources, forger && { forger, host })
      : 'unknown-host'
    if (typeof upstream === 'string') {
      await this.refuse(client, replies.refused(upstream))
      return undefined
    }
    if (client.socket.destroyed) {
      upstream.destroy()
      return undefined
    }
    this.#ledger.tunnels++
    // The tunnel listens before the reply is out: a client that leaves in between takes the upstream along.
    const tunnel = new Tunnel(client, upstream, this)
    await this.say(client, replies.granted)
    if (fault?.kind === 'chatty-connect') client.socket.write('<html>Brought to you by your proxy</html>')
    return tunnel
  }

  countRequest(): void {
    this.#ledger.requestBegins()
  }

  countAnswer(): void {
    this.#ledger.pending--
  }

  countFault(): void {
    this.#ledger.faults++
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.resources.after(ms, resolve))
  }
}

function refusalOf({ fault }: Behaviour): Refusal | undefined {
  switch (fault?.kind) {
    case 'quota':
    case 'busy':
    case 'fake-connect':
      return fault.kind
    case 'ruleset-denied':
      return 'not-allowed'
    case 'refuse':
      return fault
    default:
      return undefined
  }
}
