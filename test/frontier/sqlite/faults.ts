import { copyFileSync, existsSync } from 'node:fs'
import type { Frontier } from '../../../src/contracts/frontier.ts'
import { openInline } from '../../../src/frontier/sqlite/channel.ts'
import { SqliteFrontier } from '../../../src/frontier/sqlite/sqlite-frontier.ts'
import type { Database, Statement } from '../../../src/sqlite/database.ts'
import { ManualClock } from '../../manual-clock.ts'

/** A disk that can be told to fail: every statement that may write asks it first. */
export class Disk {
  /** Statements so far. */
  statements = 0
  database: Database | undefined
  /** The error of the statement with this number, or undefined. */
  fault: (statement: number, sql: string) => Error | undefined = () => undefined
  /** The error of a statement that only reads, or undefined. */
  readFault: (sql: string) => Error | undefined = () => undefined

  readonly wrap = (database: Database): Database => {
    this.database = database
    return {
      exec: (sql) => {
        if (sql !== 'ROLLBACK') this.#ask(sql) // needs no room
        database.exec(sql)
      },
      prepare: (sql) => this.#wrapStatement(database.prepare(sql), sql),
      close: () => database.close(),
    }
  }

  #wrapStatement(statement: Statement, sql: string): Statement {
    const isRead = /^\s*(SELECT|ROLLBACK)/i.test(sql)
    const ask = () => (isRead ? this.#askToRead(sql) : this.#ask(sql))
    return new Proxy(statement, {
      get(target, name) {
        const method = Reflect.get(target, name) as unknown
        if (typeof method !== 'function') return method
        return (...cells: unknown[]) => {
          ask()
          return Reflect.apply(method, target, cells) as unknown
        }
      },
    })
  }

  #ask(sql: string): void {
    const fault = this.fault(++this.statements, sql)
    if (fault) throw fault
  }

  #askToRead(sql: string): void {
    const fault = this.readFault(sql)
    if (fault) throw fault
  }
}

/** What SQLite throws. */
export function sqliteError(errcode: number, message: string): Error {
  return Object.assign(new Error(message), { code: 'ERR_SQLITE_ERROR', errcode })
}

export const full = () => sqliteError(13, 'database or disk is full')

/** With so few ids in memory that they are merged all the time. */
export function openOn(
  disk: Disk,
  path: string,
  clock = new ManualClock(),
  given: { width?: number; recent?: number; onStalled?: (error: Error) => void } = {},
): Frontier {
  const { width, recent = 8, onStalled } = given
  const channel = openInline({ path, now: clock.now(), wall: clock.wall(), width, recent }, disk.wrap)
  return new SqliteFrontier(path, { clock, channel, onStalled })
}

/** The files as kill -9 would leave them: the process that has them open is not asked. */
export function copyState(from: string, to: string): void {
  for (const suffix of ['', '-wal']) {
    if (existsSync(from + suffix)) copyFileSync(from + suffix, to + suffix)
  }
}

/** Pauses end at once. */
export class HastyClock extends ManualClock {
  override after(_ms: number, fire: () => void): () => void {
    let isCancelled = false
    queueMicrotask(() => {
      if (!isCancelled) fire()
    })
    return () => {
      isCancelled = true
    }
  }
}
