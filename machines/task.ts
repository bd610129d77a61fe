import { setup } from 'xstate'
import type { ProxyLease, Refusal } from '../src/contracts/lease.ts'

/**
 * Where is this task? It asks its host's pool for a proxy, races attempts, hands its result over, and is used again: task
 * actors are as many as may be under way, back to `idle` after each request. The chart decides what follows what; the
 * work (src/race/race.ts) does what it is told to. Nothing is polled: no transition is eventless, because each one costs
 * as much as an event, and a request passes here several times.
 */
export interface TaskWork {
  /** No attempt is in flight any more. */
  isQuiet(): boolean
  /** The result has been taken over and no attempt is left. */
  isSettled(): boolean
  /** Asks the pool for a proxy; the pool answers with `lease.granted` or, later, `lease.refused`. */
  askForLease(): void
  /** Starts an attempt over the proxy that was granted, and perhaps a probe beside it. */
  startAttempt(lease: ProxyLease): void
  /** Starts another attempt beside those that are late, if one may be had. */
  hedge(): void
  /** Tells what it waits for, and until when; a request that may wait elsewhere gives its place up. */
  park(refusal: Refusal): void
  /** Tells that it only waits for its turn. */
  standInLine(refusal: Refusal): void
  /** No proxy will come: the task ends with the reason. */
  giveUp(refusal: Refusal): void
  /** Sets the moment of the next attempt. */
  pause(): void
  /** Lets the user's resolver try the challenge; the task goes on when it has, or when it took too long. */
  solve(): void
  /** An answer leads to another URL: those who may forbid it are asked, and say `hop.admitted` or `hop.refused`. */
  follow(): void
  /** Leaves its place to others while its answer is held. */
  hold(): void
  /** Goes on with that URL: asks the pool of its host for a proxy. */
  goOn(): void
  /** Writes down why it must not be asked. */
  turnAway(): void
  /** Writes down the result that the last attempt has brought. */
  conclude(): void
  /** Keeps the reason why it was ended from outside. */
  abandon(reason: string): void
  /** Its request goes back to where it came from, neither answered nor failed. */
  giveBack(): void
  /** Cancels what still runs, and hands the result over. */
  deliver(): void
  /** Puts the slot back among the idle ones. */
  recycle(): void
}

/** What may follow an attempt that has ended: see src/race/decide.ts. */
export type Next =
  | 'end' // the task has its result
  | 'carry on' // others still run, or it makes no difference
  | 'try again' // another attempt at once, on another proxy
  | 'pause' // another attempt, but not yet
  | 'solve' // a resolver may solve the challenge on the same proxy
  | 'follow' // its answer is a redirect
  | 'hold' // its answer waits for what another task finds out about the exit that brought it

export type TaskEvent =
  /** The slot was given a request. */
  | { type: 'assigned' }
  /** The pool leases a proxy to the task. */
  | { type: 'lease.granted'; lease: ProxyLease }
  /** The pool has no proxy for it now, or never will; `mustPark`: it waits for a moment or an event, not for its turn. */
  | { type: 'lease.refused'; refusal: Refusal; isHopeless: boolean; mustPark: boolean }
  /** The moment has come that it was parked until. */
  | { type: 'wake.due' }
  /** An attempt has ended and was judged. */
  | { type: 'attempt.finished'; next: Next }
  /** What is to become of the answer that it holds is known: its exit was heard, or its time is up. */
  | { type: 'held.judged'; next: Next }
  /** The URL that a redirect leads to may be asked. */
  | { type: 'hop.admitted' }
  /** It must not be asked. */
  | { type: 'hop.refused' }
  /** Its attempts in flight are late. */
  | { type: 'hedge.due' }
  /** Somebody or something ends it from outside. */
  | { type: 'abandoned'; reason: string }
  /** Nothing new is to be started; what is under way may finish, and counts. */
  | { type: 'drained' }
  /** The result has been taken over. */
  | { type: 'delivered' }

