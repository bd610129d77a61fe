import { fromCallback } from 'xstate'

/**
 * The owner of the pools, one per host. Opening, waking, sleeping and closing a pool are its events, and its port does
 * nothing of the kind without one. A callback actor: it may have thousands of pools under it, and a statechart would copy
 * its map of children with each of them.
 */
export type RouterEvent =
  /** A host is visited for the first time. */
  | { type: 'pool.open'; host: string }
  /** A host is visited again whose pool was put to sleep. */
  | { type: 'pool.wake'; host: string }
  /** Nobody has asked for this host for a while: its machines become rows. */
  | { type: 'pool.sleep'; host: string }
  /** The crawler stops: those who wait here are refused, and nobody is let in any more. */
  | { type: 'pool.close'; host: string }

/** The same in words, for those who look. */
export const routerEvents = {
  'pool.open': 'A host is visited for the first time: its pool is opened.',
  'pool.wake': 'A host is visited again whose pool sleeps: its machines live again.',
  'pool.sleep': 'Nobody has asked for this host for a minute: its machines become rows.',
  'pool.close': 'The crawler stops: those who wait for this host are refused.',
} as const satisfies Record<RouterEvent['type'], string>

export interface RouterPort {
  openPool(host: string): void
  wakePool(host: string): void
  sleepPool(host: string): void
  closePool(host: string): void
  /** What an inspector sees of it. */
  toJSON(): object
}

export const routerLogic = fromCallback<RouterEvent, { port: RouterPort }>(({ input: { port }, receive }) => {
  receive((event) => {
    switch (event.type) {
      case 'pool.open':
        return port.openPool(event.host)
      case 'pool.wake':
        return port.wakePool(event.host)
      case 'pool.sleep':
        return port.sleepPool(event.host)
      case 'pool.close':
        return port.closePool(event.host)
    }
  })
})
