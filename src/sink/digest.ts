import { hash } from 'node:crypto'
import { jsonText } from '../base/json-form.ts'
import type { SinkRecord } from '../contracts/sink.ts'
import { markedValue } from './fields.ts'
import { withKind } from './item-kind.ts'

/**
 * By what an output is known again: equal for equal ones, 96 bits of SHA-256 over what it is and its JSON, with its mark and the
 * kind of the item.
 */
export function digestOf(record: Pick<SinkRecord, 'kind' | 'value' | 'trust' | 'itemKind'>): string {
  const json = jsonText(markedValue(record))
  return digestOfJson(record.kind, record.itemKind === undefined ? json : withKind(json, record.itemKind))
}

/** The same, of the JSON as it stands in a file. */
export function digestOfJson(kind: SinkRecord['kind'], json: string | Uint8Array): string {
  return typeof json === 'string' ? short(`${kind}\n${json}`) : short(Buffer.concat([starts[kind], json]))
}

function short(what: string | Uint8Array): string {
  return hash('sha256', what, 'base64url').slice(0, 16)
}

const starts = { item: Buffer.from('item\n'), edge: Buffer.from('edge\n') }
