import { resolve } from 'node:path'
import { type Clock, systemClock } from '../../base/clock.ts'
import type { Durability } from './connections.ts'
import { SqliteFrontier } from './sqlite-frontier.ts'

export interface SqliteFrontierOptions {
  /** The file; made when it is not there. Its folder must be there, and only one process may own it (see lockState). */
  readonly path: string
  /** Default: the system's; must be the clock behind `take`. */
  readonly clock?: Clock
  /** Ownership, stamped on every lease. Default: one more than at the last opening. */
  readonly epoch?: number
  /** Work on this thread instead of a worker's: for tests and virtual time. Default false. */
  readonly inline?: boolean
  /**
   * `normal`, the default: what was answered survives the end of the process; a power cut may lose what the system has
   * not flushed yet, usually half a minute.
   * `full`: it survives a power cut too, for a flush to the disk with each transaction.
   */
  readonly durability?: Durability
  /** The file cannot be written for now, such as when the disk is full: called once, before the pause. */
  readonly onStalled?: (error: Error) => void
}

/**
 * A frontier in a file, which goes on where it was when it is opened again: after close(), after a crash, after kill -9.
 * What was leased then is due again. Throws STATE_CORRUPT for a damaged file, STATE_VERSION for one of a newer Regatta,
 * STATE_FAILED when it cannot be opened; calls throw the same, and STOPPED after close().
 */
export async function openSqliteFrontier(options: SqliteFrontierOptions): Promise<SqliteFrontier> {
  const { clock = systemClock, epoch, durability, inline = false, onStalled } = options
  const path = resolve(options.path)
  const store = { path, durability, epoch, now: clock.now(), wall: clock.wall() }
  // The caller's thread loads SQLite only if it must.
  const channel = inline
    ? (await import('./channel.ts')).openInline(store)
    : await (await import('./worker-channel.ts')).openInWorker(store)
  return new SqliteFrontier(path, { clock, channel, onStalled })
}
