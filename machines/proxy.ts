import { assign, setup } from 'xstate'
import type { BreakerOptions } from '../src/options/options.ts'
import {
  type BreakerContext,
  closesWith,
  countFailure,
  countSuccess,
  type FailureReport,
  initialBreaker,
  isTooSlow,
  isTripping,
  open,
  type SuccessReport,
} from '../src/rules/breaker.ts'

/**
 * Is this proxy usable, and why not? A circuit breaker (Nygard, "Release It!") with one truly single probe while
 * half-open: the permit is a lease that expires, results carry the epoch of their lease, and a result of an older epoch
 * moves no state. The same chart serves the fleet's view of a proxy and each host's view of it.
 */
export type ProxyEvent =
  | ({ type: 'succeeded'; options: BreakerOptions; jitter: number } & SuccessReport)
  | ({ type: 'failed'; permanent: boolean } & FailureReport)
  /** An outcome that says nothing about anybody: it only gives the probe's permit back. */
  | { type: 'released'; epoch: number }
  | { type: 'cooldown.elapsed'; at: number }
  /** Nobody is left: it is asked before its time. */
  | { type: 'cooldown.cut' }
  | { type: 'probe.leased'; at: number; expires: number }
  /** What it was blamed for since `since` turned out to be the host's doing. */
  | { type: 'refunded'; since: number; alpha: number; beta: number }
  | { type: 'isolate'; reason: string }
  | { type: 'readmit' }
  | { type: 'retire'; reason: string }

export const proxyMachine = setup({
  types: {
    context: {} as BreakerContext,
    events: {} as ProxyEvent,
    input: {} as BreakerContext,
  },
  guards: {
    isStale: ({ context, event }) => 'epoch' in event && event.epoch !== context.epoch,
    trips: ({ context, event }) => event.type === 'failed' && isTripping(context, event),
    isTooSlow: ({ context, event }) => event.type === 'succeeded' && isTooSlow(context, event),
    isDue: ({ context, event }) => event.type === 'cooldown.elapsed' && event.at >= context.openUntil,
    isFree: ({ context, event }) => event.type === 'probe.leased' && event.at >= context.probeUntil,
    proves: ({ context }) => closesWith(context),
    wasBlamedSince: ({ context, event }) => event.type === 'refunded' && context.openedAt >= event.since,
  },
  actions: {
    countFailure: assign(({ context, event }) =>
      event.type === 'failed' ? countFailure(context, event) : context,
    ),
    countSuccess: assign(({ context, event }) =>
      event.type === 'succeeded' ? countSuccess(context, event) : context,
    ),
    open: assign(({ context, event }) => {
      if (event.type === 'failed') {
        const weights = { ...context, alpha: event.alpha, beta: event.beta }
        return open(weights, event, event.options)
      }
      if (event.type === 'succeeded') return open(context, { ...event, reason: 'slow' }, event.options)
      return context
    }),
    beginProbation: assign(({ context }) => ({ epoch: context.epoch + 1, probeUntil: 0, proven: 0 })),
    leaseProbe: assign(({ event }) => (event.type === 'probe.leased' ? { probeUntil: event.expires } : {})),
    releaseProbe: assign({ probeUntil: 0 }),
    countProbe: assign(({ context }) => ({ proven: context.proven + 1, probeUntil: 0 })),
    close: assign(({ context, event }) => ({
      epoch: context.epoch + 1,
      probeUntil: 0,
      proven: 1,
      reason: '',
      ...(event.type === 'succeeded' ? { alpha: event.alpha, beta: event.beta } : {}),
    })),
    forgive: assign(({ context, event }) => ({
      run: 0,
      seen: 0,
      failedShare: 0,
      reopens: Math.max(0, context.reopens - 1),
      ...(event.type === 'refunded' ? { alpha: event.alpha, beta: event.beta } : {}),
    })),
    forgiveRun: assign(({ event }) => ({
      run: 0,
      seen: 0,
      failedShare: 0,
      ...(event.type === 'refunded' ? { alpha: event.alpha, beta: event.beta } : {}),
    })),
    reset: assign(({ context: { scope, alpha, beta, epoch, openedAt } }) => ({
      ...initialBreaker(scope),
      alpha,
      beta,
      openedAt,
      epoch: epoch + 1,
    })),
    takeOut: assign(({ context, event }) => ({
      epoch: context.epoch + 1,
      probeUntil: 0,
      reason: 'reason' in event ? event.reason : context.reason,
    })),
  },
}).createMachine({
  id: 'proxy',
  context: ({ input }) => input,
  initial: 'closed',
  on: {
    isolate: { target: '.isolated', actions: 'takeOut' },
    retire: { target: '.retired', actions: 'takeOut' },
  },
  states: {
    closed: {
      on: {
        succeeded: [
          { guard: 'isStale' },
          { guard: 'isTooSlow', target: 'open', actions: 'open' },
          { actions: 'countSuccess' },
        ],
        failed: [
          { guard: 'isStale' },
          { guard: 'trips', target: 'open', actions: 'open' },
          { actions: 'countFailure' },
        ],
        refunded: { actions: 'forgiveRun' },
      },
    },
    open: {
      on: {
        'cooldown.elapsed': { guard: 'isDue', target: 'halfOpen', actions: 'beginProbation' },
        'cooldown.cut': { target: 'halfOpen', actions: 'beginProbation' },
        refunded: { guard: 'wasBlamedSince', target: 'closed', actions: ['close', 'forgive'] },
        readmit: { target: 'closed', actions: 'reset' },
      },
    },
    halfOpen: {
      on: {
        'probe.leased': { guard: 'isFree', actions: 'leaseProbe' },
        succeeded: [
          { guard: 'isStale' },
          { guard: 'proves', target: 'closed', actions: 'close' },
          { actions: 'countProbe' },
        ],
        failed: [{ guard: 'isStale' }, { target: 'open', actions: 'open' }],
        released: [{ guard: 'isStale' }, { actions: 'releaseProbe' }],
        refunded: { guard: 'wasBlamedSince', target: 'closed', actions: ['close', 'forgive'] },
        readmit: { target: 'closed', actions: 'reset' },
      },
    },
    // Taken out by hand, and only a hand brings it back: a refresh readmits what is retired.
    isolated: { on: { retire: {}, readmit: { target: 'closed', actions: 'reset' } } },
    retired: { on: { readmit: { target: 'closed', actions: 'reset' } } },
  },
})
