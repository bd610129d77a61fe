import { jsonForm } from '../base/json-form.ts'
import type { SinkRecord } from '../contracts/sink.ts'

/**
 * A record's keys, and its mark among them. An item about whose page exits contradict each other must not look like any other
 * one: wherever it is written it has one more key, `_trust`, with `contested` as its value. Others have nothing, so that
 * nobody who is not lied to sees anything of it. An item that has a key of this name keeps it, and its mark gets
 * one more underscore before its name.
 */
const mark = '_trust'

/** Whether a key is the name of a mark. */
export function isMark(name: string): boolean {
  return /^_+trust$/.test(name)
}

/** An item's keys; a value that has no keys fills the one key `value`. */
export function fieldsOf(value: unknown): Record<string, unknown> {
  const form = isPlain(value) ? value : jsonForm(value)
  return hasKeys(form) ? form : { value: form }
}

/** The keys of a record, as a table has them: its mark is the last one. */
export function markedFields({ value, trust }: SinkRecord): Record<string, unknown> {
  const fields = fieldsOf(value)
  return trust === undefined ? fields : { ...fields, [markIn(fields)]: trust }
}

/** The name that the mark of a record has; undefined when it has none. */
export function markOf({ value, trust }: SinkRecord): string | undefined {
  return trust === undefined ? undefined : markIn(fieldsOf(value))
}

/** A record's value as it is written as JSON. Throws NoJsonForm. */
export function markedValue({ value, trust }: Pick<SinkRecord, 'value' | 'trust'>): unknown {
  if (trust === undefined) return value
  const form = jsonForm(value)
  const fields = hasKeys(form) ? form : { value: form }
  return { ...fields, [markIn(fields)]: trust }
}

/** A record's value for a loop over items: what has no keys, or a class of its own, stays as it is. */
export function markedItem(record: SinkRecord): unknown {
  const { value } = record
  return typeof value === 'object' && isPlain(value) && hasKeys(value) ? markedFields(record) : value
}

function markIn(fields: Readonly<Record<string, unknown>>): string {
  let name = mark
  while (fields[name] !== undefined && Object.hasOwn(fields, name)) name = `_${name}`
  return name
}

function hasKeys(form: unknown): form is Record<string, unknown> {
  return typeof form === 'object' && form !== null && !Array.isArray(form)
}

/** A primitive, or an object of keys: a Map, a URL and the like have their keys in their JSON form only. */
function isPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}
