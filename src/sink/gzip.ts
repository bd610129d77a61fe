import { Readable } from 'node:stream'
import { constants, createGunzip, gunzipSync, gzipSync } from 'node:zlib'
import { readBytes } from './file-end.ts'
import type { OpenFile } from './file-target.ts'

/**
 * A file that ends in `.gz`: each text is a gzip member of its own (RFC 1952, 2.2: members follow each other, and every
 * reader takes them for one). So it can be added to, is whole after each batch, and a member that a crash tore can be
 * told apart. The price is size: a member of one short line is hardly smaller than the line.
 */
export function isGzipped(path: string): boolean {
  return /\.gz$/i.test(path)
}

/** The same bytes for the same text. */
export function zip(text: string): Buffer {
  return gzipSync(text)
}

/** The text of all members. */
export function unzipped(pieces: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const source = Readable.from(pieces)
  const text = createGunzip()
  source.on('error', (error) => text.destroy(error))
  return source.pipe(text)
}

/** As members of some size, so that a torn one is found again without reading all. */
export async function* zipped(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  let gathered: Uint8Array[] = []
  let size = 0
  for await (const piece of pieces) {
    gathered.push(piece)
    size += piece.length
    if (size < memberSize) continue
    yield gzipSync(Buffer.concat(gathered))
    gathered = []
    size = 0
  }
  if (size > 0) yield gzipSync(Buffer.concat(gathered))
}

/** Bytes of text in a member of its own. */
const memberSize = 256 * 1024

/** As far as it can be read: the beginning of a file may end within a member. */
export function unzipBeginning(bytes: Uint8Array): string {
  try {
    return gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).toString()
  } catch {
    return ''
  }
}

/** How our members begin: no name, no time. */
const magic = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0])
const headerLength = 10
const chunk = 65_536

/** The byte behind the last whole member. A file of others, whose members begin otherwise, is taken as it is. */
export async function findMembersEnd(file: OpenFile, size: number): Promise<number> {
  const start = await findLastMember(file, size)
  if (start === undefined) return size
  const last = await readBytes(file, start, size - start)
  if (isWhole(last)) return size
  // Perhaps only the header of the next one is torn.
  for (let torn = 1; torn < headerLength && torn < last.length; torn++) {
    if (isWhole(last.subarray(0, -torn))) return size - torn
  }
  return start
}

async function findLastMember(file: OpenFile, size: number): Promise<number | undefined> {
  for (let upto = size; upto > 0; upto -= chunk) {
    const from = Math.max(0, upto - chunk)
    const found = (await readBytes(file, from, Math.min(size, upto + magic.length) - from)).lastIndexOf(magic)
    if (found >= 0) return from + found
  }
  return undefined
}

function isWhole(member: Uint8Array): boolean {
  try {
    gunzipSync(member)
    return true
  } catch {
    return false
  }
}
