import type { Socket } from 'node:net'

/**
 * The near end of a proxy connection: first a reader for the handshake, byte-exact and indifferent to how the bytes are
 * packed, then a plain stream. A reader whose socket ends is simply never continued.
 */
const bufferLimit = 16 * 1024 * 1024
const empty = Buffer.alloc(0)

export class Client {
  readonly socket: Socket
  #buffer: Buffer = empty
  #wanted: { find: (buffer: Buffer) => number; resolve: (bytes: Buffer) => void } | undefined
  #receive: ((chunk: Buffer) => void) | undefined

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => {
      if (this.#receive) this.#receive(chunk)
      else this.#collect(chunk)
    })
  }

  /** The next `size` bytes. */
  take(size: number): Promise<Buffer> {
    return this.#take((buffer) => (buffer.length >= size ? size : -1))
  }

  /** Up to and including the first of these bytes. */
  takeThrough(mark: string): Promise<Buffer> {
    return this.#take((buffer) => {
      const at = buffer.indexOf(mark, 0, 'latin1')
      return at < 0 ? -1 : at + mark.length
    })
  }

  /** From here on every chunk goes to `receive`, what is already here first. */
  stream(receive: (chunk: Buffer) => void): void {
    this.#receive = receive
    const rest = this.#buffer
    this.#buffer = empty
    if (rest.length > 0) receive(rest)
  }

  /** Reads on, so that the peer's end is noticed, and forgets. */
  discard(): void {
    this.stream(() => {})
  }

  #take(find: (buffer: Buffer) => number): Promise<Buffer> {
    return new Promise((resolve) => {
      this.#wanted = { find, resolve }
      this.#collect(empty)
    })
  }

  #collect(chunk: Buffer): void {
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk])
    const wanted = this.#wanted
    const end = wanted ? wanted.find(this.#buffer) : -1
    if (end < 0 || !wanted) {
      if (this.#buffer.length > bufferLimit) this.socket.destroy()
      return
    }
    this.#wanted = undefined
    const taken = this.#buffer.subarray(0, end)
    this.#buffer = this.#buffer.subarray(end)
    wanted.resolve(taken)
  }
}
