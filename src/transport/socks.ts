import { isIPv4, isIPv6, type Socket } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { ProxyCredentials } from '../contracts/endpoint.ts'
import type { FaultCause } from '../contracts/outcome.ts'
import { Conversation } from './conversation.ts'
import { Failure } from './step-failure.ts'

/**
 * SOCKS5 (RFC 1928, password RFC 1929), SOCKS4 and 4a, client side, CONNECT only. A name is always sent as a name: the
 * proxy resolves it, this machine never does. Plain SOCKS4 knows addresses only, so a name goes out the 4a way.
 *
 * By hand rather than by the `socks` package: that one tells its failures apart in English sentences only (and hangs the
 * options, password included, on the error), waits for five bytes of a reply that is decided by two, and keeps a
 * runtime timer per handshake that is never cleared. The protocol is two questions and two answers.
 */
export async function socks5(
  socket: Socket,
  host: string,
  port: number,
  credentials: ProxyCredentials | undefined,
): Promise<Failure | undefined> {
  const address = socks5Address(host)
  if (!address) {
    return new Failure('handshake', 'socks-address-unsupported', 'The host name is too long for SOCKS5.')
  }
  const account = credentials && passwordRequest(credentials)
  if (credentials && !account) {
    return new Failure('handshake', 'proxy-auth', 'User name or password is too long for SOCKS5.')
  }
  const talk = new Conversation(socket)
  talk.write(account ? Uint8Array.of(5, 2, 0, 2) : Uint8Array.of(5, 1, 0))
  const choice = await talk.take(2)
  if (!choice) return closed('after the greeting')
  if (choice[0] !== 5) return garbage('greeting', choice[0]!)
  const method = choice[1]!
  if (method === 0xff || (method === 2 && !account)) {
    return new Failure('handshake', 'proxy-auth', 'The proxy wants another way to log in.', method)
  }
  if (method === 2 && account) {
    talk.write(account)
    const status = await talk.take(2)
    if (!status) return closed('during the login')
    // The version of the sub-negotiation is 1; servers that repeat the 5 are common.
    if (status[0] !== 1 && status[0] !== 5) return garbage('login', status[0]!)
    if (status[1] !== 0) {
      return new Failure('handshake', 'proxy-auth', 'The proxy refuses user name and password.', status[1])
    }
  } else if (method !== 0) return garbage('greeting', method)

  talk.write(Buffer.concat([Uint8Array.of(5, 1, 0), address, Uint8Array.of(port >> 8, port & 0xff)]))
  const reply = await talk.take(2)
  if (!reply) return closed('before its reply')
  if (reply[0] !== 5) return garbage('reply', reply[0]!)
  // A refusal is complete here; some servers send no more than this.
  if (reply[1] !== 0) return socksFailure(reply[1]!)
  const bound = await talk.take(2)
  if (!bound) return closed('inside its reply')
  let rest = 6
  if (bound[1] === 4) rest = 18
  else if (bound[1] === 3) {
    const length = await talk.take(1)
    if (!length) return closed('inside its reply')
    rest = length[0]! + 2
  } else if (bound[1] !== 1) return garbage('reply', bound[1]!)
  if (!(await talk.take(rest))) return closed('inside its reply')
  return finish(talk)
}

export async function socks4(
  socket: Socket,
  host: string,
  port: number,
  credentials: ProxyCredentials | undefined,
): Promise<Failure | undefined> {
  if (isIPv6(host)) {
    return new Failure('handshake', 'socks-address-unsupported', 'SOCKS4 cannot reach an IPv6 address.')
  }
  const literal = isIPv4(host)
  const talk = new Conversation(socket)
  talk.write(
    Buffer.concat([
      Uint8Array.of(4, 1, port >> 8, port & 0xff),
      literal ? addressBytes(host) : Uint8Array.of(0, 0, 0, 1),
      Buffer.from(`${credentials?.username ?? ''}\0`, 'utf8'),
      Buffer.from(literal ? '' : `${host}\0`, 'latin1'),
    ]),
  )
  const reply = await talk.take(2)
  if (!reply) return closed('before its reply')
  // The reply's version is 0; servers that repeat the 4 are common.
  if (reply[0] !== 0 && reply[0] !== 4) return garbage('reply', reply[0]!)
  const code = reply[1]!
  if (code === 0x5c || code === 0x5d) {
    return new Failure('handshake', 'proxy-auth', 'The proxy refuses the user name.', code)
  }
  if (code !== 0x5a) {
    return new Failure(
      'handshake',
      'socks-rejected',
      `The proxy rejected the request (0x${code.toString(16)}).`,
      code,
    )
  }
  if (!(await talk.take(6))) return closed('inside its reply')
  return finish(talk)
}

const replies: Record<number, [FaultCause, string]> = {
  1: ['socks-general-failure', 'The proxy reports a general failure.'],
  2: ['socks-not-allowed', 'The rules of the proxy do not allow this target.'],
  3: ['socks-network-unreachable', 'The proxy cannot reach the network of the target.'],
  4: ['socks-host-unreachable', 'The proxy cannot reach the target.'],
  5: ['socks-connection-refused', 'The target refused the connection of the proxy.'],
  6: ['socks-ttl-expired', 'The way from the proxy to the target is too long.'],
  7: ['socks-command-unsupported', 'The proxy does not know the command CONNECT.'],
  8: ['socks-address-unsupported', 'The proxy does not support this kind of address.'],
}

/** What a SOCKS reply other than "granted" means. */
export function socksFailure(code: number): Failure {
  const [cause, detail] = replies[code] ?? [
    'socks-rejected' as const,
    `The proxy rejected the request (0x${code.toString(16)}).`,
  ]
  return new Failure('handshake', cause, detail, code)
}

function finish(talk: Conversation): Failure | undefined {
  // Neither HTTP nor TLS lets the server speak first: whatever lies behind the reply is not the target's.
  if (talk.release() === 0) return undefined
  return new Failure('handshake', 'handshake-garbage', 'The proxy sent bytes that nobody asked for.')
}

function closed(when: string): Failure {
  return new Failure('handshake', 'handshake-closed', `The proxy closed the connection ${when}.`)
}

function garbage(where: string, byte: number): Failure {
  const shown = byte.toString(16).padStart(2, '0')
  return new Failure('handshake', 'handshake-garbage', `The proxy's ${where} is not SOCKS (0x${shown}).`)
}

function socks5Address(host: string): Uint8Array | undefined {
  if (isIPv4(host)) return Buffer.concat([Uint8Array.of(1), addressBytes(host)])
  if (isIPv6(host)) return Buffer.concat([Uint8Array.of(4), addressBytes(host)])
  const name = Buffer.from(host, 'latin1')
  if (name.length > 255) return undefined
  return Buffer.concat([Uint8Array.of(3, name.length), name])
}

function passwordRequest({ username, password }: ProxyCredentials): Uint8Array | undefined {
  const user = Buffer.from(username, 'utf8')
  const secret = Buffer.from(password, 'utf8')
  if (user.length > 255 || secret.length > 255) return undefined
  return Buffer.concat([Uint8Array.of(1, user.length), user, Uint8Array.of(secret.length), secret])
}

function addressBytes(host: string): Uint8Array {
  return Uint8Array.from(ipaddr.parse(host).toByteArray())
}
