import type { StandardSchemaV1 } from '@standard-schema/spec'

/**
 * What checks a value and says its type: params, items and the data of a request each have one. It is a Standard Schema,
 * so zod (3.24 and later, 4), valibot, arktype and others will do, in whichever version a program has. It must answer at
 * once: a schema with an async check is refused.
 */
export type Schema<Output = unknown, Input = unknown> = StandardSchemaV1<Input, Output>

/** What the schema makes of a value. */
export type SchemaOutput<S extends Schema> = StandardSchemaV1.InferOutput<S>

/** What the schema takes. */
export type SchemaInput<S extends Schema> = StandardSchemaV1.InferInput<S>
