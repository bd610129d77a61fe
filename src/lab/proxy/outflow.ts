import type { Socket } from 'node:net'
import type { Resources } from '../resources.ts'

/** Bytes on their way to the client: not before `due`, in slices if the line is slow, and what happens behind them. */
export interface Parcel {
  bytes: Buffer
  /** Clock time in ms. */
  readonly due: number
  /** Bytes at once; 0 sends everything. */
  readonly slice: number
  /** Milliseconds from slice to slice. */
  readonly everyMs: number
  readonly after?: 'reset' | 'end'
}

/** The slow way to a client: keeps order, waits with one timer, tells when it is empty again. */
export class Outflow {
  #socket: Socket
  #resources: Resources
  #queue: Parcel[] = []
  #cancel: (() => void) | undefined
  #queued = 0
  /** When the line has carried what was sent. */
  #freeAt = 0
  #ends = false
  #dead = false
  readonly #emptied: () => void

  constructor(socket: Socket, resources: Resources, emptied: () => void) {
    this.#socket = socket
    this.#resources = resources
    this.#emptied = emptied
  }

  get isIdle(): boolean {
    return this.#queue.length === 0 && !this.#dead
  }

  /** Bytes that wait. */
  get queued(): number {
    return this.#queued
  }

  push(parcel: Parcel): void {
    if (this.#dead) return
    this.#queue.push(parcel)
    this.#queued += parcel.bytes.length
    if (!this.#cancel) this.#pump()
  }

  /** Ends the socket when everything is out. */
  end(): void {
    this.#ends = true
    if (this.isIdle) this.#socket.end()
  }

  stop(): void {
    this.#dead = true
    this.#queue = []
    this.#queued = 0
    this.#cancel?.()
    this.#cancel = undefined
  }

  #pump(): void {
    this.#cancel = undefined
    for (;;) {
      const parcel = this.#queue[0]
      if (!parcel || this.#dead) break
      const now = this.#resources.clock.now()
      const due = Math.max(parcel.due, this.#freeAt)
      // Timers may fire up to a millisecond early by this clock; a rest smaller than that is no reason to wait again.
      if (due - now > 0.5) {
        this.#cancel = this.#resources.after(due - now, () => this.#pump())
        return
      }
      const whole = parcel.slice === 0 || parcel.slice >= parcel.bytes.length
      const part = whole ? parcel.bytes : parcel.bytes.subarray(0, parcel.slice)
      this.#queued -= part.length
      if (part.length > 0) this.#socket.write(part)
      if (parcel.slice > 0) {
        // A slice that came late by its timer does not push back the next one.
        const began = due === this.#freeAt && now - due < parcel.everyMs ? due : now
        this.#freeAt = began + (parcel.everyMs * part.length) / parcel.slice
      }
      if (!whole) {
        parcel.bytes = parcel.bytes.subarray(parcel.slice)
        continue
      }
      this.#queue.shift()
      if (parcel.after) this.#act(parcel.after)
    }
    if (this.#dead) return
    if (this.#ends) this.#socket.end()
    else this.#emptied()
  }

  #act(after: NonNullable<Parcel['after']>): void {
    this.stop()
    if (after === 'reset') this.#socket.resetAndDestroy()
    else if (after === 'end') this.#socket.end()
  }
}
