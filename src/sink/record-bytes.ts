import type { SinkRecord } from '../contracts/sink.ts'

/**
 * About how many bytes of memory records take: a crawl holds a thousand that wait for a slow sink, and one may be a line
 * or a whole book. The texts of an item and of its lists are counted, and nothing that lies deeper.
 */
export function bytesOf(records: readonly SinkRecord[]): number {
  let bytes = 0
  for (const { value } of records) bytes += least + sizeOf(value, 2)
  return bytes
}

const least = 200

function sizeOf(value: unknown, depth: number): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 8
  if (depth === 0) return least
  let bytes = 0
  for (const member of Object.values(value)) bytes += sizeOf(member, depth - 1)
  return bytes
}
