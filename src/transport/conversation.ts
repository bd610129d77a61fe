import type { Socket } from 'node:net'
import { endOfHead, mayBeHead, mostHead, type ResponseHead, readHead, startOfHead } from './response-head.ts'

/**
 * Reading in the middle of a handshake: exactly as many bytes as asked for, however the packets were cut. Ends with the
 * socket, so that destroying the socket also ends every wait.
 */
export class Conversation {
  readonly #socket: Socket
  #received: Buffer = Buffer.alloc(0)
  #ended: boolean
  #wake: (() => void) | undefined

  constructor(socket: Socket) {
    this.#socket = socket
    this.#ended = socket.destroyed
    socket.on('data', this.#onData)
    socket.once('end', this.#onEnd)
    socket.once('close', this.#onEnd)
  }

  write(bytes: Uint8Array | string): void {
    this.#socket.write(bytes)
  }

  /** The next `count` bytes, or undefined when the socket ended before that. */
  async take(count: number): Promise<Buffer | undefined> {
    while (this.#received.length < count) {
      if (this.#ended) return undefined
      await this.#more()
    }
    return this.#cut(count)
  }

  /** The head of an HTTP answer. `closed`: ended before that. `garbage`: no HTTP, or longer than a head may be. */
  async takeHead(): Promise<ResponseHead | 'closed' | 'garbage'> {
    let searched = 0
    for (;;) {
      const bytes = this.#received
      const start = startOfHead(bytes)
      if (!mayBeHead(bytes, start, 0)) return 'garbage'
      const end = endOfHead(bytes, Math.max(start, searched - 3))
      if (end >= 0 && end <= mostHead) {
        return readHead(this.#cut(end).toString('latin1', start, end)) ?? 'garbage'
      }
      searched = bytes.length
      if (searched > mostHead) return 'garbage'
      if (this.#ended) return 'closed'
      await this.#more()
    }
  }

  /** Stops reading and hands the socket on. Returns how many bytes came that nobody asked for. */
  release(): number {
    this.#socket.off('data', this.#onData)
    this.#socket.off('end', this.#onEnd)
    this.#socket.off('close', this.#onEnd)
    this.#socket.pause()
    return this.#received.length
  }

  #cut(count: number): Buffer {
    const taken = this.#received.subarray(0, count)
    this.#received = this.#received.subarray(count)
    return taken
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  readonly #onData = (chunk: Buffer) => {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
    this.#wake?.()
  }

  readonly #onEnd = () => {
    this.#ended = true
    this.#wake?.()
  }
}
