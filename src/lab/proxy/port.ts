import type { Server, Socket } from 'node:net'
import { listen, unlisten } from '../listen.ts'
import type { Resources } from '../resources.ts'
import type { Behaviour } from './behaviour.ts'
import { dropSyns } from './syn-drop.ts'

/** A proxy's port, which is open, closed, deaf or flapping. It keeps its number whatever happens to it. */
export class ProxyPort {
  number = 0
  /** Connections that are open. */
  readonly sockets = new Set<Socket>()
  #server: Server
  #host: string
  #resources: Resources
  #isKilled = false
  #stopFlapping: (() => void) | undefined
  #stopDropping: (() => Promise<void>) | undefined

  constructor(server: Server, host: string, resources: Resources) {
    this.#server = server
    this.#host = host
    this.#resources = resources
  }

  async open(behaviour: Behaviour): Promise<void> {
    this.number = await listen(this.#server, 0, this.#host)
    await this.follow(behaviour)
  }

  /** Does what the behaviour says of ports. */
  async follow({ fault, flapping }: Behaviour): Promise<void> {
    this.#stopFlapping?.()
    this.#stopFlapping = undefined
    const isDeaf = fault?.kind === 'syn-drop' && !this.#isKilled
    if (!isDeaf) await this.#hearAgain()
    await this.#listenIf(!this.#isKilled && !isDeaf && fault?.kind !== 'dead')
    if (isDeaf) this.#stopDropping ??= await dropSyns(this.#host, this.number, this.#resources)
    if (flapping && this.#server.listening) this.#flap(true, flapping)
  }

  /** Closes the port and cuts what goes through it; a killed port stays closed until revived. */
  async kill(): Promise<void> {
    this.#isKilled = true
    await this.close()
  }

  async revive(behaviour: Behaviour): Promise<void> {
    this.#isKilled = false
    await this.follow(behaviour)
  }

  adopt(socket: Socket): void {
    this.sockets.add(socket)
    socket.on('close', () => this.sockets.delete(socket))
  }

  async close(): Promise<void> {
    this.#stopFlapping?.()
    this.#stopFlapping = undefined
    await Promise.all([this.#listenIf(false), this.#hearAgain()])
  }

  async #hearAgain(): Promise<void> {
    const stop = this.#stopDropping
    this.#stopDropping = undefined
    await stop?.()
  }

  async #listenIf(wanted: boolean): Promise<void> {
    if (wanted === this.#server.listening) return
    if (wanted) {
      await listen(this.#server, this.number, this.#host)
      return
    }
    const closed = unlisten(this.#server)
    for (const socket of this.sockets) socket.destroy()
    await closed
  }

  #flap(isUp: boolean, periods: { upMs: number; downMs: number }): void {
    this.#stopFlapping = this.#resources.after(isUp ? periods.upMs : periods.downMs, () => {
      // The port may be taken for a moment; the next turn tries again.
      this.#listenIf(!isUp).catch(() => {})
      this.#flap(!isUp, periods)
    })
  }
}
