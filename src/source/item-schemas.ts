import { showValue } from '../base/show.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { ItemSchemas } from '../contracts/item-kinds.ts'
import type { Schema } from '../contracts/schema.ts'
import type { Source } from '../contracts/source.ts'
import { isSchema } from './schema.ts'

/**
 * The schemas of a source with several kinds of items. The name of a kind becomes a part of file names and the name of a
 * table, on systems that do not tell the case of letters apart, beside the table of the edges: so it is held to what is safe there.
 */
const nameOfKind = /^[a-z0-9][\w-]{0,63}$/i

/** The kinds of a source's items; none where its items are of one kind. */
export function kindsOf({ item }: { readonly item: Schema | ItemSchemas }): readonly string[] {
  return isSchema(item) ? [] : Object.keys(item)
}

/** Whether it is meant as a schema for each kind. */
export function isItemSchemas(value: unknown): value is ItemSchemas {
  return (
    typeof value === 'object' && value !== null && !isSchema(value) && Object.values(value).every(isSchema)
  )
}

/** What is wrong with the kinds, as the end of a sentence; undefined where nothing is. */
export function problemOfKinds(schemas: ItemSchemas): string | undefined {
  const kinds = Object.keys(schemas)
  if (kinds.length === 0) return 'names no kind: give each kind its schema, as in { work: z.object({ … }) }'
  const odd = kinds.find((kind) => !nameOfKind.test(kind) || kind.toLowerCase() === 'edges')
  if (odd !== undefined) {
    const why =
      odd.toLowerCase() === 'edges'
        ? 'is where the edges go. Choose another name'
        : 'cannot be a part of file names: a kind has letters, digits, dashes and underscores, begins with a letter or digit, and is at most 64 long'
    return `has a kind ${JSON.stringify(odd)}, which ${why}`
  }
  const folded = kinds.map((kind) => kind.toLowerCase())
  const twin = kinds.find((kind, at) => folded.indexOf(kind.toLowerCase()) < at)
  return twin === undefined
    ? undefined
    : `has two kinds that differ in the case of their letters only: ${JSON.stringify(twin)}`
}

/** What `page.item` was given. */
export interface GivenItem {
  readonly kind?: string
  readonly schema: Schema
  readonly value: unknown
}

/** Which schema is meant by the arguments of `page.item`. Throws SOURCE_FAILED for a kind that there is not. */
export function givenItem(
  { item, name }: Pick<Source, 'item' | 'name'>,
  given: readonly unknown[],
  url: string,
): GivenItem {
  if (isSchema(item)) {
    if (given.length < 2 || typeof given[0] !== 'string') return { schema: item, value: given[0] }
    const way = 'give "item" a schema for each kind, as in item: { work: z.object({ … }) }'
    throw failed(
      `Source "${name}" yields an item of the kind "${given[0]}", and has one schema for all: ${way}`,
      url,
    )
  }
  const [kind, value] = given
  const schema = typeof kind === 'string' && Object.hasOwn(item, kind) ? item[kind] : undefined
  if (schema && typeof kind === 'string') return { kind, schema, value }
  const kinds = Object.keys(item).join(', ')
  const got = typeof kind === 'string' ? JSON.stringify(kind) : showValue(kind)
  throw failed(
    `page.item() of source "${name}" takes the kind of the item first, one of ${kinds} (got ${got})`,
    url,
  )
}

function failed(sentence: string, url: string): RegattaError {
  return new RegattaError('SOURCE_FAILED', `${sentence}.`, { value: { url } })
}
