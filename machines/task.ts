import { setup } from 'xstate'

/**
 * Where is this task? Task actors are recycled: as many as may be under way, back to `idle` after each request. The race
 * judges a finished attempt and then tells the chart; the chart decides what may follow, and its actions do it. Nothing is
 * polled: no transition is eventless, because each one costs as much as an event, and a request passes here twice.
 */
export interface TaskWork {
  /** A lease was granted with the assignment. */
  isLeased(): boolean
  /** It has its result, or will not get one. */
  isOver(): boolean
  /** No attempt runs, and whoever asked takes a result at once: nothing would be waited for in `settling`. */
  endsAtOnce(): boolean
  /** No attempt runs, and the next may not start yet. */
  mustWait(): boolean
  /** No attempt runs, and the next waits only for its turn. */
  mustQueue(): boolean
  hasNoAttempt(): boolean
  /** The result has been taken over and no attempt is left. */
  isSettled(): boolean
  startAttempts(): void
  hedge(): void
  abandon(reason: string): void
  /** Those that run are the last: no retry, no hedge, no lease any more. */
  startNoMore(): void
  /** Its request goes back to where it came from, neither answered nor failed. */
  giveBack(): void
  deliver(): void
  recycle(): void
}

export type TaskEvent =
  | { type: 'assigned' }
  | { type: 'lease.granted' }
  | { type: 'lease.refused' }
  /** An attempt has ended and was judged. */
  | { type: 'attempt.finished' }
  | { type: 'hedge.due' }
  | { type: 'abandoned'; reason: string }
  /** Nothing new is to be started; what is under way may finish, and counts. */
  | { type: 'drained' }
  /** Whoever asked has taken the result over. */
  | { type: 'delivered' }

export const taskMachine = setup({
  types: {
    context: {} as { readonly work: TaskWork },
    events: {} as TaskEvent,
    input: {} as { work: TaskWork },
  },
  guards: {
    isLeased: ({ context }) => context.work.isLeased(),
    isDone: ({ context }) => context.work.isOver() && context.work.endsAtOnce(),
    endsAtOnce: ({ context }) => context.work.endsAtOnce(),
    isOver: ({ context }) => context.work.isOver(),
    mustWait: ({ context }) => context.work.mustWait(),
    mustQueue: ({ context }) => context.work.mustQueue(),
    hasNoAttempt: ({ context }) => context.work.hasNoAttempt(),
    isSettled: ({ context }) => context.work.isSettled(),
  },
  actions: {
    startAttempts: ({ context }) => context.work.startAttempts(),
    hedge: ({ context }) => context.work.hedge(),
    abandon: ({ context, event }) => {
      if (event.type === 'abandoned') context.work.abandon(event.reason)
    },
    startNoMore: ({ context }) => context.work.startNoMore(),
    giveBack: ({ context }) => context.work.giveBack(),
    deliver: ({ context }) => context.work.deliver(),
    recycle: ({ context }) => context.work.recycle(),
  },
}).createMachine({
  id: 'task',
  context: ({ input }) => ({ work: input.work }),
  initial: 'idle',
  states: {
    idle: {
      on: {
        assigned: [{ guard: 'isLeased', target: 'racing', actions: 'startAttempts' }, { target: 'leasing' }],
      },
    },
    leasing: {
      on: {
        'lease.granted': { target: 'racing', actions: 'startAttempts' },
        'lease.refused': { guard: 'mustWait', target: 'parked' },
        abandoned: [
          { guard: 'endsAtOnce', target: 'idle', actions: ['abandon', 'deliver', 'recycle'] },
          { target: 'settling', actions: ['abandon', 'deliver'] },
        ],
        drained: [
          { guard: 'endsAtOnce', target: 'idle', actions: ['giveBack', 'deliver', 'recycle'] },
          { target: 'settling', actions: ['giveBack', 'deliver'] },
        ],
      },
    },
    parked: {
      on: {
        'lease.granted': { target: 'racing', actions: 'startAttempts' },
        'lease.refused': { guard: 'mustQueue', target: 'leasing' },
        abandoned: [
          { guard: 'endsAtOnce', target: 'idle', actions: ['abandon', 'deliver', 'recycle'] },
          { target: 'settling', actions: ['abandon', 'deliver'] },
        ],
        drained: [
          { guard: 'endsAtOnce', target: 'idle', actions: ['giveBack', 'deliver', 'recycle'] },
          { target: 'settling', actions: ['giveBack', 'deliver'] },
        ],
      },
    },
    racing: {
      on: {
        'attempt.finished': [
          { guard: 'isDone', target: 'idle', actions: ['deliver', 'recycle'] },
          { guard: 'isOver', target: 'settling', actions: 'deliver' },
          { guard: 'mustWait', target: 'parked' },
          { guard: 'mustQueue', target: 'leasing' },
        ],
        'lease.granted': { actions: 'startAttempts' },
        'hedge.due': { actions: 'hedge' },
        abandoned: { target: 'settling', actions: ['abandon', 'deliver'] },
        drained: { target: 'finishing', actions: 'startNoMore' },
      },
    },
    finishing: {
      on: {
        'attempt.finished': [
          { guard: 'isDone', target: 'idle', actions: ['deliver', 'recycle'] },
          { guard: 'isOver', target: 'settling', actions: 'deliver' },
          { guard: 'endsAtOnce', target: 'idle', actions: ['giveBack', 'deliver', 'recycle'] },
          { guard: 'hasNoAttempt', target: 'settling', actions: ['giveBack', 'deliver'] },
        ],
        abandoned: { target: 'settling', actions: ['abandon', 'deliver'] },
      },
    },
    settling: {
      on: {
        'attempt.finished': { guard: 'isSettled', target: 'idle', actions: 'recycle' },
        delivered: { guard: 'isSettled', target: 'idle', actions: 'recycle' },
      },
    },
  },
})
