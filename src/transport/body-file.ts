import { readFileSync } from 'node:fs'
import { constants, copyFile, link, open } from 'node:fs/promises'
import type { BodyFolder } from './body-folder.ts'

/**
 * A body that was too large for memory: decoded, complete, in a file of its own. It has a name while it lives, so that
 * saving a page is a second name for the same bytes and not a copy of them. A file that is unlinked as soon as it is
 * open would need no cleaning up after a kill -9, but no portable call gives it a name again; the folder looks after what
 * was left instead (body-folder.ts). The last to hold one removes it; the garbage collector is the last net.
 */
export class BodyFile {
  readonly path: string
  /** Bytes. */
  readonly size: number
  /** SHA-256, hex. */
  readonly digest: string
  /** The last bytes, at most `tailLength`. */
  readonly tail: Uint8Array
  readonly #folder: BodyFolder
  #removal: Promise<void> | undefined
  #hasLink = false

  constructor(folder: BodyFolder, parts: { path: string; size: number; digest: string; tail: Uint8Array }) {
    this.#folder = folder
    this.path = parts.path
    this.size = parts.size
    this.digest = parts.digest
    this.tail = parts.tail
    forgotten.register(this, () => void folder.remove(parts.path), this)
  }

  get isRemoved(): boolean {
    return this.#removal !== undefined
  }

  /**
   * The bytes from the beginning, read as they are asked for. No descriptor stays open between two reads, so a reader
   * that is dropped leaks none. `removes`: the file goes with its last byte, or when the stream is cancelled.
   */
  stream({ removes = false }: { removes?: boolean } = {}): ReadableStream<Uint8Array<ArrayBuffer>> {
    let at = 0
    const over = async () => {
      if (removes) await this.remove()
    }
    return new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        pull: async (controller) => {
          try {
            const chunk = await this.#read(at, Math.min(readLength, this.size - at))
            at += chunk.length
            controller.enqueue(chunk)
          } catch (error) {
            await over()
            throw error
          }
          if (at < this.size) return
          controller.close()
          await over()
        },
        cancel: over,
      },
      { highWaterMark: 0 },
    )
  }

  /** All of it, at once: for bodies that memory bears. */
  readSync(): Buffer<ArrayBuffer> {
    return readFileSync(this.path)
  }

  /**
   * Puts the bytes at a path where nothing is yet: a second name for the file, or a copy where it lies on another
   * device. Only one name is ever given away: two files of a user must not change together.
   */
  async putAt(path: string): Promise<void> {
    if (!this.#hasLink) {
      this.#hasLink = true
      try {
        return await link(this.path, path)
      } catch {
        // Another device, or a file system without links: a copy that fails too says why.
        this.#hasLink = false
      }
    }
    await copyFile(this.path, path, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
  }

  /** Removes it. Harmless when called again; never rejects. */
  remove(): Promise<void> {
    if (!this.#removal) {
      forgotten.unregister(this)
      this.#removal = this.#folder.remove(this.path)
    }
    return this.#removal
  }

  toJSON(): object {
    return { path: this.path, size: this.size, digest: this.digest }
  }

  async #read(position: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const handle = await open(this.path, 'r')
    try {
      const chunk = new Uint8Array(length)
      const { bytesRead } = await handle.read(chunk, 0, length, position)
      if (bytesRead === 0 && length > 0) throw new Error(`${this.path} was cut short by somebody else.`)
      return chunk.subarray(0, bytesRead)
    } finally {
      await handle.close()
    }
  }
}

const forgotten = new FinalizationRegistry((remove: () => void) => remove())
const readLength = 256 * 1024
export const tailLength = 4_096
