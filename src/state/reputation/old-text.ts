import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import {
  type ReputationSnapshot,
  readRecord,
  type SnapshotRecord,
  snapshotVersion,
} from './snapshot-record.ts'

/**
 * What earlier versions of Regatta wrote, read once so that an upgrade forgets nothing: one JSON array, a record a line.
 * The first line says what it is, the last one how many records there are and the SHA-256 of all lines above it.
 */
const header = z.object({
  kind: z.literal('regatta-reputation'),
  version: z.literal(1),
  at: z.number(),
  isFinal: z.boolean(),
})
const footer = z.object({ kind: z.literal('end'), records: z.number(), sha256: z.string() })

/** The snapshot, or a sentence that says why it is none. Throws the system's errors. */
export async function readOldText(path: string): Promise<ReputationSnapshot | string> {
  const text = await readFile(path, 'utf8')
  const lines = parsed(text)
  const first = header.safeParse(lines?.[0])
  const last = footer.safeParse(lines?.at(-1))
  if (!lines || !first.success || !last.success) return 'it does not begin or end as one'
  const body = text.slice(0, text.lastIndexOf('\n', text.length - 2) + 1)
  const digest = createHash('sha256').update(body).digest('hex')
  if (last.data.records !== lines.length - 2 || last.data.sha256 !== digest)
    return 'its checksum does not fit'
  const records: SnapshotRecord[] = []
  for (const line of lines.slice(1, -1)) {
    const record = readRecord(line)
    if (typeof record === 'string') return `line ${records.length + 2}: ${record}`
    records.push(record)
  }
  const { at, isFinal } = first.data
  return { version: snapshotVersion, at, isFinal, records }
}

function parsed(text: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}
