import type { Socket } from 'node:net'

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

  /**
   * An HTTP head up to and with its empty line. `closed`: ended before that. `garbage`: does not begin like HTTP, or is
   * longer than `limit` bytes.
   */
  async takeHead(limit: number): Promise<string | 'closed' | 'garbage'> {
    let searched = 0
    for (;;) {
      const bytes = this.#received
      const start = bytes.toString('latin1', 0, 5)
      if (!'HTTP/'.startsWith(start)) return 'garbage'
      const end = bytes.indexOf('\r\n\r\n', Math.max(0, searched - 3), 'latin1')
      if (end >= 0 && end <= limit) return this.#cut(end + 4).toString('latin1')
      searched = bytes.length
      if (searched > limit) return 'garbage'
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
