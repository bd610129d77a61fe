import { connect, type Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import type { ProxyEndpoint } from '../contracts/endpoint.ts'
import { lookupPublic } from './resolve-public.ts'

/**
 * Which protocol a proxy speaks, found out without asking it for anything: a SOCKS5 greeting on one connection and an HTTP
 * request about nothing (`OPTIONS *`) on another, at once, because a server that reads lines may keep silent for ever when it
 * is greeted in bytes. The first answer that is one of the two decides. When neither is answered soon, a SOCKS4 request
 * follows, for an address that no server connects to (0.0.0.1 without a name).
 */
export async function probeScheme(
  proxy: Pick<ProxyEndpoint, 'host' | 'port' | 'publicOnly'>,
  options: { readonly clock: Clock; readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<'http' | 'https' | 'socks4a' | 'socks5h' | undefined> {
  const end = new AbortController()
  const cancel = options.clock.after(options.timeoutMs, () => end.abort())
  const wait = Promise.withResolvers<void>()
  const stopWaiting = options.clock.after(Math.min(patience, options.timeoutMs / 2), wait.resolve)
  const abort = () => end.abort()
  options.signal.addEventListener('abort', abort, { once: true })
  const ask = (question: Uint8Array) => firstAnswer(proxy, question, end.signal)
  try {
    const usual = [ask(socks5Greeting).then(readAnswer), ask(httpQuestion).then(readAnswer)]
    const old = Promise.race([Promise.all(usual), wait.promise])
      .then(() => ask(socks4Request))
      .then(readSocks4Reply)
    return await firstOf([...usual, old])
  } finally {
    cancel()
    stopWaiting()
    wait.resolve()
    options.signal.removeEventListener('abort', abort)
    end.abort()
  }
}

/** How long the two first questions are waited for before the third, ms. */
const patience = 700

/** Without a login and with one: either will do. */
const socks5Greeting = Uint8Array.of(5, 2, 0, 2)
const socks4Request = Uint8Array.of(4, 1, 0, 80, 0, 0, 0, 1, 0, 0)
const httpQuestion = new TextEncoder().encode(
  'OPTIONS * HTTP/1.1\r\nHost: proxy\r\nConnection: close\r\n\r\n',
)

function readAnswer(bytes: Buffer | undefined): 'http' | 'https' | 'socks5h' | undefined {
  if (!bytes) return undefined
  if (bytes[0] === 5 && bytes.length <= 2) return 'socks5h'
  // An alert of TLS: it wants to be spoken to over TLS.
  if (bytes[0] === 0x15 && bytes[1] === 3) return 'https'
  return bytes.toString('latin1', 0, 5) === 'HTTP/' ? 'http' : undefined
}

function readSocks4Reply(bytes: Buffer | undefined): 'socks4a' | undefined {
  return bytes && bytes[0] === 0 && bytes[1]! >= 0x5a && bytes[1]! <= 0x5d ? 'socks4a' : undefined
}

async function firstOf<T>(answers: readonly Promise<T | undefined>[]): Promise<T | undefined> {
  return Promise.any(
    answers.map(async (each) => {
      const answer = await each
      if (answer === undefined) throw new Error('no answer')
      return answer
    }),
  ).catch(() => undefined)
}

/** The first bytes that come back, or undefined when the connection ends without any. */
function firstAnswer(
  { host, port, publicOnly }: Pick<ProxyEndpoint, 'host' | 'port' | 'publicOnly'>,
  question: Uint8Array,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(undefined)
    const socket: Socket = connect({
      ...{ host, port, noDelay: true },
      ...(publicOnly && { lookup: lookupPublic }),
    })
    let received = Buffer.alloc(0)
    const finish = () => {
      signal.removeEventListener('abort', finish)
      socket.destroy()
      resolve(received.length > 0 ? received : undefined)
    }
    signal.addEventListener('abort', finish, { once: true })
    socket.once('connect', () => socket.write(question))
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
      // Two bytes tell SOCKS and TLS, five tell HTTP.
      if (received.length >= 5 || (received.length >= 2 && received[0] !== 0x48)) finish()
    })
    socket.once('error', finish)
    socket.once('close', finish)
  })
}
