import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { assertArgument } from '../contracts/arguments.ts'
import { RegattaError } from '../contracts/errors.ts'

/**
 * Who may ask a server of ours on this machine. Any page in a browser may try to reach a port of its machine, and any user of
 * the machine may: so a caller needs a token, and Host (a name that somebody else's server lets point here) and Origin (a
 * page of somebody else) are looked at. The bridge to inspectors and the dashboard stand behind the same gate.
 */
export const loopback = '127.0.0.1'

/** Where a server of this machine listens, and what lets a caller in. */
export interface GateOptions {
  /** 0–65535. Default: 0, any that is free. */
  readonly port?: number | undefined
  /** What a caller must know. At least 16 letters and digits. Default: a new one. */
  readonly token?: string | undefined
}

export interface Refusal {
  readonly status: number
  /** For programs. */
  readonly code: string
  readonly sentence: string
}

/** What the refusals say of whom. */
export interface GateWords {
  /** The start of a sentence: `This is the dashboard of a crawl`. */
  readonly thisIs: string
  /** What a wrong option is blamed on: `serveInspector()`. */
  readonly call: string
}

export class LoopbackGate {
  readonly token: string
  port = 0
  readonly #words: GateWords
  readonly #wanted: number

  /** Throws OPTION_INVALID: a port that is none, a token that is too short. */
  constructor({ port = 0, token = randomBytes(18).toString('base64url') }: GateOptions, words: GateWords) {
    const isPort = Number.isInteger(port) && port >= 0 && port <= 65_535
    assertArgument(isPort, words.call, 'port', 'a whole number from 0 to 65535', port)
    const isToken = typeof token === 'string' && /^[\w-]{16,}$/.test(token)
    assertArgument(isToken, words.call, 'token', 'at least 16 letters and digits', token)
    this.token = token
    this.#words = words
    this.#wanted = port
  }

  /** Opens the port. It does not keep the process alive. Throws OPTION_INVALID for one that is taken. */
  async listen(server: Server): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    // Also later ones are heard: a machine without a free descriptor must not end the crawl.
    server.on('error', (error: NodeJS.ErrnoException) => reject(this.#cannotListen(error)))
    server.listen(this.#wanted, loopback, resolve)
    await promise
    server.unref()
    this.port = (server.address() as AddressInfo).port
  }

  /** Why this caller is not let in. */
  refusalOf({ url = '/', headers }: Pick<IncomingMessage, 'url' | 'headers'>): Refusal | undefined {
    // As a browser writes it: 80 is left out.
    const own = [loopback, 'localhost'].map((name) => new URL(`http://${name}:${this.port}`).host)
    const { host = '', origin } = headers
    if (!own.includes(host)) {
      const sentence = `${this.#words.thisIs}, and it goes by ${own[0]} alone.`
      return { status: 421, code: 'HOST', sentence }
    }
    if (origin !== undefined && !own.some((name) => origin === `http://${name}`)) {
      return { status: 403, code: 'FORBIDDEN', sentence: 'Pages of other sites may not look at this crawl.' }
    }
    const bearer = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1]
    const inUrl = URL.parse(url, 'http://localhost')?.searchParams.get('token')
    if (isEqual(inUrl ?? bearer ?? '', this.token)) return undefined
    const sentence = 'The token is missing or wrong. The crawl has printed the address with its token.'
    return { status: 401, code: 'TOKEN', sentence }
  }

  #cannotListen({ code, message }: NodeJS.ErrnoException): RegattaError {
    const why =
      code === 'EADDRINUSE'
        ? 'is taken by another program. Choose another one, or none: then one is taken that is free'
        : code === 'EACCES'
          ? 'may not be opened by this user. Choose one above 1023'
          : `cannot be opened: ${message}`
    return new RegattaError('OPTION_INVALID', `${this.#words.call}: port ${this.#wanted} ${why}.`, {
      value: { path: 'port' },
    })
  }
}

/** In the same time whatever was guessed. */
function isEqual(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(wanted))
}
