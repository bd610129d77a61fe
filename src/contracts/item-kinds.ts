import type { Schema, SchemaInput, SchemaOutput } from './schema.ts'

/**
 * A source may yield items of several kinds, such as works and authors, and then has a schema for each. Its crawl yields each
 * item with its kind beside it, so that a loop tells them apart and the compiler follows: `for await (const { kind, item } of …)`.
 */
export type ItemSchemas = Readonly<Record<string, Schema>>

/** Tells an item with its kind from an item that happens to have members of these names. There is no such member. */
declare const isOfKind: unique symbol

/** An item of a source that has several kinds, as its crawl yields it. */
export interface ItemOfKind<Kind extends string = string, Value = unknown> {
  /** The name of its schema in the source's `item`. */
  readonly kind: Kind
  /** The item, as that schema made it. */
  readonly item: Value
  /** For the compiler only: it is never there. */
  readonly [isOfKind]?: never
}

/** What a crawl yields: what the schema makes; of several kinds each with its kind. */
export type ItemOutput<Item extends Schema | ItemSchemas> = Item extends Schema
  ? SchemaOutput<Item>
  : { [Kind in keyof Item & string]: ItemOfKind<Kind, SchemaOutput<SchemaAt<Item, Kind>>> }[keyof Item &
      string]

/** What `page.item` takes: what the schema takes; of several kinds each with its kind. */
export type ItemInput<Item extends Schema | ItemSchemas> = Item extends Schema
  ? SchemaInput<Item>
  : { [Kind in keyof Item & string]: ItemOfKind<Kind, SchemaInput<SchemaAt<Item, Kind>>> }[keyof Item &
      string]

/** The schema of one kind. */
type SchemaAt<Item, Kind extends keyof Item> = Item[Kind] extends Schema ? Item[Kind] : never

/** The item alone, without its kind. */
export type ItemValue<Item> = Item extends unknown
  ? typeof isOfKind extends keyof Item
    ? Item extends ItemOfKind<string, infer Value>
      ? Value
      : Item
    : Item
  : never

/** The arguments of `page.item`: the kind comes first where there are several. */
export type ItemArguments<Given> = unknown extends Given
  ? readonly unknown[]
  : [Given] extends [ItemOfKind]
    ? KindArguments<Given>
    : [value: Given]

/** The same of each kind by itself. */
type KindArguments<Given> =
  Given extends ItemOfKind<infer Kind, infer Value>
    ? typeof isOfKind extends keyof Given
      ? [kind: Kind, value: Value]
      : [value: Given]
    : [value: Given]
