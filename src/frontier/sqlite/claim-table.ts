import type { Database, Statement } from '../../sqlite/database.ts'

/** Pages behind redirects, and which request came there first: it may come again after a crash, and at its next visit. */
export class ClaimTable {
  readonly #owner: Statement
  readonly #insert: Statement

  constructor(database: Database) {
    this.#owner = database.prepare('SELECT request FROM claim WHERE page = ?')
    this.#insert = database.prepare('INSERT INTO claim (page, request) VALUES (?, ?)')
  }

  ownerOf(page: string): string | undefined {
    return (this.#owner.get(page) as { request: string } | undefined)?.request
  }

  add(page: string, request: string): void {
    this.#insert.run(page, request)
  }
}
