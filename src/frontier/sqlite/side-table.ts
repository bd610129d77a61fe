import type { SidePage } from './calls.ts'
import type { Database, Statement } from './database.ts'

/** Small values by key. */
export class SideTable {
  readonly #put: Statement
  readonly #get: Statement
  readonly #scan: Statement

  constructor(database: Database) {
    this.#put = database.prepare('INSERT OR REPLACE INTO side (key, value) VALUES (?, ?)')
    this.#get = database.prepare('SELECT value FROM side WHERE key = ?')
    this.#scan = database.prepare('SELECT key, value FROM side WHERE key >= ? ORDER BY key')
  }

  put(key: string, value: Uint8Array): void {
    this.#put.run(key, value)
  }

  get(key: string): Uint8Array | undefined {
    return (this.#get.get(key) as { value: Uint8Array } | undefined)?.value
  }

  /** The next keys that begin with `prefix`: as many as make a megabyte. */
  page(prefix: string, after: string | undefined): SidePage {
    const rows: [string, Uint8Array][] = []
    let bytes = 0
    for (const { key, value } of this.#scan.iterate(after ?? prefix) as unknown as Iterable<SideRow>) {
      if (key === after) continue
      if (!key.startsWith(prefix)) return { rows, isLast: true }
      rows.push([key, value])
      bytes += value.byteLength + key.length
      if (bytes > 1_000_000 || rows.length === 1_000) return { rows, isLast: false }
    }
    return { rows, isLast: true }
  }
}

interface SideRow {
  readonly key: string
  readonly value: Uint8Array
}
