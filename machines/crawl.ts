import { setup } from 'xstate'

/**
 * Where is this crawl? The chart decides, and src/crawl/ obeys: requests are begun while it is `running`, what is under
 * way is finished while it is `draining` and given back while it is `stopping`, and the books are closed when nothing is
 * under way any more. The loop that begins requests is src/crawl/feeder.ts.
 */
export type CrawlEvent =
  /** The user runs the crawl, or iterates it. */
  | { type: 'start' }
  /** The frontier and the sinks are open. */
  | { type: 'opened' }
  | { type: 'pause' }
  | { type: 'resume' }
  | { type: 'drain' }
  | { type: 'stop' }
  /** It cannot go on: something cannot be opened, a sink is gone, the seeds are broken. */
  | { type: 'failed' }
  /** The loop has found nothing left to do in this run. */
  | { type: 'exhausted' }
  /** One thing that was under way has ended: the opening, the loop, or a request. */
  | { type: 'work.ended' }
  /** What is under way has had its time to end and has not: a parse, a sink or an opening hangs. */
  | { type: 'patience.over' }
  /** The sinks and the frontier are closed. */
  | { type: 'closed' }

export interface CrawlWork {
  /** Opens the frontier and the sinks; `opened` or `failed` follows, then `work.ended`. */
  open(): void
  /** Begins the loop; `exhausted` follows when it runs out of work. */
  begin(): void
  /** The loop may begin requests again. */
  goOn(): void
  /** Everything that was known has been done, as far as the limits allow: this run was not interrupted. */
  complete(): void
  /** Begins nothing more: attempts in flight are finished, and what only waits goes back to the frontier. */
  beginNoMore(): void
  /** Gives everything back to the frontier, and tries nothing again that fails. */
  abort(): void
  /** Leaves behind what does not end: nothing of it counts any more, and its requests go back to the frontier. */
  leaveBehind(): void
  /** Closes the sinks and the frontier; `closed` follows. */
  close(): void
  /** Tells the user how it ended. */
  deliver(): void
  /** Neither the opening nor the loop nor any request is under way. */
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
    open: ({ context }) => context.work.open(),
    begin: ({ context }) => context.work.begin(),
    goOn: ({ context }) => context.work.goOn(),
    complete: ({ context }) => context.work.complete(),
    beginNoMore: ({ context }) => context.work.beginNoMore(),
    abort: ({ context }) => context.work.abort(),
    leaveBehind: ({ context }) => context.work.leaveBehind(),
    close: ({ context }) => context.work.close(),
    deliver: ({ context }) => context.work.deliver(),
  },
}).createMachine({
  id: 'crawl',
  description: 'One crawl, from its creation until its books are closed.',
  context: ({ input }) => ({ work: input.work }),
  initial: 'idle',
  states: {
    idle: {
      description: 'Nobody has started it. Nothing is open.',
      on: {
        start: { target: 'opening', description: 'The user runs the crawl or iterates it.' },
        drain: { target: 'closing', description: 'It ends without having begun.' },
        stop: { target: 'closing', description: 'It ends without having begun.' },
      },
    },
    opening: {
      description: 'The frontier and the sinks are being opened. No request is begun yet.',
      entry: 'open',
      on: {
        opened: { target: 'running', actions: 'begin', description: 'All is open: the loop begins.' },
        drain: {
          target: 'draining',
          description: 'It ends when the opening has ended. The loop never begins.',
        },
        stop: { target: 'stopping', description: 'The user ends it.' },
        failed: { target: 'stopping', description: 'The frontier or a sink cannot be opened.' },
      },
    },
    running: {
      description: 'Requests are taken from the frontier while there is room.',
      on: {
        pause: { target: 'paused', description: 'Nothing new is begun. What is under way is finished.' },
        drain: { target: 'draining', description: 'Nothing new is begun any more.' },
        stop: { target: 'stopping', description: 'The user ends it.' },
        failed: { target: 'stopping', description: 'It cannot go on.' },
        exhausted: {
          target: 'closing',
          actions: 'complete',
          description: 'Nothing is left to do, or the limit of pages is reached.',
        },
      },
    },
    paused: {
      description: 'Nothing new is begun until it is resumed. What was under way is finished.',
      on: {
        resume: { target: 'running', actions: 'goOn', description: 'Requests are taken again.' },
        drain: { target: 'draining', description: 'Nothing new is begun any more.' },
        stop: { target: 'stopping', description: 'The user ends it.' },
        failed: { target: 'stopping', description: 'It cannot go on.' },
        exhausted: {
          target: 'closing',
          actions: 'complete',
          description: 'The pause came while the loop found that nothing was left to do.',
        },
      },
    },
    draining: {
      description:
        'Attempts in flight are finished and count. What only waits has gone back to the frontier.',
      entry: 'beginNoMore',
      on: {
        'work.ended': {
          guard: 'isQuiet',
          target: 'closing',
          description: 'The last thing that was under way has ended.',
        },
        stop: { target: 'stopping', description: 'The user does not wait for the attempts in flight.' },
        failed: { target: 'stopping', description: 'What is in flight could not be kept.' },
      },
    },
    stopping: {
      description: 'Everything under way is given back to the frontier.',
      entry: 'abort',
      on: {
        'work.ended': {
          guard: 'isQuiet',
          target: 'closing',
          description: 'The last request has been given back.',
        },
        'patience.over': {
          target: 'closing',
          actions: 'leaveBehind',
          description: 'Something hangs, such as a parse that never settles. It is left behind.',
        },
      },
    },
    closing: {
      description: 'Nothing is under way. The sinks get what they still lack, and all is closed.',
      entry: 'close',
      on: {
        closed: { target: 'stopped', description: 'The books are closed.' },
        stop: { actions: 'abort', description: 'The user does not wait for a sink that is slow or failing.' },
      },
    },
    stopped: {
      description: 'It has ended, and the user has been told how.',
      type: 'final',
      entry: 'deliver',
    },
  },
})
