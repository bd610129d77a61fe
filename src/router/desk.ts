import type { PoolPort } from '../../machines/pool.ts'
import type { Applicant } from '../contracts/lease.ts'
import type { Pool } from './pool.ts'

/**
 * Where a pool's chart hands over what it has decided about an applicant. It has no fields that can be listed, because it
 * stands in the chart's context: xstate looks through the fields of a context that it restores, and an inspector prints
 * them.
 */
export class Desk implements PoolPort {
  readonly #pool: Pool

  constructor(pool: Pool) {
    this.#pool = pool
  }

  offer(applicant: Applicant): void {
    this.#pool.admit(applicant)
  }

  refuse(applicant: Applicant): void {
    applicant.refused({ reason: 'stopped', until: undefined })
  }

  dismiss(): void {
    this.#pool.dismiss()
  }

  toJSON(): object {
    const { inFlight, waiting } = this.#pool
    return { inFlight, waiting: waiting.size }
  }
}
