import type { Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'

/**
 * Everything of a lab that could outlive it: sockets and timers. Hanging proxies never end a socket by themselves, so
 * each one is on this list from its first moment, and closing the lab destroys whatever is still there.
 */
export class Resources {
  readonly clock: Clock
  /** Clock time at which the world began: the zero of every time in the books. */
  #startedAt: number
  #sockets = new Set<Socket>()
  #timers = new Set<() => void>()
  #closed = false

  constructor(clock: Clock) {
    this.clock = clock
    this.#startedAt = clock.now()
  }

  get closed(): boolean {
    return this.#closed
  }

  get sockets(): number {
    return this.#sockets.size
  }

  /** The world begins now, when its last port is open. */
  begin(): void {
    this.#startedAt = this.clock.now()
  }

  /** Milliseconds since the world began. */
  elapsed(): number {
    return this.clock.now() - this.#startedAt
  }

  /** Adopts a socket: its errors are heard (they are part of the play) and its end is certain. */
  track(socket: Socket): void {
    socket.on('error', ignore)
    if (this.#closed) {
      socket.destroy()
      return
    }
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
  }

  /** Like Clock.after, and forgotten when the lab closes. */
  after(ms: number, fire: () => void): () => void {
    if (this.#closed) return ignore
    const cancel = () => {
      stop()
      this.#timers.delete(cancel)
    }
    const stop = this.clock.after(ms, () => {
      this.#timers.delete(cancel)
      fire()
    })
    this.#timers.add(cancel)
    return cancel
  }

  close(): void {
    this.#closed = true
    for (const cancel of [...this.#timers]) cancel()
    for (const socket of this.#sockets) socket.destroy()
  }
}

function ignore(): void {}
