import { type Clock, systemClock } from '../base/clock.ts'
import { assertArgument, isOptions } from '../contracts/arguments.ts'
import {
  type FailedAnswer,
  type HttpCache,
  type KeptFailure,
  type KeptResponse,
  mayKeep,
} from '../contracts/cache.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { HttpResponse } from '../contracts/outcome.ts'
import type { FetchRequest } from '../contracts/request.ts'
import type { Database, Statement } from '../sqlite/database.ts'
import { inTransaction, numberFrom } from '../sqlite/query.ts'
import { failureFrom, fromRow, type Row, toRow } from './answer-row.ts'
import { cacheCorrupt, cacheFailed } from './cache-failure.ts'
import { keyOf, variantOf, varyingBy, whoAsks } from './key.ts'

export type { HttpCache, KeptResponse } from '../contracts/cache.ts'

/**
 * An HTTP cache in one SQLite file, one row per answer. Statements run on this thread: a row takes a fraction of a
 * millisecond, and a cache is for writing parsers, not for crawling the web. Bodies are (un)compressed off it.
 */
export interface HttpCacheOptions {
  /** Path of the file; it is made when missing, with its folder. */
  readonly to: string
  /** Milliseconds after which an answer is asked for again. Default: never. */
  readonly maxAge?: number
  /** Milliseconds for which a failure of the target (5xx) is told again instead of asking. Default 10 min; 0 keeps none. */
  readonly failureAge?: number
  /** Bytes that all answers may take; the oldest go first. Default: no limit. */
  readonly maxBytes?: number
  /** Dates what is kept. Default: the system's. */
  readonly clock?: Pick<Clock, 'wall'>
}

/**
 * Throws OPTION_INVALID, STATE_CORRUPT when the file is damaged or something else, STATE_VERSION when it is newer, and
 * STATE_FAILED when it cannot be opened. The methods reject with STATE_CORRUPT and STATE_FAILED.
 */
export async function createHttpCache(options: HttpCacheOptions): Promise<HttpCache> {
  const isUsable = isOptions(options) && options !== undefined && typeof options.to === 'string'
  assertArgument(isUsable, 'createHttpCache()', 'options', 'an object such as { to: "cache.db" }', options)
  assertPositive('maxAge', options.maxAge)
  assertPositive('maxBytes', options.maxBytes)
  if (options.failureAge !== 0) assertPositive('failureAge', options.failureAge)
  // Loaded at need: it loads SQLite.
  const { openCacheFile } = await import('./cache-file.ts')
  return new SqliteHttpCache(options, await openCacheFile(options.to))
}

interface FoundRow extends Row {
  readonly vary: string
  readonly variant: string
}

class SqliteHttpCache implements HttpCache {
  readonly #path: string
  readonly #clock: Pick<Clock, 'wall'>
  readonly #maxAge: number
  readonly #failureAge: number
  readonly #maxBytes: number
  readonly #database: Database
  readonly #find: Statement
  readonly #keep: Statement
  readonly #findFailure: Statement
  readonly #keepFailure: Statement
  readonly #underWay = new Set<Promise<void>>()
  /** Bytes of all rows, as far as this process knows. */
  #size: number
  #isClosed = false

