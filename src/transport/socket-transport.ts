import type { SecureContext } from 'node:tls'
import { ByteBudget } from '../base/byte-budget.ts'
import type { Clock } from '../base/clock.ts'
import type { Wheel } from '../base/wheel.ts'
import type { Transport, TransportCall, TransportHandle, TransportLimits } from '../contracts/transport.ts'
import { Sites } from './address.ts'
import { BodyFolder, type BodyFolderOptions } from './body-folder.ts'
import { Call } from './call.ts'
import { IdleConnections } from './connection.ts'
import type { CredentialVault } from './credentials.ts'
import type { Layers } from './layers.ts'
import { createTrust } from './tls.ts'
import type { Workplace } from './workplace.ts'

/** The limits are for calls that bring none of their own. */
export interface TransportOptions extends TransportLimits {
  /**
   * Bodies longer than `memory` bytes (default 4 MiB), and longer than 64 KiB while the `budget` of all of them is used
   * up (default: without limit), go onto files in a folder of their own within `dir`.
   */
  readonly bodies?: { readonly memory?: number; readonly budget?: ByteBudget } & BodyFolderOptions
  /**
   * Connections that may wait for their next request at the same time (default 2,000): one with TLS was measured at 70 KB, and
   * a crawl of many hosts leaves one at each.
   */
  readonly mostIdle?: number
  /** Certificate authorities beside the runtime's own, PEM. */
  readonly ca?: string | readonly string[] | undefined
  /** Whether addresses of a local network may be asked; undefined: as each request says. */
  readonly allowPrivateTargets: boolean | undefined
  /** `false`: names of targets are resolved here, and SOCKS proxies are told addresses. Default true. */
  readonly remoteDns?: boolean | undefined
  readonly credentials: CredentialVault
  readonly clock: Clock
  readonly wheel: Wheel
}

export interface TransportStats {
  /** Connections with an open socket, from the first dial on; the idle ones are among them. */
  readonly open: number
  readonly idle: number
  /** Attempts that were started and not yet ended. */
  readonly running: number
}

/**
 * The transport over real sockets: SOCKS and HTTP tunnels of our own, and HTTP/1.1 on top of them. Clients and proxy agents stay
 * out: they hide the phases, cannot be aborted while tunnelling, and choose connections themselves.
 */
export function createTransport(options: TransportOptions): SocketTransport {
  return new SocketTransport(options)
}

const defaultMemory = 4 * 1024 * 1024
const defaultMostIdle = 2_000

export class SocketTransport implements Transport {
  readonly #running = new Set<Call>()
  readonly #open = new Set<Layers>()
  readonly #idle: IdleConnections
  readonly #work: Workplace
  readonly #bodies: BodyFolder
  #closed = false

  constructor(options: TransportOptions) {
    const {
      ca,
      mostIdle = defaultMostIdle,
      bodies: { memory = defaultMemory, budget = new ByteBudget(Infinity), ...folder } = {},
      ...rest
    } = options
    const { timeouts, maxBody, connections, ...shared } = rest
    let trust: SecureContext | undefined
    this.#bodies = new BodyFolder(folder)
    this.#idle = new IdleConnections(options.clock, mostIdle)
    this.#work = {
      ...shared,
      limits: { timeouts, maxBody, connections },
      bodies: { memory, budget, folder: this.#bodies },
      trust: () => {
        trust ??= createTrust(ca)
        return trust
      },
      sites: new Sites(),
      idle: this.#idle,
      open: this.#open,
    }
  }

  send(call: TransportCall): TransportHandle {
    const running = new Call(this.#work, call, this.#onOver)
    this.#running.add(running)
    if (this.#closed) running.cancel()
    else running.start()
    return running
  }

  readonly #onOver = (call: Call) => {
    this.#running.delete(call)
  }

  forget(proxyId: string): void {
    this.#idle.forget(proxyId)
    for (const call of this.#running) call.retire(proxyId)
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const call of [...this.#running]) call.cancel()
    this.#idle.clear()
    for (const layers of [...this.#open]) layers.destroy()
    await this.#bodies.close()
  }

  stats(): TransportStats {
    return { open: this.#open.size, idle: this.#idle.count, running: this.#running.size }
  }
}
