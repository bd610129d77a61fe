/**
 * Tasks that wait for a lease at one host: first by lane, then by arrival. A task that is abandoned while it waits stays
 * as a tombstone until it is reached, so leaving costs nothing.
 */
export interface Waiter {
  /** 0 first, 7 last. */
  readonly priority: number
  /** The queue it waits in; set by the queue alone. */
  waitingIn: unknown
}

const lanes = 8

export class WaitingQueue<Task extends Waiter> {
  /** Waiters, tombstones not counted. */
  size = 0
  #lanes: { tasks: Task[]; head: number }[] = Array.from({ length: lanes }, () => ({ tasks: [], head: 0 }))

  push(task: Task): void {
    if (task.waitingIn === this) return
    task.waitingIn = this
    this.size++
    this.#lanes[laneOf(task)]!.tasks.push(task)
  }

  /** Leaves the queue; the tombstone is swept when its turn comes. */
  remove(task: Task): void {
    if (task.waitingIn !== this) return
    task.waitingIn = undefined
    this.size--
  }

  /**
   * Offers waiters in order to `accept`; those it takes leave the queue. Stops when it says `stop`, or after `patience`
   * refusals, so that a task with special wishes does not hold up its neighbours and a long queue is not walked.
   */
  offer(accept: (task: Task) => 'taken' | 'refused' | 'stop', patience = 16): void {
    for (const lane of this.#lanes) {
      let refusals = 0
      for (let index = lane.head; index < lane.tasks.length; index++) {
        const task = lane.tasks[index]
        if (task?.waitingIn !== this) {
          if (index === lane.head) lane.head++
          continue
        }
        const answer = accept(task)
        if (answer === 'taken') {
          this.remove(task)
          if (index === lane.head) lane.head++
        } else if (answer === 'stop' || ++refusals >= patience) {
          compact(lane)
          return
        }
      }
      compact(lane)
    }
  }

  /** Everyone who waits, in order. */
  *[Symbol.iterator](): Iterator<Task> {
    for (const lane of this.#lanes) {
      for (let index = lane.head; index < lane.tasks.length; index++) {
        const task = lane.tasks[index]!
        if (task.waitingIn === this) yield task
      }
    }
  }
}

function laneOf(task: Waiter): number {
  return Math.min(lanes - 1, Math.max(0, Math.floor(task.priority)))
}

function compact(lane: { tasks: unknown[]; head: number }): void {
  if (lane.head < 64 || lane.head * 2 < lane.tasks.length) {
    if (lane.head === lane.tasks.length) {
      lane.tasks.length = 0
      lane.head = 0
    }
    return
  }
  lane.tasks.splice(0, lane.head)
  lane.head = 0
}
