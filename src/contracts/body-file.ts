/**
 * A body that was too large for memory: decoded, complete, in a file of its own. The one who is handed it removes it; the
 * trap is that what is read later than that is gone.
 */
export interface BodyFile {
  /** Where it is. */
  readonly path: string
  /** Bytes. */
  readonly size: number
  /** SHA-256, hex. */
  readonly digest: string
  /** The last bytes, at most 4 KiB. */
  readonly tail: Uint8Array
  /** Whether it is gone. */
  readonly isRemoved: boolean
  /** The bytes from the beginning, read as they are asked for. `removes`: the file goes with its last byte or a cancel. */
  stream(options?: { removes?: boolean }): ReadableStream<Uint8Array<ArrayBuffer>>
  /** All of it, at once: for bodies that memory bears. */
  readSync(): Buffer<ArrayBuffer>
  /** Puts the bytes at a path where nothing is yet. */
  putAt(path: string): Promise<void>
  /** Removes it. Harmless when called again; never rejects. */
  remove(): Promise<void>
}