const ended = {
  target: 'settling',
  actions: ['abandon', 'deliver'],
  description: 'Deadline, abort or stop.',
} as const
const givenBack = {
  target: 'settling',
  actions: ['giveBack', 'deliver'],
  description: 'It has nothing in flight, so its request goes back at once.',
} as const

const handedOver = [
  {
    guard: 'isOver',
    target: 'settling',
    actions: ['conclude', 'deliver'],
    description: 'The answer that it holds is believed, or nobody is there who could speak against it.',
  },
  { target: 'admitting', actions: 'follow', description: 'What it holds is a redirect, and is believed.' },
] as const

export const taskMachine = setup({
  types: {
    context: {} as { readonly work: TaskWork },
    events: {} as TaskEvent,
    input: {} as { work: TaskWork },
  },
  guards: {
    isHopeless: ({ event }) => event.type === 'lease.refused' && event.isHopeless,
    mustPark: ({ event }) => event.type === 'lease.refused' && event.mustPark,
    isOver: ({ event }) => 'next' in event && event.next === 'end',
    mayTryAgain: ({ event }) => 'next' in event && event.next === 'try again',
    mustPause: ({ event }) => 'next' in event && event.next === 'pause',
    isSolvable: ({ event }) => 'next' in event && event.next === 'solve',
    leadsOn: ({ event }) => 'next' in event && event.next === 'follow',
    mustHold: ({ event }) => 'next' in event && event.next === 'hold',
    isQuiet: ({ context }) => context.work.isQuiet(),
    isSettled: ({ context }) => context.work.isSettled(),
  },
  actions: {
    askForLease: ({ context }) => context.work.askForLease(),
    startAttempt: ({ context, event }) => {
      if (event.type === 'lease.granted') context.work.startAttempt(event.lease)
    },
    hedge: ({ context }) => context.work.hedge(),
    park: ({ context, event }) => {
      if (event.type === 'lease.refused') context.work.park(event.refusal)
    },
    standInLine: ({ context, event }) => {
      if (event.type === 'lease.refused') context.work.standInLine(event.refusal)
    },
    giveUp: ({ context, event }) => {
      if (event.type === 'lease.refused') context.work.giveUp(event.refusal)
    },
    pause: ({ context }) => context.work.pause(),
    solve: ({ context }) => context.work.solve(),
    follow: ({ context }) => context.work.follow(),
    hold: ({ context }) => context.work.hold(),
    goOn: ({ context }) => context.work.goOn(),
    turnAway: ({ context }) => context.work.turnAway(),
    conclude: ({ context }) => context.work.conclude(),
    abandon: ({ context, event }) => {
      if (event.type === 'abandoned') context.work.abandon(event.reason)
    },
    giveBack: ({ context }) => context.work.giveBack(),
    deliver: ({ context }) => context.work.deliver(),
    recycle: ({ context }) => context.work.recycle(),
  },
}).createMachine({
  id: 'task',
  description:
    'One request on its way: it asks for proxies, races attempts and ends with exactly one result.',
  context: ({ input }) => ({ work: input.work }),
  initial: 'idle',
  states: {
    idle: {
      description: 'The slot carries no request.',
      on: {
        assigned: {
          target: 'waiting',
          actions: 'askForLease',
          description: 'It carries one now and asks its host for a proxy.',
        },
      },
    },
    waiting: {
      description: 'No attempt is in flight; the next one needs a lease.',
      initial: 'leasing',
      on: {
        'lease.granted': {
          target: 'racing',
          actions: 'startAttempt',
          description: 'The pool leases a proxy: the attempt starts.',
        },
        'lease.refused': [
          {
            guard: 'isHopeless',
            target: 'settling',
            actions: ['giveUp', 'deliver'],
            description: 'Nobody reaches the host, or the proxy of its session is gone.',
          },
          {
            guard: 'mustPark',
            target: '.parked',
            actions: 'park',
            description: 'A gate is shut until a known moment, or until something happens.',
          },
          { target: '.leasing', actions: 'standInLine', description: 'Only its turn has not come yet.' },
        ],
        'held.judged': handedOver,
        abandoned: ended,
        drained: givenBack,
      },
      states: {
        leasing: { description: 'It stands in the queue of its host and waits for its turn.' },
        parked: {
          description: 'It waits for a named moment or event: a gate, a cooldown, a pause after a fault.',
          on: {
            'wake.due': {
              target: 'leasing',
              actions: 'askForLease',
              description: 'The moment has come: it asks again.',
            },
          },
        },
      },
    },
    racing: {
      description: 'At least one attempt is in flight.',
      on: {
        'attempt.finished': [
          {
            guard: 'isOver',
            target: 'settling',
            actions: ['conclude', 'deliver'],
            description: 'It has its answer, or the reason why there is none.',
          },
          {
            guard: 'mayTryAgain',
            target: 'waiting',
            actions: 'askForLease',
            description: 'Its last attempt was lost, and the next may follow at once.',
          },
          {
            guard: 'mustPause',
            target: 'waiting.parked',
            actions: 'pause',
            description: 'Its last attempt was lost, and the next would come too soon.',
          },
          {
            guard: 'isSolvable',
            target: 'waiting.parked',
            actions: 'solve',
            description: 'A challenge page came, and a resolver may try it.',
          },
          {
            guard: 'leadsOn',
            target: 'admitting',
            actions: 'follow',
            description: 'Its answer is a redirect: the others are cancelled, and it goes on elsewhere.',
          },
          {
            guard: 'mustHold',
            target: 'holding',
            actions: 'hold',
            description: 'Another task is finding out whether the exit that brought the answer is honest.',
          },
        ],
        'held.judged': handedOver,
        'hedge.due': {
          actions: 'hedge',
          description: 'What is in flight is late: another attempt beside it.',
        },
        abandoned: {
          target: 'settling',
          actions: ['abandon', 'deliver'],
          description: 'Deadline, abort or stop: the attempts are cancelled.',
        },
        drained: {
          target: 'finishing',
          description: 'What is in flight is finished, because somebody has been asked.',
        },
      },
    },
    holding: {
      description: 'Its answer is here, and is believed when its exit is.',
      on: {
        'held.judged': [
          {
            guard: 'mayTryAgain',
            target: 'waiting',
            actions: 'askForLease',
            description: 'Its exit is still in doubt, or lies: somebody else is asked.',
          },
          ...handedOver,
        ],
        abandoned: ended,
        drained: givenBack,
      },
    },
    admitting: {
      description: 'It was redirected, and waits for leave to ask where that leads.',
      on: {
        'hop.admitted': {
          target: 'waiting',
          actions: 'goOn',
          description: 'It may: it goes on with that URL, as with a request of its own.',
        },
        'hop.refused': {
          target: 'settling',
          actions: ['turnAway', 'deliver'],
          description: 'It must not: robots.txt, a blocked host, the scope of its crawl.',
        },
        abandoned: ended,
        drained: givenBack,
      },
    },
    finishing: {
      description: 'It was drained: what is in flight may bring its answer, and nothing follows.',
      on: {
        'attempt.finished': [
          {
            guard: 'isOver',
            target: 'settling',
            actions: ['conclude', 'deliver'],
            description: 'The answer came all the same.',
          },
          {
            guard: 'leadsOn',
            target: 'admitting',
            actions: 'follow',
            description: 'What must not be sent twice was answered by a redirect: it goes on to its end.',
          },
          {
            guard: 'isQuiet',
            target: 'settling',
            actions: ['giveBack', 'deliver'],
            description: 'None came: the request goes back.',
          },
        ],
        'held.judged': {
          target: 'settling',
          actions: ['conclude', 'deliver'],
          description: 'Its time is up, and what it holds is handed over.',
        },
        abandoned: ended,
      },
    },
    settling: {
      description: 'The result is handed over; attempts that lost the race come home.',
      on: {
        'attempt.finished': {
          guard: 'isSettled',
          target: 'idle',
          actions: 'recycle',
          description: 'The last one is home.',
        },
        delivered: {
          guard: 'isSettled',
          target: 'idle',
          actions: 'recycle',
          description: 'The result has been taken over.',
        },
      },
    },
  },
})
