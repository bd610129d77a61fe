import { pickHash } from '../hash.ts'
import type { Exchange } from './origin-exchange.ts'
import { json, type Reply, text } from './reply.ts'

/**
 * A token bound to the address and the session cookie that fetched it, as quote servers hand out: a client that changes
 * the proxy in mid-flow gets 401. `/crumb` gives one, `/quote?crumb=…` wants one.
 */
interface Crumb {
  readonly exitIp: string
  readonly session: string
  readonly expiresAt: number
}

const limit = 10_000

export class Crumbs {
  #issued = new Map<string, Crumb>()
  #count = 0
  #seed: number

  constructor(seed: number) {
    this.#seed = seed
  }

  give(exchange: Exchange, now: number, ttlMs: number): Reply {
    const number = ++this.#count
    const session = exchange.cookie('session') ?? this.#token(`session ${number}`)
    const crumb = this.#token(`crumb ${number}`)
    if (this.#issued.size >= limit) this.#issued.delete(this.#issued.keys().next().value!)
    this.#issued.set(crumb, { exitIp: exchange.exitIp, session, expiresAt: now + ttlMs })
    exchange.row.session = session
    exchange.row.crumb = crumb
    return text(200, crumb, { 'set-cookie': `session=${session}; Path=/; HttpOnly` })
  }

  quote(exchange: Exchange, now: number): Reply {
    const crumb = exchange.parameter('crumb') ?? ''
    const session = exchange.cookie('session') ?? ''
    exchange.row.session = session
    exchange.row.crumb = crumb
    const known = this.#issued.get(crumb)
    const reason = !known
      ? 'unknown'
      : known.exitIp !== exchange.exitIp
        ? 'address'
        : known.session !== session
          ? 'session'
          : now >= known.expiresAt
            ? 'expired'
            : undefined
    if (reason) return json(401, { error: 'invalid crumb', reason })
    return json(200, { symbol: exchange.parameter('symbol') ?? 'LAB', price: 42, session })
  }

  #token(what: string): string {
    return Math.floor(pickHash(this.#seed, what) * 2 ** 32)
      .toString(16)
      .padStart(8, '0')
  }
}
