import { finished, pipeline, Transform, type Writable } from 'node:stream'
import type { BodyFile } from '../contracts/body-file.ts'
import type { BodyFolder } from './body-folder.ts'
import { BodyWriter } from './body-writer.ts'
import { type Coding, decodeBomb, decodeFailed } from './decode.ts'
import { Failure } from './step-failure.ts'

/**
 * A body on its way to the disk: decoded as it comes, counted behind every coding, written. Memory holds what waits
 * between two steps and no more, however long the body: `write` answers false when the sender should wait for `onDrain`.
 */
export interface SpillOptions {
  readonly folder: BodyFolder
  /** Codings to undo, outermost first. */
  readonly codings: readonly Coding[]
  /** Bytes that may come out of each of them. */
  readonly limit: number
  onDrain?(): void
  /** It broke before its end. Called once at most, and not after `discard` or once `end` was called. */
  onBroken?(failure: Failure): void
}

export interface SpilledBody {
  readonly head: Uint8Array
  readonly file: BodyFile
}

export class BodySpill {
  readonly #options: SpillOptions
  readonly #writer: BodyWriter
  readonly #caps: Cap[] = []
  #first: Writable | undefined
  #done: ((result: SpilledBody | Failure) => void) | undefined
  #result: SpilledBody | Failure | undefined
  #isOver = false

  constructor(options: SpillOptions) {
    this.#options = options
    this.#writer = new BodyWriter(options.folder)
  }

  /** Whether the next chunk may come at once. */
  write(chunk: Uint8Array): boolean {
    if (this.#isOver || this.#result) return true
    this.#first ??= this.#connect(chunk)
    return this.#first.write(chunk)
  }

  /** There is no more: `done` is called once, later, unless it is discarded before. */
  end(done: (result: SpilledBody | Failure) => void): void {
    this.#done = done
    if (this.#result) this.#tell()
    else (this.#first ?? this.#connect(Buffer.alloc(0))).end()
  }

  /** Nobody wants it any more: the file goes, whether it is whole or not. */
  discard(): void {
    if (this.#isOver) return
    this.#isOver = true
    if (this.#result && !(this.#result instanceof Failure)) void this.#result.file.remove()
    else (this.#first ?? this.#writer).destroy()
  }

  #connect(start: Uint8Array): Writable {
    const { codings, limit } = this.#options
    const stages: (Transform | BodyWriter)[] = []
    for (const [index, coding] of codings.entries()) {
      const cap = new Cap(limit)
      this.#caps.push(cap)
      stages.push(coding.open(index === 0 ? start : undefined), cap)
    }
    stages.push(this.#writer)
    const over = (error?: Error | null) => this.#over(error)
    if (stages.length === 1) finished(this.#writer, over)
    else pipeline(stages, over)
    const first = stages[0]!
    first.on('drain', () => {
      if (!this.#isOver) this.#options.onDrain?.()
    })
    return first
  }

  #over(error: Error | null | undefined): void {
    const { whole } = this.#writer
    if (this.#isOver) {
      if (whole) void whole.file.remove()
      return
    }
    this.#result = !error && whole ? whole : this.#failureOf(error)
    if (this.#done) this.#tell()
    else if (this.#result instanceof Failure) this.#options.onBroken?.(this.#result)
  }

  #failureOf(error: Error | null | undefined): Failure {
    if (this.#writer.failure) return this.#writer.failure
    const { limit } = this.#options
    if (this.#caps.some((cap) => cap.isExceeded)) return decodeBomb(limit)
    return decodeFailed(error)
  }

  #tell(): void {
    queueMicrotask(() => {
      if (this.#isOver) return
      this.#isOver = true
      this.#done!(this.#result!)
    })
  }
}

/** Lets so many bytes pass. */
class Cap extends Transform {
  isExceeded = false
  #left: number

  constructor(limit: number) {
    super({ highWaterMark: 256 * 1024 })
    this.#left = limit
  }

  override _transform(
    chunk: Buffer,
    _: BufferEncoding,
    callback: (error?: Error, chunk?: Buffer) => void,
  ): void {
    this.#left -= chunk.length
    if (this.#left >= 0) return callback(undefined, chunk)
    this.isExceeded = true
    callback(new Error('The cap is exceeded.'))
  }
}
