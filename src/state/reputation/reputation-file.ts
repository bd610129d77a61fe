import { open as openFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import { Timer, type Wheel } from '../../base/wheel.ts'
import { messageOf } from '../../contracts/errors.ts'
import type { Alert } from '../../contracts/events.ts'
import type { Database } from '../../sqlite/database.ts'
import { sqliteFailure } from '../../sqlite/result-codes.ts'
import { type Loaded, loadSnapshot, moveAside } from './load.ts'
import { Slices } from './slices.ts'
import type { ReputationSnapshot, SnapshotRecord } from './snapshot-record.ts'
import { writeTables } from './tables.ts'

/**
 * The snapshot on disk: read once, then written every few seconds while there is something new, and when everything has
 * ended. The new one goes to a file beside it, is forced to the disk and takes the old one's name, so the path always names
 * one whole snapshot. It is built in slices of a few milliseconds, and all writing together takes a fiftieth of the time at
 * most: what a crash loses is some seconds of statistics, which is not worth a stalled crawl.
 *
 * Nothing that goes wrong here ends a crawl. A file that cannot be understood is kept under another name, a file of a newer
 * version stays as it is and nothing is saved, a full disk is told once and tried again.
 */
export interface ReputationFileOptions {
  readonly clock: Clock
  readonly wheel: Wheel
  readonly alert: (alert: Alert) => void
  /** At least so long from one save to the next, ms. Default 5 s. */
  readonly pause?: number
  /** For tests that let the disk fail. */
  readonly wrap?: (database: Database) => Database
}

/** Where the records come from: the engine. */
export interface ReputationSource {
  /** Grows whenever there is something new to save. */
  readonly lessons: number
  records(): Iterable<SnapshotRecord>
}

/** From one save to the next at least, ms, and at least so many times what the last one cost. */
const usualPause = 5_000
const pauseShare = 50

/** Never rejects: what cannot be read is told as an alert, and the crawl starts cold. */
export async function openReputationFile(
  path: string,
  options: ReputationFileOptions,
): Promise<ReputationFile> {
  const { alert, clock } = options
  const loaded = await loadSnapshot(path, clock)
  switch (loaded.kind) {
    case 'absent':
      return new ReputationFile(path, options, undefined, true)
    case 'snapshot':
      return new ReputationFile(path, options, loaded, true)
    case 'newer': {
      const message = `${path} is of a newer Regatta (version ${loaded.version}): it is left as it is, and what is learned now is not saved.`
      alert({ code: 'STATE_VERSION', message })
      return new ReputationFile(path, options, undefined, false)
    }
    case 'unreadable': {
      const message = `${loaded.path} cannot be read (${loaded.reason}): the proxies start unknown, and what is learned now is not saved.`
      alert({ code: 'STATE_FAILED', message })
      return new ReputationFile(path, options, undefined, false)
    }
    case 'corrupt':
      return new ReputationFile(path, options, undefined, await setAside(loaded, alert))
  }
}

/** Whether the path is free again. */
async function setAside(
  { path, reason }: Extract<Loaded, { kind: 'corrupt' }>,
  alert: (alert: Alert) => void,
): Promise<boolean> {
  const wrong = `${path} is not a whole snapshot (${reason}): the proxies start unknown.`
  try {
    alert({ code: 'STATE_CORRUPT', message: `${wrong} It is kept as ${await moveAside(path)}.` })
    return true
  } catch (error) {
    const message = `${wrong} It cannot be renamed (${messageOf(error)}), so what is learned now is not saved.`
    alert({ code: 'STATE_CORRUPT', message })
    return false
  }
}

export class ReputationFile {
  /** What was read; undefined when there was nothing, or nothing usable. */
  readonly snapshot: ReputationSnapshot | undefined
  readonly #path: string
  readonly #options: ReputationFileOptions
  readonly #timer: Timer
  readonly #maySave: boolean
  /** What an earlier version wrote and was read: gone when there is a file of this one. */
  #outdated: string | undefined
  #source: ReputationSource | undefined
  #saved = 0
  #saving: Promise<void> | undefined
  #isClosed = false
  /** A save has failed since the last good one, and it was told. */
  #isFailing = false

  constructor(
    path: string,
    options: ReputationFileOptions,
    loaded: Extract<Loaded, { kind: 'snapshot' }> | undefined,
    maySave: boolean,
  ) {
    this.#path = path
    this.#options = options
    this.snapshot = loaded?.snapshot
    if (loaded && loaded.path !== path) this.#outdated = loaded.path
    this.#maySave = maySave
    this.#timer = new Timer(() => this.#due())
  }

  /** Saves from now on what `source` learns. */
  follow(source: ReputationSource): void {
    this.#source = source
    this.#saved = source.lessons
    if (this.#maySave && !this.#isClosed) this.#arm(this.#pause)
  }

  /** Saves a last time, if anything was learned: call it when nothing is sent any more and before the engine closes. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#options.wheel.disarm(this.#timer)
    await this.#saving
    // Also without news: that nothing was sent after it is worth saying.
    if (this.#maySave && this.#source && this.#source.lessons > 0) await this.#save(this.#source, true)
  }

  get #pause(): number {
    return this.#options.pause ?? usualPause
  }

  #arm(ms: number): void {
    this.#options.wheel.arm(this.#timer, this.#options.clock.now() + ms)
  }

  #due(): void {
    const source = this.#source
    if (!source || this.#isClosed) return
    if (source.lessons === this.#saved) return this.#arm(this.#pause)
    const begun = this.#options.clock.now()
    this.#saving = this.#save(source, false).then((busy) => {
      this.#saving = undefined
      const took = this.#options.clock.now() - begun
      if (!this.#isClosed) this.#arm(Math.max(this.#pause - took, busy * pauseShare))
    })
  }

  /** Resolves with the time that it kept the event loop, ms, whatever became of it. */
  async #save(source: ReputationSource, isFinal: boolean): Promise<number> {
    const { alert, clock, wrap } = this.#options
    const { lessons } = source
    const slices = new Slices(clock)
    const temporary = `${this.#path}.tmp`
    try {
      const snapshot = { at: clock.wall(), isFinal, records: source.records() }
      await writeTables(temporary, snapshot, slices, wrap)
      await rename(temporary, this.#path)
      await syncFolder(this.#path)
      if (this.#outdated !== undefined) await rm(this.#outdated, { force: true })
      this.#outdated = undefined
      this.#saved = lessons
      this.#isFailing = false
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {})
      if (!this.#isFailing) {
        const message = `What is known of the proxies cannot be saved to ${this.#path} (${reasonOf(error)}); it is tried again every few seconds, and the crawl goes on.`
        alert({ code: 'STATE_FAILED', message })
      }
      this.#isFailing = true
    }
    return slices.busy
  }
}

function reasonOf(error: unknown): string {
  const failure = sqliteFailure(error)
  return failure ? `${failure.what}, ${failure.errno}` : messageOf(error)
}

/** Makes the new name outlive a power cut. Not every system lets a folder be opened. */
async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await openFile(dirname(path), 'r')
    await folder.sync().finally(() => folder.close())
  } catch {
    // The snapshot is whole either way.
  }
}
