import type { Database, Statement } from '../../sqlite/database.ts'
import type { SidePage } from './calls.ts'

/** Small values by key. */
export class SideTable {
  readonly #put: Statement
  readonly #get: Statement
  readonly #scan: Statement

  constructor(database: Database) {
    this.#put = database.prepare('INSERT OR REPLACE INTO side (key, value) VALUES (?, ?)')
    this.#get = database.prepare('SELECT value FROM side WHERE key = ?')
    this.#scan = database.prepare('SELECT key, value FROM side WHERE key >= ? ORDER BY key LIMIT ?')
  }

  put(key: string, value: Uint8Array): void {
    this.#put.run(key, value)
  }

  get(key: string): Uint8Array | undefined {
    return (this.#get.get(key) as { value: Uint8Array } | undefined)?.value
  }

  /** The next keys that begin with `prefix`. */
  page(prefix: string, after: string | undefined): SidePage {
    const rows: [string, Uint8Array][] = []
    const found = this.#scan.all(after ?? prefix, pageSize) as unknown as SideRow[]
    for (const { key, value } of found) {
      if (key === after) continue
      if (!key.startsWith(prefix)) return { rows, isLast: true }
      rows.push([key, value])
    }
    return { rows, isLast: found.length < pageSize }
  }
}

/** Small, as a value may be a robots file of half a megabyte. */
const pageSize = 32

interface SideRow {
  readonly key: string
  readonly value: Uint8Array
}
