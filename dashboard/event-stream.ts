/**
 * Server-sent events out of a response's body. EventSource cannot send a header, and the token does not belong into the address
 * of every request: so the stream is read with `fetch`, and its few rules are kept here.
 */
export async function readEvents(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  tell: (event: string, data: string) => void,
  isAlive: () => void,
): Promise<void> {
  const reader = body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array<ArrayBuffer>>)
    .getReader()
  let rest = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    isAlive()
    // The whole fleet comes in many pieces: only the new piece is searched for the end, with the character before it.
    let from = Math.max(0, rest.length - 1)
    rest += value
    for (;;) {
      const end = rest.indexOf('\n\n', from)
      if (end < 0) break
      tellOne(rest.slice(0, end), tell)
      rest = rest.slice(end + 2)
      from = 0
    }
  }
}

function tellOne(block: string, tell: (event: string, data: string) => void): void {
  let event = 'message'
  const data: string[] = []
  for (const line of block.split('\n')) {
    if (line.startsWith('event:')) event = line.slice(6).trim()
    else if (line.startsWith('data:')) data.push(line.charAt(5) === ' ' ? line.slice(6) : line.slice(5))
  }
  if (data.length > 0) tell(event, data.join('\n'))
}
