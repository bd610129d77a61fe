import { fold } from '../fold.ts'
import type { Database, Statement } from './database.ts'
import type { SqliteHost } from './sqlite-host.ts'

/** Which requests of a host were ever added. */
export class SeenTable {
  readonly #insert: Statement
  readonly #has: Statement
  readonly #folded = new Uint32Array(2)

  constructor(database: Database) {
    this.#insert = database.prepare('INSERT OR IGNORE INTO seen (host, fp) VALUES (?, ?)')
    this.#has = database.prepare('SELECT 1 FROM seen WHERE host = ? AND fp = ?')
  }

  has(host: SqliteHost, id: string): boolean {
    return this.#has.get(host.id, this.#fingerprint(id)) !== undefined
  }

  /** Whether it is new. */
  add(host: SqliteHost, id: string): boolean {
    return this.#insert.run(host.id, this.#fingerprint(id)).changes !== 0
  }

  /** 53 of the 64 bits an id is folded to: a number that is exact in both worlds. */
  #fingerprint(id: string): number {
    fold(id, this.#folded)
    return this.#folded[0]! * 0x20_0000 + (this.#folded[1]! >>> 11)
  }
}
