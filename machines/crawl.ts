import { setup } from 'xstate'

/** Where is this crawl? The loop that feeds it is src/crawl/feeder.ts; the chart says what it may do at each moment. */
export type CrawlEvent =
  | { type: 'start' }
  | { type: 'pause' }
  | { type: 'resume' }
  | { type: 'drain' }
  | { type: 'stop' }
  | { type: 'finished' }

export interface CrawlWork {
  /** Feeds requests to the tasks as long as they are wanted. */
  feed(): void
  /** Ends everything under way. */
  abort(): void
  /** Closes the books. */
  close(): void
  isQuiet(): boolean
}

export const crawlMachine = setup({
  types: {
    context: {} as { readonly work: CrawlWork },
    events: {} as CrawlEvent,
    input: {} as { work: CrawlWork },
  },
  guards: {
    isQuiet: ({ context }) => context.work.isQuiet(),
  },
  actions: {
    feed: ({ context }) => context.work.feed(),
    abort: ({ context }) => context.work.abort(),
    close: ({ context }) => context.work.close(),
  },
}).createMachine({
  id: 'crawl',
  context: ({ input }) => ({ work: input.work }),
  initial: 'idle',
  states: {
    idle: {
      on: {
        start: { target: 'running' },
        drain: { target: 'stopped' },
        stop: { target: 'stopped', actions: 'abort' },
      },
    },
    running: {
      entry: 'feed',
      on: {
        pause: { target: 'paused' },
        drain: { target: 'draining' },
        stop: { target: 'stopped', actions: 'abort' },
        finished: { target: 'draining' },
      },
    },
    paused: {
      on: {
        resume: { target: 'running' },
        drain: { target: 'draining' },
        stop: { target: 'stopped', actions: 'abort' },
      },
    },
    draining: {
      always: { guard: 'isQuiet', target: 'stopped' },
      on: {
        finished: { guard: 'isQuiet', target: 'stopped' },
        stop: { target: 'stopped', actions: 'abort' },
      },
    },
    stopped: { type: 'final', entry: 'close' },
  },
})
