import { Interrupted } from './command-failure.ts'
import type { Io } from './io.ts'

/**
 * Ctrl-C, counted. The first asks a crawl to finish what is under way, the second to stop at once. After the second
 * nobody listens any more, so a third ends the process the way the system does: there is always a way out.
 */
export interface Interruption {
  /** Aborts at the first signal. */
  readonly first: AbortSignal
  /** Aborts at the second. */
  readonly second: AbortSignal
  /** Stops listening. */
  end(): void
}

export function listenForInterruption(io: Pick<Io, 'onSignal'>): Interruption {
  const first = new AbortController()
  const second = new AbortController()
  const end = io.onSignal(() => {
    if (!first.signal.aborted) return first.abort(new Interrupted())
    second.abort(new Interrupted())
    end()
  })
  return { first: first.signal, second: second.signal, end }
}

/** The promise's value, or Interrupted as soon as the signal aborts; then `late` receives the value that nobody took. */
export function unlessInterrupted<T>(
  promise: Promise<T>,
  signal: AbortSignal,
  late?: (value: T) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      reject(new Interrupted())
      promise.then(late, () => undefined)
    }
    if (signal.aborted) return stop()
    signal.addEventListener('abort', stop, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}
