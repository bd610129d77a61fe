/**
 * The first `limit` bytes of a body; the rest is cancelled, not downloaded. A robots.txt or sitemap without end must
 * not fill the memory.
 */
export async function readAtMost(response: Response, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of chunksOf(response)) {
    chunks.push(chunk)
    size += chunk.length
    if (size >= limit) break
  }
  const body = new Uint8Array(Math.min(size, limit))
  let at = 0
  for (const chunk of chunks) {
    body.set(chunk.subarray(0, limit - at), at)
    at += chunk.length
  }
  return body
}

/** The body's chunks, cancelling what is left when the loop is left early. */
export async function* chunksOf(response: Response): AsyncGenerator<Uint8Array> {
  if (!response.body) return
  const reader = response.body.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}
