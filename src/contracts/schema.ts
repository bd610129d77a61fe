import type { z } from 'zod'

/**
 * What checks a value and says its type: params, items and the data of a request each have one. It is a zod schema. The
 * types of sources name the library here and nowhere else.
 */
export type Schema<Output = unknown, Input = unknown> = z.ZodType<Output, Input>

/** What the schema makes of a value. */
export type SchemaOutput<S extends Schema> = z.output<S>

/** What the schema takes. */
export type SchemaInput<S extends Schema> = z.input<S>
