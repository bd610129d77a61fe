import type { SinkRecord } from '../contracts/sink.ts'
import { toJson } from './jsonl.ts'

/**
 * What a cell of a table holds: dates are ISO 8601, nested values JSON, undefined and what is no number are null. As JSON
 * would have it, so that a record that was kept as JSON fills its cells like the one that was not; bigints stay.
 */
export function cellOf(record: SinkRecord, value: unknown): string | number | bigint | boolean | null {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed() ? value : value.toWellFormed()
    case 'boolean':
    case 'bigint':
      return value
    case 'number':
      return Number.isFinite(value) ? value : null
    case 'object': {
      const json = toJson(record, value)
      if (json === 'null') return null
      return json.startsWith('"') ? String(JSON.parse(json)) : json
    }
    default:
      return null
  }
}
