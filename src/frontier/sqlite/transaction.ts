import type { Database, Statement } from '../../sqlite/database.ts'
import { tryRollback } from '../../sqlite/query.ts'
import type { Answer, Call, Calls, Message, Result } from './calls.ts'
import type { Core } from './core.ts'
import { type Failure, failureOf } from './state-failure.ts'

/**
 * Group commit: the calls of a message that writes are one transaction, and are answered when it is committed. Every
 * `stepWeight` rows it yields, and messages that only read are served there, so that a take never waits for more than
 * one step or the commit. When the disk refuses, the transaction never happened, memory is read anew, and the caller
 * repeats the message. When a call is at fault itself, its neighbours are done without it.
 */
const stepWeight = 48

export class Transactions {
  /** Rows written so far. */
  written = 0
  readonly #core: Core
  readonly #path: string
  readonly #database: Database
  readonly #begin: Statement
  readonly #end: Statement
  /** What was read inside the transaction under way failed, and may have ended it. */
  #readFailure: unknown
  /** A transaction failed: what is in memory must be read anew from the file. */
  #isStale = false
  /** The file is damaged: nothing is done any more. */
  #damage: Failure | undefined

  constructor(database: Database, core: Core, path: string) {
    this.#database = database
    this.#core = core
    this.#path = path
    this.#begin = database.prepare('BEGIN')
    this.#end = database.prepare('COMMIT')
  }

  /** What only reads, at any time. */
  read({ id, calls }: Message): Answer {
    const results: Result[] = []
    for (const call of calls) {
      if (this.#damage) return { id, results, failure: this.#damage }
      try {
        this.#refresh()
        results.push(this.#do(call))
        this.#readFailure ??= this.#core.hiddenFailure()
      } catch (error) {
        this.#readFailure = error
        const failure = this.#failureOf(error)
        if (failure.mayPass || this.#damage) return { id, results, failure }
        results.push({ failure })
      }
    }
    return { id, results }
  }

  /** One message at a time. */
  *write({ id, calls }: Message): Generator<void, Answer> {
    const together = yield* this.#commit(calls)
    if (Array.isArray(together)) return { id, results: together }
    if (together.mayPass || this.#damage) return { id, results: [], failure: together }
    const results: Result[] = []
    for (const call of calls) {
      yield
      const alone = calls.length === 1 ? together : yield* this.#commit([call])
      if (Array.isArray(alone)) results.push(...alone)
      else if (alone.mayPass || this.#damage) return { id, results, failure: alone }
      else results.push({ failure: alone })
    }
    return { id, results }
  }

  /** All of them or none. */
  *#commit(calls: readonly Call[]): Generator<void, Result[] | Failure> {
    if (this.#damage) return this.#damage
    this.#core.started()
    this.#readFailure = undefined
    try {
      this.#refresh()
      this.#begin.run()
      const results: Result[] = []
      let step = 0
      for (const call of calls) {
        if (step >= stepWeight) {
          step = 0
          yield
        }
        step += call.weight
        if (this.#readFailure !== undefined) throw this.#readFailure
        results.push(this.#do(call))
      }
      this.#core.writeCounts()
      this.#end.run()
      this.#core.committed()
      for (const { weight } of calls) this.written += weight
      return results
    } catch (error) {
      tryRollback(this.#database)
      this.#core.rolledBack()
      this.#isStale = true
      return this.#failureOf(error)
    }
  }

  /** Writes every count to its table, so that the next opening finds a tidy file. Not in one that is damaged. */
  settleUp(): void {
    if (this.#damage) return
    try {
      this.#refresh()
      this.#begin.run()
      this.#core.settleUp()
      this.#end.run()
    } catch (error) {
      tryRollback(this.#database)
      this.#isStale = true
      this.#failureOf(error)
    }
  }

  /** Nothing is written any more. */
  get isDamaged(): boolean {
    return this.#damage !== undefined
  }

  #refresh(): void {
    if (!this.#isStale) return
    tryRollback(this.#database) // that may have failed the first time
    this.#core.load()
    this.#isStale = false
  }

  #failureOf(error: unknown): Failure {
    const failure = failureOf(error, this.#path)
    if (failure.code === 'STATE_CORRUPT') this.#damage = failure
    return failure
  }

  #do({ name, ask }: Call): Result {
    return { value: (this.#core as Record<keyof Calls, (ask: never) => unknown>)[name](ask as never) }
  }
}
