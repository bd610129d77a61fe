import { open as openFile } from 'node:fs/promises'
import { sinkFailed } from './failure.ts'
import type { TextTarget } from './text-target.ts'

/**
 * Appends to a path. A regular file is cut back to its last good length when a write fails half-way, before anything
 * else is written: a rejected batch leaves no trace, so it can come again, even in another process. A pipe or a device
 * cannot be cut: there the rest of the torn text is remembered, and the next append completes it first, skipping the
 * text if it is the same. Writing to a second file and renaming was rejected: output must be readable while it grows.
 */
export interface FileOptions {
  /** Forces each batch to the disk before its write resolves. Default false: a power cut may lose the latest batches. */
  readonly fsync?: boolean
  /** Opens the path for reading and writing, or for appending; the default is the file system's. For faulty disks. */
  readonly openFile?: (path: string, flags: string) => Promise<OpenFile>
  /** Whether a last line without an end, left by a crash, is whole; a torn one is cut off. Default: every line is. */
  readonly isWhole?: (line: string) => boolean
}

/** The part of node's FileHandle that is used. */
export interface OpenFile {
  write(
    bytes: Uint8Array,
    offset: number,
    length: number,
    position: number | null,
  ): Promise<{ bytesWritten: number }>
  read(bytes: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesRead: number }>
  truncate(length: number): Promise<void>
  datasync(): Promise<void>
  stat(): Promise<{ readonly size: number; isFile(): boolean; isDirectory(): boolean }>
  close(): Promise<void>
}

const chunk = 65_536

export function createFileTarget(path: string, options: FileOptions = {}): TextTarget {
  const open = options.openFile ?? openFile
  let file: OpenFile | undefined
  let isRegular = false
  /** Length of the file that is known to be whole. */
  let good = 0
  let isTorn = false
  /** What a pipe still has to get of a text that failed. */
  let torn: { text: string; rest: Uint8Array } | undefined

  async function write(handle: OpenFile, bytes: Uint8Array): Promise<void> {
    let written = 0
    try {
      while (written < bytes.length) {
        const position = isRegular ? good + written : null
        written += (await handle.write(bytes, written, bytes.length - written, position)).bytesWritten
      }
    } finally {
      if (torn) torn.rest = bytes.subarray(written)
    }
  }

  async function appendToRegular(handle: OpenFile, text: string): Promise<void> {
    if (isTorn) await handle.truncate(good)
    isTorn = true
    const bytes = Buffer.from(text)
    try {
      await write(handle, bytes)
      if (options.fsync) await handle.datasync()
    } catch (error) {
      // Cut at once, so that a reader sees whole lines; if that fails too, the next append tries again.
      await handle.truncate(good).then(
        () => (isTorn = false),
        () => undefined,
      )
      throw error
    }
    good += bytes.length
    isTorn = false
  }

  async function appendToPipe(handle: OpenFile, text: string): Promise<void> {
    const before = torn
    if (before && before.rest.length < Buffer.byteLength(before.text)) {
      await write(handle, before.rest)
      torn = undefined
      if (before.text === text) return
    }
    torn = { text, rest: Buffer.from(text) }
    await write(handle, torn.rest)
    torn = undefined
  }

  return {
    name: path,
    async open() {
      try {
        file = await openForAppending(path, open)
        const stat = await file.stat()
        isRegular = stat.isFile()
        if (!isRegular || stat.size === 0) return ''
        good = await repairEnd(file, stat.size, options.isWhole)
        return await read(file, 0, Math.min(chunk, good))
      } catch (error) {
        await file?.close().catch(() => undefined)
        file = undefined
        throw sinkFailed(path, error)
      }
    },
    async append(text) {
      try {
        if (!file) throw Object.assign(new Error('the file is not open'), { code: 'EBADF' })
        await (isRegular ? appendToRegular(file, text) : appendToPipe(file, text))
      } catch (error) {
        throw sinkFailed(path, error)
      }
    },
    async close() {
      const handle = file
      file = undefined
      if (!handle) return
      try {
        if (isRegular && isTorn) await handle.truncate(good)
        await handle.close()
      } catch (error) {
        await handle.close().catch(() => undefined)
        throw sinkFailed(path, error)
      }
    },
  }
}

/** For reading too if it is a file; a pipe or a device is only written to. */
async function openForAppending(path: string, open: NonNullable<FileOptions['openFile']>): Promise<OpenFile> {
  const file = await open(path, 'a')
  if (!(await file.stat()).isFile()) return file
  await file.close()
  return open(path, 'r+') // not 'a+': writes go to a place, so that they land on the last good length
}

/** Ends or cuts off a last line without an end, and returns the length from which to go on. */
async function repairEnd(file: OpenFile, size: number, isWhole: FileOptions['isWhole']): Promise<number> {
  let tail = Buffer.alloc(0)
  let lineStart = -1
  for (let from = size; lineStart < 0; ) {
    const start = Math.max(0, from - chunk)
    tail = Buffer.concat([await readBytes(file, start, from - start), tail])
    if (tail.at(-1) === 0x0a) return size
    const newline = tail.lastIndexOf(0x0a)
    if (newline >= 0 || start === 0) lineStart = start + newline + 1
    from = start
  }
  const line = tail.subarray(lineStart - (size - tail.length)).toString()
  if (isWhole && !isWhole(line)) {
    await file.truncate(lineStart)
    return lineStart
  }
  await file.write(Buffer.from('\n'), 0, 1, size)
  return size + 1
}

async function readBytes(file: OpenFile, start: number, length: number): Promise<Buffer<ArrayBuffer>> {
  const bytes = Buffer.alloc(length)
  const { bytesRead } = await file.read(bytes, 0, length, start)
  return bytes.subarray(0, bytesRead)
}

async function read(file: OpenFile, start: number, length: number): Promise<string> {
  return (await readBytes(file, start, length)).toString()
}
