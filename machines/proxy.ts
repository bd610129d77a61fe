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
 * moves no state. Each permit is an epoch of its own, so a probe that has outlived its permit does not give back another's. The same chart serves the fleet's view of a proxy and each host's view of it.
 */
export type ProxyEvent =
  | ({ type: 'succeeded'; options: BreakerOptions; jitter: number } & SuccessReport)
  | ({ type: 'failed'; permanent: boolean } & FailureReport)
  /** An outcome that blames nobody: it only gives the probe's permit back. */
  | { type: 'released'; epoch: number }
  | { type: 'cooldown.elapsed'; at: number }
  /** No other proxy is left: this one is asked before its time. */
  | { type: 'cooldown.cut' }
  | { type: 'probe.leased'; at: number; expires: number }
  /** What it was blamed for since `since` turned out to be the host's doing. */
  | { type: 'refunded'; since: number; alpha: number; beta: number }
  /** An observer looks: the weights as they are now. */
  | { type: 'weighed'; alpha: number; beta: number }
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
    leaseProbe: assign(({ context, event }) =>
      event.type === 'probe.leased' ? { probeUntil: event.expires, epoch: context.epoch + 1 } : {},
    ),
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
    weigh: assign(({ event }) => (event.type === 'weighed' ? { alpha: event.alpha, beta: event.beta } : {})),
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
  description:
    'Is this proxy usable? One chart for each proxy of the fleet, and one for each host that uses it.',
  context: ({ input }) => input,
  initial: 'closed',
  on: {
    isolate: { target: '.isolated', actions: 'takeOut', description: 'The user takes the proxy out.' },
    weighed: { actions: 'weigh', description: 'An observer looks: the weights are those of this moment.' },
  },
  states: {
    closed: {
      description: 'The proxy is in use. Its failures are counted.',
      on: {
        succeeded: [
          {
            guard: 'isStale',
            description: 'The lease is from before the last change of state: nothing happens.',
          },
          {
            guard: 'isTooSlow',
            target: 'open',
            actions: 'open',
            description: 'Most of the last answers took far longer than is usual at this host.',
          },
          { actions: 'countSuccess', description: 'One good answer, or several that are told together.' },
        ],
        failed: [
          {
            guard: 'isStale',
            description: 'The lease is from before the last change of state: nothing happens.',
          },
          {
            guard: 'trips',
            target: 'open',
            actions: 'open',
            description:
              'One failure too many: too many in a row, too large a share, or one that is enough by itself.',
          },
          { actions: 'countFailure', description: 'A failure that is not yet one too many.' },
        ],
        refunded: {
          actions: 'forgiveRun',
          description: 'The failures were the doing of the host or of the page. They are forgotten.',
        },
        retire: { target: 'retired', actions: 'takeOut', description: 'The proxy has spent its requests.' },
      },
    },
    open: {
      description: 'The proxy is not used until its cooldown is over.',
      on: {
        'cooldown.elapsed': {
          guard: 'isDue',
          target: 'halfOpen',
          description: 'A pool asks whether the cooldown is over. It is, when its time has come.',
        },
        'cooldown.cut': {
          target: 'halfOpen',
          description: 'No other proxy is left: this one is asked before its time.',
        },
        refunded: {
          guard: 'wasBlamedSince',
          target: 'closed',
          actions: ['close', 'forgive'],
          description: 'It was opened for what turned out to be the doing of the host or of the page.',
        },
        readmit: { target: 'closed', actions: 'reset', description: 'The user lets it in again.' },
      },
    },
    halfOpen: {
      description: 'On probation. One probe at a time asks whether the proxy is well again.',
      on: {
        'probe.leased': {
          guard: 'isFree',
          actions: 'leaseProbe',
          description: 'A request wants to be the probe. It is, unless another one holds the permit.',
        },
        succeeded: [
          {
            guard: 'isStale',
            description:
              'The lease is from before the probation, or its permit has run out: nothing happens.',
          },
          {
            guard: 'proves',
            target: 'closed',
            actions: 'close',
            description: 'As many probes have succeeded as it takes.',
          },
          { actions: 'countProbe', description: 'A good probe. One more is asked for.' },
        ],
        failed: [
          {
            guard: 'isStale',
            description:
              'The lease is from before the probation, or its permit has run out: nothing happens.',
          },
          {
            target: 'open',
            actions: 'open',
            description: 'The probe has failed. The next cooldown is longer.',
          },
        ],
        released: [
          {
            guard: 'isStale',
            description:
              'The lease is from before the probation, or its permit has run out: nothing happens.',
          },
          { actions: 'releaseProbe', description: 'The probe ended without an answer. Another one may go.' },
        ],
        refunded: {
          guard: 'wasBlamedSince',
          target: 'closed',
          actions: ['close', 'forgive'],
          description: 'It was opened for what turned out to be the doing of the host or of the page.',
        },
        retire: { target: 'retired', actions: 'takeOut', description: 'The probe was its last request.' },
        readmit: { target: 'closed', actions: 'reset', description: 'The user lets it in again.' },
      },
    },
    isolated: {
      description: 'Taken out by the user. Only the user brings it back.',
      on: {
        readmit: { target: 'closed', actions: 'reset', description: 'The user lets it in again.' },
      },
    },
    retired: {
      description: 'The proxy has spent its requests. The next refresh of the list brings it back.',
      on: {
        readmit: {
          target: 'closed',
          actions: 'reset',
          description: 'The list was refreshed, or the user lets it in again.',
        },
      },
    },
  },
})
