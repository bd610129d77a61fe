import type { ItemSchemas } from '../contracts/item-kinds.ts'
import type { Schema } from '../contracts/schema.ts'
import type { Retraction, SinkRecord } from '../contracts/sink.ts'

/**
 * The kind of an item, where a source has several. In a file for all kinds each item begins with a member `_kind`; in a file of
 * one kind it would say the same everywhere, and is left out. An item that has a member of this name keeps it, and its kind
 * gets one more underscore before its name. The member is put into the text, so that what is written and the digest by which
 * it is found again (digest.ts) are the same to the last byte.
 */
const member = '_kind'

/** Which records a sink keeps. */
export interface Kept {
  /** Items or edges. Default: both. */
  readonly kind?: SinkRecord['kind']
  /** The only kind of item. Default: all. */
  readonly itemKind?: string
}

/** Of options that may say more. */
export function keptOf({
  kind,
  itemKind,
}: {
  readonly kind?: Kept['kind'] | undefined
  readonly itemKind?: string | undefined
}): Kept {
  if (itemKind !== undefined) return { kind: 'item', itemKind }
  return kind === undefined ? {} : { kind }
}

export function keeps({ kind, itemKind }: Kept, record: Pick<SinkRecord, 'kind' | 'itemKind'>): boolean {
  if (kind !== undefined && record.kind !== kind) return false
  return itemKind === undefined || (record.kind === 'item' && record.itemKind === itemKind)
}

/** Whether it had such a record. */
export function wasKept(which: Kept, { of: kind, itemKind }: Retraction): boolean {
  return keeps(which, { kind, ...(itemKind !== undefined && { itemKind }) })
}

/** The JSON of an item with its kind. */
export function withKind(json: string, kind: string): string {
  if (!json.startsWith('{')) return `{"${member}":${JSON.stringify(kind)},"value":${json}}`
  const first = `{"${nameOfKindIn(json)}":${JSON.stringify(kind)}`
  return json === '{}' ? `${first}}` : `${first},${json.slice(1)}`
}

/** The name that the kind has in a record's row or object. */
export function kindNameFor(fields: Readonly<Record<string, unknown>>): string {
  let name = member
  while (Object.hasOwn(fields, name)) name = `_${name}`
  return name
}

function nameOfKindIn(json: string): string {
  return json.includes(`${member}"`) ? kindNameFor(JSON.parse(json) as Record<string, unknown>) : member
}

/** Item schemas by the names of their sources: one, or one for each kind. */
export type SchemasBySource = Readonly<Record<string, Schema | ItemSchemas>>

/** The schema of a source's items of a kind; undefined where it is not known. */
export function schemaFor(
  schemas: SchemasBySource,
  source: string,
  itemKind: string | undefined,
): Schema | undefined {
  const found = Object.hasOwn(schemas, source) ? schemas[source] : undefined
  if (found === undefined || '~standard' in found)
    return itemKind === undefined ? (found as Schema) : undefined
  return itemKind !== undefined && Object.hasOwn(found, itemKind) ? found[itemKind] : undefined
}
