import { z } from 'zod'
import { RegattaError } from '../contracts/errors.ts'
import type { TrapOptions } from '../contracts/trap-options.ts'

/** contracts/trap-options.ts says what the options mean; this holds their ranges and defaults. */
const limit = (low: number, high: number) => z.union([z.literal(false), z.number().int().min(low).max(high)])

const schema = z.strictObject({
  depth: limit(0, 1_000_000).default(false),
  urlLength: limit(20, 100_000).default(2_083),
  pathSegments: limit(1, 1_000).default(30),
  repetition: limit(2, 100).default(3),
  calendar: z
    .union([
      z.literal(false),
      z.strictObject({
        from: z.number().int().min(0).max(9_999).default(1_990),
        ahead: z.number().int().min(0).max(1_000).default(2),
        pages: limit(1, 1_000_000_000).default(2_000),
      }),
    ])
    .prefault({}),
  barren: limit(1, 1_000_000).default(200),
  echoes: limit(0, 1_000_000).default(20),
  perTemplate: limit(1, 1_000_000_000).default(false),
}) satisfies z.ZodType<unknown, TrapOptions>

export type TrapLimits = z.output<typeof schema>

/** Throws OPTION_INVALID naming the option. */
export function parseTrapOptions(options: TrapOptions): TrapLimits {
  const parsed = schema.safeParse(options)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]!
  const path = ['traps', ...issue.path].map(String).join('.')
  throw new RegattaError('OPTION_INVALID', `Option "${path}": ${issue.message}.`, {
    value: {
      path,
      issues: parsed.error.issues.map((each) => ({
        path: each.path.map(String).join('.'),
        message: each.message,
      })),
    },
  })
}
