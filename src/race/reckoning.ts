import type { Verdict } from '../contracts/outcome.ts'
import type { Trust } from '../contracts/trust.ts'
import { enoughBroken } from './broken-answers.ts'
import type { Crew } from './crew.ts'
import type { Race } from './race.ts'

/** What the other answers to a task were worth: that shows when its page has come, or when it is known that it does not come. */
export class Reckoning {
  readonly #race: Race
  readonly #crew: Crew

  constructor(race: Race, crew: Crew) {
    this.#race = race
    this.#crew = crew
  }

  pageCame(verdict: Verdict, trust: Trust): void {
    this.#exposeSpoilers(trust)
    const { pool, tally } = this.#race
    if (verdict.reason === 'accepted') this.forgive()
    else pool.record.chance.observe(tally.refusals)
  }

  /** The page has come whole: those that brought it broken have spoilt it, unless who brought it may have made it up. */
  #exposeSpoilers(trust: Trust): void {
    const { pool, tally } = this.#race
    const { suspects } = tally
    pool.record.spoiling.observe(suspects.length)
    const isSure = trust === 'verified' || trust === 'direct'
    if (suspects.length > 0 && (isSure || suspects.length < enoughBroken))
      this.#crew.feedback.expose(pool, suspects, this.#crew.clock.now())
  }

  /** It was the page: what it cost the proxies is given back. */
  forgive(): void {
    const { feedback, clock, listener } = this.#crew
    const { job, pool, tally, record } = this.#race
    if (tally.penalties.length === 0) return
    feedback.forgive(pool.record, tally.penalties, record.acceptedAt, clock.now())
    listener.forgiven(job, tally.penalties)
  }
}
