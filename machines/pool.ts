import { assign, setup } from 'xstate'

/**
 * What is this host doing to us? One per host. The numbers (limits, queues, posteriors) live beside it in router/; the
 * chart holds the one thing a person asks: does it serve, did it ask us to slow down, is it ill, have we run out of
 * proxies for it, or are we leaving.
 */
export interface PoolContext {
  readonly host: string
  readonly reason: string
  /** Clock ms until which nothing, or nothing but a canary, is sent; 0 when that is not the matter. */
  readonly until: number
  /** Canaries that failed since the host went down. */
  readonly canaries: number
}

export type PoolEvent =
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
    input: {} as { host: string },
  },
  guards: {
    isDue: ({ context, event }) => event.type === 'pause.elapsed' && event.at >= context.until,
  },
  actions: {
    waitUntil: assign(({ context, event }) => ({
      until: 'until' in event ? event.until : context.until,
      reason: 'reason' in event ? event.reason : context.reason,
    })),
    extend: assign(({ context, event }) => ({
      until: 'until' in event ? Math.max(context.until, event.until) : context.until,
    })),
    countCanary: assign(({ context, event }) => ({
      canaries: context.canaries + 1,
      until: 'until' in event ? event.until : context.until,
    })),
    recover: assign({ until: 0, reason: '', canaries: 0 }),
  },
}).createMachine({
  id: 'pool',
  context: ({ input }) => ({ host: input.host, reason: '', until: 0, canaries: 0 }),
  initial: 'serving',
  on: { drain: { target: '.draining' } },
  states: {
    serving: {
      on: {
        'host.limited': { target: 'throttled', actions: 'waitUntil' },
        'host.failed': { target: 'down', actions: 'waitUntil' },
        'proxies.exhausted': { target: 'starved', actions: 'waitUntil' },
      },
    },
    throttled: {
      on: {
        'host.limited': { actions: 'extend' },
        'host.failed': { target: 'down', actions: 'waitUntil' },
        'pause.elapsed': { guard: 'isDue', target: 'serving', actions: 'recover' },
      },
    },
    down: {
      on: {
        'host.answered': { target: 'serving', actions: 'recover' },
        'canary.failed': { actions: 'countCanary' },
        'host.limited': { target: 'throttled', actions: ['recover', 'waitUntil'] },
      },
    },
    starved: {
      on: {
        'proxies.available': { target: 'serving', actions: 'recover' },
        'proxies.exhausted': { actions: 'waitUntil' },
        'host.failed': { target: 'down', actions: 'waitUntil' },
        'host.limited': { target: 'throttled', actions: 'waitUntil' },
      },
    },
    draining: {},
  },
})
