import type { Socket } from 'node:net'
import type { ProxyBook } from '../books.ts'

/** A proxy's book while it is being written. Names and addresses are bounded: a scanner cannot fill it. */
const nameLimit = 10_000

export class ProxyLedger {
  readonly exitIp: string
  tunnels = 0
  refusals = 0
  authFailures = 0
  faults = 0
  /** Requests that wait for an answer's first byte. */
  pending: number
  #dials = 0
  #peakOpen = 0
  #requests = 0
  #peakRequests = 0
  #targets = new Map<string, number>()
  #clients = new Map<string, number>()
  readonly #sockets = new Set<Socket>()
  #received = 0
  #sent = 0

  constructor(exitIp: string, pending = 0) {
    this.exitIp = exitIp
    this.pending = pending
  }

  dialled(socket: Socket, open: number): void {
    const client = socket.remoteAddress ?? ''
    this.#sockets.add(socket)
    socket.once('close', () => {
      this.#sockets.delete(socket)
      this.#received += socket.bytesRead
      this.#sent += socket.bytesWritten
    })
    this.#dials++
    this.#peakOpen = Math.max(this.#peakOpen, open)
    tally(this.#clients, client.replace('::ffff:', ''))
  }

  asked(target: string): void {
    tally(this.#targets, target)
  }

  requestBegins(): void {
    this.#requests++
    this.#peakRequests = Math.max(this.#peakRequests, ++this.pending)
  }

  book(open: number): ProxyBook {
    let [received, sent] = [this.#received, this.#sent]
    for (const { bytesRead, bytesWritten } of this.#sockets) {
      received += bytesRead
      sent += bytesWritten
    }
    return {
      exitIp: this.exitIp,
      dials: this.#dials,
      open,
      peakOpen: this.#peakOpen,
      tunnels: this.tunnels,
      refusals: this.refusals,
      authFailures: this.authFailures,
      requests: this.#requests,
      peakRequests: this.#peakRequests,
      faults: this.faults,
      received,
      sent,
      targets: Object.fromEntries(this.#targets),
      clients: Object.fromEntries(this.#clients),
    }
  }
}

function tally(counts: Map<string, number>, name: string): void {
  if (counts.size < nameLimit || counts.has(name)) counts.set(name, (counts.get(name) ?? 0) + 1)
}
