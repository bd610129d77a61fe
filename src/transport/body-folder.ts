import { mkdir, mkdtemp, open, readdir, rm, rmdir, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lockOwner, type OwnerLock } from './body-owner.ts'
import { codeOf } from './step-failure.ts'

/**
 * The folder of one transport for bodies that do not fit in memory: made when the first one comes, gone when the transport
 * is closed and the last one is removed. A process that was killed leaves its folder behind, and the lock in it falls to
 * the system: the next transport finds the folders that nobody holds and removes them. Files without a name (unlinked as
 * soon as they are open) would need none of this, but then saving a page would always be a copy.
 */
export interface BodyFolderOptions {
  /** Where the folder is made. Default: the system's folder for temporary files. */
  readonly dir?: string | undefined
  /** Creates a file for writing; the default is the file system's. For faulty disks. */
  readonly openFile?: ((path: string) => Promise<NewFile>) | undefined
}

/** The part of node's FileHandle that is used. */
export interface NewFile {
  write(bytes: Uint8Array, offset: number, length: number): Promise<{ bytesWritten: number }>
  close(): Promise<void>
}

const prefix = 'regatta-bodies-'
const tries = 3

export class BodyFolder {
  readonly #root: string
  readonly #openFile: (path: string) => Promise<NewFile>
  readonly #busy = new Set<Promise<unknown>>()
  readonly #files = new Set<string>()
  #made: Promise<{ path: string; lock: OwnerLock }> | undefined
  #count = 0
  #isClosed = false

  constructor(options: BodyFolderOptions = {}) {
    this.#root = options.dir ?? tmpdir()
    this.#openFile = options.openFile ?? openNew
    void this.track(this.#sweep())
  }

  /** A new file. Rejects with the system's error. */
  async create(): Promise<{ readonly path: string; readonly file: NewFile }> {
    for (let left = tries - 1; ; left--) {
      this.#made ??= this.#make()
      const made = this.#made
      try {
        const path = join((await made).path, String(++this.#count))
        const file = await this.#openFile(path)
        this.#files.add(path)
        return { path, file }
      } catch (error) {
        // Somebody has tidied up: a new one, unless that fails too.
        if (this.#made === made) this.#made = undefined
        if (codeOf(error) !== 'ENOENT' || left === 0) throw error
        made.then(
          ({ lock }) => lock.release(),
          () => {},
        )
      }
    }
  }

  /** Never rejects. */
  remove(path: string): Promise<void> {
    const removed = async () => {
      await unlink(path).catch(() => {})
      this.#files.delete(path)
      if (this.#isClosed) await this.#leave()
    }
    return this.track(removed())
  }

  /** Work on files that `close` waits for. */
  track<T>(work: Promise<T>): Promise<T> {
    this.#busy.add(work)
    const done = () => this.#busy.delete(work)
    work.then(done, done)
    return work
  }

  /** Resolves when nothing is written or removed any more. Bodies that were handed over stay, and the folder with them. */
  async close(): Promise<void> {
    this.#isClosed = true
    while (this.#busy.size > 0) await Promise.allSettled(this.#busy)
    await this.#leave()
  }

  async #make(): Promise<{ path: string; lock: OwnerLock }> {
    await mkdir(this.#root, { recursive: true })
    const path = await mkdtemp(join(this.#root, prefix))
    const lock = await lockOwner(path)
    if (!lock) throw Object.assign(new Error(`${path} was taken away.`), { code: 'ENOENT' })
    return { path, lock }
  }

  async #leave(): Promise<void> {
    if (this.#files.size > 0) return
    const made = this.#made
    this.#made = undefined
    const folder = await made?.catch(() => undefined)
    if (!folder) return
    folder.lock.release()
    await rm(folder.path, { recursive: true, force: true }).catch(() => {})
  }

  /** Removes what processes have left that are no more. */
  async #sweep(): Promise<void> {
    const names = await readdir(this.#root).catch(() => [])
    for (const name of names) {
      if (!name.startsWith(prefix)) continue
      const path = join(this.#root, name)
      // One without a lock is being made just now, or is empty.
      if (
        await rmdir(path).then(
          () => true,
          () => false,
        )
      )
        continue
      const lock = await lockOwner(path, { create: false }).catch(() => undefined)
      if (!lock) continue
      lock.release()
      await rm(path, { recursive: true, force: true }).catch(() => {})
    }
  }
}

function openNew(path: string): Promise<NewFile> {
  return open(path, 'wx')
}
