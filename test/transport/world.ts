import { createServer as createHttpServer, request as httpRequest, type RequestListener } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { onTestFinished } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { Wheel } from '../../src/base/wheel.ts'
import type { ProxyCredentials, ProxyEndpoint, ProxyProtocol } from '../../src/contracts/endpoint.ts'
import type { Exchange, Fault, HttpResponse, Phase } from '../../src/contracts/outcome.ts'
import type { FetchRequest } from '../../src/contracts/request.ts'
import type { Transport, TransportLimits } from '../../src/contracts/transport.ts'
import { CredentialVault } from '../../src/transport/credentials.ts'
import {
  createTransport,
  type SocketTransport,
  type TransportOptions,
} from '../../src/transport/socket-transport.ts'
import { testAuthority, testCertificate, testKey } from './certificates.ts'

/** Tiny servers on loopback, made for one test each: good ones, and ones that break off wherever a test wants it. */
export interface Running {
  readonly port: number
  /** Connections accepted so far. */
  readonly accepted: () => number
  /** Connections open now. */
  readonly open: () => number
  readonly sockets: ReadonlySet<Socket>
}

export async function listen(server: Server): Promise<Running> {
  const sockets = new Set<Socket>()
  let accepted = 0
  server.on('connection', (socket: Socket) => {
    accepted++
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  return { port, accepted: () => accepted, open: () => sockets.size, sockets }
}

export function startOrigin(listener: RequestListener): Promise<Running> {
  return listen(createHttpServer({ keepAliveTimeout: 60_000 }, listener))
}

export function startTlsOrigin(listener: RequestListener): Promise<Running> {
  return listen(createHttpsServer({ key: testKey, cert: testCertificate }, listener))
}

/** A server that does with each connection whatever a test wants. */
export function startRaw(onSocket: (socket: Socket) => void): Promise<Running> {
  return listen(
    createServer((socket) => {
      onSocket(socket)
      // A server that does not read would not notice that we have gone.
      if (socket.listenerCount('data') + socket.listenerCount('readable') === 0) socket.resume()
    }),
  )
}

export interface Asked {
  readonly version: number
  /** 1 IPv4, 3 name, 4 IPv6. */
  readonly addressType: number
  readonly host: string
  readonly port: number
  readonly username: string | undefined
}

/** A SOCKS4, 4a and 5 proxy that leads every request to `to`, and remembers what it was asked for. */
export async function startSocks(
  to: number,
  options: { account?: ProxyCredentials; bytewise?: boolean } = {},
): Promise<Running & { readonly asked: readonly Asked[] }> {
  const asked: Asked[] = []
  const running = await startRaw((socket) => {
    serveSocks(socket, to, asked, options).catch(() => socket.destroy())
  })
  return { ...running, asked }
}

async function serveSocks(
  socket: Socket,
  to: number,
  asked: Asked[],
  { account, bytewise = false }: { account?: ProxyCredentials; bytewise?: boolean },
): Promise<void> {
  const take = reader(socket)
  const send = async (bytes: readonly number[]) => {
    if (!bytewise) return void socket.write(Uint8Array.from(bytes))
    socket.setNoDelay(true)
    for (const byte of bytes) {
      socket.write(Uint8Array.of(byte))
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const version = (await take(1))[0]!
  if (version === 4) {
    const head = await take(7)
    const text = async () => {
      let result = ''
      for (;;) {
        const byte = (await take(1))[0]!
        if (byte === 0) return result
        result += String.fromCharCode(byte)
      }
    }
    const username = await text()
    const named = head[3] === 0 && head[4] === 0 && head[5] === 0 && head[6] !== 0
    const host = named ? await text() : [...head.subarray(3, 7)].join('.')
    asked.push({ version, addressType: named ? 3 : 1, host, port: head.readUInt16BE(1), username })
    await send([0, 0x5a, 0, 0, 0, 0, 0, 0])
  } else {
    const methods = await take((await take(1))[0]!)
    let username: string | undefined
    if (account) {
      if (!methods.includes(2)) return void socket.end(Uint8Array.of(5, 0xff))
      await send([5, 2])
      await take(1)
      username = (await take((await take(1))[0]!)).toString()
      const password = (await take((await take(1))[0]!)).toString()
      if (username !== account.username || password !== account.password) {
        return void socket.end(Uint8Array.of(1, 1))
      }
      await send([1, 0])
    } else await send([5, 0])
    const head = await take(4)
    const length = head[3] === 1 ? 4 : head[3] === 4 ? 16 : (await take(1))[0]!
    const address = await take(length)
    const port = (await take(2)).readUInt16BE(0)
    const host = head[3] === 3 ? address.toString('latin1') : [...address].join('.')
    asked.push({ version, addressType: head[3]!, host, port, username })
    await send([5, 0, 0, 1, 0, 0, 0, 0, 0, 0])
  }
  join(socket, to)
}

/** A proxy that speaks CONNECT and absolute form, and remembers the request lines and logins it saw. */
export async function startHttpProxy(
  to: number,
  options: { secure?: boolean } = {},
): Promise<Running & { readonly lines: string[]; readonly logins: (string | undefined)[] }> {
  const lines: string[] = []
  const logins: (string | undefined)[] = []
  const listener: RequestListener = (request, response) => {
    lines.push(`${request.method} ${request.url}`)
    logins.push(request.headers['proxy-authorization'])
    const { 'proxy-authorization': _, ...headers } = request.headers
    const path = request.url?.startsWith('http:') ? new URL(request.url).pathname : '/'
    const onward = httpRequest({ port: to, host: '127.0.0.1', path, method: request.method, headers })
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.destroy())
    request.pipe(onward)
  }
  const server = options.secure
    ? createHttpsServer({ key: testKey, cert: testCertificate }, listener)
    : createHttpServer(listener)
  server.on('connect', (request, socket) => {
    lines.push(`CONNECT ${request.url}`)
    logins.push(request.headers['proxy-authorization'])
    socket.write('HTTP/1.1 204 Tunnel\r\nVia: test\r\n\r\n')
    join(socket as Socket, to)
  })
  return { ...(await listen(server)), lines, logins }
}

/** A TLS server below HTTP: for handshakes and what follows them. */
export function startTlsRaw(onSocket: (socket: Socket) => void): Promise<Running> {
  return listen(
    createTlsServer({ key: testKey, cert: testCertificate }, (socket) => {
      socket.on('error', () => {})
      onSocket(socket)
    }),
  )
}

function join(socket: Socket, to: number): void {
  const onward = connect(to, '127.0.0.1')
  onward.on('error', () => socket.destroy())
  onward.on('close', () => socket.destroy())
  socket.on('error', () => onward.destroy())
  socket.on('close', () => onward.destroy())
  socket.pipe(onward)
  onward.pipe(socket)
}

/** Reads exactly so many bytes; stops listening between two reads, so that the socket can be piped afterwards. */
function reader(socket: Socket): (count: number) => Promise<Buffer> {
  return (count) =>
    new Promise((resolve, reject) => {
      if (count === 0) return resolve(Buffer.alloc(0))
      const look = () => {
        const bytes: Buffer | null = socket.read(count)
        if (bytes === null) return
        socket.off('readable', look)
        socket.off('close', fail)
        resolve(bytes)
      }
      const fail = () => reject(new Error('closed'))
      socket.on('readable', look)
      socket.on('close', fail)
      look()
    })
}

export function endpoint(protocol: ProxyProtocol, port: number, host = '127.0.0.1'): ProxyEndpoint {
  const id = protocol === 'direct' ? 'direct' : `${protocol}://${host}:${port}`
  return {
    id,
    protocol,
    host: protocol === 'direct' ? '' : host,
    port,
    credentialGroup: '',
    network: '127.0.0.0/24',
    tags: {},
  }
}

export const direct = endpoint('direct', 0)

export function get(url: string, more: Partial<FetchRequest> = {}): FetchRequest {
  const method = more.method ?? 'GET'
  return { url, method, headers: {}, idempotent: method !== 'POST', ...more }
}

type Overrides = Partial<Omit<TransportOptions, 'timeouts' | 'connections'>> & {
  readonly timeouts?: Partial<TransportOptions['timeouts']>
  readonly connections?: Partial<TransportOptions['connections']>
}

/** A transport with short limits, closed when the test ends. */
export function makeTransport(overrides: Overrides = {}): SocketTransport {
  const clock = overrides.clock ?? systemClock
  const transport = createTransport({
    maxBody: 1024 * 1024,
    allowPrivateTargets: true,
    ca: testAuthority,
    credentials: new CredentialVault(),
    clock,
    wheel: new Wheel(clock),
    ...overrides,
    timeouts: {
      dial: 2_000,
      handshake: 2_000,
      tls: 2_000,
      firstByte: 2_000,
      idle: 2_000,
      total: 10_000,
      minRate: 0,
      ...overrides.timeouts,
    },
    connections: {
      rotation: 'connection',
      maxRequestsPerConnection: 1_000,
      connectionMaxAge: 300_000,
      idleMax: 15_000,
      ...overrides.connections,
    },
  })
  onTestFinished(() => transport.close())
  return transport
}

export function exchange(
  transport: Transport,
  proxy: ProxyEndpoint,
  request: FetchRequest,
  more: { session?: string; phases?: Phase[]; limits?: TransportLimits } = {},
): Promise<Exchange> {
  return new Promise((deliver) => {
    transport.send({
      request,
      proxy,
      deliver,
      ...(more.session !== undefined && { session: more.session }),
      limits: more.limits,
      onPhase: (phase) => more.phases?.push(phase),
    })
  })
}

export async function response(...call: Parameters<typeof exchange>): Promise<HttpResponse> {
  const result = await exchange(...call)
  if (result.kind !== 'response') throw new Error(`${result.phase} ${result.cause}: ${result.detail}`)
  return result
}

export async function fault(...call: Parameters<typeof exchange>): Promise<Fault> {
  const result = await exchange(...call)
  if (result.kind !== 'fault') throw new Error(`expected a fault, got status ${result.status}`)
  return result
}

export function textOf(result: HttpResponse): string {
  return Buffer.from(result.body).toString()
}

/** Waits until a condition holds, one turn of the event loop at a time; fails after two seconds. */
export async function until(holds: () => boolean): Promise<void> {
  const last = systemClock.now() + 2_000
  while (!holds()) {
    if (systemClock.now() > last) throw new Error(`still not: ${holds}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}
