import { createHash } from 'node:crypto'
import {
  footerSchema,
  headerSchema,
  kindSchema,
  readRecord,
  type SnapshotRecord,
  snapshotVersion,
} from './schema.ts'

/**
 * The snapshot as text: one JSON array, one record a line, so that it can be written and checked line by line and still
 * be read by anything that reads JSON. The first line says what it is, the last one how many records there are and the
 * SHA-256 of everything above it: a torn or damaged file is never taken for a whole one.
 */
export class Lines {
  #text = ''
  #records = 0
  readonly #hash = createHash('sha256')

  constructor(wall: number, isFinal: boolean) {
    const header = { kind: 'regatta-reputation', version: snapshotVersion, at: wall, isFinal }
    this.#push(`[${JSON.stringify(header)},\n`)
  }

  /** Characters that wait to be taken. */
  get size(): number {
    return this.#text.length
  }

  add(record: SnapshotRecord): void {
    this.#records++
    this.#push(`${JSON.stringify(record)},\n`)
  }

  /** The text since the last call. */
  take(): string {
    const text = this.#text
    this.#text = ''
    return text
  }

  /** The rest, with the last line. */
  end(): string {
    const footer = { kind: 'end', records: this.#records, sha256: this.#hash.digest('hex') }
    return `${this.take()}${JSON.stringify(footer)}]\n`
  }

  #push(line: string): void {
    this.#hash.update(line)
    this.#text += line
  }
}

export interface ReadLines {
  readonly at: number
  readonly isFinal: boolean
  readonly records: SnapshotRecord[]
}

/** What is wrong with a text. */
export type Fault = { readonly reason: string } | { readonly newer: number }

/** Reads a whole text, yielding now and then: the caller lets the event loop turn. */
export function* readLines(text: string): Generator<void, ReadLines | Fault> {
  const hash = createHash('sha256')
  const firstEnd = text.indexOf('\n')
  const first = firstLine(text.slice(0, firstEnd + 1))
  const kind = kindSchema.safeParse(first)
  if (kind.success && kind.data.version > snapshotVersion) return { newer: kind.data.version }
  const header = headerSchema.safeParse(first)
  if (!kind.success || !header.success) return { reason: 'it does not begin as one' }
  hash.update(text.slice(0, firstEnd + 1))
  const { at, isFinal } = header.data
  const records: SnapshotRecord[] = []
  for (let start = firstEnd + 1; ; ) {
    const end = text.indexOf('\n', start)
    if (end === -1) return { reason: 'its end is missing' }
    const line = text.slice(start, end + 1)
    if (line.endsWith(']\n')) {
      const digest = hash.digest('hex')
      const footer = footerSchema.safeParse(parsed(line.slice(0, -2)))
      if (end + 1 !== text.length || !footer.success) return { reason: 'its last line is not one' }
      if (footer.data.records !== records.length || footer.data.sha256 !== digest)
        return { reason: 'its checksum does not fit' }
      return { at, isFinal, records }
    }
    hash.update(line)
    const record = readRecord(parsed(line.slice(0, -2)))
    if (typeof record === 'string') return { reason: `line ${records.length + 2}: ${record}` }
    records.push(record)
    start = end + 1
    yield
  }
}

function firstLine(line: string): unknown {
  return line.startsWith('[') && line.endsWith(',\n') ? parsed(line.slice(1, -2)) : undefined
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}
