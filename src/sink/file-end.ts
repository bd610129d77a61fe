import type { OpenFile } from './file-target.ts'

/**
 * Looks at files: at their last line, which a crash may have torn, and whether they hold a certain text. A line is whole
 * when it has its end; one without is judged by its format.
 */
export interface LastLine {
  /** Byte at which it begins. */
  readonly start: number
  /** Whether nothing is missing but its end. One that is torn is cut off. */
  readonly isWhole: boolean
  /** What ends it, whole or not. */
  readonly end: string
}

const chunk = 65_536

/** The text behind the last line feed, and where it begins; undefined when there is none. */
export async function findUnendedLine(
  file: OpenFile,
  size: number,
): Promise<{ readonly start: number; readonly text: string } | undefined> {
  let tail = Buffer.alloc(0)
  for (let from = size; from > 0; ) {
    const start = Math.max(0, from - chunk)
    const part = await readBytes(file, start, from - start)
    const newline = part.lastIndexOf(0x0a)
    tail = Buffer.concat([part.subarray(newline + 1), tail])
    if (newline >= 0 && tail.length === 0) return undefined
    if (newline >= 0 || start === 0) return { start: start + newline + 1, text: tail.toString() }
    from = start
  }
  return undefined
}

/** How many of these bytes, from the first one on, the file holds at `from`. */
export async function countSame(file: OpenFile, from: number, bytes: Uint8Array): Promise<number> {
  let same = 0
  while (same < bytes.length) {
    const expected = bytes.subarray(same, same + chunk)
    const found = await readBytes(file, from + same, expected.length)
    if (found.length === 0) break
    if (!found.equals(expected.subarray(0, found.length))) {
      return same + found.findIndex((byte, at) => byte !== expected[at])
    }
    same += found.length
  }
  return same
}

/** The whole file from its beginning, in pieces that are good until the next one is asked for. */
export async function* piecesOf(file: OpenFile, size: number): AsyncGenerator<Uint8Array, void> {
  for (let from = 0; from < size; ) {
    const part = await readBytes(file, from, Math.min(chunk, size - from))
    if (part.length === 0) return
    yield part
    from += part.length
  }
}

export async function readBytes(file: OpenFile, start: number, length: number): Promise<Buffer<ArrayBuffer>> {
  const bytes = Buffer.alloc(length)
  const { bytesRead } = await file.read(bytes, 0, length, start)
  return bytes.subarray(0, bytesRead)
}
