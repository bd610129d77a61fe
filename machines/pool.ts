import { assign, setup } from 'xstate'
import type { Applicant } from '../src/contracts/lease.ts'

/**
 * What is this host doing to us? One chart per host. The numbers (limits, queues, posteriors) live beside it in router/
 * and reputation/; the chart holds the one thing a person asks: does it serve, did it ask us to slow down, is it ill, have
 * we run out of proxies for it, or are we leaving.
 */
export interface PoolContext {
  readonly host: string
  readonly reason: string
  /** Clock ms until which nothing, or nothing but a canary, is sent; 0 when that is not the matter. */
  readonly until: number
  readonly port: PoolPort
}

/** What the chart's actions do. Without fields: an inspector sees its toJSON. */
export interface PoolPort {
  /** The applicant may have a lease, now or when its turn comes. */
  offer(applicant: Applicant): void
  /** The applicant gets none, ever. */
  refuse(applicant: Applicant): void
  /** All who wait get none. */
  dismiss(): void
  toJSON(): object
}

export type PoolEvent =
  /** A task asks for a lease. */
  | { type: 'lease.request'; applicant: Applicant }
  | { type: 'host.limited'; until: number; reason: string }
  | { type: 'host.failed'; until: number; reason: string }
  | { type: 'canary.failed'; until: number }
  | { type: 'host.answered' }
  | { type: 'pause.elapsed'; at: number }
  | { type: 'proxies.exhausted'; until: number; reason: string }
  | { type: 'proxies.available' }
  | { type: 'drain' }

export const poolMachine = setup({
  types: {
    context: {} as PoolContext,
    events: {} as PoolEvent,
    input: {} as { host: string; port: PoolPort },
  },
  guards: {
    isDue: ({ context, event }) => event.type === 'pause.elapsed' && event.at >= context.until,
  },
  actions: {
    offer: ({ context, event }) => {
      if (event.type === 'lease.request') context.port.offer(event.applicant)
    },
    refuse: ({ context, event }) => {
      if (event.type === 'lease.request') context.port.refuse(event.applicant)
    },
    dismiss: ({ context }) => context.port.dismiss(),
    waitUntil: assign(({ context, event }) => ({
      until: 'until' in event ? event.until : context.until,
      reason: 'reason' in event ? event.reason : context.reason,
    })),
    extend: assign(({ context, event }) => ({
      until: 'until' in event ? Math.max(context.until, event.until) : context.until,
    })),
    recover: assign({ until: 0, reason: '' }),
  },
}).createMachine({
  id: 'pool',
  description: 'What one host does to us. One chart for each host that is open.',
  context: ({ input: { host, port } }) => ({ host, reason: '', until: 0, port }),
  initial: 'serving',
  on: {
    drain: {
      target: '.draining',
      actions: 'dismiss',
      description: 'The crawler stops. Those who wait for a lease are told that they get none.',
    },
  },
  states: {
    serving: {
      description: 'The host answers. Leases are granted as fast as its gates allow.',
      on: {
        'lease.request': {
          actions: 'offer',
          description: 'A task asks for a lease. It gets one at once, or waits for its turn.',
        },
        'host.limited': {
          target: 'throttled',
          actions: 'waitUntil',
          description: 'So many exits were told to slow down that the host means all of us.',
        },
        'host.failed': {
          target: 'down',
          actions: 'waitUntil',
          description: 'So many attempts on several exits failed in a row that it is the host.',
        },
        'proxies.exhausted': {
          target: 'starved',
          actions: 'waitUntil',
          description: 'No proxy may be used for this host.',
        },
      },
    },
    throttled: {
      description: 'The host asked us to slow down. Nothing is sent before the pause is over.',
      on: {
        'lease.request': {
          actions: 'offer',
          description: 'A task asks for a lease. It waits until the pause is over.',
        },
        'host.limited': {
          actions: 'extend',
          description: 'An attempt that was under way was limited too. The pause gets longer, never shorter.',
        },
        'host.failed': {
          target: 'down',
          actions: 'waitUntil',
          description: 'Attempts that were under way failed, so many in a row that it is the host.',
        },
        'pause.elapsed': {
          guard: 'isDue',
          target: 'serving',
          actions: 'recover',
          description: 'Somebody asks whether the pause is over. It is, when its time has come.',
        },
      },
    },
    down: {
      description: 'The host is ill. One canary at a time asks whether it is back.',
      on: {
        'lease.request': {
          actions: 'offer',
          description: 'A task asks for a lease. It may be the next canary.',
        },
        'host.answered': {
          target: 'serving',
          actions: 'recover',
          description: 'An answer came: the host is back.',
        },
        'canary.failed': {
          actions: 'waitUntil',
          description: 'The canary found the host still ill. The next one goes when this time has come.',
        },
        'host.limited': {
          target: 'throttled',
          actions: 'waitUntil',
          description: 'The host is alive, and asks us to slow down.',
        },
      },
    },
    starved: {
      description: 'No proxy may be used for this host. Its tasks wait for one.',
      on: {
        'lease.request': {
          actions: 'offer',
          description: 'A task asks for a lease. It waits for a proxy.',
        },
        'proxies.available': {
          target: 'serving',
          actions: 'recover',
          description: 'A proxy could be leased again.',
        },
        'proxies.exhausted': {
          actions: 'waitUntil',
          description: 'There is still none. The time of the next chance has changed.',
        },
        'host.failed': {
          target: 'down',
          actions: 'waitUntil',
          description: 'Attempts that were under way failed, so many in a row that it is the host.',
        },
        'host.limited': {
          target: 'throttled',
          actions: 'waitUntil',
          description: 'Attempts that were under way were told to slow down.',
        },
      },
    },
    draining: {
      description: 'We are leaving. What is under way may end; nothing is begun.',
      on: {
        'lease.request': {
          actions: 'refuse',
          description: 'A task asks for a lease. It gets none.',
        },
      },
    },
  },
})
