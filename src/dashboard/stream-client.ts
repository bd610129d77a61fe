import type { ServerResponse } from 'node:http'
import type { StreamMessages } from './protocol.ts'

/**
 * One page that hears the stream. The crawl never waits for it: what it has not read stays within a bound, and beyond that it is
 * told nothing, until it has read all and begins anew.
 */
const mostBuffered = 4 << 20

export class StreamClient {
  /** It has missed something, or has just come: it is told everything at the next turn. */
  isBehind = true
  /** The span of the rows that it has; others are sent whole. */
  spanMs = 0
  readonly #response: ServerResponse

  constructor(response: ServerResponse) {
    this.#response = response
  }

  /** Whether it has read enough to be told more; one that has not is behind from now on. */
  get isReady(): boolean {
    // One that is behind is told everything, which is a lot: only when it has read all.
    const isReady = this.#response.writableLength <= (this.isBehind ? 0 : mostBuffered)
    if (!isReady) this.isBehind = true
    return isReady
  }

  tell<Kind extends keyof StreamMessages>(kind: Kind, message: StreamMessages[Kind]): void {
    this.write(frame(kind, message))
  }

  /** A message, or several, in the form of `frame`. */
  write(text: string): void {
    if (!this.#response.writableEnded && !this.#response.destroyed) this.#response.write(text)
  }

  end(reason: string): void {
    this.tell('bye', { reason })
    this.leave()
  }

  /** Without a goodbye: the page comes back by itself. */
  leave(): void {
    this.#response.end()
  }
}

/** A message as it is written: one line, also to a reader that takes U+2028 for the end of one. */
export function frame<Kind extends keyof StreamMessages>(kind: Kind, message: StreamMessages[Kind]): string {
  const data = JSON.stringify(message).replace(/[\u2028\u2029]/g, (each) =>
    each === '\u2028' ? '\\u2028' : '\\u2029',
  )
  return `event: ${kind}\ndata: ${data}\n\n`
}
