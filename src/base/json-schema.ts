import { z } from 'zod'

/** JSON Schema, as far as it is read here. */
export type JsonSchema = z.core.JSONSchema.JSONSchema

/**
 * What a schema of any library takes or gives, as JSON Schema: by zod where it is one of zod 4, else by the schema itself
 * where it can (Standard JSON Schema). Undefined for all others: they cannot be looked into.
 */
export function jsonSchemaOf(schema: unknown, io: 'input' | 'output'): JsonSchema | undefined {
  try {
    if (isZod(schema)) {
      return z.toJSONSchema(schema, {
        io,
        unrepresentable: 'any',
        override({ zodSchema, jsonSchema }) {
          const { type } = zodSchema._zod.def
          if (io === 'output' && type === 'date') jsonSchema.type = 'string'
          if (io === 'output' && type === 'bigint') jsonSchema.type = 'integer'
        },
      })
    }
    const { jsonSchema } = (schema as Converting)['~standard']
    return jsonSchema?.[io]({ target: 'draft-2020-12' })
  } catch {
    return undefined
  }
}

/** Of zod 4, whichever copy of it. */
export function isZod(schema: unknown): schema is z.ZodType {
  return typeof schema === 'object' && schema !== null && '_zod' in schema
}

/** https://standardschema.dev/json-schema */
interface Converting {
  readonly '~standard': {
    readonly jsonSchema?: Readonly<
      Record<'input' | 'output', (options: { readonly target: 'draft-2020-12' }) => JsonSchema>
    >
  }
}
