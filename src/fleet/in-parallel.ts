/**
 * Works through a list, at most `limit` at once, each as soon as there is room: nobody waits for a batch to end. The
 * first error ends the taking of new ones and is thrown when the running ones are done.
 */
export async function forEachAtOnce<T>(
  list: readonly T[],
  limit: number,
  work: (each: T, index: number) => Promise<void>,
): Promise<void> {
  const entries = list.entries()
  let failure: { readonly error: unknown } | undefined
  const worker = async () => {
    for (const [index, each] of entries) {
      if (failure) return
      try {
        await work(each, index)
      } catch (error) {
        failure ??= { error }
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, list.length) }, worker))
  if (failure) throw failure.error
}