  constructor(options: HttpCacheOptions, database: Database) {
    const { to, clock = systemClock, maxAge = Infinity, failureAge = 600_000, maxBytes = Infinity } = options
    this.#path = to
    this.#clock = clock
    this.#maxAge = maxAge
    this.#failureAge = failureAge
    this.#maxBytes = maxBytes
    this.#database = database
    try {
      this.#find = database.prepare(
        'SELECT vary, variant, meta, body, packed, length, kept_at FROM kept WHERE key = ? ORDER BY kept_at DESC',
      )
      this.#keep = database.prepare(
        'INSERT OR REPLACE INTO kept (key, vary, variant, url, meta, packed, length, kept_at, size, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      )
      this.#findFailure = database.prepare('SELECT meta, kept_at FROM failed WHERE key = ? AND variant = ?')
      this.#keepFailure = database.prepare(
        'INSERT OR REPLACE INTO failed (key, variant, url, meta, kept_at) VALUES (?, ?, ?, ?, ?)',
      )
      this.#size = maxBytes === Infinity ? 0 : this.#measure()
    } catch (error) {
      database.close()
      throw cacheFailed(to, error)
    }
  }

  async get(request: FetchRequest): Promise<KeptResponse | undefined> {
    if (this.#isClosed) return undefined
    const rows = this.#run(() => this.#find.all(keyOf(request))) as unknown as FoundRow[]
    const oldest = this.#clock.wall() - this.#maxAge
    const row = rows.find(
      ({ vary, variant, kept_at }) => kept_at >= oldest && variant === variantOf(request, vary.split(',')),
    )
    if (!row) return undefined
    const response = await fromRow(row)
    if (!response) throw cacheCorrupt(this.#path)
    return response
  }

  put(request: FetchRequest, response: HttpResponse): Promise<void> {
    if (this.#isClosed || !mayKeep(request, response)) return Promise.resolve()
    const keeping = this.#put(request, response)
    const ended = keeping.then(
      () => {},
      () => {},
    )
    this.#underWay.add(ended)
    void ended.then(() => this.#underWay.delete(ended))
    return keeping
  }

  async failure(request: FetchRequest, { anyAge = false } = {}): Promise<KeptFailure | undefined> {
    if (this.#isClosed) return undefined
    const row = this.#run(() => this.#findFailure.get(keyOf(request), variantOf(request, whoAsks)))
    if (!row) return undefined
    const keptAt = Number(row.kept_at)
    if (!anyAge && keptAt < this.#clock.wall() - this.#failureAge) return undefined
    const failure = failureFrom(String(row.meta))
    if (!failure) throw cacheCorrupt(this.#path)
    return { ...failure, keptAt }
  }

  async putFailure(request: FetchRequest, failure: FailedAnswer): Promise<void> {
    if (this.#isClosed || this.#failureAge === 0) return
    const row = [keyOf(request), variantOf(request, whoAsks), request.url, JSON.stringify(failure)]
    this.#run(() => this.#keepFailure.run(...row, this.#clock.wall()))
  }

  /** Resolves when what is under way is kept. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await Promise.all(this.#underWay)
    this.#database.close()
  }

  async #put(request: FetchRequest, response: HttpResponse): Promise<void> {
    const { meta, body, packed, length, kept_at } = await toRow(response, this.#clock.wall())
    const names = varyingBy(response.headers)
    const size = body.length + meta.length + request.url.length
    this.#run(() =>
      this.#keep.run(
        keyOf(request),
        names.join(','),
        variantOf(request, names),
        request.url,
        meta,
        packed,
        length,
        kept_at,
        size,
        body,
      ),
    )
    this.#size += size
    if (this.#size > this.#maxBytes) this.#run(() => this.#shrink())
  }

  /** Deletes the oldest until a tenth is free, so that not every answer has to. */
  #shrink(): void {
    const database = this.#database
    this.#size = inTransaction(database, () => {
      // Measured again: the other process may have written, and a row that was replaced was counted twice.
      let size = this.#measure()
      if (size <= this.#maxBytes) return size
      const remove = database.prepare('DELETE FROM kept WHERE rowid = ?')
      const oldest = database.prepare('SELECT rowid, size FROM kept ORDER BY kept_at, rowid LIMIT 100')
      while (size > this.#maxBytes * 0.9) {
        const rows = oldest.all()
        if (rows.length === 0) break
        for (const row of rows) {
          if (size <= this.#maxBytes * 0.9) break
          remove.run(row.rowid!)
          size -= Number(row.size)
        }
      }
      return size
    })
    database.prepare('PRAGMA incremental_vacuum').all()
  }

  #measure(): number {
    return numberFrom(this.#database, 'SELECT total(size) FROM kept')
  }

  #run<Result>(work: () => Result): Result {
    try {
      return work()
    } catch (error) {
      throw cacheFailed(this.#path, error)
    }
  }
}

function assertPositive(name: string, value: number | undefined): void {
  if (value === undefined || (Number.isFinite(value) && value > 0)) return
  throw new RegattaError(
    'OPTION_INVALID',
    `Option "cache.${name}": expected a number above 0 (got ${JSON.stringify(value)}).`,
    { value: { path: `cache.${name}`, value } },
  )
}
