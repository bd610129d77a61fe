import { jsonForm } from '../base/json-form.ts'
import type { SinkRecord } from '../contracts/sink.ts'
import { toJson } from './jsonl.ts'

/** An item's keys; a value that has no keys fills the one column `value`. */
export function fieldsOf(value: unknown): Record<string, unknown> {
  const form = isPlain(value) ? value : jsonForm(value)
  return typeof form === 'object' && form !== null && !Array.isArray(form)
    ? (form as Record<string, unknown>)
    : { value: form }
}

/** A primitive, or an object of keys: a Map, a URL and the like have their keys in their JSON form only. */
function isPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

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
