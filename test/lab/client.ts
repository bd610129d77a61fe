import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { SocksClient } from 'socks'
import { Client, ProxyAgent, request } from 'undici'
import type { Lab } from '../../src/lab/contract.ts'

/** Plain clients that know nothing of Regatta: what they see is what the lab does. */
export interface Seen {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly bytes: Buffer
  readonly text: string
}

export interface GetOptions {
  readonly headers?: Record<string, string>
  readonly origin?: string
  readonly method?: 'GET' | 'HEAD' | 'POST'
  readonly body?: string
  readonly timeoutMs?: number
}

/** The far end of a SOCKS tunnel. */
export async function tunnel(lab: Lab, proxy: string, host: string, port: number): Promise<Socket> {
  const { url, host: address, port: proxyPort, protocol } = lab.proxy(proxy)
  const { username, password } = new URL(url)
  const { socket } = await SocksClient.createConnection({
    proxy: {
      host: address,
      port: proxyPort,
      type: protocol.startsWith('socks4') ? 4 : 5,
      ...(username ? { userId: username, password } : {}),
    },
    command: 'connect',
    destination: { host, port },
    timeout: 2_000,
  })
  return socket.on('error', () => {})
}

/** An undici client whose connections go through one SOCKS proxy. */
export function socksClient(lab: Lab, proxy: string, origin = 'site', timeoutMs = 2_000): Client {
  const { url, host } = lab.origins[origin]!
  return new Client(url, {
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    connect: (options, done) => {
      tunnel(lab, proxy, host, Number(options.port || (url.startsWith('https') ? 443 : 80)))
        .then((socket) => {
          if (!url.startsWith('https')) return done(null, socket)
          const secure = connectTls({ socket, servername: host, ca: lab.ca, ALPNProtocols: ['http/1.1'] })
          secure.once('secureConnect', () => done(null, secure))
          secure.once('error', (error) => done(error, null))
        })
        .catch((error: Error) => done(error, null))
    },
  })
}

/** One request through a SOCKS proxy, on a connection of its own. */
export async function get(lab: Lab, proxy: string, path: string, options: GetOptions = {}): Promise<Seen> {
  const client = socksClient(lab, proxy, options.origin, options.timeoutMs)
  try {
    return await ask(client, path, options)
  } finally {
    await client.destroy()
  }
}

export async function ask(client: Client, path: string, options: GetOptions = {}): Promise<Seen> {
  const { statusCode, headers, body } = await client.request({
    path,
    method: options.method ?? 'GET',
    ...(options.headers ? { headers: options.headers } : {}),
    ...(options.body === undefined ? {} : { body: options.body }),
  })
  const bytes = Buffer.from(await body.arrayBuffer())
  return { status: statusCode, headers, bytes, text: bytes.toString() }
}

/** One request without a proxy. */
export async function getDirect(lab: Lab, path: string, options: GetOptions = {}): Promise<Seen> {
  const { statusCode, headers, body } = await request(lab.origins[options.origin ?? 'site']!.direct + path, {
    method: options.method ?? 'GET',
    ...(options.headers ? { headers: options.headers } : {}),
    headersTimeout: options.timeoutMs ?? 2_000,
  })
  const bytes = Buffer.from(await body.arrayBuffer())
  return { status: statusCode, headers, bytes, text: bytes.toString() }
}

/** One request through an HTTP proxy: in absolute form, or through CONNECT. */
export async function getByHttp(
  lab: Lab,
  proxy: string,
  path: string,
  how: 'forward' | 'connect',
  origin = 'site',
): Promise<Seen> {
  const agent = new ProxyAgent({
    uri: lab.proxy(proxy).url,
    proxyTunnel: how === 'connect',
    requestTls: { ca: lab.ca },
    proxyTls: { ca: lab.ca },
  })
  try {
    const { statusCode, headers, body } = await request(lab.origins[origin]!.url + path, {
      dispatcher: agent,
    })
    const bytes = Buffer.from(await body.arrayBuffer())
    return { status: statusCode, headers, bytes, text: bytes.toString() }
  } finally {
    await agent.destroy()
  }
}

/** What a bare socket hears until the peer ends, or until `ms` of silence; 'reset' when it was cut. */
export function hear(
  host: string,
  port: number,
  words: string | Uint8Array,
  ms = 300,
): Promise<Buffer | 'reset' | 'refused'> {
  return new Promise((resolve) => {
    const heard: Buffer[] = []
    const socket = connect({ host, port })
    const end = () => {
      socket.destroy()
      resolve(Buffer.concat(heard))
    }
    socket.setTimeout(ms, end)
    socket.on('connect', () => socket.write(words))
    socket.on('data', (chunk: Buffer) => heard.push(chunk))
    socket.on('end', end)
    socket.on('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ECONNREFUSED' ? 'refused' : 'reset'),
    )
  })
}

/** Waits until `isSo` holds, looking every few milliseconds; fails after two seconds. */
export async function until(isSo: () => Promise<boolean> | boolean): Promise<void> {
  const start = performance.now()
  while (!(await isSo())) {
    if (performance.now() - start > 2_000) throw new Error('it did not become so within two seconds')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
