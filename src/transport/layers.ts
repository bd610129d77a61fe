import type { Socket } from 'node:net'

/**
 * The sockets of one connection, innermost first: TCP, TLS to an HTTPS proxy, TLS to the target. To end the
 * connection is to destroy all of them, because a TLS socket that never finished its handshake may leave the one below open.
 */
export class Layers {
  readonly #sockets: Socket[] = []
  #sentBefore = 0
  #receivedBefore = 0
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

  /** Bytes on the wire since this was asked last, in both directions; also of what is closed already. */
  take(): { readonly sent: number; readonly received: number } {
    const [wire, ...inside] = this.#sockets
    if (!wire) return nothing
    let sent = wire.bytesWritten
    // Deno writes TLS past the socket below it: what is known is what went into it.
    if (isDeno) for (const { bytesWritten } of inside) sent += bytesWritten + tlsHello
    const { bytesRead } = wire
    const taken = { sent: sent - this.#sentBefore, received: bytesRead - this.#receivedBefore }
    this.#sentBefore = sent
    this.#receivedBefore = bytesRead
    return taken
  }

  readonly #onClose = () => this.destroy()
}

const isDeno = 'Deno' in globalThis
/** What a client says in a handshake of TLS 1.3, about. */
const tlsHello = 360
const nothing = { sent: 0, received: 0 }

function ignore() {}
