import type { Clock } from './clock.ts'

/**
 * One coarse timer for everything that waits: hedges, phase deadlines, wake-ups. A hashed timing wheel (Varghese and
 * Lauck, 1987): arming and disarming cost O(1), whatever the number of timers. Timers are nodes that their owner keeps
 * and arms again, so the hot path allocates nothing. A timer fires up to one tick late, never early.
 *
 * A runtime timer per request was measured at a third of the engine's whole budget; that is why this exists.
 */
export class Timer {
  /** When it fires, on the wheel's clock, in milliseconds. */
  due = 0
  /** Whether it is on the wheel. */
  armed = false
  /** Whether it hangs in a slot; an armed timer is unlinked only while its slot is being fired. */
  linked = false
  next: Timer | undefined
  previous: Timer | undefined
  slot = 0
  readonly fire: () => void

  constructor(fire: () => void) {
    this.fire = fire
  }
}

const slotCount = 512

export class Wheel {
  readonly tick: number
  /** How many timers are armed: zero when nothing waits. */
  armed = 0
  #clock: Clock
  #slots: (Timer | undefined)[] = new Array(slotCount).fill(undefined)
  #cursor: number
  #cancel: (() => void) | undefined
  /** The slot at which the runtime's timer fires. */
  #wakeSlot = 0

  /** `tick` is the resolution in milliseconds. */
  constructor(clock: Clock, tick = 5) {
    this.#clock = clock
    this.tick = tick
    this.#cursor = Math.floor(clock.now() / tick)
  }

  /** Arms `timer` for `due` (clock time); an armed timer moves. */
  arm(timer: Timer, due: number): void {
    if (timer.armed) {
      timer.due = due
      if (due >= (timer.slot + 1) * this.tick) return // found too early when its slot comes round, and put on
      this.#unlink(timer)
    } else {
      if (this.armed === 0) this.#cursor = Math.floor(this.#clock.now() / this.tick)
      timer.due = due
      timer.armed = true
      this.armed++
    }
    this.#link(timer)
    this.#wake(timer.slot)
  }

  disarm(timer: Timer): void {
    if (!timer.armed) return
    this.#unlink(timer)
    timer.armed = false
    this.armed--
    if (this.armed === 0) this.#sleep()
  }

  /** Takes every timer off, unfired: nothing of it keeps a process alive any more. */
  clear(): void {
    for (let slot = 0; slot < slotCount; slot++) {
      for (let timer = this.#slots[slot]; timer; timer = this.#slots[slot]) this.disarm(timer)
    }
  }

  #link(timer: Timer): void {
    const slot = Math.max(this.#cursor + 1, Math.ceil(timer.due / this.tick))
    timer.slot = slot
    const head = this.#slots[slot % slotCount]
    timer.previous = undefined
    timer.next = head
    if (head) head.previous = timer
    this.#slots[slot % slotCount] = timer
    timer.linked = true
  }

  #unlink(timer: Timer): void {
    if (!timer.linked) return
    timer.linked = false
    if (timer.previous) timer.previous.next = timer.next
    else this.#slots[timer.slot % slotCount] = timer.next
    if (timer.next) timer.next.previous = timer.previous
    timer.next = undefined
    timer.previous = undefined
  }

  /** Empty slots are slept through: a crawl that waits for a minute wakes nobody two hundred times a second. */
  #wake(slot: number): void {
    if (this.#cancel) {
      if (slot >= this.#wakeSlot) return
      this.#cancel()
    }
    this.#wakeSlot = slot
    this.#cancel = this.#clock.after(Math.max(0, slot * this.tick - this.#clock.now()), () => this.#turn())
  }

  #sleep(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  #turn(): void {
    this.#cancel = undefined
    const now = this.#clock.now()
    const target = Math.floor(now / this.tick)
    // After a stall longer than a revolution every slot is visited once; no need to go round again for each.
    if (target - this.#cursor > slotCount) this.#cursor = target - slotCount
    while (this.#cursor < target && this.armed > 0) {
      this.#cursor++
      if (this.#slots[this.#cursor % slotCount]) this.#fireSlot(this.#cursor, now)
    }
    if (this.armed === 0) return
    this.#cursor = Math.max(this.#cursor, target)
    let next = this.#cursor + 1
    while (!this.#slots[next % slotCount]) next++
    this.#wake(next)
  }

  #fireSlot(slot: number, now: number): void {
    let timer = this.#slots[slot % slotCount]
    const again: Timer[] = []
    while (timer) {
      // Take the head each time: firing may arm or disarm any other timer of this slot.
      this.#unlink(timer)
      if (timer.due > now) again.push(timer)
      else {
        timer.armed = false
        this.armed--
        timer.fire()
      }
      timer = this.#slots[slot % slotCount]
    }
    for (const late of again) if (late.armed && !late.linked) this.#link(late)
  }
}
