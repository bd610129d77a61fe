import type { OwnLease } from '../contracts/own-lease.ts'

/**
 * Work with a proxy of one's own, tried again over another one. What `work` returns is a success, what it throws a failure of the lease,
 * unless it has said itself how it went. A mistake in its code is no proxy's fault: that ends it at once.
 */
export const defaultLeaseTries = 3

export async function runWithLease<Result>(
  work: (lease: OwnLease) => Promise<Result> | Result,
  parts: {
    readonly tries: number
    readonly signal: AbortSignal | undefined
    /** `failed`: labels of proxies that are taken only when there is no other. */
    lease(failed: readonly string[]): Promise<OwnLease>
  },
): Promise<Result> {
  const failed: string[] = []
  for (let times = 1; ; times++) {
    const lease = await parts.lease(failed)
    try {
      const result = await work(lease)
      lease.succeed()
      return result
    } catch (error) {
      const isOwn = isMistake(error) || parts.signal?.aborted === true
      if (lease.outcome === undefined) lease.fail(isOwn ? 'neutral' : 'transient')
      const isAnswer = lease.outcome?.kind === 'success' || lease.outcome?.kind === 'final'
      if (isOwn || isAnswer || times >= parts.tries) throw error
      failed.push(lease.proxy)
    }
  }
}

/**
 * What the runtime throws for a line of code that is wrong. A failed `fetch` is a TypeError too, but with a cause; a SyntaxError comes of a page
 * that is no JSON.
 */
function isMistake(error: unknown): boolean {
  if (error instanceof TypeError) return error.cause === undefined
  return error instanceof ReferenceError
}
