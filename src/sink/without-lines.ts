import type { Retraction } from '../contracts/sink.ts'
import { digestOfJson } from './digest.ts'
import { type Kept, wasKept, withKind } from './item-kind.ts'

/**
 * A file of lines without those that are taken back. A line is known by the digest of its JSON, and nobody wrote down where
 * it stands: of lines that are the same the first ones go, which leaves the same lines whichever were meant.
 */
export class WrongLines {
  readonly #left = new Map<string, number>()
  /** Which records the file holds. */
  readonly #which: Kept

  constructor(retractions: readonly Retraction[], which: Kept) {
    this.#which = which
    for (const each of retractions) {
      if (wasKept(which, each)) this.#left.set(each.digest, (this.#left.get(each.digest) ?? 0) + 1)
    }
  }

  /** Those that were not found yet. */
  get count(): number {
    return [...this.#left.values()].reduce((sum, count) => sum + count, 0)
  }

  /** Whether this line, without its end, is one of them. Each is asked about once. */
  take(line: Buffer): boolean {
    if (this.#left.size === 0) return false
    return this.#candidates(line).some((digest) => this.#takeDigest(digest))
  }

  #candidates(line: Buffer): string[] {
    const { kind, itemKind } = this.#which
    if (kind === 'edge') return [digestOfJson('edge', line)]
    if (itemKind !== undefined) return [digestOfJson('item', withKind(line.toString(), itemKind))]
    const item = digestOfJson('item', line)
    const isMarked = kind === undefined && line.subarray(0, marker.length).equals(marker)
    return isMarked ? [digestOfJson('edge', line.subarray(marker.length, -1)), item] : [item]
  }

  #takeDigest(digest: string): boolean {
    const left = this.#left.get(digest)
    if (left === undefined) return false
    if (left === 1) this.#left.delete(digest)
    else this.#left.set(digest, left - 1)
    return true
  }
}

const marker = Buffer.from('{"$edge":')

/** The lines, each with its end; the last one may have none. */
export async function* linesOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void> {
  let begun: Buffer[] = []
  for await (const piece of pieces) {
    let bytes = Buffer.from(piece)
    for (let end = bytes.indexOf(lineFeed); end >= 0; end = bytes.indexOf(lineFeed)) {
      yield Buffer.concat([...begun, bytes.subarray(0, end + 1)])
      begun = []
      bytes = bytes.subarray(end + 1)
    }
    if (bytes.length > 0) begun.push(bytes)
  }
  if (begun.length > 0) yield Buffer.concat(begun)
}

const lineFeed = 0x0a

/** A line without its end. */
export function bare(line: Buffer): Buffer {
  let end = line.length
  while (end > 0 && (line[end - 1] === lineFeed || line[end - 1] === 0x0d)) end--
  return line.subarray(0, end)
}

/** Lines of JSON without the wrong ones. */
export async function* withoutLines(
  pieces: AsyncIterable<Uint8Array>,
  wrong: WrongLines,
): AsyncGenerator<Uint8Array, void> {
  for await (const line of linesOf(pieces)) if (!wrong.take(bare(line))) yield line
}

/**
 * An array of JSON, an element a line and without its end, without the wrong ones. Nothing follows the last element, so the
 * comma of the one before goes with it.
 */
export async function* withoutElements(
  pieces: AsyncIterable<Uint8Array>,
  wrong: WrongLines,
): AsyncGenerator<Uint8Array, void> {
  let before: Buffer | undefined
  let isLastGone = false
  for await (const line of linesOf(pieces)) {
    const text = bare(line)
    isLastGone = wrong.take(text.at(-1) === comma ? text.subarray(0, -1) : text)
    if (isLastGone) continue
    if (before) yield before
    before = line
  }
  if (!before) return
  const text = bare(before)
  yield isLastGone && text.at(-1) === comma ? text.subarray(0, -1) : isLastGone ? text : before
}

const comma = 0x2c
