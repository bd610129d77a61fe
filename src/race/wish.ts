import type { AttemptReason } from '../contracts/events.ts'
import type { LeaseWish } from '../contracts/lease.ts'

/** Proxies that failed a task are avoided, the latest of them: a pool whose every proxy failed it must start over. */
const mostAvoided = 16

/** What a race asks its pool for; kept and changed from attempt to attempt. */
export class RaceWish implements LeaseWish {
  why: AttemptReason = 'first'
  readonly busy: number[] = []
  readonly failed: number[] = []
  only: number | undefined

  reset(only: number | undefined): void {
    this.why = 'first'
    this.busy.length = 0
    this.failed.length = 0
    this.only = only
  }

  started(proxy: number): void {
    this.busy.push(proxy)
  }

  ended(proxy: number): void {
    const index = this.busy.indexOf(proxy)
    if (index >= 0) this.busy.splice(index, 1)
  }

  avoid(proxy: number): void {
    this.failed.push(proxy)
    if (this.failed.length > mostAvoided) this.failed.shift()
  }
}
