import type { Socket } from 'node:net'

/**
 * The sockets of one connection, innermost first: TCP, TLS to an HTTPS proxy, TLS to the target. To end the
 * connection is to destroy all of them, because a TLS socket that never finished its handshake may leave the one below open.
 */
export class Layers {
  readonly #sockets: Socket[] = []
  readonly #open: Set<Layers>
  destroyed = false

  /** `open` counts what is open: a member from the first socket until the end. */
  constructor(open: Set<Layers>) {
    this.#open = open
  }

  add(socket: Socket): void {
    // An error with nobody listening would end the process; the close event that follows tells what matters.
    socket.on('error', ignore)
    socket.once('close', this.#onClose)
    this.#sockets.push(socket)
    this.#open.add(this)
    if (this.destroyed) this.destroy()
  }

  /** Ends it now. The descriptors are given back before this returns. */
  destroy(): void {
    this.destroyed = true
    this.#open.delete(this)
    for (let i = this.#sockets.length - 1; i >= 0; i--) this.#sockets[i]!.destroy()
  }

  readonly #onClose = () => this.destroy()
}

function ignore() {}
