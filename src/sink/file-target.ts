import { open as openFile } from 'node:fs/promises'
import { countSame, findUnendedLine, type LastLine, piecesOf, readBytes } from './file-end.ts'
import { findMembersEnd, isGzipped, unzipBeginning, unzipped, zip, zipped } from './gzip.ts'
import { replaceFile } from './replace-file.ts'
import { asSinkFailure, sinkFailed } from './sink-failure.ts'
import type { Change, KeptTarget } from './text-target.ts'
import { takeFile } from './written-files.ts'

/**
 * Appends to a path. A regular file is cut back to its last good length when a write fails half-way, before anything
 * else is written: a rejected batch leaves no trace, so it can come again, even in another process. A pipe or a device
 * cannot be cut: there the rest of the torn text is remembered, and the next append completes it first, skipping the
 * text if it is the same. Writing to a second file and renaming was rejected: output must be readable while it grows.
 *
 * After a crash the file says itself how far it came: a text is deterministic, so what stands behind the place where it
 * began is a beginning of it, and only the rest is written. Opening changes nothing, because a torn line is needed for
 * that; it is repaired right before the first text that is not completed.
 *
 * A file has one writer. A second one of this process is refused; one of another process is noticed by the length of the
 * file, before each text and before anything is cut. What both write in the same moment is torn by neither, because the
 * system puts each text at the end (O_APPEND), wherever that is by then.
 */
export interface FileOptions {
  /** Forces each batch to the disk before its write resolves. Default false: a power cut may lose the latest batches. */
  readonly fsync?: boolean
  /** Opens the path for reading and writing, or for appending; the default is the file system's. For faulty disks. */
  readonly openFile?: (path: string, flags: string) => Promise<OpenFile>
  /** Judges a last line without an end, left by a crash. Default: it is whole, and a line feed ends it. */
  readonly findLastLine?: (file: OpenFile, size: number) => Promise<LastLine | undefined>
  /** What stands around the texts, for a file that is one value. Default: nothing. */
  readonly frame?: Frame
  /** Called once when the file was changed by others since a crash, so that an output may be there twice, or be lost. Default: nobody is told. */
  readonly onDoubt?: (message: string) => void
}

/**
 * A file that is whole only with its end, such as a JSON array. The end is written behind each text and cut off before the
 * next one, so that a reader finds a whole file whenever nobody writes.
 */
export interface Frame {
  /** What goes before a text that comes after this character, '' in an empty file. ASCII. */
  begin(before: string): string
  /** What the file ends with. ASCII. */
  readonly end: string
  /** Bytes that are whole, without the end. */
  findEnd(file: OpenFile, size: number): Promise<number>
}

/** The part of node's FileHandle that is used. */
export interface OpenFile {
  /** Writes bytes at a position; null is the end. */
  write(
    bytes: Uint8Array,
    offset: number,
    length: number,
    position: number | null,
  ): Promise<{ bytesWritten: number }>
  /** Reads bytes from a position. */
  read(bytes: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesRead: number }>
  /** Cuts the file to this many bytes. */
  truncate(length: number): Promise<void>
  /** Forces what was written to the disk. */
  datasync(): Promise<void>
  /** How long it is, in bytes, and what kind of file. */
  stat(): Promise<{ readonly size: number; isFile(): boolean; isDirectory(): boolean }>
  /** Closes it. */
  close(): Promise<void>
}

