import { fromCallback } from 'xstate'

/**
 * One request over one proxy, as an actor: it is told to start, may be told to stop, and reports exactly one exchange.
 * It never rejects, because a child's unheard error would end its parent. Actors are kept with their task and used again.
 */
export type AttemptEvent = { type: 'start' } | { type: 'cancel' }

/** The same in words, for those who look. */
export const attemptEvents = {
  start: 'Its request is sent over its proxy.',
  cancel: 'It ends wherever it is. What came of it is still reported, once.',
} as const satisfies Record<AttemptEvent['type'], string>

export interface AttemptPort {
  /** Sends the request; the port reports the exchange itself. */
  start(): void
  /** Ends it wherever it is; the report still comes. */
  stop(): void
}

export const attemptLogic = fromCallback<AttemptEvent, { port: AttemptPort }>(({ input, receive }) => {
  receive((event) => {
    if (event.type === 'start') input.port.start()
    else input.port.stop()
  })
})
