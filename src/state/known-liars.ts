import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { openForReading } from '../sqlite/database.ts'
import { readRecord } from './reputation/snapshot-record.ts'

/**
 * Labels of the proxies that the crawls of a folder have found lying, as they were written down last; also while a process owns it.
 * Only a look: what cannot be read holds nobody, and the owner of the file tells what is wrong with it. Records of other
 * matters are passed over unread, because a large fleet has thousands of them.
 */
export function liarsIn(dir: string): readonly string[] {
  const path = join(dir, 'reputation.sqlite')
  if (!existsSync(path)) return []
  try {
    const database = openForReading(path)
    try {
      const found = database.prepare('SELECT value FROM record WHERE value LIKE ? AND value LIKE ?')
      return found.all('{"kind":"proxies"%', '%"lies"%').flatMap(({ value }) => liarsOf(String(value)))
    } finally {
      database.close()
    }
  } catch {
    return []
  }
}

function liarsOf(text: string): string[] {
  const record = readRecord(JSON.parse(text))
  if (typeof record === 'string' || record.kind !== 'proxies') return []
  const { proxies, outages } = record
  return outages
    .filter(([, state, , , reason]) => state === 'isolated' && reason === 'lies')
    .map(([row]) => proxies[row]!)
}
