import { createHash } from 'node:crypto'
import { Writable } from 'node:stream'
import { BodyFile, tailLength } from './body-file.ts'
import type { BodyFolder, NewFile } from './body-folder.ts'
import { codeOf, Failure, localFailure } from './step-failure.ts'

/** What classifiers read of a body, in bytes. */
export const headLength = 64 * 1024
/** Bytes that may wait for the disk before the sender has to. */
const backlog = 1024 * 1024

/**
 * The end of the line for a large body: bytes onto a file, and on the way their digest, the first and the last of them.
 * Whatever ends it before its last byte removes the file.
 */
export class BodyWriter extends Writable {
  /** Why it broke, if the disk did it. */
  failure: Failure | undefined
  whole: { readonly head: Uint8Array; readonly file: BodyFile } | undefined
  readonly #folder: BodyFolder
  readonly #hash = createHash('sha256')
  #opened: { readonly path: string; readonly file: NewFile } | undefined
  #isOpen = false
  #size = 0
  #head = Buffer.alloc(0)
  #tail = Buffer.alloc(0)

  constructor(folder: BodyFolder) {
    super({ highWaterMark: backlog })
    this.#folder = folder
    // Once it is destroyed nobody listens any more, and an error that nobody hears would end the process.
    this.on('error', () => {})
    // From the first moment on: between two steps it has nothing under way, and still has a file to remove.
    void folder.track(new Promise<void>((resolve) => this.once('close', () => resolve())))
  }

  override _construct(callback: Callback): void {
    const opening = this.#folder.create().then((opened) => {
      this.#opened = opened
      this.#isOpen = true
    })
    this.#answer(opening, callback)
  }

  override _write(chunk: Buffer, _: BufferEncoding, callback: Callback): void {
    this.#answer(this.#put(chunk), callback)
  }

  override _writev(chunks: { chunk: Buffer }[], callback: Callback): void {
    this.#answer(this.#put(Buffer.concat(chunks.map(({ chunk }) => chunk))), callback)
  }

  override _final(callback: Callback): void {
    const closing = this.#close().then(() => {
      const digest = this.#hash.digest('hex')
      const file = new BodyFile(this.#folder, {
        path: this.#opened!.path,
        size: this.#size,
        digest,
        tail: this.#tail,
      })
      this.whole = { head: this.#head, file }
    })
    this.#answer(closing, callback)
  }

  override _destroy(error: Error | null, callback: Callback): void {
    const path = this.#opened?.path
    if (this.whole || path === undefined) return callback(error)
    const removing = this.#close()
      .catch(() => {})
      .then(() => this.#folder.remove(path))
    this.#folder.track(removing).then(() => callback(error))
  }

  #answer(work: Promise<void>, callback: Callback): void {
    this.#folder.track(work).then(
      () => callback(),
      (error: Error) => {
        this.failure = diskFailure(error)
        callback(error)
      },
    )
  }

  async #put(bytes: Buffer): Promise<void> {
    const { file } = this.#opened!
    this.#hash.update(bytes)
    this.#size += bytes.length
    if (this.#head.length < headLength) {
      this.#head = Buffer.concat([this.#head, bytes.subarray(0, headLength - this.#head.length)])
    }
    this.#tail = Buffer.concat([this.#tail, bytes.subarray(-tailLength)]).subarray(-tailLength)
    let written = 0
    while (written < bytes.length) {
      written += (await file.write(bytes, written, bytes.length - written)).bytesWritten
    }
  }

  async #close(): Promise<void> {
    if (!this.#isOpen) return
    this.#isOpen = false
    await this.#opened!.file.close()
  }
}

type Callback = (error?: Error | null) => void

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk for large bodies is full',
  EDQUOT: 'The quota of the disk for large bodies is used up',
  EROFS: 'The disk for large bodies is read-only',
  EACCES: 'The folder for large bodies may not be written to',
  EPERM: 'The folder for large bodies may not be written to',
}

/** Our own disk: nobody else is to blame. */
function diskFailure(error: unknown): Failure {
  const code = codeOf(error)
  const reason = reasons[code] ?? 'The disk for large bodies fails'
  return (
    localFailure(code) ??
    new Failure(
      'local',
      'local-disk',
      `${reason} (${code || 'no code'}): make room there, or set "bodies.dir" to another folder.`,
    )
  )
}
