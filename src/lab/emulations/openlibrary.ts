import { json } from '../origin/reply.ts'
import type { Emulation } from './emulation.ts'

/** One request a second from an address; three where the User-Agent names somebody to write to. */
const anonymous = { requests: 60, perMs: 60_000, burst: 5 }
const identified = { requests: 180, perMs: 60_000, burst: 5 }
const contact = /[\w.+-]+@[\w-]+\.[\w.]+|https?:\/\//

export function createOpenLibrary(): Emulation {
  return {
    answer: ({ path }) => (path.endsWith('.json') ? json(404, { error: 'notfound' }) : undefined),
    limitOf: (exchange) => (contact.test(exchange.header('user-agent') ?? '') ? identified : anonymous),
  }
}
