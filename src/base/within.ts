import type { Clock } from './clock.ts'

/** How long somebody waits: until a signal aborts, or until a moment. Without either, for ever. */
export interface Patient {
  readonly clock: Clock
  /** Clock ms. */
  readonly due?: number | undefined
  readonly signal?: AbortSignal | null | undefined
}

/**
 * The promise's value; rejects with what `gaveUp` returns as soon as the signal aborts or the moment has come. Neither a
 * listener nor a timer is left behind, however it ends.
 */
export function within<T>(
  promise: Promise<T>,
  { clock, due = Number.POSITIVE_INFINITY, signal }: Patient,
  gaveUp: (why: 'aborted' | 'late') => unknown,
): Promise<T> {
  if (!signal && due === Number.POSITIVE_INFINITY) return promise
  return new Promise((resolve, reject) => {
    const over = () => {
      cancel?.()
      signal?.removeEventListener('abort', abort)
    }
    const giveUp = (why: 'aborted' | 'late') => {
      over()
      reject(gaveUp(why))
    }
    const abort = () => giveUp('aborted')
    const cancel =
      due < Number.POSITIVE_INFINITY
        ? clock.after(Math.max(0, due - clock.now()), () => giveUp('late'))
        : undefined
    promise.then(resolve, reject).finally(over)
    if (signal?.aborted) abort()
    else signal?.addEventListener('abort', abort, { once: true })
  })
}
