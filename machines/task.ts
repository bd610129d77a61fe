import { setup } from 'xstate'

/**
 * Where is this task? Task actors are recycled: as many as may be under way, back to `idle` after each request. The
 * chart decides what may follow what; the work itself is a port, so one atomic transition chooses the winner: only
 * `racing` hears `attempt.finished` as a race, and once the race is over a late finish merely gives back what it holds.
 */
export interface TaskWork {
  /** A lease was granted with the assignment. */
  isLeased(): boolean
  /** The task has its answer, or will not get one. */
  isOver(): boolean
  /** No leg runs, and the next may not start yet. */
  mustWait(): boolean
  /** No leg runs, and the next waits only for its turn. */
  mustQueue(): boolean
  /** The answer has been taken over by whoever asked. */
  isDelivered(): boolean
  startLegs(): void
  judge(leg: number): void
  hedge(): void
  abandon(reason: string): void
  deliver(): void
  recycle(): void
}

export type TaskEvent =
  | { type: 'assigned' }
  | { type: 'lease.granted' }
  | { type: 'lease.refused' }
  | { type: 'attempt.finished'; leg: number }
  | { type: 'hedge.due' }
  | { type: 'abandoned'; reason: string }
  | { type: 'settled' }

export const taskMachine = setup({
  types: {
    context: {} as { readonly work: TaskWork },
    events: {} as TaskEvent,
    input: {} as { work: TaskWork },
  },
  guards: {
    isLeased: ({ context }) => context.work.isLeased(),
    isOver: ({ context }) => context.work.isOver(),
    mustWait: ({ context }) => context.work.mustWait(),
    mustQueue: ({ context }) => context.work.mustQueue(),
    isDelivered: ({ context }) => context.work.isDelivered(),
  },
  actions: {
    startLegs: ({ context }) => context.work.startLegs(),
    judge: ({ context, event }) => {
      if (event.type === 'attempt.finished') context.work.judge(event.leg)
    },
    hedge: ({ context }) => context.work.hedge(),
    abandon: ({ context, event }) => {
      if (event.type === 'abandoned') context.work.abandon(event.reason)
    },
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
        assigned: [{ guard: 'isLeased', target: 'racing' }, { guard: 'mustWait', target: 'parked' }, { target: 'leasing' }],
        'attempt.finished': { actions: 'judge' },
      },
    },
    leasing: {
      on: {
        'lease.granted': { target: 'racing' },
        'lease.refused': { guard: 'mustWait', target: 'parked' },
        'attempt.finished': { actions: 'judge' },
        abandoned: { target: 'settling', actions: 'abandon' },
      },
    },
    parked: {
      on: {
        'lease.granted': { target: 'racing' },
        'attempt.finished': { actions: 'judge' },
        abandoned: { target: 'settling', actions: 'abandon' },
      },
    },
    racing: {
      entry: 'startLegs',
      always: [
        { guard: 'isOver', target: 'settling' },
        { guard: 'mustWait', target: 'parked' },
        { guard: 'mustQueue', target: 'leasing' },
      ],
      on: {
        'lease.granted': { actions: 'startLegs' },
        'attempt.finished': { actions: 'judge' },
        'hedge.due': { actions: 'hedge' },
        abandoned: { target: 'settling', actions: 'abandon' },
      },
    },
    settling: {
      entry: 'deliver',
      always: { guard: 'isDelivered', target: 'idle', actions: 'recycle' },
      on: {
        settled: { target: 'idle', actions: 'recycle' },
        'attempt.finished': { actions: 'judge' },
      },
    },
  },
})
