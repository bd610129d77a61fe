/**
 * Tasks that wait for a lease at one host: first by lane, then by arrival. A task that leaves while it waits stays behind
 * as a tombstone until its turn comes or the dead outnumber the living, so leaving costs nothing. Tasks are recycled: one
 * that comes again gets a place of its own, at the end, whatever tombstone of it still stands.
 */
export interface Waiter {
  /** 0 first, 7 last. */
  readonly priority: number
  /** Its place in the queue it waits in; set by the queue alone. */
  waitingIn: unknown
}

const lanes = 8

interface Lane<Task> {
  places: Place<Task>[]
  head: number
  /** Places whose task still waits there. */
  living: number
}

/** Its fields are no properties: an inspector that walks through a task that waits would never come out of the queue. */
class Place<Task> {
  readonly #queue: unknown
  readonly #lane: Lane<Task>
  readonly #task: Task

  constructor(queue: unknown, lane: Lane<Task>, task: Task) {
    this.#queue = queue
    this.#lane = lane
    this.#task = task
  }

  get queue(): unknown {
    return this.#queue
  }

  get lane(): Lane<Task> {
    return this.#lane
  }

  get task(): Task {
    return this.#task
  }
}

export class WaitingQueue<Task extends Waiter> {
  /** Waiters, tombstones not counted. */
  size = 0
  #lanes: Lane<Task>[] = Array.from({ length: lanes }, () => ({ places: [], head: 0, living: 0 }))

  push(task: Task): void {
    if (this.#placeOf(task)) return
    const lane = this.#lanes[laneOf(task)]!
    const place = new Place(this, lane, task)
    task.waitingIn = place
    this.size++
    lane.living++
    lane.places.push(place)
  }

  /** Leaves the queue; the tombstone is swept later. */
  remove(task: Task): void {
    const place = this.#placeOf(task)
    if (!place) return
    task.waitingIn = undefined
    this.size--
    place.lane.living--
  }

  /**
   * Offers waiters in order to `accept`; those it takes leave the queue. Stops when it says `stop`, or after `patience`
   * refusals, so that a task with special wishes does not hold up its neighbours and a long queue is not walked. One that is passed
   * over is no refusal.
   */
  offer(accept: (task: Task) => 'taken' | 'refused' | 'passed over' | 'stop', patience = 16): void {
    for (const lane of this.#lanes) {
      let refusals = 0
      for (let index = lane.head; index < lane.places.length; index++) {
        const place = lane.places[index]!
        if (place.task.waitingIn !== place) {
          if (index === lane.head) lane.head++
          continue
        }
        const answer = accept(place.task)
        if (answer === 'taken') {
          this.remove(place.task)
          if (index === lane.head) lane.head++
        } else if (answer === 'stop' || (answer === 'refused' && ++refusals >= patience)) {
          sweep(lane)
          return
        }
      }
      sweep(lane)
    }
  }

  /** Everyone who waits, in order. */
  *[Symbol.iterator](): Iterator<Task> {
    for (const lane of this.#lanes) {
      for (let index = lane.head; index < lane.places.length; index++) {
        const place = lane.places[index]!
        if (place.task.waitingIn === place) yield place.task
      }
    }
  }

  #placeOf(task: Task): Place<Task> | undefined {
    const place = task.waitingIn
    return place instanceof Place && place.queue === this ? place : undefined
  }
}

function laneOf(task: Waiter): number {
  return Math.min(lanes - 1, Math.max(0, Math.floor(task.priority)))
}

/** Clears the dead away when they are most of the lane: behind a waiter that is never taken, too. */
function sweep<Task extends Waiter>(lane: Lane<Task>): void {
  const { places, living } = lane
  if (living === 0) places.length = 0
  else if (places.length < 64 || living * 2 > places.length) return
  else lane.places = places.filter((place) => place.task.waitingIn === place)
  lane.head = 0
}