export function createFileTarget(path: string, options: FileOptions = {}): KeptTarget {
  const { openFile: open = openFile, findLastLine = findPlainLine, frame } = options
  const isGzip = isGzipped(path)
  const encode = (text: string) => (isGzip ? zip(text) : Buffer.from(text))
  const end = frame ? encode(frame.end) : Buffer.alloc(0)
  let file: OpenFile | undefined
  let isRegular = false
  /** Length of the file that is known to be whole. */
  let good = 0
  /** Length with what is there of a text that failed, or is being written. */
  let reach = 0
  /** Whether `good` is known: the end of the file was looked at, and repaired. */
  let isRepaired = false
  /** Something else stands where our text should: what is torn there is not ours to cut. */
  let isForeign = false
  let isDoubtTold = false
  /** A pipe has got the beginning of its frame. */
  let isBegun = false
  /** Lets others of this process write to the file. */
  let giveBack: (() => void) | undefined
  /** What a pipe still has to get of a text that failed. */
  let torn: { text: string; rest: Uint8Array } | undefined

  function opened(): OpenFile {
    if (!file) throw Object.assign(new Error('the file is not open'), { code: 'EBADF' })
    return file
  }

  const failed = (error: unknown) => asSinkFailure(path, error)
  const refused = (why: string) => sinkFailed(path, new Error(why), { isPermanent: true })

  async function write(handle: OpenFile, bytes: Uint8Array): Promise<void> {
    let written = 0
    try {
      while (written < bytes.length) {
        const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, null)
        written += bytesWritten
        reach += bytesWritten
      }
    } finally {
      if (torn) torn.rest = bytes.subarray(written)
    }
  }

  /** Cuts off what a failed text has left. Fails if somebody else has written, and leaves everything as it is. */
  async function cut(handle: OpenFile): Promise<void> {
    const { size } = await handle.stat()
    if (size < good || size > reach) throw refused(lengthsOf(size, good))
    if (size > good) await handle.truncate(good)
    reach = good
  }

  /** Ends or cuts off a last line without an end. */
  async function repair(handle: OpenFile): Promise<void> {
    const { size } = await handle.stat()
    if (frame || isGzip) {
      good = size === 0 ? 0 : await (isGzip ? findZippedEnd(handle, size) : frame!.findEnd(handle, size))
      reach = size
      isRepaired = true
      return
    }
    const line = await findLastLine(handle, size)
    good = size
    reach = size
    if (line && !line.isWhole && !isForeign) {
      await cut(handle) // nothing yet: a line that grows was not torn by a crash
      await handle.truncate(line.start)
      good = line.start
    } else if (line) {
      const end = Buffer.from(line.end)
      await write(handle, end)
      good += end.length
    }
    reach = good
    isRepaired = true
  }

  async function appendToRegular(handle: OpenFile, text: string): Promise<void> {
    if (!isRepaired) await repair(handle)
    const framed = await framedAt(handle, text, good)
    await cut(handle)
    try {
      await write(handle, framed)
      if (options.fsync) await handle.datasync()
    } catch (error) {
      // Cut at once, so that a reader sees whole lines; if that fails too, the next append tries again.
      await cut(handle)
        .then(() => (good > 0 ? write(handle, end) : undefined))
        .catch(() => undefined)
      throw error
    }
    good = reach - end.length
  }

  /** A text with what goes before and behind it, when it begins at `place`. */
  async function framedAt(handle: OpenFile, text: string, place: number): Promise<Buffer> {
    if (!frame) return encode(text)
    const before = place === 0 ? '' : await characterBefore(handle, place, frame)
    return Buffer.concat([encode(`${frame.begin(before)}${text}`), end])
  }

  async function characterBefore(handle: OpenFile, place: number, { begin }: Frame): Promise<string> {
    if (!isGzip) return (await readBytes(handle, place - 1, 1)).toString('latin1')
    const first = begin('').trim()
    return place === encode(first).length ? first : ''.padEnd(1)
  }

  async function findZippedEnd(handle: OpenFile, size: number): Promise<number> {
    const members = await findMembersEnd(handle, size)
    const isEnded = end.length > 0 && (await countSame(handle, members - end.length, end)) === end.length
    return isEnded ? members - end.length : members
  }

  async function appendToPipe(handle: OpenFile, text: string): Promise<void> {
    const before = torn
    if (before && before.rest.length < encode(before.text).length) {
      await write(handle, before.rest)
      torn = undefined
      if (before.text === text) return
    }
    torn = { text, rest: encode(text) }
    await write(handle, torn.rest)
    torn = undefined
  }

  /** Why what stands from `place` on cannot be a beginning of the text; else writes what is missing of it. */
  async function completeRegular(
    handle: OpenFile,
    bytes: Uint8Array,
    place: number,
  ): Promise<string | undefined> {
    isRepaired = false
    const { size } = await handle.stat()
    if (size < place) return `it has ${size} bytes, and had ${place}`
    let same = await countSame(handle, place, bytes)
    if (same < Math.min(bytes.length, size - place)) {
      const empty = place === 0 && frame ? emptyFrame(frame) : end
      const isEnd = size - place <= empty.length && (await countSame(handle, place, empty)) === size - place
      if (!isEnd) return `others wrote to it after byte ${place}`
      await handle.truncate(place)
      same = 0
    }
    good = place + same
    try {
      await write(handle, bytes.subarray(same))
      if (options.fsync) await handle.datasync()
      good = place + bytes.length
    } finally {
      reach = good // if it fails, what is there of it is not cut but completed
    }
    isForeign = good < size
    good -= end.length
    isRepaired = !isForeign
    return undefined
  }

  const emptyFrame = ({ begin }: Frame) => Buffer.concat([encode(begin('').trim()), end])

  /** Leaves a file that is whole, also when nothing was written. */
  async function endFrame(handle: OpenFile): Promise<void> {
    if (!frame) return
    if (!isRegular) return write(handle, isBegun ? end : emptyFrame(frame))
    if (!isRepaired && (await handle.stat()).size > 0) return // nothing was written
    if (reach === good + end.length && good > 0) return
    await cut(handle)
    await write(handle, good > 0 ? end : emptyFrame(frame))
  }

  async function rewrite(change: Change): Promise<boolean> {
    if (!isRegular) return false
    try {
      const handle = opened()
      if (!isRepaired) await repair(handle)
      await cut(handle)
      if (good === 0) return true
      const pieces = piecesOf(handle, good)
      const changed = isGzip ? zipped(change(unzipped(pieces))) : change(pieces)
      await replaceFile(path, withEnd(changed))
      file = await openForAppending(path, open)
      await handle.close()
      reach = (await file.stat()).size
      good = Math.max(0, reach - end.length)
      return true
    } catch (error) {
      throw failed(error)
    }
  }

  /** A reader finds a whole file. */
  async function* withEnd(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
    yield* pieces
    if (end.length > 0) yield end
  }

  function tellDoubt(why: string): void {
    isForeign = true
    if (isDoubtTold) return
    isDoubtTold = true
    options.onDoubt?.(
      `${path} is not as the crawl left it: ${why}. What was being written then is added at its end, and may be there twice.`,
    )
  }

  return {
    name: path,
    async open() {
      let opening: OpenFile | undefined
      let end: typeof giveBack
      try {
        opening = await openForAppending(path, open)
        const stat = await opening.stat()
        if (stat.isFile()) {
          end = await takeFile(path)
          if (!end) throw refused(takenByUs)
        }
        const size = stat.isFile() ? Math.min(65_536, stat.size) : 0
        const bytes = await readBytes(opening, 0, size)
        const beginning = isGzip && size > 0 ? unzipBeginning(bytes).slice(0, 65_536) : bytes.toString()
        isRegular = stat.isFile()
        isRepaired = !isRegular
        reach = good
        file = opening
        giveBack = end
        return beginning
      } catch (error) {
        await opening?.close().catch(() => undefined)
        end?.()
        throw failed(error)
      }
    },
    async append(text) {
      try {
        const handle = opened()
        if (isRegular) return await appendToRegular(handle, text)
        await appendToPipe(handle, `${frame?.begin(isBegun ? 'x' : '') ?? ''}${text}`)
        isBegun = true
      } catch (error) {
        throw failed(error)
      }
    },
    async place() {
      try {
        if (!isRepaired) await repair(opened())
        return good
      } catch (error) {
        throw failed(error)
      }
    },
    async complete(text, place) {
      try {
        const handle = opened()
        if (!isRegular) {
          await appendToPipe(handle, text) // nobody knows what the reader has: it gets all of it
          return true
        }
        const doubt = await completeRegular(handle, await framedAt(handle, text, place), place)
        if (doubt !== undefined) tellDoubt(doubt)
        return doubt === undefined
      } catch (error) {
        throw failed(error)
      }
    },
    rewrite: async (change) => !isGzip && rewrite(change),
    rewriteAny: rewrite,
    async close() {
      const handle = file
      file = undefined
      if (!handle) return
      try {
        if (isRegular && !frame && reach > good) await cut(handle)
        if (frame) await endFrame(handle)
        await handle.close()
      } catch (error) {
        await handle.close().catch(() => undefined)
        throw failed(error)
      } finally {
        giveBack?.()
        giveBack = undefined
      }
    },
  }
}

const takenByUs =
  'it is being written by another sink of this process, of this crawl or of another. Give each a file of its own'

function lengthsOf(size: number, good: number): string {
  const [found, due] = [size, good].map((bytes) => bytes.toLocaleString('en-US'))
  const what = size < good ? 'somebody else has cut it' : 'somebody else writes to it'
  return `${what}: it has ${found} bytes, and should have ${due}. Give each writer a file of its own`
}

/** For reading too if it is a file; a pipe or a device is only written to. */
async function openForAppending(path: string, open: NonNullable<FileOptions['openFile']>): Promise<OpenFile> {
  const file = await open(path, 'a')
  if (!(await file.stat()).isFile()) return file
  await file.close()
  return open(path, 'a+') // not 'r+': what somebody else writes in the same moment is not written over
}

async function findPlainLine(file: OpenFile, size: number): Promise<LastLine | undefined> {
  const line = await findUnendedLine(file, size)
  return line && { start: line.start, isWhole: true, end: '\n' }
}
